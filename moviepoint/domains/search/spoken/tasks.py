"""Background tasks of the index of what is said."""
from __future__ import annotations

import structlog
from flask import current_app

from moviepoint.domains.search import tasks as rows
from moviepoint.domains.search.index import IndexMissing
from moviepoint.domains.search.spoken import services
from moviepoint.domains.search.spoken.engine import current_spoken
from moviepoint.domains.search.tasks import Pending
from moviepoint.kernel.db import db
from moviepoint.kernel.files import current_storage

log = structlog.get_logger(__name__)
PENDING = "moviepoint.search_spoken_pending"


def index_rows(source: str, ids: list[int]) -> None:
    """Bring rows up to date in the other indexes, and in this one what is said in titles: one message does for both."""
    rows.index(source, ids)
    if source == services.TITLE:
        index(source, ids)


def index(owner: str, ids: list[int]) -> None:
    """Bring the subtitles of titles or editions up to date, together with all others that wait."""
    pending: Pending = current_app.extensions.setdefault(PENDING, Pending())
    pending.add(owner, ids)
    pending.write(_index)


def _index(owner: str, ids: list[int]) -> None:
    """Write tracks; makes an index where there is none."""
    try:
        services.index_tracks(db.session(), current_storage(), current_spoken(), owner, ids)
    except IndexMissing:
        rebuild()


def rebuild(instead_of: str | None = None) -> None:
    """Make the index anew; with `instead_of` only while that generation, the one found wanting, is still in use."""
    if instead_of is not None and current_spoken().generation() != instead_of:
        return
    count = services.rebuild(db.session(), current_storage(), current_spoken())
    log.info("index of what is said rebuilt", tracks=count)


def reconcile() -> None:
    """Mend what lost messages have left behind."""
    try:
        stale = services.reconcile(db.session(), current_storage(), current_spoken())
    except IndexMissing:  # it could be read, but not written
        rebuild()
    else:
        if stale:
            log.info("index of what is said mended", tracks=stale)
