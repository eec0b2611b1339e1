"""The migration of media tells where the tracks that are there came from, and how large packages are."""
from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from moviepoint.app import create_app
from moviepoint.domains.system.cli import migrators
from moviepoint.kernel.db import db
from moviepoint.settings import Settings

BEFORE, AFTER = "0003", "0005"
EMPTY: dict[type, Any] = {str: "", int: 0, float: 0.0, bool: False, datetime: datetime(2026, 11, 1, tzinfo=UTC),
                          dict: [], list: []}


def put(connection: sa.Connection, into: str, /, **values: Any) -> None:
    """Insert a row as the schema of that time has it; what must be there and is not named is empty."""
    table = sa.Table(into, sa.MetaData(), autoload_with=connection)
    needed = {column.name: EMPTY[dict if isinstance(column.type, sa.JSON) else column.type.python_type]
              for column in table.columns if not column.nullable and column.server_default is None}
    connection.execute(table.insert().values(needed | values))


def rows(statement: str) -> list[Any]:
    with db.engine.connect() as connection:
        return list(connection.execute(sa.text(statement)).all())


def fill() -> None:
    plan = {"audio": [{"name": "audio_ru", "stream": 1, "language": "ru", "kind": "dub"}],
            "subtitles": [{"name": "subs_ru", "stream": 3, "language": "ru", "role": "full"},
                          {"name": None, "stream": 4, "language": "de", "role": "sdh"}]}
    with db.engine.begin() as connection:
        put(connection, "titles", id=1, kind="film", slug="a", status="published")
        put(connection, "users", id=5, email="e@example.org", fs_uniquifier="u")
        for number in (1, 2):
            put(connection, "editions", id=number, public_id=f"e{number}", title_id=1, package=f"packages/p{number}")
            put(connection, "source_assets", id=number, edition_id=number, key="uploads/k", filename="f.mkv")
            put(connection, "audio_tracks", id=number, edition_id=number, path="audio_ru", label="Kept")
        put(connection, "encoding_jobs", id=7, edition_id=1, source_id=1, created_by_id=5, state="done",
            package="packages/p1", plan=plan)
        put(connection, "encoding_steps", id=1, job_id=7, name="check", kind="check", result={"facts": {"size": 12345}})
        put(connection, "subtitle_tracks", id=1, edition_id=1, position=0, path="subs_ru")
        put(connection, "subtitle_tracks", id=2, edition_id=1, position=1)
        put(connection, "marks", id=1, edition_id=1, kind="chapter")


def check(database_url: str, folder: Path) -> None:
    """Go up with rows, down, and up again, on a database that is ours to empty."""
    app = create_app(Settings(instance=folder, plugins=(), rate_limits=False, database_url=database_url))
    with app.app_context():
        migrator = migrators()[0]
        if database_url:
            migrator.downgrade("base")
        migrator.upgrade(BEFORE)
        fill()
        for _turn in range(2):
            migrator.upgrade(AFTER)
            found = rows("select source_id, origin, label, offset_ms from audio_tracks order by id")
            assert [(row[0], row[2], row[3]) for row in found] == [(1, "Kept", 0), (None, "Kept", 0)]
            assert str(found[0][1]).replace("'", '"').startswith('{"stream": 1')  # JSON, or what a driver made of it
            assert found[1][1] is None
            texts = rows("select source_id, origin from subtitle_tracks order by id")
            assert [row[0] for row in texts] == [1, 1]
            assert "sdh" in str(texts[1][1])
            assert rows("select package_bytes from editions order by id") == [(12345,), (0,)]
            assert rows("select created_by_id from source_assets order by id") == [(5,), (None,)]
            assert [bool(row[0]) for row in rows("select found from marks")] == [False]
            assert rows("select kind from encoding_jobs") == [("film",)]
            migrator.downgrade(BEFORE)
            assert rows("select label from audio_tracks order by id") == [("Kept",), ("Kept",)]
        migrator.downgrade("base")
        db.session.remove()
        db.engine.dispose()


def test_tracks_know_where_they_came_from(tmp_path: Path) -> None:
    check("", tmp_path / "instance")
