"""Films that visitors bring themselves, until an editor has said yes or no."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from moviepoint.kernel.db import Base, UtcDateTime, utcnow

CONTRIBUTION_STATES = ("draft", "waiting", "approved", "rejected")


class Contribution(Base):
    """A film of somebody's own: being prepared, waiting for an editor, taken or sent back with a reason."""

    __tablename__ = "contributions"
    __table_args__ = (CheckConstraint("state in ('draft', 'waiting', 'approved', 'rejected')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), unique=True)
    state: Mapped[str] = mapped_column(String(10), default="draft", index=True)
    rights: Mapped[str] = mapped_column(String(12))  # by what right they may publish it: own, licence, public_domain
    note: Mapped[str] = mapped_column(Text, default="")  # to the editors
    reason: Mapped[str] = mapped_column(String(1000), default="")  # the editor's answer
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
