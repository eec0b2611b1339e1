"""The feeds, as Atom (RFC 4287) and RSS 2.0: the newest titles, those of a genre, and a member's reviews."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for
from markupsafe import Markup

from moviepoint.plugin_api import NotFound, Settings, Title, catalog, current_locale, db, member_reviews, pick_text
from moviepoint.plugin_api import gettext as _

ENTRIES = 30
KEEP_SECONDS = 300
TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml"}

pages = Blueprint("feeds", __name__)


@dataclass(frozen=True)
class Entry:
    """A title or a review in a feed; `published` and `updated` are aware, in UTC."""

    title: str
    url: str
    summary: str
    published: datetime
    updated: datetime
    author: str = ""
    lang: str = ""

    @property
    def rfc2822(self) -> str:
        return format_datetime(self.published)


@dataclass(frozen=True)
class Feed:
    """A feed: its heading, the page that it goes with, and its entries, the newest first."""

    heading: str
    home: str
    entries: Sequence[Entry]


@pages.get("/feeds/titles.<any(atom, rss):kind>")
def titles(kind: str) -> Response:
    """The newest titles in the address's language."""
    found = catalog.newest(db.session(), ENTRIES)
    return answer(kind, Feed(_("New on %(site)s", site=_settings().site_name), url_for("pages.home"),
                             [entry_of(title) for title in found]))


@pages.get("/feeds/genres/<slug>.<any(atom, rss):kind>")
def genre(slug: str, kind: str) -> Response:
    """The newest titles of a genre."""
    found = db.session.scalars(catalog.genres()).unique()
    row = next((genre for genre in found if genre.slug == slug), None)
    if row is None:
        raise NotFound()
    rows = db.session.scalars(catalog.titles(None, genre=slug).limit(ENTRIES)).all()
    name = pick_text(row.texts, "name", _chain(), (row.slug, "und")).value
    return answer(kind, Feed(_("%(name)s on %(site)s", name=name, site=_settings().site_name),
                             url_for("catalog.genre", slug=slug), [entry_of(title) for title in rows]))


@pages.get("/feeds/members/<handle>/reviews.<any(atom, rss):kind>")
def reviews(handle: str, kind: str) -> Response:
    """What a member writes, if their page is for everybody; what would spoil a film only says so."""
    profile, rows = member_reviews(db.session(), handle, ENTRIES)
    heading = _("Reviews by %(name)s on %(site)s", name=profile.name, site=_settings().site_name)
    return answer(kind, Feed(heading, url_for("members.member", handle=handle),
                             [review_entry(profile.name, review, title) for review, title in rows]))


def answer(kind: str, feed: Feed) -> Response:
    """Return a feed, which an unchanged reader is not sent again."""
    updated = max((entry.updated for entry in feed.entries), default=datetime(2000, 1, 1, tzinfo=UTC))
    text = render_template(f"feeds/{kind}.xml", feed=feed, updated=updated, rfc2822=format_datetime(updated),
                           home=absolute(feed.home), self_url=absolute(request.path))
    response = Response(readable(text), content_type=f"{TYPES[kind]}; charset=utf-8")
    response.cache_control.public, response.cache_control.max_age = True, KEEP_SECONDS
    response.last_modified = updated
    response.add_etag()
    return response.make_conditional(request)


def readable(text: str) -> str:
    """Drop the characters that XML 1.0 cannot hold."""
    return "".join(c for c in text if c in "\t\n\r" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd"
                   or c >= "\U00010000")


def entry_of(title: Title) -> Entry:
    """Return a title's entry in the page's language."""
    published = title.published_at or title.created_at
    return Entry(_titled(title), absolute(_page(title)), pick_text(title.texts, "overview", _chain()).value, published,
                 published)


def review_entry(author: str, review: Any, title: Title) -> Entry:
    """Return a review's entry; its text is in the language that it was written in."""
    text = _("This review tells how it ends.") if review.spoiler else Markup(review.html).striptags()  # noqa: S704
    return Entry(_titled(title), absolute(url_for("reviews.show", review_id=review.id)), text, review.created_at,
                 review.edited_at or review.created_at, author, "" if review.spoiler else review.locale)


def links() -> Mapping[str, object]:
    """Return the feeds that go with the present page, as (address, title, type): the newest titles go with all."""
    values = request.view_args or {}
    found = [("feeds.titles", {}, _("New titles"))]
    if request.endpoint == "catalog.genre":
        found.insert(0, ("feeds.genre", {"slug": values["slug"]}, _("New titles of this genre")))
    elif request.endpoint in ("members.member", "members.part"):
        found.insert(0, ("feeds.reviews", {"handle": values["handle"]}, _("Reviews by this member")))
    return {"feeds": [(url_for(endpoint, kind=kind, **known), f"{name} ({label})", TYPES[kind])
                      for endpoint, known, name in found for kind, label in (("atom", "Atom"), ("rss", "RSS"))]}


def absolute(path: str) -> str:
    return _settings().base_url.rstrip("/") + path


def _titled(title: Title) -> str:
    name = pick_text(title.texts, "name", _chain(), (title.original_title, title.original_language)).value
    return f"{name} ({title.year})" if title.year else name


def _page(title: Title) -> str:
    return url_for("catalog.series" if title.kind == "series" else "catalog.film", slug=title.slug)


def _chain() -> list[str]:
    return [current_locale(), _settings().default_locale]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["moviepoint.settings"]
    return settings
