"""The site in the back office: the home page, static pages, menus."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app, redirect, request
from flask_admin import expose
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.words import reader
from moviepoint.domains.pages import menus, queries, services
from moviepoint.domains.pages.home import row_kinds, usual_rows
from moviepoint.domains.pages.models import PLACES
from moviepoint.domains.pages.policies import EDIT
from moviepoint.domains.pages.schemas import HomeRowInput, MenuEntryInput, StaticPageInput
from moviepoint.hooks.types import HomeRowKind
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid, MoviePointError
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext
from moviepoint.shells.admin.forms import by_locale, parse, rows
from moviepoint.shells.admin.frame import View

BLANK_ENTRIES = 2
PLACE_NAMES = {"header": lazy_gettext("At the top"), "footer": lazy_gettext("At the bottom")}


def locales() -> Sequence[str]:
    found: Sequence[str] = current_app.extensions["moviepoint.settings"].locales
    return found


def faults_of(failure: MoviePointError | None) -> Mapping[str, Sequence[str]]:
    return failure.fields if isinstance(failure, Invalid) else {}


class HomeView(View):
    """The rows of the home page, in one form."""

    permission = EDIT

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Home page"), endpoint="home_rows", url="home")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Show the rows, add one to the form, or save them all."""
        session, kinds = db.session(), row_kinds(current_app.extensions["moviepoint.hooks"])
        values, failure = stored_rows(session), None
        if request.method == "POST":
            values = typed_rows(request.form, kinds)
            if request.form.get("verb") == "add" and request.form.get("add") in kinds:
                values.append({"kind": request.form["add"], "headings": {}, "options": {}, "hidden": False})
            elif request.form.get("verb") == "usual":
                values = [{"kind": row.kind.name, "headings": dict(row.headings), "options": dict(row.options),
                           "hidden": False} for row in usual_rows(session, kinds)]
            else:
                with self.saving(_("Saved.")) as work:
                    services.save_home(work, current_user, [parse(HomeRowInput, row) for row in values], kinds)
                if self.failure is None:
                    return redirect(self.get_url(".index"))
                failure = self.failure
        chain = reader().chain
        choices = {(kind.name, option.name): option.choices(session, chain) for kind in kinds.values()
                   for option in kind.options if option.choices}
        page = self.render("pages/admin/home.html", rows=values, kinds=kinds, choices=choices, locales=locales(),
                           errors=faults_of(failure), slugs=slugs_of(session, values))
        return (page, int(failure.status)) if failure else page


def stored_rows(session: Session) -> list[dict[str, Any]]:
    """Return the rows as the form shows them."""
    return [{"kind": row.kind, "headings": row.headings, "options": row.options, "hidden": row.hidden}
            for row in queries.home_rows(session, hidden=True)]


def typed_rows(form: Mapping[str, str], kinds: Mapping[str, HomeRowKind]) -> list[dict[str, Any]]:
    """Return the rows that somebody has typed, without those to be removed."""
    found = []
    for row in rows(form, "rows"):
        kind = kinds.get(row.get("kind", ""))
        if row.get("remove") or kind is None:
            continue
        headings = {locale: text for place, locale in enumerate(locales()) if (text := row.get(f"heading_{place}"))}
        options = {option.name: value for option in kind.options if (value := row.get(f"option_{option.name}"))}
        found.append({"kind": kind.name, "headings": headings, "options": options, "hidden": bool(row.get("hidden"))})
    return found


def slugs_of(session: Session, values: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return the addresses of titles that rows name by id, for people to read."""
    ids = {item for row in values for option in row["options"].values() if isinstance(option, list) for item in option}
    return {row.id: row.slug for row in session.execute(select(Title.id, Title.slug).where(Title.id.in_(ids)))} \
        if ids else {}


class PagesView(View):
    """Static pages: a list, and one form for each."""

    permission = EDIT
    commands = ((lazy_gettext("Write a page"), ".new", {}),)

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Pages"), endpoint="static_pages", url="pages")

    @expose("/")
    def index(self) -> Any:
        """List all pages."""
        return self.render("pages/admin/pages.html", pages=queries.static_pages(db.session()), to=reader())

    @expose("/new", methods=("GET", "POST"))
    def new(self) -> Any:
        """Write a page."""
        return self._form("")

    @expose("/<slug>", methods=("GET", "POST"))
    def edit(self, slug: str) -> Any:
        """Change a page."""
        return self._form(slug)

    @expose("/<slug>/delete", methods=("POST",))
    def delete(self, slug: str) -> Response:
        """Delete a page."""
        with self.saving(_("Deleted.")) as session:
            services.delete_page(session, current_user, slug)
        return redirect(self.get_url(".index"))

    def _form(self, slug: str) -> Any:
        values: dict[str, Any] = {"slug": "", "status": "draft"}
        failure = None
        if slug:
            page = queries.static_page(db.session(), current_user, slug)
            values = {"slug": page.slug, "status": page.status} | {
                f"{field}:{text.locale}": getattr(text, field) for text in page.texts for field in ("name", "body")}
        if request.method == "POST":
            values = request.form.to_dict()
            with self.saving(_("Saved.")) as work:
                saved = services.save_page(work, current_user, parse(StaticPageInput, {
                    "slug": values.get("slug", "").strip(), "status": values.get("status", ""),
                    "texts": by_locale(request.form, ("name", "body"), locales())}), slug).slug
            if self.failure is None:
                return redirect(self.get_url(".edit", slug=saved))
            failure = self.failure
        page_html = self.render("pages/admin/page.html", values=values, slug=slug, locales=locales(),
                                errors=faults_of(failure))
        return (page_html, int(failure.status)) if failure else page_html


class MenusView(View):
    """The menus at the top and at the bottom of every page."""

    permission = EDIT

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Menus"), endpoint="menus", url="menus")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Show both menus, or save one of them."""
        values = {place: [{"labels": entry.labels, "target": entry.target}
                          for entry in queries.menu_entries(db.session(), place)] for place in PLACES}
        failure = None
        if request.method == "POST" and request.form.get("place") in PLACES:
            place = request.form["place"]
            values[place] = [
                {"labels": {locale: text for n, locale in enumerate(locales()) if (text := row.get(f"label_{n}"))},
                 "target": row.get("target", "")} for row in rows(request.form, place)]
            with self.saving(_("Saved.")) as work:
                services.save_menu(work, current_user, place, [parse(MenuEntryInput, row) for row in values[place]])
            if self.failure is None:
                menus.forget()
                return redirect(self.get_url(".index"))
            failure = self.failure
        page = self.render("pages/admin/menus.html", menus=values, names=PLACE_NAMES, locales=locales(),
                           pages=queries.static_pages(db.session()), blanks=BLANK_ENTRIES, errors=faults_of(failure))
        return (page, int(failure.status)) if failure else page
