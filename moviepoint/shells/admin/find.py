"""Quick search over everything an editor can reach: content of every kind, the back office's pages and commands."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import jsonify, request
from flask_admin import BaseView, expose
from flask_login import current_user
from sqlalchemy.orm import Session

from moviepoint.kernel.db import db
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext
from moviepoint.shells.admin.content import content_type, content_types
from moviepoint.shells.admin.frame import View

PER_KIND = 5
LOOKED_UP = 12
MAX_TEXT = 100


class FindView(View):
    """The page and the answers of quick search; it stands in no menu."""

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Search"), endpoint="find", url="find")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> Any:
        """Show what was found as a page, for those without script."""
        text = _text()
        return self.render("admin/find.html", text=text, groups=list(self._groups(db.session(), text)))

    @expose("/answers")
    def answers(self) -> Any:
        """Answer `[{heading, hits: [{label, note, url}]}]`, as the palette shows it while one types."""
        return jsonify([{"heading": heading, "hits": hits} for heading, hits in self._groups(db.session(), _text())])

    @expose("/one/<kind>")
    def one(self, kind: str) -> Any:
        """Answer `[{id, label, note}]` of one kind of content, for a field that chooses one."""
        wanted = content_type(kind)
        if not current_user.may_in_part(wanted.permission):
            raise NotFound()
        text = _text()
        found = wanted.find(db.session(), current_user, text, LOOKED_UP) if text else []
        return jsonify([{"id": hit.id, "label": hit.label, "note": hit.note} for hit in found])

    def _groups(self, session: Session, text: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
        if pages := list(self._pages(text)):
            yield _("Pages"), pages
        if commands := list(self._commands(text)):
            yield _("Commands"), commands
        for kind in content_types().values() if text else ():
            if current_user.may_in_part(kind.permission) and (
                    found := kind.find(session, current_user, text, PER_KIND)):
                yield str(kind.label), [{"label": hit.label, "note": hit.note, "url": kind.address(hit.id)}
                                        for hit in found]

    def _pages(self, text: str) -> Iterator[dict[str, str]]:
        for view in self._views():
            name = str(view.name)
            if text.casefold() in name.casefold() and view.is_visible() and view.is_accessible():
                yield {"label": name, "note": "", "url": view.get_url(f"{view.endpoint}.index")}

    def _commands(self, text: str) -> Iterator[dict[str, str]]:
        for view in self._views():
            if isinstance(view, View) and view.commands and view.is_accessible():
                for name, endpoint, arguments in view.commands:
                    if text.casefold() in str(name).casefold():
                        url = view.get_url(f"{view.endpoint}{endpoint}", **arguments)
                        yield {"label": str(name), "note": "", "url": url}

    def _views(self) -> list[BaseView]:
        views: list[BaseView] = self.admin._views
        return views


def _text() -> str:
    return " ".join(request.args.get("q", "").split())[:MAX_TEXT]
