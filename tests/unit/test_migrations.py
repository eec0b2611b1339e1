"""Migrations: up and down again, with every row still there, and ending at what the models say."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from moviepoint.app import MoviePoint, create_app
from moviepoint.domains.system.cli import migrators
from moviepoint.kernel.db import db
from moviepoint.kernel.migrate import Migrator
from moviepoint.settings import PROJECT_ROOT, Settings

REVISIONS = sorted(path.name[:4] for path in (PROJECT_ROOT / "migrations/versions").glob("*.py"))


@pytest.fixture
def app(tmp_path: Path) -> Iterator[MoviePoint]:
    app = create_app(Settings(instance=tmp_path / "instance", plugins=(), rate_limits=False))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def migrator(app: MoviePoint) -> Migrator:
    return migrators()[0]


def fill_first_light() -> None:
    """Write rows of the first release, as its own code would have."""
    now = "'2026-11-01 00:00:00+00:00'"
    with db.engine.begin() as connection:
        for statement in (
            f"insert into titles (id, kind, slug, original_title, original_language, countries, status, version, "
            f"created_at, updated_at) values (1, 'film', 'aelita', 'Аэлита', 'ru', 'SU', 'published', 3, {now}, {now})",
            "insert into title_texts (id, title_id, locale, name, tagline, overview) "
            "values (1, 1, 'en', 'Aelita', '', 'Mars.')",
            f"insert into people (id, slug, name, created_at, updated_at) values (1, 'p', 'P', {now}, {now})",
            "insert into credits (id, title_id, person_id, department, job, character, position) "
            "values (1, 1, 1, 'directing', 'director', '', 0)",
            "insert into genres (id, slug) values (1, 'drama')",
            "insert into title_genres (title_id, genre_id) values (1, 1)",
        ):
            connection.execute(text(statement))


def counted() -> dict[str, int]:
    with db.engine.connect() as connection:
        return {table: connection.execute(text(f"select count(*) from {table}")).scalar_one()
                for table in ("titles", "title_texts", "people", "credits", "genres", "title_genres")}


def test_the_newest_revision_is_what_the_models_say(migrator: Migrator) -> None:
    migrator.upgrade()
    assert migrator.current() == REVISIONS[-1]
    assert migrator.differences() == []


def test_rows_survive_every_step_up_and_down(migrator: Migrator) -> None:
    migrator.upgrade("0001")
    fill_first_light()
    before = counted()
    assert set(before.values()) == {1}
    for revision in [*REVISIONS[1:], *reversed(REVISIONS[:-1]), *REVISIONS[1:]]:
        (migrator.upgrade if revision > (migrator.current() or "") else migrator.downgrade)(revision)
        assert counted() == before, revision
    with db.engine.connect() as connection:
        assert connection.execute(text("select status, version from titles")).one() == ("published", 3)


def test_going_down_to_nothing_leaves_no_table(migrator: Migrator) -> None:
    migrator.upgrade()
    migrator.downgrade("base")
    assert [name for name in inspect(db.engine).get_table_names() if not name.startswith("alembic_version")] == []


def test_the_rules_of_a_table_survive_its_alteration(migrator: Migrator) -> None:
    migrator.upgrade()
    with db.engine.connect() as connection:
        written = connection.execute(text("select sql from sqlite_master where name = 'titles'")).scalar_one()
    assert "ck_titles_kind" in written
    assert "in_review" in written
    assert written.count("ck_titles_status") == 1


def test_foreign_keys_are_on_again_after_a_migration(migrator: Migrator) -> None:
    migrator.upgrade()
    with db.engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


def test_who_was_there_before_addresses_were_confirmed_counts_as_confirmed(migrator: Migrator) -> None:
    migrator.upgrade("0015")
    then = "'2026-11-01 00:00:00.000000'"
    with db.engine.begin() as connection:
        for number, confirmed in ((1, "null"), (2, "'2026-11-02 00:00:00.000000'")):
            connection.execute(text(
                "insert into users (id, email, name, locale, active, fs_uniquifier, created_at, confirmed_at) values "
                f"({number}, '{number}@example.org', '', 'en', true, '{number}', {then}, {confirmed})"))
    migrator.upgrade("0016")
    with db.engine.connect() as connection:
        dates = connection.execute(text("select confirmed_at, mailed_at from users order by id")).all()
    assert [(str(confirmed)[:10], mailed) for confirmed, mailed in dates] == [
        ("2026-11-01", None), ("2026-11-02", None)]


def test_a_home_page_that_was_arranged_keeps_what_one_has_begun_at_its_top(migrator: Migrator) -> None:
    migrator.upgrade("0017")
    with db.engine.begin() as connection:
        for place in (0, 1):
            connection.execute(text("insert into home_rows (kind, headings, options, position) "
                                    f"values ('newest', '{{}}', '{{}}', {place})"))
    migrator.upgrade("0018")
    with db.engine.connect() as connection:
        kinds = connection.execute(text("select kind from home_rows order by position, id")).scalars().all()
    assert kinds == ["continue", "newest", "newest"]
    migrator.downgrade("0017")
    with db.engine.connect() as connection:
        assert connection.execute(text("select count(*) from home_rows")).scalar_one() == 2


def test_a_home_page_that_nobody_arranged_gets_no_row(migrator: Migrator) -> None:
    migrator.upgrade("0018")
    with db.engine.connect() as connection:
        assert connection.execute(text("select count(*) from home_rows")).scalar_one() == 0
