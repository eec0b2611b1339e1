"""Rate limits, kept in memory or in Redis; what is limited is said where the route is."""
from __future__ import annotations

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from moviepoint.settings import Settings

limiter = Limiter(get_remote_address, headers_enabled=True)
SIGN_IN = "20 per minute"


def init_app(app: Flask, settings: Settings) -> None:
    """Install the limiter, and the limit on guessing passwords."""
    app.config["RATELIMIT_ENABLED"] = settings.rate_limits
    app.config["RATELIMIT_STORAGE_URI"] = settings.queue_url or "memory://"
    limiter.init_app(app)
    app.before_request(_limit_sign_in)


def _harmless() -> bool:
    return request.blueprint != "security" or request.method != "POST"


@limiter.limit(SIGN_IN, exempt_when=_harmless)
def _limit_sign_in() -> None:
    """Counted for each POST to sign-in, registration and recovery, by address."""
