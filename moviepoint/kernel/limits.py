"""Rate limits, kept in memory or in Redis; what is limited is said where the route is."""
from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from flask import Flask, request
from flask_limiter import Limiter

from moviepoint.kernel.i18n import gettext as _
from moviepoint.settings import Settings

SIGN_IN = "20 per minute"


def visitor() -> str:
    """Return by what a visitor is counted: the address, for IPv6 the /64 that one household or machine has."""
    try:
        address = ip_address((request.remote_addr or "127.0.0.1").split("%")[0])
    except ValueError:
        return request.remote_addr or ""
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))


limiter = Limiter(visitor, headers_enabled=True)


def init_app(app: Flask, settings: Settings) -> None:
    """Install the limiter, and the limit on guessing passwords."""
    app.config["RATELIMIT_ENABLED"] = settings.rate_limits
    app.config["RATELIMIT_STORAGE_URI"] = settings.queue_url or "memory://"
    limiter.init_app(app)
    app.before_request(_limit_sign_in)


def _harmless() -> bool:
    """Say whether a request tries no way in: a provider's answer comes by GET."""
    return request.blueprint not in ("openid", "openid_return") and (
        request.blueprint != "security" or request.method != "POST")


def _too_many() -> str:
    return str(_("Too many attempts from your address. Wait a minute, then try again."))


@limiter.limit(SIGN_IN, exempt_when=_harmless, error_message=_too_many)
def _limit_sign_in() -> None:
    """Counted by address: each POST to sign-in, registration and recovery, and on the way to a provider or back."""
