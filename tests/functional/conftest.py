"""What the tests of several domains begin with: the sample catalogue inside each test's transaction, and members."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.services import create_user
from moviepoint.kernel.db import unit_of_work
from tests.functional.kept import fill_once


@pytest.fixture
def catalogue(app: MoviePoint, session: Session) -> Session:
    """Fill the database with the sample catalogue."""
    fill_once(app, session)
    return session


@pytest.fixture
def members(session: Session) -> Callable[[int], list[User]]:
    """Return a function that makes so many members, who never sign in by a password."""
    made: list[User] = []

    def make(count: int) -> list[User]:
        with unit_of_work() as work:
            fresh = [create_user(work, f"viewer-{n}@example.org", "!", ["member"], f"Viewer {n}")
                     for n in range(len(made), len(made) + count)]
        made.extend(fresh)
        return fresh

    return make
