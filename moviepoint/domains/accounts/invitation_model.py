"""Invitations: an address that may become a user, by a link that works once."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from moviepoint.domains.accounts.models import Role, User
from moviepoint.kernel.db import Base, UtcDateTime, utcnow

invitation_roles = Table(
    "invitation_roles", Base.metadata,
    Column("invitation_id", ForeignKey("invitations.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True),
)
OPEN = text("accepted_at IS NULL AND revoked_at IS NULL")


class Invitation(Base):
    """An invited address. The link's secret is nowhere but in the mail: only its SHA-256 is kept."""

    __tablename__ = "invitations"
    __table_args__ = (
        # One open invitation to an address, whatever its capitals and however many ask at the same moment.
        Index("uq_invitations_open_address", "address", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    address: Mapped[str] = mapped_column(String(254))  # the e-mail address in small letters
    name: Mapped[str] = mapped_column(String(80), default="")
    locale: Mapped[str] = mapped_column(String(35))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)  # None until the mail is made
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    invited_by_name: Mapped[str] = mapped_column(String(254))  # of a user, or "system"
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)  # how often sending was begun since it was last asked for
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))  # who it became

    roles: Mapped[list[Role]] = relationship(secondary=invitation_roles, lazy="selectin")
    invited_by: Mapped[User | None] = relationship(foreign_keys=[invited_by_id])

    def state(self, now: datetime | None = None) -> str:
        """Return accepted, revoked, expired, sent, or waiting (its mail has not left yet)."""
        if self.accepted_at:
            return "accepted"
        if self.revoked_at:
            return "revoked"
        if self.expires_at <= (now or utcnow()):
            return "expired"
        return "sent" if self.sent_at else "waiting"
