"""The database: declarative base, engine manners, and the unit of work.

Flask-SQLAlchemy stays behind this module, for Flask-Admin's sake; models, services and queries see only
SQLAlchemy. A write happens inside `unit_of_work()`, which commits once and then lets events leave.
"""
from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, Engine, MetaData, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from moviepoint.kernel import events

#: Alembic needs names to drop a constraint again, on both databases.
NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_TIMEOUT_MS = 15_000

_writing: ContextVar[bool] = ContextVar("writing", default=False)


class Base(DeclarativeBase):
    """The declarative base of every table, the core's and the plugins'."""

    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime on every database; SQLite alone would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utcnow() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def read(session: Session, statement: Any, values: Mapping[str, object] | None = None) -> Any:
    """Return rows of columns, past the ORM, which takes as long as the database for the few rows of a page.

    What the session holds unwritten is not seen.
    """
    return session.connection().execute(statement, values)


def insert_into(session: Session, model: Any) -> Any:
    """Return an INSERT that knows `on_conflict_do_update` and `on_conflict_do_nothing`, for the session's database."""
    return _INSERTS[session.get_bind().dialect.name](model)


def _lower(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text


@event.listens_for(Engine, "connect")
def _configure_sqlite(connection: Any, _record: Any) -> None:
    """WAL, foreign keys, transactions that begin where we say (pysqlite would begin too late), letters of all scripts.

    SQLite's own lower() knows ASCII only: a search without regard to case would miss every Cyrillic capital.
    """
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None
    connection.create_function("lower", 1, _lower, deterministic=True)
    for pragma in ("journal_mode=WAL", f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: a read that turns into a write cannot wait, it fails (SQLITE_BUSY)."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")


@contextmanager
def writing() -> Iterator[None]:
    """Let transactions that begin in this block take the write lock at their beginning."""
    token = _writing.set(True)
    try:
        yield
    finally:
        _writing.reset(token)


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """Give the session for one write; commit once, or roll all of it back; then deliver its events.

    Needs an app context. Blocks may nest: the outermost commits, so that an edge can put two services'
    verbs into one transaction.
    """
    session = db.session()
    if session.info.get("unit_of_work"):
        yield session
        return
    session.commit()  # ends a read's transaction, so that the write begins on the newest snapshot
    session.info["unit_of_work"] = True
    try:
        with writing():
            yield session
            session.commit()
    except BaseException:
        session.rollback()
        events.discard(session)
        raise
    finally:
        session.info.pop("unit_of_work", None)
    events.deliver(session)


@contextmanager
def rehearsal(session: Session) -> Iterator[None]:
    """Run writes to see what they would do, and take all of them back at the end: rows and events."""
    kept = events.recorded(session)
    session.flush()
    savepoint = session.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()
        events.restore(session, kept)
        session.expire_all()
