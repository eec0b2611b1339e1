"""Menus as editors have arranged them, in place of what the site's parts put there."""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flask import request, url_for

from moviepoint.domains.catalog.words import reader
from moviepoint.domains.pages import queries
from moviepoint.hooks.types import MenuLink
from moviepoint.kernel import fresh
from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import current_locale

FRESH_SECONDS = 5.0
CACHE = "moviepoint.menus"


class Entry(NamedTuple):
    """An entry as it is remembered between requests."""

    place: str
    labels: dict[str, str]
    target: str


def arranged(value: Sequence[MenuLink], place: str) -> Sequence[MenuLink]:
    """Return a menu's entries, those of editors where there are any."""
    entries = [entry for entry in _entries() if entry.place == place]
    return [_link(entry) for entry in entries] if entries else value


def forget() -> None:
    """Have the next page ask again: this process has just changed them."""
    fresh.forget(CACHE)


def _entries() -> Sequence[Entry]:
    """All menus, asked of the database every few seconds."""
    return fresh.fresh(CACHE, FRESH_SECONDS, lambda: [
        Entry(row.place, row.labels, row.target) for row in queries.menu_entries(db.session())], [])


def _link(entry: Entry) -> MenuLink:
    to = reader()
    label = next((entry.labels[locale] for locale in to.chain if entry.labels.get(locale)), "")
    label = label or next(iter(entry.labels.values()), "")
    if entry.target.startswith("/"):
        url = f"/{current_locale()}{entry.target}"
    elif ":" in entry.target:
        return MenuLink(label, entry.target)
    else:
        url = url_for("pages.static_page", slug=entry.target)
    below = url != f"/{current_locale()}/" and request.path.startswith(url.rstrip("/") + "/")
    return MenuLink(label, url, "page" if request.path == url else "true" if below else "")
