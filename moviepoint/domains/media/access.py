"""Signed addresses of a package: who may fetch what, without asking the database for each segment.

    /media/<token>/<edition>/<package>/master.m3u8

The token stands in the path's prefix, so that the relative addresses of playlists and segments carry it, in
native players and through a CDN too. It is bound to the edition and the package, says for whom it was made
(`p` the public, `s` somebody who sees drafts), and expires.
"""
from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass

from moviepoint.kernel.errors import Forbidden

LIFETIME = 12 * 3600  # seconds: longer than a film and a pause
GRAIN = 3600  # expiry is rounded up to the hour, so that viewers share addresses and a CDN keeps one copy
PUBLIC, STAFF = "p", "s"


@dataclass(frozen=True)
class Grant:
    """What a token allows, once it has been verified."""

    audience: str
    expires: int  # seconds since 1970


def sign(secret: str, edition: str, package: str, audience: str, now: float | None = None) -> tuple[str, int]:
    """Return a token and the second it expires at."""
    moment = time.time() if now is None else now
    expires = (int(moment + LIFETIME) // GRAIN + 1) * GRAIN
    return f"{audience}{expires:x}-{_mac(secret, edition, package, audience, expires)}", expires


def verify(secret: str, token: str, edition: str, package: str, now: float | None = None) -> Grant:
    """Return what a token allows. Raises Forbidden for one that is forged, for something else, or too old."""
    head, _, mac = token.partition("-")
    audience, digits = head[:1], head[1:]
    try:
        expires = int(digits, 16) if len(digits) <= 12 and digits.isalnum() else 0
    except ValueError:
        expires = 0
    if f"{expires:x}" != digits:  # one moment is written in one way: no capital, no leading zero, no other script
        raise Forbidden(code="signature")
    expected = _mac(secret, edition, package, audience, expires)
    if audience not in (PUBLIC, STAFF) or not hmac.compare_digest(mac.encode(), expected.encode()):
        raise Forbidden(code="signature")
    if expires < (time.time() if now is None else now):
        raise Forbidden(code="signature-expired")
    return Grant(audience, expires)


def _mac(secret: str, edition: str, package: str, audience: str, expires: int) -> str:
    message = "\n".join(("media", edition, package, audience, str(expires))).encode()
    digest = hmac.digest(secret.encode(), message, hashlib.sha256)[:18]
    return base64.urlsafe_b64encode(digest).decode()
