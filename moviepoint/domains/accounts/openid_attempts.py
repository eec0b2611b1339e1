"""Sign-ins at a provider that a browser has begun and not ended: kept in its own signed cookie, each taken once.

What must not be guessed or carried over from another attempt (nonce, code verifier) is made of the attempt's state and
our key, and so stands nowhere.
"""
from __future__ import annotations

import base64
import secrets
import time
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from flask import current_app, session

from moviepoint.domains.accounts.codes import derived_key
from moviepoint.domains.accounts.openid_faults import Stale
from moviepoint.kernel.i18n import current_locale

COOKIE = "openid"
LASTS = 600  # seconds
MOST = 3  # in one browser: tabs; the cookie holds 4 KB
SIGN_IN, LINK, VERIFY = "sign-in", "link", "verify"


@dataclass(frozen=True)
class Attempt:
    """What somebody wanted when they set out; `user_id` is who they were signed in as."""

    provider: str
    purpose: str
    then: str  # where to, on this site
    locale: str
    user_id: int | None
    begun: float


def begin(provider: str, purpose: str, then: str, user_id: int | None = None) -> str:
    """Keep an attempt, and return its state."""
    state = secrets.token_urlsafe(24)
    kept = dict(sorted(session.get(COOKIE, {}).items(), key=lambda entry: entry[1]["begun"])[-(MOST - 1):])
    kept[state] = asdict(Attempt(provider, purpose, local(then), current_locale(), user_id, time.time()))
    session[COOKIE] = kept
    return state


def take(provider: str, state: str) -> Attempt:
    """Use up an attempt. Raises Stale for one that this browser has not begun, has ended, or began too long ago."""
    kept = dict(session.get(COOKIE, {}))
    found = kept.pop(state, None)
    session[COOKIE] = kept
    if not kept:
        session.pop(COOKIE)
    attempt = Attempt(**found) if found else None
    if attempt is None or attempt.provider != provider or not 0 <= time.time() - attempt.begun < LASTS:
        raise Stale()
    return attempt


def nonce(state: str) -> str:
    """Return what the ID token has to hold."""
    return _secret("openid nonce", state)


def verifier(state: str) -> str:
    """Return what the code can be redeemed with (RFC 7636)."""
    return _secret("openid verifier", state)


def local(address: str) -> str:
    """Return an address of this site as it is, and nothing for any other."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    plain = len(address) <= 400 and address.isprintable() and "\\" not in address
    return address if plain and not parts.scheme and not parts.netloc and address[:1] == "/" != address[1:2] else ""


def _secret(purpose: str, state: str) -> str:
    key = derived_key(current_app.extensions["moviepoint.settings"].secret_key, f"{purpose} {state}")
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()
