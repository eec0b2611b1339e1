"""Alembic's way in: `moviepoint.kernel.migrate` gives engine and metadata."""
from __future__ import annotations

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection

from moviepoint.kernel.db import UtcDateTime

attributes = context.config.attributes


def render_item(kind: str, item: object, _autogen: object) -> str | bool:
    """Write our datetime as the database's own, so that a migration depends on no code of ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def enforce_foreign_keys(connection: Connection, on: bool) -> None:
    """Switch SQLite's foreign keys: altering a table drops its old copy, which would take all that refers to it."""
    if connection.dialect.name == "sqlite":
        connection.connection.driver_connection.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")


def refuse_orphans(connection: Connection) -> None:
    """Raise when rows refer to what is not there, so that the migration is rolled back."""
    if connection.dialect.name == "sqlite" and (rows := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise CommandError(f"The migration would leave rows without what they refer to: {rows[:5]}")


with attributes["engine"].connect() as connection:
    enforce_foreign_keys(connection, on=False)
    try:
        context.configure(
            connection=connection, target_metadata=attributes["metadata"], version_table=attributes["version_table"],
            include_object=attributes["include"], render_item=render_item,
            render_as_batch=True, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
            refuse_orphans(connection)
        connection.commit()
    finally:
        connection.rollback()
        enforce_foreign_keys(connection, on=True)
