"""Which theme is active: the editor's choice in the database, else the operator's in the settings."""
from __future__ import annotations

from moviepoint.domains.system.queries import site_setting
from moviepoint.kernel.db import db
from moviepoint.kernel.fresh import forget, fresh

SETTING = "theme"
FRESH_SECONDS = 2.0
CACHE = "moviepoint.active_theme"


def active_theme(default: str) -> str:
    """Return the active theme's slug, asked of the database at most every two seconds in a process."""
    return fresh(CACHE, FRESH_SECONDS, lambda: str(site_setting(db.session(), SETTING, default)), default)


def forget_active_theme() -> None:
    """Have the next page ask again: this process has just changed it."""
    forget(CACHE)
