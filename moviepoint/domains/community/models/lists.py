"""What members keep: lists, of which the watchlist is one, and the diary of what they have watched."""
from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from moviepoint.kernel.db import Base, UtcDateTime, utcnow

#: The slug of the one list that each member has from the beginning.
WATCHLIST = "watchlist"


class UserList(Base):
    """A member's list of titles, in their order; `ranked` says that the order means something."""

    __tablename__ = "user_lists"
    __table_args__ = (UniqueConstraint("user_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    slug: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(120), default="")  # the watchlist's is empty: it is called so everywhere
    about: Mapped[str] = mapped_column(Text, default="")
    public: Mapped[bool] = mapped_column(default=False)
    ranked: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow, index=True)

    items: Mapped[list[ListItem]] = relationship(
        back_populates="list", cascade="all, delete-orphan", passive_deletes=True, order_by="ListItem.position")

    @property
    def is_watchlist(self) -> bool:
        return self.slug == WATCHLIST


class ListItem(Base):
    """A title in a list, with a few words on why."""

    __tablename__ = "user_list_items"
    __table_args__ = (UniqueConstraint("list_id", "title_id"),
                      Index("ix_user_list_items_list_id_position", "list_id", "position"))

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("user_lists.id", ondelete="CASCADE"))
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(Text, default="")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    list: Mapped[UserList] = relationship(back_populates="items")


class DiaryEntry(Base):
    """That somebody has watched a title, on a day or at some time; the same one as often as they did."""

    __tablename__ = "diary_entries"
    __table_args__ = (CheckConstraint("rating is null or rating between 1 and 10", name="rating"),
                      Index("ix_diary_entries_user_id_watched_on", "user_id", "watched_on"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)
    watched_on: Mapped[date | None]  # None: watched, they do not say when
    rewatch: Mapped[bool] = mapped_column(default=False)
    rating: Mapped[int | None]  # what they thought of it then
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
