"""What the account pages' templates get: each page's context is a dataclass, and a contract with themes."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class InvitationPage:
    """What `security/invitation.html` gets."""

    email: str  # the invited address; it cannot be changed
    inviter: str
    name: str  # what has been typed, else what the inviter has written
    signed_in_as: str = ""  # set when somebody is signed in already: they must sign out first
    errors: dict[str, list[str]] = field(default_factory=dict)  # sentences by field: password, password_confirm


@dataclass(frozen=True)
class TokenLine:
    """A personal token as its owner sees it."""

    id: int
    name: str
    hint: str  # its last letters
    read_only: bool
    scopes: Sequence[str]
    state: str  # valid, expired or revoked
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Scope:
    """What a token can be allowed: a permission, and its grants with what to call them."""

    label: Any
    grants: Sequence[tuple[str, Any]]  # ("catalog.edit@ru", "Русский")


@dataclass(frozen=True)
class TokensPage:
    """What `security/tokens.html` gets."""

    tokens: Sequence[TokenLine]
    scopes: Sequence[Scope]
    days: Sequence[int]  # to choose from
    secret: str = ""  # of the token just made: shown this once
    fault: str = ""  # why none was made
    typed: dict[str, Any] = field(default_factory=dict)  # name, days, access ("read" or "some"), scopes


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
class NoticeLine:
    """A kind of mail that one can do without."""

    kind: str
    label: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """`site/notices.html`: which mail one gets, at which address."""

    email: str
    kinds: Sequence[NoticeLine]


@dataclass(frozen=True, slots=True)
class StopPage:
    """`site/notice_stop.html`, behind the link in a mail: one need not be signed in. `stopped` says how it stands."""

    label: str
    token: str
    stopped: bool


@dataclass(frozen=True, slots=True)
class ProviderLine:
    """A provider of OpenID Connect to sign in by."""

    slug: str
    label: str


@dataclass(frozen=True, slots=True)
class IdentityLine:
    """An account at a provider that signs the visitor in; `email` is what the provider last said."""

    id: int
    label: str
    email: str
    since: datetime
    used: datetime


@dataclass(frozen=True, slots=True)
class SecurityPage:
    """`site/account_security.html`. `app` says whether an authenticator app is set up; `recovery_codes` are left.

    `providers` are those that can be linked and are not; `password` says whether there is one.
    """

    devices: Sequence[Device]
    keys: Sequence[Key]
    app: bool
    recovery_codes: int
    password: bool
    identities: Sequence[IdentityLine]
    providers: Sequence[ProviderLine]


@dataclass(frozen=True, slots=True)
class OpenIdOnwardPage:
    """`security/openid_onward.html`, which leads on to a provider: a form's answer may not be a redirection there."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class OpenIdProblemPage:
    """`security/openid_problem.html`: why nobody was signed in, and where a form may begin again (empty: nowhere)."""

    label: str
    sentence: str
    again: str
