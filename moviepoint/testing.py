"""The test kit: pytest fixtures of one migrated database, one app, and a transaction around each test.

A test's commits are savepoints in an outer transaction that is rolled back, so that nothing leaks. Mail is
kept, not sent. `MOVIEPOINT_TEST_DATABASE_URL` runs the same tests on PostgreSQL; with `-n`, each process has a
database of its own there, beside the named one.
"""
from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import g, request_started
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint, create_app
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.accounts.sessions import begin
from moviepoint.domains.catalog import genre_use
from moviepoint.domains.catalog.pages import STATE
from moviepoint.domains.pages.menus import CACHE as MENUS
from moviepoint.domains.system.cli import migrators, upgrade_all
from moviepoint.domains.system.theme import CACHE
from moviepoint.hooks.manager import Plugin, import_plugin
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.fresh import KEPT
from moviepoint.settings import PROJECT_ROOT, Settings
from moviepoint.shells.site.fragments import KEPT as FRAGMENTS

SHARED = PROJECT_ROOT.parent / "shared"
PASSWORD = "correct horse battery"


class Client(FlaskClient):
    """A client that reads each answer to its end, so that served files are closed."""

    def open(self, *args: Any, buffered: bool = True, **kwargs: Any) -> Any:
        return super().open(*args, buffered=buffered, **kwargs)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real awkward clips, or skip."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the shared folder of awkward clips is not here")
    return SHARED / "data"


@cache
def database_for_tests(name: str = "") -> str:
    """Return the address of a database that this process may empty: empty text for SQLite in the instance folder.

    An app with other plugins has tables of its own: `name` says whose database it is, where processes have their own.
    """
    url, worker = os.environ.get("MOVIEPOINT_TEST_DATABASE_URL", ""), os.environ.get("PYTEST_XDIST_WORKER", "")
    if not url or not worker:
        return url
    own = make_url(url).set(database=f"{make_url(url).database}_{worker}{name}")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'drop database if exists "{own.database}" with (force)'))
        connection.execute(text(f'create database "{own.database}"'))
    engine.dispose()
    return own.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(instance=tmp_path_factory.mktemp("instance"), secret_key="s" * 48, rate_limits=False,
                    database_url=database_for_tests())


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[MoviePoint]:
    with running_app(settings) as app:
        yield app


@contextmanager
def running_app(settings: Settings) -> Iterator[MoviePoint]:
    """Give an app over a freshly migrated database; a plugin that has tables makes its own, with itself switched on."""
    app = create_app(settings)
    app.test_client_class = Client
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    app.extensions["moviepoint.tasks"].eager = False
    cheapen_passwords(app)
    with app.app_context():
        if settings.database_url:
            for migrator in reversed(migrators()):
                migrator.downgrade("base")
        upgrade_all()
        db.session.remove()
    yield app
    with app.app_context():
        for migrator in migrators()[1:]:
            migrator.downgrade("base")  # the next app on this database may not have the plugin
        db.engine.dispose()


def cheapen_passwords(app: MoviePoint) -> None:
    """Have passwords hashed at the least cost: the real one would be most of what tests of accounts spend."""
    app.extensions["security"].pwd_context.update(argon2__time_cost=1, argon2__memory_cost=8, argon2__parallelism=1)


def load_plugin(folder: Path) -> None:
    """Import a plugin's folder as an app does, so that its tests can import `moviepoint_plugins.<slug>`."""
    import_plugin(Plugin(folder.name, folder))


@pytest.fixture
def session(app: MoviePoint) -> Iterator[Session]:
    """Give a session inside an app context; all that the test writes is rolled back after it."""
    with app.app_context():
        engine = db.engines[None]
        connection = engine.connect()
        outer = connection.begin()
        db.engines[None] = connection  # type: ignore[index]
        db.session.session_factory.configure(join_transaction_mode="create_savepoint")
        try:
            yield db.session()
        finally:
            db.session.remove()
            db.session.session_factory.configure(join_transaction_mode="conditional_savepoint")
            db.engines[None] = engine  # type: ignore[index]
            outer.rollback()
            connection.close()


@pytest.fixture
def client(app: MoviePoint, session: Session) -> Iterator[FlaskClient]:
    """Give a client whose requests do not see each other's `g`, nor the genres of another test's titles."""

    def forget(_app: MoviePoint, **_: object) -> None:
        g.__dict__.clear()

    genre_use.forget(0)
    app.extensions.pop(FRAGMENTS, None)
    request_started.connect(forget, app)
    yield app.test_client()
    request_started.disconnect(forget, app)


@pytest.fixture
def queue(app: MoviePoint) -> Iterator[list[tuple[str, dict[str, object]]]]:
    """Give the list of messages that were sent to the queue; none of them reaches Huey."""
    sent: list[tuple[str, dict[str, object]]] = []
    tasks = app.extensions["moviepoint.tasks"]
    tasks.enqueue = lambda name, **arguments: sent.append((name, arguments))
    yield sent
    del tasks.enqueue


@pytest.fixture
def make_user(app: MoviePoint, session: Session) -> Callable[..., User]:
    """Return a function that makes a user with the roles named."""
    security = app.extensions["security"]

    def make(*roles: str, email: str = "") -> User:
        address = email or f"{'-'.join(roles) or 'nobody'}-{len(session.identity_map)}@example.org"
        with unit_of_work() as work:
            return create_user(work, address, security.pwd_context.hash(PASSWORD)
                               if hasattr(security, "pwd_context") else PASSWORD, roles)

    return make


@pytest.fixture
def sign_in_as(client: FlaskClient) -> Callable[[User], User]:
    """Return a function that signs the client in as a user."""

    def enter(user: User) -> User:
        with unit_of_work() as work:
            _row, token = begin(work, user, address="192.0.2.1", user_agent="a test")
        with client.session_transaction() as cookie:
            cookie.update({"_user_id": token, "_fresh": True, "fs_paa": time.time(), "fs_cc": "set"})
        return user

    return enter


@pytest.fixture
def sign_in(make_user: Callable[..., User], sign_in_as: Callable[[User], User]) -> Callable[..., User]:
    """Return a function that signs the client in as a new user with the roles named."""
    return lambda *roles: sign_in_as(make_user(*roles))


@pytest.fixture
def count_queries(app: MoviePoint) -> Callable[[], AbstractContextManager[list[str]]]:
    """Return a context manager that gives the list of SQL statements sent inside it.

    Which theme is active, what stands in menus and whether the catalogue has changed count as known: whether some
    seconds are over just then must not decide.
    """

    @contextmanager
    def counting() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
            if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN")):
                statements.append(statement)

        kept = app.extensions.setdefault(KEPT, {})
        kept[CACHE] = (app.extensions["moviepoint.settings"].theme, math.inf)
        kept[MENUS] = ([], math.inf)
        state = kept.get(STATE, ("", 0.0))
        kept[STATE] = (state[0], math.inf)
        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(Engine, "before_cursor_execute", note)
            del kept[CACHE], kept[MENUS]
            kept[STATE] = state

    return counting
