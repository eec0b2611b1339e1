"""Codes of the second factor: taken once; guesses that are slowed down; recovery codes kept as hashes."""
from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import timedelta
from typing import Any

from flask import Flask, after_this_request
from flask_security.core import UserMixin
from flask_security.recovery_codes import MfRecoveryCodesUtil
from flask_security.totp import Totp
from flask_security.utils import _view_commit
from passlib.exc import TokenError

from moviepoint.domains.accounts.models import User
from moviepoint.domains.history.services import record
from moviepoint.kernel.db import db, utcnow

FREE_GUESSES = 5  # wrong codes before the user has to wait
LONGEST_WAIT = timedelta(days=1)
RECOVERY_CODES = 10


def derived_key(secret: str, purpose: str) -> bytes:
    """Return 32 bytes for one purpose, from which neither the secret nor another purpose's key follows."""
    return hmac.new(secret.encode(), f"moviepoint {purpose}".encode(), hashlib.sha256).digest()


def totp_secrets(secret: str) -> dict[str, str]:
    """Return the key with which users' secrets are encrypted, as passlib takes it: by a tag."""
    return {"1": base64.urlsafe_b64encode(derived_key(secret, "totp")).decode()}


def may_guess(user: User) -> bool:
    """Say whether a code of this user is looked at now. Holds the row, so that guesses come one after another."""
    db.session().refresh(user, ["totp_counter", "code_failures", "codes_from", "mf_recovery_codes"],
                         with_for_update=True)
    return user.codes_from is None or user.codes_from <= utcnow()


def note_guess(user: User, right: bool) -> None:
    """Count a wrong code, each of which doubles the wait after the first few; a right one forgives all.

    A page that shows the form again saves nothing by itself: the count is saved after the request.
    """
    if right:
        user.code_failures, user.codes_from = 0, None
        return
    user.code_failures += 1
    over = user.code_failures - FREE_GUESSES
    if over >= 0:
        user.codes_from = utcnow() + min(timedelta(minutes=2 ** min(over, 12)), LONGEST_WAIT)
    after_this_request(_view_commit)


class OnceTotp(Totp):
    """Codes of an authenticator app, each of which is taken once."""

    def verify_totp(self, token: str, totp_secret: str, user: Any, window: int = 0) -> bool:
        """Check a code against a secret: the user's own, or one that they are about to set up."""
        owner = user if isinstance(user, User) else user._get_current_object()  # Flask-Login's proxy
        own = totp_secret == owner.tf_totp_secret
        if own and not may_guess(owner):
            return False
        try:
            match = self._totp.verify(token, totp_secret, window=window,
                                      last_counter=owner.totp_counter if own else None)
        except (TokenError, ValueError, KeyError):
            if own:
                note_guess(owner, right=False)
            return False
        owner.totp_counter = match.counter
        note_guess(owner, right=True)
        return True


class HashedRecoveryCodes(MfRecoveryCodesUtil):
    """Recovery codes that are shown once, when they are made, and of which only hashes are kept."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self._key = derived_key(app.config["SECRET_KEY"], "recovery codes")

    def create_recovery_codes(self, user: Any) -> list[str]:
        """Make new codes in place of all earlier ones."""
        codes = super().create_recovery_codes(user)
        record(db.session(), user, "recovery_codes_made", "user", user.id, user.email)
        return codes

    def get_recovery_codes(self, user: UserMixin) -> list[str]:
        """Nothing: they cannot be shown again."""
        return []

    def check_recovery_code(self, user: Any, code: str) -> bool:
        """Say whether a code is one of the user's that are left; counts as a guess."""
        if not may_guess(user):
            return False
        right = self._position(user, code) is not None
        note_guess(user, right)
        return right

    def delete_recovery_code(self, user: Any, code: str) -> bool:
        """Use up a code."""
        position = self._position(user, code)
        if position is None:
            return False
        user.mf_recovery_codes.pop(position)
        record(db.session(), user, "recovery_code_used", "user", user.id, user.email)
        return True

    def _encrypt_codes(self, codes: list[str]) -> list[str]:
        return [self._hash(code) for code in codes]

    def _position(self, user: User, code: str) -> int | None:
        wanted, found = self._hash(code), None
        for position, kept in enumerate(user.mf_recovery_codes or ()):
            if hmac.compare_digest(kept, wanted):
                found = position
        return found

    def _hash(self, code: str) -> str:
        plain = re.sub(r"[^0-9a-f]", "", code.lower())
        return hmac.new(self._key, plain.encode(), hashlib.sha256).hexdigest()
