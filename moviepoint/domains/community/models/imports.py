"""Files that members bring from elsewhere, row by row; what finds no title here is kept as it came."""
from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from moviepoint.kernel.db import Base, UtcDateTime, utcnow

SOURCES = ("letterboxd", "imdb")
IMPORT_STATES = ("waiting", "reading", "ready", "applying", "done", "failed")
WORKING = ("waiting", "reading", "applying")


class Import(Base):
    """A file on its way in: read and rehearsed by a task, then taken in when its owner says so."""

    __tablename__ = "member_imports"
    __table_args__ = (
        CheckConstraint("source in ('letterboxd', 'imdb')", name="source"),
        CheckConstraint("state in ('waiting', 'reading', 'ready', 'applying', 'done', 'failed')", name="state"),
        Index("ix_member_imports_user_id_id", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(12))
    file_name: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(120), default="")  # of the file on storage, until it is read
    locale: Mapped[str] = mapped_column(String(35), default="")
    state: Mapped[str] = mapped_column(String(10), default="waiting", index=True)
    error: Mapped[str] = mapped_column(String(500), default="")
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class ImportRow(Base):
    """One row of such a file: `document` holds all its columns as they came, `kind` what it says.

    `title_id` is the title it means, where one was found; `verdict` what taking it in would do or did: "new", "same",
    "changed", "unmatched", "kept" (we have no place for it) or "faulty". The columns are what an export gives back.
    """

    __tablename__ = "member_import_rows"
    __table_args__ = (Index("ix_member_import_rows_import_id_number", "import_id", "number"),
                      Index("ix_member_import_rows_user_id_source_kind", "user_id", "source", "kind"))

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("member_imports.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(12))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))  # rating, watched, diary, review, watchlist, list, other
    file: Mapped[str] = mapped_column(String(200))  # its name inside the archive
    list_slug: Mapped[str] = mapped_column(String(80), default="")
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    title_id: Mapped[int | None] = mapped_column(ForeignKey("titles.id", ondelete="SET NULL"), index=True)
    verdict: Mapped[str] = mapped_column(String(10), default="")
    fault: Mapped[str] = mapped_column(Text, default="")
    applied: Mapped[bool] = mapped_column(default=False)
