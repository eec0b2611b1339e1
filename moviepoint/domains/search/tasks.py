"""Search's background tasks."""
from __future__ import annotations

import structlog

from moviepoint.domains.search import services
from moviepoint.domains.search.engine import current_index, current_sources
from moviepoint.domains.search.index import IndexMissing
from moviepoint.kernel.db import db

log = structlog.get_logger(__name__)


def index(source: str, ids: list[int]) -> None:
    """Bring rows up to date in the index; makes the index where there is none."""
    try:
        services.index_rows(db.session(), current_index(), current_sources(), source, ids)
    except IndexMissing:
        rebuild()


def rebuild(instead_of: str | None = None) -> None:
    """Make the index anew; with `instead_of` only while that generation, the one found wanting, is still in use.

    A hundred visitors who meet a missing index send a hundred messages, and one rebuild answers them all.
    """
    if instead_of is not None and current_index().generation() != instead_of:
        return
    count = services.rebuild(db.session(), current_index(), current_sources())
    log.info("search index rebuilt", documents=count)


def reconcile() -> None:
    """Mend what lost messages have left behind."""
    try:
        stale = services.reconcile(db.session(), current_index(), current_sources())
    except IndexMissing:  # it could be read, but not written
        rebuild()
    else:
        if stale:
            log.info("search index mended", documents=stale)
