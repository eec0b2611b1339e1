"""The home page's rows, static pages and menus as resources of the API."""
from __future__ import annotations

from typing import Any

from flask import current_app
from spectree import Response

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.pages import menus, queries, services
from moviepoint.domains.pages.home import row_kinds
from moviepoint.domains.pages.markdown import to_html
from moviepoint.domains.pages.models import PLACES, StaticPage
from moviepoint.domains.pages.policies import EDIT, sees_drafts
from moviepoint.domains.pages.schemas import (
    HomeInput,
    HomeRowView,
    MenuEntryView,
    MenuInput,
    PageText,
    StaticPageInput,
    StaticPageView,
)
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.policies import require
from moviepoint.shells.api import blueprint, spec

resource = blueprint("pages", __name__)


@resource.get("/home-rows")
@spec.validate(resp=Response(HTTP_200=list[HomeRowView]), tags=["pages"])
def list_home_rows() -> list[HomeRowView]:
    """List the rows that editors have arranged for the home page; none means the usual ones."""
    require(signed_in(), EDIT)
    return _rows()


@resource.put("/home-rows")
@spec.validate(resp=Response(HTTP_200=list[HomeRowView]), tags=["pages"])
def put_home_rows(json: HomeInput) -> list[HomeRowView]:
    """Arrange the home page anew, all of its rows in order."""
    with unit_of_work() as session:
        services.save_home(session, signed_in(), json.rows, row_kinds(current_app.extensions["moviepoint.hooks"]))
    return _rows()


@resource.get("/static-pages")
@spec.validate(resp=Response(HTTP_200=list[StaticPageView]), tags=["pages"])
def list_static_pages() -> list[StaticPageView]:
    """List static pages; drafts are for editors."""
    drafts = sees_drafts(current_viewer())
    return [_page(page) for page in queries.static_pages(db.session()) if drafts or page.status == "published"]


@resource.get("/static-pages/<slug>")
@spec.validate(resp=Response(HTTP_200=StaticPageView), tags=["pages"])
def get_static_page(slug: str) -> StaticPageView:
    """A static page."""
    return _page(queries.static_page(db.session(), current_viewer(), slug))


@resource.post("/static-pages")
@spec.validate(resp=Response(HTTP_200=StaticPageView), tags=["pages"])
def create_static_page(json: StaticPageInput) -> StaticPageView:
    """Make a static page."""
    with unit_of_work() as session:
        services.save_page(session, signed_in(), json)
    return _page(queries.static_page(db.session(), signed_in(), json.slug))


@resource.put("/static-pages/<slug>")
@spec.validate(resp=Response(HTTP_200=StaticPageView), tags=["pages"])
def put_static_page(slug: str, json: StaticPageInput) -> StaticPageView:
    """Change a static page; locales that are not given keep their text."""
    with unit_of_work() as session:
        services.save_page(session, signed_in(), json, slug)
    return _page(queries.static_page(db.session(), signed_in(), json.slug))


@resource.delete("/static-pages/<slug>")
@spec.validate(resp=Response(HTTP_200=list[StaticPageView]), tags=["pages"])
def delete_static_page(slug: str) -> list[StaticPageView]:
    """Delete a static page; returns those that are left."""
    with unit_of_work() as session:
        services.delete_page(session, signed_in(), slug)
    return [_page(page) for page in queries.static_pages(db.session())]


@resource.get("/menus/<place>")
@spec.validate(resp=Response(HTTP_200=list[MenuEntryView]), tags=["pages"])
def get_menu(place: str) -> list[MenuEntryView]:
    """The entries of a menu that editors have arranged: "header" or "footer"."""
    if place not in PLACES:
        raise NotFound()
    return [MenuEntryView(entry.labels, entry.target) for entry in queries.menu_entries(db.session(), place)]


@resource.put("/menus/<place>")
@spec.validate(resp=Response(HTTP_200=list[MenuEntryView]), tags=["pages"])
def put_menu(place: str, json: MenuInput) -> list[MenuEntryView]:
    """Arrange a menu anew."""
    if place not in PLACES:
        raise NotFound()
    with unit_of_work() as session:
        services.save_menu(session, signed_in(), place, json.entries)
    menus.forget()
    return [MenuEntryView(entry.labels, entry.target) for entry in queries.menu_entries(db.session(), place)]


def _rows() -> list[HomeRowView]:
    return [HomeRowView(row.kind, row.headings, row.options, row.hidden)
            for row in queries.home_rows(db.session(), hidden=True)]


def _page(page: StaticPage) -> StaticPageView:
    texts: dict[str, Any] = {text.locale: PageText(text.name, text.body, str(to_html(text.body)))
                             for text in page.texts}
    return StaticPageView(page.slug, page.status, texts)
