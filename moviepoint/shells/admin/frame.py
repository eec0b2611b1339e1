"""Mounting the back office: every contributed view in Flask-Admin's menu, behind the permission to enter.

Flask-Admin gives the menu, the addresses and the guard. Its own database views are not used: they fill and
commit rows by themselves, and every write here goes through a service.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, current_app, flash, g, redirect, request, url_for
from flask_admin import Admin, AdminIndexView, BaseView, expose
from flask_admin.theme import Theme
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moviepoint.hooks.manager import HookManager
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Forbidden, MoviePointError
from moviepoint.kernel.i18n import lazy_gettext

ENTER = "admin.access"


class Guarded:
    """Lets in only those who may enter the back office; asks others to sign in."""

    permission = ENTER

    def is_accessible(self) -> bool:
        return bool(current_user.is_authenticated and current_user.may(ENTER)
                    and current_user.may_in_part(self.permission))

    def inaccessible_callback(self, name: str, **_: Any) -> Response:
        if not current_user.is_authenticated:
            return redirect(url_for("security.login", next=request.full_path.rstrip("?")))
        raise Forbidden()


class View(Guarded, BaseView):
    """The base of the back office's views.

    `commands` are what one can do here straight away, for quick search: lazily translated names, each with the
    endpoint and the arguments of its page.
    """

    commands: tuple[tuple[Any, str, dict[str, Any]], ...] = ()

    @contextmanager
    def saving(self, done: str = "") -> Iterator[Session]:
        """Run a write; what a service refuses becomes a message, and nothing of it is kept.

        The block's caller looks at `failure` to know whether to go on or to show the form again: a view object
        is shared by all requests, so the error is kept with the request.
        """
        g.save_failed = None
        try:
            with unit_of_work() as session:
                yield session
        except MoviePointError as error:
            g.save_failed = error
            flash(str(error.message), "error")
        else:
            if done:
                flash(done, "success")

    def offer_undo(self, done: str, revision_id: int) -> None:
        """Say that something was deleted, beside a button that brings it back from the history."""
        flash(done, f"undo:{revision_id}")

    @property
    def failure(self) -> MoviePointError | None:
        """Return what the last `saving` of this request ran into."""
        error: MoviePointError | None = g.get("save_failed")
        return error


class Dashboard(Guarded, AdminIndexView):
    """The back office's first page: panels that the domains contribute."""

    @expose("/")
    def index(self) -> Any:
        hooks: HookManager = current_app.extensions["moviepoint.hooks"]
        panels = sorted((panel for panel in hooks.collect("register_admin_panels")
                         if current_user.may(panel.permission)), key=lambda panel: panel.order)
        session = db.session()
        return self.render("admin/dashboard.html", panels=[(panel, panel.context(session)) for panel in panels])


def init_app(app: Flask, hooks: HookManager, find: BaseView) -> None:
    """Mount Flask-Admin with quick search and all contributed views, in order."""
    admin = Admin(app, name=app.extensions["moviepoint.settings"].site_name,
                  theme=Theme(folder="bootstrap4", base_template="admin/frame.html"),
                  index_view=Dashboard(name=lazy_gettext("Dashboard"), url="/admin"))
    admin.add_view(find)
    for contribution in sorted(hooks.collect("register_admin_views"), key=lambda view: view.order):
        view = contribution.make()
        if contribution.category:
            view.category = contribution.category
        admin.add_view(view)
