"""Which theme is active: the editor's choice in the database, else the operator's in the settings."""
from __future__ import annotations

import time

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from moviepoint.domains.system.queries import site_setting
from moviepoint.kernel.db import db

SETTING = "theme"
FRESH_SECONDS = 2.0
CACHE = "moviepoint.active_theme"  # the app's extension that holds (slug, until when in monotonic seconds)


def active_theme(default: str) -> str:
    """Return the active theme's slug, asked of the database at most every two seconds in a process."""
    cached = current_app.extensions.get(CACHE)
    now = time.monotonic()
    if cached is not None and now < cached[1]:
        return str(cached[0])
    try:
        slug = site_setting(db.session(), SETTING, default)
    except SQLAlchemyError:  # an error page must render while the database is away or not yet made
        db.session.rollback()
        slug = default
    current_app.extensions[CACHE] = (slug, now + FRESH_SECONDS)
    return str(slug)


def forget_active_theme() -> None:
    """Have the next page ask again: this process has just changed it."""
    current_app.extensions.pop(CACHE, None)
