"""Where people are signed in: one row for each device, found by the hash of its token."""
from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session, joinedload

from moviepoint.domains.accounts.lockout import cut_off
from moviepoint.domains.accounts.management import MANAGE, require_grants
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.signin_models import SignIn
from moviepoint.domains.history.services import record
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.policies import Actor, require

IDLE = timedelta(days=60)  # a session that nobody has used for so long is over
SEEN_EVERY = timedelta(minutes=5)  # "last seen" is written no more often
MOST = 50  # sessions of one user; the one unused for longest gives way


def begin(session: Session, user: User, *, address: str, user_agent: str) -> tuple[SignIn, str]:
    """Begin a session; returns its row and the token for the cookie, which is kept nowhere else."""
    token = secrets.token_urlsafe(32)
    sign_in = SignIn(user_id=user.id, token_hash=_hash(token), stamp=user.fs_uniquifier, address=address[:64],
                     user_agent=user_agent[:300])
    session.add(sign_in)
    session.flush()
    surplus = select(SignIn.id).where(SignIn.user_id == user.id, SignIn.id != sign_in.id).order_by(
        SignIn.seen_at.desc(), SignIn.id.desc()).offset(MOST - 1)
    session.execute(delete(SignIn).where(or_(
        (SignIn.user_id == user.id) & (SignIn.stamp != user.fs_uniquifier),
        SignIn.id.in_(list(session.scalars(surplus))))))
    return sign_in, token


def find(session: Session, token: str) -> tuple[SignIn, User] | None:
    """Return a live session with its user and their roles by the cookie's token, in one query; None when it is over."""
    found = session.execute(select(SignIn, User).join(User, User.id == SignIn.user_id).where(
        SignIn.token_hash == _hash(token), SignIn.stamp == User.fs_uniquifier, User.active,
        SignIn.seen_at > utcnow() - IDLE).options(joinedload(User.roles))).unique().first()
    return (found[0], found[1]) if found else None


def seen(session: Session, sign_in_id: int, address: str) -> None:
    """Note that a session is in use, from an address."""
    session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=utcnow(), address=address[:64]))


def of_user(session: Session, actor: Actor, user_id: int) -> Sequence[SignIn]:
    """Return a user's live sessions, the last used first: one's own, or anybody's for who manages people."""
    user = session.get(User, user_id)
    if actor.id != user_id:
        require(actor, MANAGE)
    if user is None:
        raise NotFound()
    return session.scalars(select(SignIn).where(
        SignIn.user_id == user_id, SignIn.stamp == user.fs_uniquifier,
        SignIn.seen_at > utcnow() - IDLE).order_by(SignIn.seen_at.desc(), SignIn.id.desc())).all()


def end(session: Session, actor: Actor, user_id: int, sign_in_id: int) -> None:
    """End one session. Raises NotFound for one that is not that user's, Forbidden as `reach` does."""
    user = reach(session, actor, user_id)
    sign_in = session.get(SignIn, sign_in_id)
    if sign_in is None or sign_in.user_id != user_id:
        raise NotFound()
    session.delete(sign_in)
    record(session, actor, "signed_out", "user", user.id, user.email)


def end_all(session: Session, actor: Actor, user_id: int, *, keep: int | None = None) -> None:
    """End all of a user's sessions, but for `keep`. Raises Forbidden as `reach` does."""
    user = reach(session, actor, user_id)
    cut_off(session, user, keep=keep)
    record(session, actor, "signed_out_everywhere", "user", user.id, user.email)


def close(session: Session, sign_in_id: int) -> None:
    """Forget the session of who signs out: nothing worth a row of history."""
    session.execute(delete(SignIn).where(SignIn.id == sign_in_id))


def forget_old(session: Session) -> int:
    """Delete sessions that are over by time or by the user's stamp; returns how many."""
    dead = select(SignIn.id).join(User, User.id == SignIn.user_id).where(
        or_(SignIn.seen_at <= utcnow() - IDLE, SignIn.stamp != User.fs_uniquifier))
    old = list(session.scalars(dead))
    for start in range(0, len(old), 500):
        session.execute(delete(SignIn).where(SignIn.id.in_(old[start:start + 500])))
    return len(old)


def reach(session: Session, actor: Actor, user_id: int) -> User:
    """Return a user whose sign-in the actor may change: themselves, or somebody who may no more than they."""
    user = session.get(User, user_id)
    if actor.id != user_id:
        require(actor, MANAGE)
    if user is None:
        raise NotFound()
    if actor.id != user_id:
        for role in user.roles:
            require_grants(actor, role.permissions)
    return user


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
