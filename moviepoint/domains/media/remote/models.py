"""The ledger of packages on their way into the bucket; what lies there already, their index on the disk says."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from moviepoint.kernel.db import Base, UtcDateTime

#: `waiting` has something that the bucket has not; `stored` has all of it there, and on the disk still; of `released`
#: the disk has only what is small. The other two are at work.
STATES = ("waiting", "moving", "stored", "releasing", "released")


class StoredPackage(Base):
    """A package that was live when it was noted: how far it is on its way."""

    __tablename__ = "stored_packages"
    __table_args__ = (Index("ix_stored_packages_state_not_before", "state", "not_before"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    package: Mapped[str] = mapped_column(String(160), unique=True)  # the key of its folder, as editions have it
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when its worker last wrote here
    tries: Mapped[int] = mapped_column(default=0)  # that failed, one after the other
    fault: Mapped[str] = mapped_column(String(20), default="")  # why the last one did: a code of `kernel.bucket`
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the next pause's end, or the grace's
    files: Mapped[int] = mapped_column(default=0)  # in the bucket, when all of it was there
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    stored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when all of it was last found there
