"""A small catalogue, and an editor."""
from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.pages import menus
from tests.browser.samples import fill


@pytest.fixture
def catalogue(app: MoviePoint, session: Session) -> Iterator[None]:
    """Fill the database with the sample catalogue; what is remembered of menus is forgotten on both sides."""
    fill(session, app.extensions["moviepoint.storage"])
    session.flush()
    with app.app_context():
        menus.forget()
    yield
    with app.app_context():
        menus.forget()
