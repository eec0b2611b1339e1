"""Cutting somebody off: every cookie and every signed link of theirs is worth nothing at the next request."""
from __future__ import annotations

import secrets

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.signin_models import SignIn


def cut_off(session: Session, user: User, *, keep: int | None = None) -> None:
    """End all of a user's sessions but `keep` (a SignIn's id), and what else is bound to their uniquifier."""
    user.fs_uniquifier = secrets.token_hex(32)
    session.flush()
    session.execute(delete(SignIn).where(SignIn.user_id == user.id, SignIn.id != (keep or 0)))
    session.execute(update(SignIn).where(SignIn.user_id == user.id).values(stamp=user.fs_uniquifier))
