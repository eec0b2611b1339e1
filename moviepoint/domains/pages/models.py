"""Rows of the home page, static pages, and entries of menus."""
from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from moviepoint.kernel.db import Base, UtcDateTime, utcnow

PLACES = ("header", "footer")
STATES = ("draft", "published")


class HomeRow(Base):
    """A row of the home page; a site without any has the usual ones."""

    __tablename__ = "home_rows"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    headings: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # by locale
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    position: Mapped[int] = mapped_column(default=0)
    hidden: Mapped[bool] = mapped_column(default=False, server_default=false())


class StaticPage(Base):
    """A page of text, such as "About us"."""

    __tablename__ = "static_pages"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    status: Mapped[str] = mapped_column(String(12), default="draft")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)

    texts: Mapped[list[StaticPageText]] = relationship(back_populates="page", cascade="all, delete-orphan")


class StaticPageText(Base):
    """A page's text in one locale; `body` is Markdown."""

    __tablename__ = "static_page_texts"
    __table_args__ = (UniqueConstraint("page_id", "locale"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("static_pages.id", ondelete="CASCADE"))
    locale: Mapped[str] = mapped_column(String(35))
    name: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)

    page: Mapped[StaticPage] = relationship(back_populates="texts")


class MenuEntry(Base):
    """An entry of a menu; a menu without any has what the site's parts put there."""

    __tablename__ = "menu_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(String(12), index=True)
    labels: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # by locale
    #: "/films" within the site, "about" for a static page, or a full address elsewhere.
    target: Mapped[str] = mapped_column(String(500))
    position: Mapped[int] = mapped_column(default=0)
