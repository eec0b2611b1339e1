"""Walks through a library, what each found, and which files were taken in already."""
from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from moviepoint.plugin_api import Base, UtcDateTime, utcnow

OURS = {"info": {"plugin": "kodi_library"}}
#: What a walk goes through; it waits at "ready" until somebody has looked at what it found.
WORKING = ("waiting", "looking", "importing")


class LibraryScan(Base):
    """One walk through a folder, and the import of what was chosen from it."""

    __tablename__ = "kodi_library_scans"
    __table_args__ = OURS

    id: Mapped[int] = mapped_column(primary_key=True)
    folder: Mapped[str] = mapped_column(String(500))
    locale: Mapped[str] = mapped_column(String(35))  # of the NFO files' texts
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    error: Mapped[str] = mapped_column(Text, default="")
    total: Mapped[int] = mapped_column(default=0)
    seen: Mapped[int] = mapped_column(default=0)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    actor_name: Mapped[str] = mapped_column(String(254), default="")
    said_in: Mapped[str] = mapped_column(String(35), default="en")  # the language of faults and notes
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LibraryItem(Base):
    """A film or series that a walk found, what importing it would do, and what became of it."""

    __tablename__ = "kodi_library_items"
    __table_args__ = (Index("ix_kodi_library_items_scan_id_id", "scan_id", "id"), OURS)

    id: Mapped[int] = mapped_column(primary_key=True)
    scan_id: Mapped[int] = mapped_column(ForeignKey("kodi_library_scans.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(String(1000))
    label: Mapped[str] = mapped_column(String(300))
    found: Mapped[dict[str, Any]] = mapped_column(JSON)
    verdict: Mapped[str] = mapped_column(String(10))  # "new", "changed", "same", "faulty"
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    files: Mapped[list[str]] = mapped_column(JSON, default=list)  # those that would be taken in
    notes: Mapped[list[str]] = mapped_column(JSON, default=list)
    faults: Mapped[list[str]] = mapped_column(JSON, default=list)
    chosen: Mapped[bool] = mapped_column(default=True)
    outcome: Mapped[str] = mapped_column(String(10), default="")  # "imported", "failed", or empty
    title_id: Mapped[int | None]


class LibraryFile(Base):
    """A file that was taken in: who finds it again unchanged leaves it."""

    __tablename__ = "kodi_library_files"
    __table_args__ = OURS

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(String(1500), unique=True)
    mark: Mapped[str] = mapped_column(String(60))  # size and time of the last change
    title_id: Mapped[int] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"))
    image_id: Mapped[int | None]
