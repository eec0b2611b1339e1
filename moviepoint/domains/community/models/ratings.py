"""What viewers think of a title, in one number each."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from moviepoint.kernel.db import Base, UtcDateTime, utcnow


class Rating(Base):
    """One viewer's rating of one title, from 1 to 10. A title's sum of them is its `TitleScore`."""

    __tablename__ = "ratings"
    __table_args__ = (
        UniqueConstraint("user_id", "title_id"),
        CheckConstraint("value between 1 and 10", name="value"),
        Index("ix_ratings_title_id_value", "title_id", "value"),
        Index("ix_ratings_user_id_rated_at", "user_id", "rated_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    value: Mapped[int]
    rated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
