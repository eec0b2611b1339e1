"""Mail to those who have an account: what is to be sent and what was, and what somebody does not want."""
from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from moviepoint.kernel.db import Base, UtcDateTime, utcnow

#: Not yet; handed to the mail server just now; taken by it; refused for good; nothing to say any more; handed over by a
#: worker that has died, so that nobody knows.
STATES = ("waiting", "sending", "sent", "refused", "dropped", "unclear")


class Notice(Base):
    """One mail to one user. `data` are ids, and never a secret; the words are made when it is sent.

    `topic` tells notices of one kind apart where they are gathered: "series:12". `due_at` is when it may leave.
    """

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'sending', 'sent', 'refused', 'dropped', 'unclear')", name="state"),
        Index("ix_notices_state_due_at", "state", "due_at"),
        Index("ix_notices_user_id_kind_topic", "user_id", "kind", "topic"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(60))
    topic: Mapped[str] = mapped_column(String(80), default="")
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    tries: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class NoticeChoice(Base):
    """Whether somebody wants mail of a kind; who has not chosen gets it."""

    __tablename__ = "notice_choices"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    wanted: Mapped[bool]
