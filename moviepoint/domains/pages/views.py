"""The home page and static pages."""
from __future__ import annotations

from flask import Blueprint, Response, current_app

from moviepoint.domains.accounts.viewer import current_viewer
from moviepoint.domains.catalog.seo import seo
from moviepoint.domains.catalog.words import reader
from moviepoint.domains.pages import queries
from moviepoint.domains.pages.contexts import TextPage
from moviepoint.domains.pages.home import home_page
from moviepoint.domains.pages.markdown import to_html
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
    body = to.pick(page.texts, "body")
    return render_page("site/page.html", TextPage(
        seo=seo(description=" ".join(body.text.split())[:160]), name=to.pick(page.texts, "name"),
        body=to_html(body.text), lang=body.lang))
