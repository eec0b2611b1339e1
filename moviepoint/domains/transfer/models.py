"""Transfers: a file of content on its way in or out, and the rows of one that comes in."""
from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from moviepoint.kernel.db import Base, UtcDateTime, utcnow

#: What a transfer goes through. An import waits at "ready" until somebody has looked at its rehearsal.
STATES = ("waiting", "reading", "ready", "applying", "writing", "done", "failed", "cancelled")
WORKING = ("waiting", "reading", "applying", "writing")
VERDICTS = ("new", "changed", "same", "faulty")


class Transfer(Base):
    """One import or export: what it is, how far it is, and whose it is.

    `seen` of `total` rows are through the present stage. `beat_at` is when a worker last wrote here: one that has
    been silent for long is taken to be dead, and another goes on.
    """

    __tablename__ = "transfers"
    __table_args__ = (
        CheckConstraint("direction in ('in', 'out')", name="direction"),
        CheckConstraint(f"state in ({', '.join(map(repr, STATES))})", name="state"),
        Index("ix_transfers_state_beat_at", "state", "beat_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    direction: Mapped[str] = mapped_column(String(3))
    content_type: Mapped[str] = mapped_column(String(40))
    format: Mapped[str] = mapped_column(String(10))
    file_name: Mapped[str] = mapped_column(String(200), default="")  # as the editor knows it; never a path
    key: Mapped[str] = mapped_column(String(200), default="")  # in the storage; empty once it is removed
    encoding: Mapped[str] = mapped_column(String(40), default="")
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    error: Mapped[str] = mapped_column(Text, default="")
    total: Mapped[int] = mapped_column(default=0)
    seen: Mapped[int] = mapped_column(default=0)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    actor_name: Mapped[str] = mapped_column(String(254), default="")
    token_id: Mapped[int | None]  # the API token by which it was asked for; no key: what is gone must not allow more
    locale: Mapped[str] = mapped_column(String(35), default="")  # in which faults are said
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, index=True)
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TransferRow(Base):
    """One row of an import: what it says, what it would do, and what became of it.

    `changes` are those of history. `fingerprint` is of the entity as it was at the rehearsal: who has changed it since
    is not overwritten. `outcome` is "applied", "failed" or empty.
    """

    __tablename__ = "transfer_rows"
    __table_args__ = (
        Index("ix_transfer_rows_transfer_id_number", "transfer_id", "number", unique=True),
        Index("ix_transfer_rows_transfer_id_verdict_number", "transfer_id", "verdict", "number"),
        Index("ix_transfer_rows_transfer_id_entity_id", "transfer_id", "entity_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id", ondelete="CASCADE"))
    number: Mapped[int]
    label: Mapped[str] = mapped_column(String(300), default="")
    document: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    verdict: Mapped[str] = mapped_column(String(10))
    entity_id: Mapped[int | None]
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    held: Mapped[list[str]] = mapped_column(JSON, default=list)  # fields that a lock keeps as they are
    faults: Mapped[list[str]] = mapped_column(JSON, default=list)
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    chosen: Mapped[bool] = mapped_column(default=True)
    outcome: Mapped[str] = mapped_column(String(10), default="")
