"""One table for revisions and audit: a write is one row, whoever made it and by whichever edge."""
from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from moviepoint.kernel.db import Base, UtcDateTime, utcnow


class Revision(Base):
    """One write of one entity.

    `changes` is a list of `{"path": [str], "before": …, "after": …}`; `document` is the whole state after the
    write in the shape that the entity's own input takes, so that restoring is saving it again, or None where a
    write leaves no state worth keeping. No foreign keys: history outlives what it tells of.
    """

    __tablename__ = "revisions"
    __table_args__ = (
        Index("ix_revisions_entity_entity_id_id", "entity", "entity_id", "id"),
        Index("ix_revisions_actor_id_id", "actor_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, index=True)
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(254))  # as it was then
    action: Mapped[str] = mapped_column(String(40))  # "created", "changed", "published", "deleted" …
    entity: Mapped[str] = mapped_column(String(40))  # a content type's name: "title", "person", "user"
    entity_id: Mapped[int]
    label: Mapped[str] = mapped_column(String(300))  # what it was called then
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    document: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
