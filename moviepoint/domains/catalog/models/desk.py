"""What editors keep for their own work: views of the list, and work on many titles at once."""
from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from moviepoint.domains.catalog.models.base import Timestamps
from moviepoint.kernel.db import Base, UtcDateTime

RUN_STATES = ("queued", "running", "done", "failed")


class SavedView(Timestamps, Base):
    """A list's address (filters, order, columns) under a name; a shared one stands above everybody's list."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(2000), default="")  # "status=draft&sort=-year", without a page
    shared: Mapped[bool] = mapped_column(default=False, index=True)

    def __str__(self) -> str:
        return self.name


class BulkRun(Timestamps, Base):
    """One thing that is done to many titles by a task, a part at a time; `done` of `title_ids` are behind it.

    The titles are those that were found when it was asked for. `changed` are those of `done` that it did change;
    `refusals` are at most twenty of (title id, why) of those it could not.
    """

    __tablename__ = "bulk_runs"
    __table_args__ = (CheckConstraint("state in ('queued', 'running', 'done', 'failed')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    verb: Mapped[str] = mapped_column(String(20))
    argument: Mapped[str] = mapped_column(String(100), default="")  # a genre's slug, a collection's id
    title_ids: Mapped[list[int]] = mapped_column(JSON, deferred=True)
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    refusals: Mapped[list[Any]] = mapped_column(JSON, default=list)
    state: Mapped[str] = mapped_column(String(10), default="queued", index=True)
    message: Mapped[str] = mapped_column(Text, default="")
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
