"""Signed addresses of a package: who may fetch what, without asking the database for each segment.

    /media/<token>/<edition>/<package>/master.m3u8

The token stands in the path's prefix, so that the relative addresses of playlists and segments carry it, in
native players and through a CDN too. It is bound to the edition and the package, says for whom it was made
(`p` the public, `u1f` a user by number, `l3` a link by number, `a` whoever a plugin lets in,
`s` the system itself, for whoever runs its command line), and expires. It is
no session: it opens one package, and nothing once its user, link or film is not open any more.
"""
from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from dataclasses import dataclass

from moviepoint.kernel.errors import Forbidden

LIFETIME = 12 * 3600  # seconds: longer than a film and a pause
GRAIN = 3600  # expiry is rounded up to the hour, so that viewers share addresses and a CDN keeps one copy
PUBLIC, ANYBODY, SYSTEM, USER, LINK = "p", "a", "s", "u", "l"
_TOKEN = re.compile(r"([pas]|[ul][1-9a-f][0-9a-f]{0,15})\.([1-9a-f][0-9a-f]{0,11})-([A-Za-z0-9_-]{24})", re.ASCII)


@dataclass(frozen=True)
class Grant:
    """What a token allows, once it has been verified."""

    audience: str
    expires: int  # seconds since 1970

    @property
    def number(self) -> int:
        """The user's or the link's; 0 for the public."""
        return int(self.audience[1:] or "0", 16)


def sign(secret: str, edition: str, package: str, audience: str, now: float | None = None) -> tuple[str, int]:
    """Return a token and the second it expires at."""
    moment = time.time() if now is None else now
    expires = (int(moment + LIFETIME) // GRAIN + 1) * GRAIN
    return f"{audience}.{expires:x}-{_mac(secret, edition, package, audience, expires)}", expires


def verify(secret: str, token: str, edition: str, package: str, now: float | None = None) -> Grant:
    """Return what a token allows. Raises Forbidden for one that is forged, for something else, or too old."""
    match = _TOKEN.fullmatch(token)
    if match is None:  # one token is written in one way: no capital, no leading zero, no other script
        raise Forbidden(code="signature")
    audience, expires, mac = match[1], int(match[2], 16), match[3]
    if not hmac.compare_digest(mac, _mac(secret, edition, package, audience, expires)):
        raise Forbidden(code="signature")
    if expires < (time.time() if now is None else now):
        raise Forbidden(code="signature-expired")
    return Grant(audience, expires)


def _mac(secret: str, edition: str, package: str, audience: str, expires: int) -> str:
    message = "\n".join(("media", edition, package, audience, str(expires))).encode("utf-8", "surrogatepass")
    digest = hmac.digest(secret.encode(), message, hashlib.sha256)[:18]
    return base64.urlsafe_b64encode(digest).decode()


def user(number: int) -> str:
    """Return the audience of one user."""
    return f"{USER}{number:x}"


def link(number: int) -> str:
    """Return the audience of one link."""
    return f"{LINK}{number:x}"
