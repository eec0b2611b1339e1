"""What the account's pages give to their templates."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Device:
    """Somewhere the visitor is signed in. `name` is in plain words; `here` marks this very session."""

    id: int
    name: str
    address: str
    since: datetime
    seen: datetime
    here: bool


@dataclass(frozen=True, slots=True)
class Key:
    """A passkey. `instead` says that it stands instead of the password, and not after it."""

    name: str
    instead: bool
    since: datetime
    used: datetime


@dataclass(frozen=True, slots=True)
class SecurityPage:
    """`site/account_security.html`. `app` says whether an authenticator app is set up; `recovery_codes` are left."""

    devices: Sequence[Device]
    keys: Sequence[Key]
    app: bool
    recovery_codes: int
