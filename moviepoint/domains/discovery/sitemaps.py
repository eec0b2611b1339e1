"""Sitemaps written by a task and sent as they lie: what stands in them comes from `register_sitemaps`.

On storage: `sitemaps/<when>/<name>-<n>.xml`, and `sitemaps/index.xml`, which names the parts of one such folder. The
index is put last, so that it never names what is not there; the folder before stays until the next time, for
those who have just read the index before.
"""
from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

import structlog
from sqlalchemy.orm import Session

from moviepoint.domains.discovery import xml
from moviepoint.hooks.manager import HookManager
from moviepoint.hooks.types import SitemapSource
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.files import LocalStorage, Storage
from moviepoint.settings import Settings

log = structlog.get_logger(__name__)
FOLDER = "sitemaps"
INDEX = f"{FOLDER}/index.xml"
WRITE = "discovery.sitemaps"  # the task


def write(session: Session, hooks: HookManager, storage: Storage, settings: Settings,
          now: datetime | None = None) -> int:
    """Write all sitemaps anew; returns how many parts there are. A source that fails is left out, and logged."""
    moment = now or utcnow()
    folder = f"{moment:%Y%m%dT%H%M%S%f}"
    written: dict[str, datetime] = {}
    base = settings.base_url.rstrip("/")
    for source in hooks.collect("register_sitemaps"):
        try:
            for number, part in enumerate(xml.parts(_entries(session, source, settings)), 1):
                name = f"{folder}/{source.name}-{number}.xml"
                storage.put(f"{FOLDER}/{name}", part)
                written[f"{base}/sitemaps/{name}"] = moment
        except Exception:
            log.exception("sitemap not written", source=source.name)
    storage.put(INDEX, xml.index(written))
    _forget(storage, folder)
    return len(written)


def _entries(session: Session, source: SitemapSource, settings: Settings) -> Iterator[str]:
    base = settings.base_url.rstrip("/")
    return chain.from_iterable(xml.urls(base, page, settings.default_locale)
                               for page in source.pages(session, settings.locales) if page.paths)


def _forget(storage: Storage, newest: str) -> None:
    """Remove all folders but the newest and the one before it."""
    if not isinstance(storage, LocalStorage):
        return
    folders = sorted({key.split("/")[1] for key in storage.keys(FOLDER) if key.count("/") == 2} - {newest})
    for folder in folders[:-1]:
        storage.delete(f"{FOLDER}/{folder}")
