"""The sample catalogue inside each test's transaction."""
from __future__ import annotations

import pytest
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
