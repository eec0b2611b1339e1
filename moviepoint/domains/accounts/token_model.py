"""Personal API tokens: a part of what a user may do, for a program."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from moviepoint.domains.accounts.models import User
from moviepoint.kernel.db import Base, UtcDateTime, utcnow


class ApiToken(Base):
    """A token of a user. The token itself is shown once; only its SHA-256 is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(8))  # the token's last letters, to tell one from another
    read_only: Mapped[bool] = mapped_column(default=False)  # all that the user may see, and no write
    scopes: Mapped[list[str]] = mapped_column(JSON, default=list)  # grants; empty for a read-only token
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # exact to the minute
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()

    def state(self, now: datetime | None = None) -> str:
        """Return valid, expired or revoked."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at <= (now or utcnow()) else "valid"
