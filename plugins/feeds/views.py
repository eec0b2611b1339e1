"""The feeds: the newest published titles as Atom (RFC 4287) and RSS 2.0."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from flask import Blueprint, Response, current_app, render_template, request, url_for

from moviepoint.plugin_api import Settings, Title, catalog, current_locale, db, pick_text
from moviepoint.plugin_api import gettext as _

ENTRIES = 30
KEEP_SECONDS = 300
TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml"}

pages = Blueprint("feeds", __name__)


@dataclass(frozen=True)
class Entry:
    """A title in a feed; `published` is aware, in UTC."""

    title: str
    url: str
    summary: str
    published: datetime

    @property
    def rfc2822(self) -> str:
        return format_datetime(self.published)


@pages.get("/feeds/titles.<any(atom, rss):kind>")
def titles(kind: str) -> Response:
    """The newest titles in the address's language."""
    entries = [entry_of(title) for title in catalog.newest(db.session(), ENTRIES)]
    updated = max((entry.published for entry in entries), default=datetime(2000, 1, 1, tzinfo=UTC))
    text = render_template(f"feeds/{kind}.xml", entries=entries, updated=updated, rfc2822=format_datetime(updated),
                           home=absolute(url_for("pages.home")), self_url=absolute(request.path),
                           heading=_("New on %(site)s", site=_settings().site_name))
    response = Response(text, content_type=f"{TYPES[kind]}; charset=utf-8")
    response.cache_control.public, response.cache_control.max_age = True, KEEP_SECONDS
    response.last_modified = updated
    response.add_etag()
    return response.make_conditional(request)


def entry_of(title: Title) -> Entry:
    """Return a title's entry in the page's language."""
    chain = [current_locale(), _settings().default_locale]
    name = pick_text(title.texts, "name", chain, (title.original_title, title.original_language)).value
    address = url_for("catalog.series" if title.kind == "series" else "catalog.film", slug=title.slug)
    return Entry(f"{name} ({title.year})" if title.year else name, absolute(address),
                 pick_text(title.texts, "overview", chain).value, title.published_at or title.created_at)


def links() -> Mapping[str, object]:
    """Return what `feeds/links.html` needs."""
    return {"atom": url_for("feeds.titles", kind="atom"), "rss": url_for("feeds.titles", kind="rss")}


def absolute(path: str) -> str:
    return _settings().base_url.rstrip("/") + path


def _settings() -> Settings:
    settings: Settings = current_app.extensions["moviepoint.settings"]
    return settings
