"""Search's background tasks: each does its work for the public index and for the private one."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock

import structlog
from flask import current_app

from moviepoint.domains.search import services
from moviepoint.domains.search.engine import current_index, current_sources
from moviepoint.domains.search.engines import FOLDERS
from moviepoint.domains.search.index import IndexMissing
from moviepoint.kernel.db import db

log = structlog.get_logger(__name__)
PENDING = "moviepoint.search_pending"


class Pending:
    """Rows that wait for the one writer: whoever comes while it writes leaves theirs with it and goes.

    So a hundred saved rows are a few commits, and no thread of the worker waits for the index. What a killed worker
    had here is mended by `reconcile`, like any lost message.
    """

    def __init__(self) -> None:
        self._rows: dict[str, set[int]] = {}
        self._guard, self._writer = Lock(), Lock()

    def add(self, source: str, ids: Iterable[int]) -> None:
        with self._guard:
            self._rows.setdefault(source, set()).update(ids)

    def write(self, write: Callable[[str, list[int]], object]) -> None:
        """Write all that waits, unless somebody does so already, who then writes this too."""
        while self._rows and self._writer.acquire(blocking=False):
            try:
                with self._guard:
                    rows, self._rows = self._rows, {}
                for source, ids in rows.items():
                    write(source, sorted(ids))
            finally:
                self._writer.release()


def index(source: str, ids: list[int]) -> None:
    """Bring rows up to date in the indexes, together with all others that wait."""
    pending: Pending = current_app.extensions.setdefault(PENDING, Pending())
    pending.add(source, ids)
    pending.write(_index)


def _index(source: str, ids: list[int]) -> None:
    """Write rows; makes an index where there is none."""
    for private in FOLDERS:
        sources = current_sources(private)
        if source not in sources:
            continue
        try:
            services.index_rows(db.session(), current_index(private), sources, source, ids)
        except IndexMissing:
            rebuild(private=private)


def rebuild(instead_of: str | None = None, private: bool = False) -> None:
    """Make an index anew; with `instead_of` only while that generation, the one found wanting, is still in use.

    A hundred visitors who meet a missing index send a hundred messages, and one rebuild answers them all.
    """
    if instead_of is not None and current_index(private).generation() != instead_of:
        return
    count = services.rebuild(db.session(), current_index(private), current_sources(private))
    log.info("search index rebuilt", private=private, documents=count)


def reconcile() -> None:
    """Mend what lost messages have left behind."""
    for private in FOLDERS:
        try:
            stale = services.reconcile(db.session(), current_index(private), current_sources(private))
        except IndexMissing:  # it could be read, but not written
            rebuild(private=private)
        else:
            if stale:
                log.info("search index mended", private=private, documents=stale)
