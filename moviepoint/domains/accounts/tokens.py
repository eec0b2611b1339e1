"""Personal API tokens: made by a person for a program, narrowed to scopes, revoked by a click."""
from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session, contains_eager, joinedload

from moviepoint.domains.accounts.management import MANAGE, possible_grants, require_grants
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.narrowed import Narrowed
from moviepoint.domains.accounts.token_model import ApiToken
from moviepoint.domains.history.services import record
from moviepoint.hooks.types import Permission
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.text import one_line

BEGIN = "mp_"  # so that people and scanners of leaked secrets know what it is
MAX_DAYS = 366
MAX_TOKENS = 50  # valid ones of a user
USED_GRAIN = timedelta(minutes=1)


class BadToken(Unauthenticated):
    """A token that lets nobody in; which of the reasons it is, is not said."""

    code = "bad-token"

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}


def tokens_of(user_id: int) -> Select[ApiToken]:
    """Return a select of a user's tokens, the newest first."""
    return select(ApiToken).where(ApiToken.user_id == user_id).options(joinedload(ApiToken.user)).order_by(
        ApiToken.id.desc())


def own_tokens(actor: Actor) -> Select[ApiToken]:
    """Return a select of the actor's own tokens. Raises Forbidden for a token: it tells nothing of the others."""
    return tokens_of(_person(actor))


def tokens_for(actor: Actor, user_id: int) -> Select[ApiToken]:
    """Return a select of somebody's tokens, for who manages people. Raises Forbidden."""
    require(actor, MANAGE)
    return tokens_of(user_id)


def offered_scopes(actor: Actor, known: Iterable[Permission],
                   locales: Sequence[str]) -> list[tuple[Permission, list[str]]]:
    """Return the grants that an actor can give a token, by permission: what they have, whole and narrowed."""
    found = []
    for permission in known:
        grants = [grant for grant in possible_grants([permission], locales) if _has(actor, grant)]
        if grants:
            found.append((permission, grants))
    return found


def create(session: Session, actor: Actor, known: Iterable[Permission], locales: Sequence[str], *, name: str,
           days: int, read_only: bool = False, scopes: Collection[str] = ()) -> tuple[ApiToken, str]:
    """Make a token of the actor's, valid for 1 to 366 days; returns it, and the secret that is never shown again.

    Raises Forbidden for a token that makes tokens and for scopes that the actor lacks, Invalid for the name, the days
    or scopes that do not exist or go with `read_only`, Conflict for too many tokens.
    """
    user_id = _person(actor)
    name = one_line(name)[:80]
    if not name:
        raise Invalid(_("Give the token a name, so that you know it again."),
                      fields={"name": [_("This must not be empty.")]})
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(_("A token is valid for 1 to %(most)s days.", most=MAX_DAYS), fields={"days": [str(days)]})
    if read_only == bool(scopes):
        raise Invalid(_("Choose what the token may do: only read, or what you tick."), fields={"scopes": []})
    if wrong := sorted(set(scopes) - set(possible_grants(known, locales))):
        raise Invalid(_("There is nothing called %(slug)s.", slug=", ".join(wrong)[:200]))
    require_grants(actor, scopes)
    now = utcnow()
    valid = session.scalar(select(func.count()).select_from(ApiToken).where(
        ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now))
    if (valid or 0) >= MAX_TOKENS:
        raise Conflict(_("You have %(most)s tokens. Revoke some of them first.", most=MAX_TOKENS))
    secret = BEGIN + secrets.token_urlsafe(32)
    row = ApiToken(user_id=user_id, name=name, token_hash=hashed(secret), hint=secret[-4:], read_only=read_only,
                   scopes=sorted(set(scopes)), created_at=now, expires_at=now + timedelta(days=days))
    session.add(row)
    session.flush()
    record(session, actor, "created", "token", row.id, row.name, before={}, after={
        "name": name, "read_only": read_only, "scopes": row.scopes, "expires_at": row.expires_at})
    return row, secret


def revoke(session: Session, actor: Actor, token_id: int) -> ApiToken:
    """Revoke one's own token, or anybody's when one manages people; a token may revoke itself.

    Revoking twice does nothing. Raises NotFound for others' tokens.
    """
    row = session.get(ApiToken, token_id)
    if row is None or not (_is_own(actor, row) or actor.may(MANAGE)):
        raise NotFound()
    if row.revoked_at is None:
        row.revoked_at = utcnow()
        record(session, actor, "revoked", "token", row.id, f"{row.user.email}: {row.name}")
    return row


def authenticate(session: Session, secret: str, now: datetime) -> tuple[Narrowed, bool]:
    """Return the actor that a secret stands for, and whether its use is still to be noted.

    Raises BadToken for a secret that is unknown, expired or revoked, or whose user is shut out.
    """
    row = session.scalar(select(ApiToken).join(ApiToken.user).where(
        ApiToken.token_hash == hashed(secret), ApiToken.revoked_at.is_(None), ApiToken.expires_at > now,
        User.active.is_(True)).options(contains_eager(ApiToken.user))) if secret.startswith(BEGIN) else None
    if row is None:
        raise BadToken(_("This token does not work: it is unknown, expired or revoked."))
    unnoted = row.last_used_at is None or row.last_used_at <= now - USED_GRAIN
    return _narrowed(row), unnoted


def actor_of(session: Session, token_id: int) -> Narrowed:
    """Return who acts later by a token, in a task, with what it allows now. Raises Forbidden when it is over."""
    row = session.scalar(select(ApiToken).where(ApiToken.id == token_id).options(joinedload(ApiToken.user)).
                         execution_options(populate_existing=True))
    if row is None or row.state() != "valid" or not row.user.active:
        raise Forbidden(_("This token does not work: it is unknown, expired or revoked."))
    return _narrowed(row)


def note_use(session: Session, token_id: int, now: datetime) -> None:
    """Write down that a token is used; of many requests at a time, and within a minute, one writes."""
    session.execute(update(ApiToken).where(
        ApiToken.id == token_id, ApiToken.last_used_at.is_(None) | (ApiToken.last_used_at <= now - USED_GRAIN)
    ).values(last_used_at=now))


def hashed(secret: str) -> str:
    """Return the SHA-256 of a secret: it is random, so that a slow hash would gain nothing."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _narrowed(row: ApiToken) -> Narrowed:
    return Narrowed(row.user, row.id, row.name, None if row.read_only else frozenset(row.scopes))


def _person(actor: Actor) -> int:
    """Return the id of a user who acts themselves."""
    if isinstance(actor, Narrowed) or actor.id is None:
        raise Forbidden(_("A token neither makes tokens nor lists them: sign in."))
    return actor.id


def _is_own(actor: Actor, row: ApiToken) -> bool:
    if isinstance(actor, Narrowed):
        return actor.token_id == row.id
    return actor.id is not None and actor.id == row.user_id


def _has(actor: Actor, grant: str) -> bool:
    try:
        require_grants(actor, [grant])
    except Forbidden:
        return False
    return True
