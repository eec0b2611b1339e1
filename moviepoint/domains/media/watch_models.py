"""Who may watch: a rule for a title or for one edition of it, and links that editors hand out."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from moviepoint.domains.media.models import public_id
from moviepoint.kernel.db import Base, UtcDateTime, utcnow

#: For everybody, for who is signed in, for roles, for who has a link.
AUDIENCES = ("public", "registered", "roles", "link")


class WatchRule(Base):
    """Who may watch what is published: of a title, its episodes with it, or of one edition, which then goes first."""

    __tablename__ = "watch_rules"
    __table_args__ = (CheckConstraint("(title_id is null) <> (edition_id is null)", name="owner"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title_id: Mapped[int | None] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), unique=True)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), unique=True)
    audience: Mapped[str] = mapped_column(String(12))
    roles: Mapped[list[str]] = mapped_column(JSON, default=list)  # names; used where the audience is `roles`
    embeddable: Mapped[bool] = mapped_column(default=False, server_default=false())  # other sites may show the player


class WatchLink(Base):
    """A link that lets whoever has it watch an edition until it expires or is revoked."""

    __tablename__ = "watch_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True, default=public_id)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(80), default="")  # for whom it was made
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def open(self) -> bool:
        """Say whether it still lets anybody in."""
        return self.revoked_at is None and self.expires_at > utcnow()
