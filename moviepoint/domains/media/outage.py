"""What a worker does while the database is away: it keeps at its work, and says how that ended when it is back.

A step is had by its lease and its fence, so that waiting can do no harm: whoever took the step over meanwhile has
raised the fence, and what is written late changes nothing.
"""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from moviepoint.kernel.db import db
from moviepoint.kernel.tasks import drain

log = structlog.get_logger(__name__)
DATABASE_AWAY = (OperationalError, InterfaceError)
LONGEST = 600.0  # seconds until a worker gives up; the lease is found by another one then
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
T = TypeVar("T")


def patiently(act: Callable[[], T], longest: float = LONGEST) -> T:
    """Return what `act` returns, tried again while the database does not answer; in the end its error is raised."""
    began, tries = time.monotonic(), 0
    while True:
        try:
            return act()
        except DATABASE_AWAY as error:
            db.session.remove()
            if drain.over or time.monotonic() - began > longest:
                raise
            log.warning("the database does not answer; trying again", error=str(error.orig)[:200])
            time.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1


def read(query: Callable[[Session], T]) -> T:
    """Run a read of its own, so that no transaction stays open while ffmpeg runs."""
    session = db.session()
    try:
        return query(session)
    finally:
        db.session.rollback()
