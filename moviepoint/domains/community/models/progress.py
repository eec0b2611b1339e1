"""Where members stopped watching, so that another device goes on there."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from moviepoint.kernel.db import Base, UtcDateTime, utcnow


class WatchPosition(Base):
    """How far somebody has watched an edition; `position` and `duration` in whole seconds."""

    __tablename__ = "watch_positions"
    __table_args__ = (UniqueConstraint("user_id", "edition_id"),
                      Index("ix_watch_positions_user_id_watched_at", "user_id", "watched_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    duration: Mapped[int]
    watched_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
