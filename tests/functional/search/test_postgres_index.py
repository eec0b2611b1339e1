"""The index in PostgreSQL answers as the embedded one does."""
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from moviepoint.app import MoviePoint
from moviepoint.domains.search import engine
from moviepoint.domains.search.engine import current_index
from moviepoint.domains.search.engines import open_postgres
from moviepoint.domains.search.postgres_index import PostgresIndex
from moviepoint.domains.search.whoosh_index import WhooshIndex
from moviepoint.settings import Settings
from moviepoint.testing import database_for_tests
from tests.unit.search import engines

SCHEMA = "moviepoint_search_test"
with_postgres = pytest.mark.skipif(not os.environ.get("MOVIEPOINT_TEST_DATABASE_URL", "").startswith("postgresql"),
                                    reason="this run is not on PostgreSQL")


@pytest.fixture
def index() -> Iterator[PostgresIndex]:
    """Give an index in a schema of its own, which is dropped after the test."""
    database = create_engine(database_for_tests())
    yield PostgresIndex(database, "public", SCHEMA)
    with database.begin() as connection:
        connection.execute(text(f"drop schema if exists {SCHEMA} cascade"))
    database.dispose()


@with_postgres
def test_it_answers_as_the_embedded_one(index: PostgresIndex, tmp_path: Path) -> None:
    engines.assert_the_same_as_embedded(index, tmp_path / "embedded")
    engines.assert_success(index)


@with_postgres
def test_it_keeps_step(index: PostgresIndex) -> None:
    engines.assert_keeps_step(index)


@with_postgres
def test_words_are_words(index: PostgresIndex) -> None:
    engines.assert_words_are_words(index)


@with_postgres
def test_it_says_that_it_is_missing(index: PostgresIndex) -> None:
    engines.assert_says_that_it_is_missing(index)


@with_postgres
def test_a_rebuild_leaves_nothing_of_the_old_one(index: PostgresIndex) -> None:
    for _ in range(3):
        index.rebuild({"title": []})
    with index.engine.connect() as connection:
        tables = connection.scalars(text("select table_name from information_schema.tables where table_schema = :name"),
                                    {"name": SCHEMA}).all()
    assert len(tables) == 3  # documents, words, and which is current


def test_it_wants_the_sites_tables_in_postgresql_too() -> None:
    with pytest.raises(ValueError, match="MOVIEPOINT_DATABASE_URL"):
        open_postgres(Settings(database_url="sqlite:///x.db", search_engine="postgresql"), False)


@pytest.mark.parametrize("name", ["postgresql", "nothing"])
def test_an_engine_that_cannot_be_leaves_the_embedded_one(app: MoviePoint, monkeypatch: pytest.MonkeyPatch,
                                                          tmp_path: Path, name: str) -> None:
    monkeypatch.setitem(app.extensions, "moviepoint.settings", Settings(instance=tmp_path, search_engine=name))
    monkeypatch.setitem(app.extensions, engine._INDEXES, {})
    with app.app_context():
        assert isinstance(current_index(), WhooshIndex)
