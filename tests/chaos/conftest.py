"""Houses for disasters: on SQLite, and on PostgreSQL with Redis where they are there."""
from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from moviepoint.app import create_app
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.kernel.db import db
from moviepoint.settings import Settings
from tests.functional.media.house import House, migrate
from tests.unit.media.conftest import films, tools  # noqa: F401 -- fixtures
from tests.unit.media.films import X264, make, pattern, tone

#: Disasters at their full length: more minutes than an everyday run has.
LONG = os.environ.get("MOVIEPOINT_TEST_LONG") == "1"
ADMIN = "host=127.0.0.1 port=5432 user=postgres dbname=test connect_timeout=3"
REDIS = "redis://127.0.0.1:6379/7"


@pytest.fixture(scope="session")
def short_film(tools: Tools, films: Path) -> Path:  # noqa: F811
    """Twelve seconds in two rungs: enough for six segments, which take a second or so."""
    return make(tools, films / "short.mp4", *pattern("320x180", "24", 12), *tone(440, 12), *X264, "-c:a", "aac")


@pytest.fixture
def scaled_out() -> Iterator[tuple[str, str]]:
    """A database and a queue of their own: (database address, queue address). Skips where there are none."""
    name = f"moviepoint_chaos_{os.getpid()}"
    try:
        with psycopg.connect(ADMIN, autocommit=True) as connection:
            connection.execute(f"drop database if exists {name} with (force)")
            connection.execute(f"create database {name}")
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL on 127.0.0.1:5432")
    try:
        redis.Redis.from_url(REDIS).flushdb()
    except redis.ConnectionError:
        pytest.skip("no Redis on 127.0.0.1:6379")
    yield f"postgresql+psycopg://postgres@127.0.0.1/{name}", REDIS
    redis.Redis.from_url(REDIS).flushdb()
    with psycopg.connect(ADMIN, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Return a function that opens a house with settings of one's own; its workers end with the test."""
    opened: list[House] = []
    contexts = []

    def build(**values: object) -> House:
        settings = Settings(instance=tmp_path / "instance", secret_key="s" * 48, plugins=(), rate_limits=False,
                            **values)  # type: ignore[arg-type]
        app = create_app(settings)
        context = app.app_context()
        context.push()
        contexts.append(context)
        migrate(settings)
        opened.append(House(app))
        return opened[-1]

    yield build
    for house in opened:
        for worker in house.workers:
            worker.kill()
            worker.wait()
    for context in contexts:
        db.session.remove()
        db.engine.dispose()
        context.pop()
