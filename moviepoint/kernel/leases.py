"""Long work on one row by whichever worker has it: claimed, kept by beats, taken over when its worker falls silent.

The row has an `id`, a `state` and a `beat_at`, the moment at which a worker last wrote there. Each unit of work is one
`beat`: what it does and the new moment are one commit, and who finds another state or moment there than it wrote has
lost the row to somebody else. So a killed worker is followed by another, and one that wakes up late stops.
"""
from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.tasks import drain

SILENT = timedelta(seconds=60)
Row = TypeVar("Row", bound=Any)


class Stopped(Exception):
    """Somebody has called the work off, another worker has it, or this one was told to stop."""


@dataclass
class Lease(Generic[Row]):
    """A worker's hold on a row of `model`."""

    model: type[Row]
    row_id: int
    state: str
    beat_at: datetime

    @contextmanager
    def beat(self) -> Iterator[tuple[Session, Row]]:
        """Give one unit of work on a row that is still this worker's. Raises Stopped."""
        if drain.over:
            raise Stopped
        now = utcnow()
        with unit_of_work() as session:
            row = session.get(self.model, self.row_id, with_for_update=True, populate_existing=True)
            if row is None or (row.state, row.beat_at) != (self.state, self.beat_at):
                raise Stopped
            row.beat_at = now
            yield session, row
        self.beat_at = now  # not before it is committed


def claim(model: type[Row], row_id: int, states: Collection[str], begin: Callable[[Row], None], *,
          in_place: bool = False) -> tuple[Row, Lease[Row]] | None:
    """Take a row that waits in one of `states`; None where there is nothing to do or somebody is at it.

    `begin` moves it into the state in which it is worked on. With `in_place` the caller has made the row for itself,
    and nobody else can be at it.
    """
    now = utcnow()
    with unit_of_work() as session:
        statement = update(model).where(model.id == row_id, model.state.in_(states))
        if not in_place:
            statement = statement.where(is_silent(model))
        taken: Any = session.execute(statement.values(beat_at=now))
        if not taken.rowcount:
            return None
        row = session.get_one(model, row_id, populate_existing=True)
        begin(row)
        return row, Lease(model, row_id, row.state, now)


def abandoned(session: Session, model: type[Any], states: Collection[str]) -> Sequence[int]:
    """Return the ids of rows that nobody works on though somebody should."""
    return session.scalars(select(model.id).where(model.state.in_(states), is_silent(model))).all()


def is_silent(model: type[Any]) -> ColumnElement[bool]:
    """Return the condition that no worker has written to a row for a minute."""
    return or_(model.beat_at.is_(None), model.beat_at < utcnow() - SILENT)
