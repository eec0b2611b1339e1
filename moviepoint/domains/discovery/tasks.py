"""The background work of being found."""
from __future__ import annotations

import structlog
from flask import current_app

from moviepoint.domains.catalog.words import site_settings
from moviepoint.domains.discovery import sitemaps
from moviepoint.kernel.db import db
from moviepoint.kernel.files import current_storage

log = structlog.get_logger(__name__)


def write_sitemaps() -> None:
    """Write all sitemaps anew; a site that is closed to search engines has none."""
    settings, storage = site_settings(), current_storage()
    if not settings.search_engines:
        storage.delete(sitemaps.FOLDER)
        return
    count = sitemaps.write(db.session(), current_app.extensions["moviepoint.hooks"], storage, settings)
    log.info("sitemaps written", parts=count)
