"""A small catalogue, and an editor."""
from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.pages import menus
from tests.functional.kept import fill_once


@pytest.fixture
def catalogue(app: MoviePoint, session: Session) -> Iterator[None]:
    """Fill the database with the sample catalogue; what is remembered of menus is forgotten on both sides."""
    fill_once(app, session)
    with app.app_context():
        menus.forget()
    yield
    with app.app_context():
        menus.forget()
