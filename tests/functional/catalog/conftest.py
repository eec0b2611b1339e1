"""The sample catalogue inside each test's transaction, and a counter of queries."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.kernel.db import unit_of_work
from tests.browser.samples import fill


@pytest.fixture
def catalogue(app: MoviePoint, session: Session) -> Session:
    """Fill the database with the sample catalogue."""
    with unit_of_work() as work:
        fill(work, app.extensions["moviepoint.storage"])
    session.expunge_all()
    return session


@pytest.fixture
def counted() -> Callable[[], AbstractContextManager[list[str]]]:
    """Return a context manager that lists the selects that run inside it."""

    @contextmanager
    def count() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if statement.lstrip().upper().startswith("SELECT"):
                seen.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return count
