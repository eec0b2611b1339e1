"""Users, roles and what roles allow."""
from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table, Text
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from moviepoint.domains.accounts.signin_models import Passkey
from moviepoint.kernel.db import Base, UtcDateTime, utcnow
from moviepoint.kernel.policies import granted, granted_in_part

user_roles = Table(
    "user_roles", Base.metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True),
)


class Role(Base, RoleMixin):
    """A named set of permissions."""

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    description: Mapped[str] = mapped_column(String(255), default="")
    permissions: Mapped[list[str]] = mapped_column(JSON, default=list)

    def __str__(self) -> str:
        return self.name


class User(Base, UserMixin):
    """Somebody who can sign in; the columns are those that Flask-Security asks for, and our own."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(80), default="")
    locale: Mapped[str] = mapped_column(String(35), default="")
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the last mail that a stranger could ask for
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # type: ignore[assignment]
    current_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # type: ignore[assignment]
    last_login_ip: Mapped[str | None] = mapped_column(String(64))
    current_login_ip: Mapped[str | None] = mapped_column(String(64))
    login_count: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    # The second factor: the secret is encrypted, of recovery codes only hashes are kept.
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))  # type: ignore[assignment]
    tf_totp_secret: Mapped[str | None] = mapped_column(Text)  # type: ignore[assignment]
    tf_phone_number: Mapped[str | None] = mapped_column(String(128))  # type: ignore[assignment]  # never used
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(  # type: ignore[assignment]
        MutableList.as_mutable(JSON(none_as_null=True)))
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(String(64), unique=True)  # type: ignore[assignment]
    totp_counter: Mapped[int | None]  # the time step of the last code taken: none is taken twice
    code_failures: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    codes_from: Mapped[datetime | None] = mapped_column(UtcDateTime)  # until then no code is looked at

    roles: Mapped[list[Role]] = relationship(secondary=user_roles, lazy="selectin")  # type: ignore[assignment]
    webauthn: Mapped[list[Passkey]] = relationship(  # type: ignore[assignment]
        cascade="all, delete-orphan", passive_deletes=True, order_by=Passkey.id)

    def __str__(self) -> str:
        return self.name or self.email

    def may(self, permission: str, *, locale: str = "", own: bool = False) -> bool:
        """Say whether one of the user's roles allows something: all of it, in one locale, or for what is their own."""
        return self.active and any(granted(role.permissions, permission, locale=locale, own=own) for role in self.roles)

    def may_in_part(self, permission: str) -> bool:
        """Say whether a role allows something at least for some locale or for what is the user's own."""
        return self.active and any(granted_in_part(role.permissions, permission) for role in self.roles)

    def get_security_payload(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name}
