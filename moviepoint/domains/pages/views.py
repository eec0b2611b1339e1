"""The home page and static pages."""
from __future__ import annotations

from flask import Blueprint, Response, current_app, url_for

from moviepoint.domains.accounts.viewer import current_viewer
from moviepoint.domains.catalog.contexts import Link
from moviepoint.domains.catalog.schema_org import crumbs
from moviepoint.domains.catalog.seo import seo, written_in
from moviepoint.domains.catalog.words import reader
from moviepoint.domains.pages import queries
from moviepoint.domains.pages.contexts import TextPage
from moviepoint.domains.pages.home import home_page
from moviepoint.domains.pages.markdown import plain, to_html
from moviepoint.kernel.db import db
from moviepoint.shells.site import render_page

pages = Blueprint("pages", __name__)


@pages.get("/")
def home() -> Response:
    """The site's home page."""
    hooks = current_app.extensions["moviepoint.hooks"]
    return render_page("site/home.html", home_page(db.session(), current_viewer(), reader(), hooks))


@pages.get("/pages/<slug>")
def static_page(slug: str) -> Response:
    """A page of text."""
    page, to = queries.static_page(db.session(), current_viewer(), slug), reader()
    body, name = to.pick(page.texts, "body"), to.pick(page.texts, "name")
    return render_page("site/page.html", TextPage(
        seo=seo(description=plain(body.text), schema=[crumbs([Link(name, url_for(".static_page", slug=slug))])],
                languages=written_in(*page.texts), noindex=page.status != "published"),
        name=name, body=to_html(body.text), lang=body.lang))
