"""Reviews, their earlier texts, what readers say of them, and what moderators have decided."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from moviepoint.kernel.db import Base, UtcDateTime, utcnow

#: Open to all; put away until a moderator has looked; taken down by one, who says why.
REVIEW_STATES = ("published", "held", "removed")
REPORT_REASONS = ("spoiler", "abuse", "spam", "off_topic", "other")


class Review(Base):
    """One member's review of one title: `text` as it was written (Markdown), `html` as it is shown.

    `helpful` and `unhelpful` count readers' votes, `rank` is Wilson's lower bound of them.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("user_id", "title_id"),
        CheckConstraint("state in ('published', 'held', 'removed')", name="state"),
        Index("ix_reviews_title_id_state_rank", "title_id", "state", "rank"),
        Index("ix_reviews_state_reports", "state", "reports"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    locale: Mapped[str] = mapped_column(String(35))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    spoiler: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default="published")
    reason: Mapped[str] = mapped_column(String(500), default="")  # why a moderator took it down, for its author
    helpful: Mapped[int] = mapped_column(default=0)
    unhelpful: Mapped[int] = mapped_column(default=0)
    rank: Mapped[float] = mapped_column(Float, default=0.0)
    reports: Mapped[int] = mapped_column(default=0)  # those that no moderator has answered yet
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    versions: Mapped[list[ReviewText]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="ReviewText.id.desc()")


class ReviewText(Base):
    """What a review said before it was changed, until `replaced_at`."""

    __tablename__ = "review_texts"

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), index=True)
    locale: Mapped[str] = mapped_column(String(35))
    text: Mapped[str] = mapped_column(Text)
    spoiler: Mapped[bool]
    replaced_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class ReviewVote(Base):
    """Whether a review has helped a reader."""

    __tablename__ = "review_votes"

    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    helpful: Mapped[bool]


class ReviewReport(Base):
    """A reader asks moderators to look at a review; `answered_at` is when one has."""

    __tablename__ = "review_reports"
    __table_args__ = (
        UniqueConstraint("review_id", "user_id"),
        CheckConstraint("reason in ('spoiler', 'abuse', 'spam', 'off_topic', 'other')", name="reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
