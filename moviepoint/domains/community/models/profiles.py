"""Who takes part, as others see them, and whom and what they follow."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from moviepoint.kernel.db import Base, UtcDateTime, utcnow

#: For everybody, for who is signed in, for nobody else.
VISIBILITIES = ("public", "members", "private")


class Profile(Base):
    """A member as others see them; `handle` stands in addresses, and no e-mail address is ever shown."""

    __tablename__ = "profiles"
    __table_args__ = (CheckConstraint("visibility in ('public', 'members', 'private')", name="visibility"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    handle: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    about: Mapped[str] = mapped_column(Text, default="")
    visibility: Mapped[str] = mapped_column(String(8), default="public")
    shows_ratings: Mapped[bool] = mapped_column(default=True)
    shows_diary: Mapped[bool] = mapped_column(default=True)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class EpisodeAnnouncement(Base):
    """An episode that followers of its series have been told of, or that was out before anybody could be."""

    __tablename__ = "episode_announcements"

    episode_id: Mapped[int] = mapped_column(ForeignKey("episodes.id", ondelete="CASCADE"), primary_key=True)
    announced_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class Follow(Base):
    """Somebody follows another member, or a series whose new episodes they want to hear of."""

    __tablename__ = "follows"
    __table_args__ = (
        UniqueConstraint("user_id", "followed_id"),
        UniqueConstraint("user_id", "title_id"),
        CheckConstraint("(followed_id is null) <> (title_id is null)", name="one"),
        CheckConstraint("followed_id is null or followed_id <> user_id", name="not_oneself"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    followed_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title_id: Mapped[int | None] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
