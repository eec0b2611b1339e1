"""Migrations with Alembic: one line of history for the core, one for each plugin with tables of its own.

A plugin's version table is its own (`alembic_version_<slug>`): with a shared one, removing a plugin would
break the next upgrade of the core.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, MetaData

from moviepoint.settings import PROJECT_ROOT

CORE_FOLDER = PROJECT_ROOT / "migrations"


class MigrationError(Exception):
    """The database cannot be migrated; the message says why and what to do."""


@dataclass(frozen=True)
class History:
    """One line of migrations: the core's, or a plugin's."""

    folder: Path
    version_table: str
    prefix: str = ""  # of a plugin's tables


CORE = History(CORE_FOLDER, "alembic_version")


def plugin_history(slug: str, folder: Path) -> History:
    """Return a plugin's line of migrations."""
    return History(folder / "migrations", f"alembic_version_{slug}", f"{slug}_")


class Migrator:
    """Brings one database up or down one line of history."""

    def __init__(self, engine: Engine, metadata: MetaData, history: History = CORE) -> None:
        self.engine = engine
        self.metadata = metadata
        self.history = history
        self.config = Config()
        self.config.set_main_option("script_location", str(CORE_FOLDER).replace("%", "%%"))  # one env.py for all
        self.config.set_main_option("version_locations", str(history.folder / "versions").replace("%", "%%"))
        self.config.set_main_option("path_separator", "os")

    def current(self) -> str | None:
        """Return the revision the database is at; None for an empty one."""
        with self.engine.connect() as connection:
            return self._context(connection).get_current_revision()

    def head(self) -> str | None:
        """Return the newest revision that the code knows."""
        return ScriptDirectory.from_config(self.config).get_current_head()

    def upgrade(self, revision: str = "head") -> None:
        self._run(lambda: command.upgrade(self.config, revision))

    def downgrade(self, revision: str) -> None:
        self._run(lambda: command.downgrade(self.config, revision))

    def revision(self, message: str) -> None:
        """Write a new migration from the difference between models and database."""
        self._run(lambda: command.revision(
            self.config, message, autogenerate=True, rev_id=self._next_number()))

    def _next_number(self) -> str:
        """Number migrations, so that their files stand in order."""
        return f"{int(self.head() or 0) + 1:04d}"

    def differences(self) -> Sequence[object]:
        """Return what the models have and the database lacks, or the other way round."""
        with self.engine.connect() as connection:
            found: Sequence[object] = compare_metadata(self._context(connection), self.metadata)
        return found

    def _context(self, connection: Connection) -> MigrationContext:
        return MigrationContext.configure(connection, opts={
            "version_table": self.history.version_table, "include_object": self._include, "compare_type": False})

    def _include(self, item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        if kind != "table" or name is None:
            return True
        if name.startswith("alembic_version"):
            return False
        if self.history.prefix:
            return name.startswith(self.history.prefix)
        return name in self.metadata.tables and not self.metadata.tables[name].info.get("plugin")

    def _run(self, action: Callable[[], object]) -> None:
        self.config.attributes.update(engine=self.engine, metadata=self.metadata,
                                      version_table=self.history.version_table, include=self._include)
        try:
            action()
        except CommandError as error:
            raise MigrationError(
                f"{error}. If the database was made by a newer MoviePoint, run that version's `db downgrade` first.",
            ) from None
