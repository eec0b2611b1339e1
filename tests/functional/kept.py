"""Rows that the services make once in a process; after that they are written as they were."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Table, insert, inspect, select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.kernel.db import Base, unit_of_work
from tests.browser.samples import fill

KEPT = "tests.kept"
Rows = dict[Table, list[dict[str, Any]]]


def fill_once(app: MoviePoint, session: Session) -> None:
    """Write the sample catalogue. Its pictures stay on the app's storage, which outlives each test."""
    make_once(app, session, "samples", lambda work: fill(work, app.extensions["moviepoint.storage"]))


def make_once(app: MoviePoint, session: Session, name: str, make: Callable[[Session], object]) -> None:
    """Write what `make` adds to the database of a test; it changes no row that is there."""
    kept: dict[str, Rows] = app.extensions.setdefault(KEPT, {})
    if name in kept:
        with unit_of_work() as work:
            for table, fresh in kept[name].items():
                work.execute(insert(table), fresh)
    else:
        before = _rows(session)
        with unit_of_work() as work:
            make(work)
        kept[name] = {table: fresh for table, now in _rows(session).items()
                      if (fresh := [row for row in now if row not in before[table]])}
    session.expunge_all()


def _rows(session: Session) -> Rows:
    """All that is in the database, parents before their children; a plugin that is imported may have no tables here."""
    there = set(inspect(session.connection()).get_table_names())
    return {table: [dict(row) for row in session.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in Base.metadata.sorted_tables if table.name in there}
