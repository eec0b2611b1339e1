"""The sample catalogue and an index of it, both for one test alone."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.search import engine, engines, services
from moviepoint.domains.search.engine import current_sources
from moviepoint.domains.search.whoosh_index import WhooshIndex
from tests.functional.kept import fill_once
from tests.functional.search.spoken import films, no_spoken, said  # noqa: F401 -- fixtures


@pytest.fixture
def catalogue(app: MoviePoint, session: Session, queue: list[object]) -> Session:
    """Fill the database with the sample catalogue; nothing is indexed yet."""
    fill_once(app, session)
    queue.clear()
    return session


@pytest.fixture
def no_index(app: MoviePoint, tmp_path: Path) -> Iterator[WhooshIndex]:
    """Give the app folders for its indexes in which there are none; return the public one."""
    indexes = {private: WhooshIndex(tmp_path / folder) for private, folder in engines.FOLDERS.items()}
    before = app.extensions.get(engine._INDEXES, {})
    app.extensions[engine._INDEXES] = indexes
    yield indexes[False]
    app.extensions[engine._INDEXES] = before


@pytest.fixture
def index(catalogue: Session, no_index: WhooshIndex) -> WhooshIndex:
    """Index the sample catalogue."""
    services.rebuild(catalogue, no_index, current_sources())
    return no_index
