"""Inviting by mail: who manages people lets an address in, with roles that they may give themselves.

The link's secret (256 random bits) is made by the task that sends the mail, so that neither the database nor the
queue ever holds it. Whoever asks for another mail makes the links before it useless.
"""
from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from math import ceil

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.invitation_model import OPEN, Invitation
from moviepoint.domains.accounts.management import MANAGE, named_roles, require_grants
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.history.services import record
from moviepoint.kernel import events
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import ngettext
from moviepoint.kernel.policies import SYSTEM, Actor, require
from moviepoint.kernel.tasks import enqueue_after_commit
from moviepoint.kernel.text import one_line

VALID = timedelta(days=7)
TRY_AGAIN = timedelta(minutes=10)  # longer than a mail server may take to refuse
MAX_TRIES = 12
AGAIN = timedelta(minutes=10)  # between two mails that somebody asks for
SEND = "accounts.invitation"  # the task


def invitations(*, is_open: bool | None = None) -> Select[Invitation]:
    """Return a select of invitations, the newest first; `is_open` for those neither accepted nor revoked."""
    statement = select(Invitation).order_by(Invitation.id.desc())
    if is_open is None:
        return statement
    over = Invitation.accepted_at.is_not(None) | Invitation.revoked_at.is_not(None)
    return statement.where(~over if is_open else over)


def invitation(session: Session, invitation_id: int) -> Invitation:
    """Return an invitation. Raises NotFound."""
    found = session.get(Invitation, invitation_id)
    if found is None:
        raise NotFound()
    return found


def invite(session: Session, actor: Actor, locales: Sequence[str], email: str, roles: Collection[str], *,
           locale: str, name: str = "") -> Invitation:
    """Invite an address in one of the site's locales; the mail leaves by a task once this has committed.

    Raises Invalid for the address, a role or the locale, Conflict for somebody who is registered or invited
    already, Forbidden for roles that the actor may not give.
    """
    require(actor, MANAGE)
    email = _address(email)
    if locale not in locales:
        raise Invalid(_("The site does not speak this language."), fields={"locale": [locale[:40]]})
    wanted = named_roles(session, roles)
    for role in wanted:
        require_grants(actor, role.permissions)
    if session.scalar(select(User.id).where(func.lower(User.email) == email.lower())):
        raise Conflict(_("Somebody with this address is already registered."))
    _make_room(session, actor, email.lower())
    row = Invitation(email=email, address=email.lower(), name=one_line(name)[:80], locale=locale, roles=wanted,
                     invited_by_id=actor.id, invited_by_name=str(actor)[:254], expires_at=utcnow() + VALID)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # somebody else has invited the same address at the same moment
        raise _already_invited() from None
    record(session, actor, "created", "invitation", row.id, row.email, before={}, after=_facts(row))
    enqueue_after_commit(session, SEND, invitation_id=row.id)
    return row


def send_again(session: Session, actor: Actor, invitation_id: int) -> Invitation:
    """Send another mail with a new link that is valid from now on; the actor answers for the roles from now on.

    Raises NotFound, Conflict when it is accepted or revoked, TooMany when a mail was asked for just now, Forbidden for
    roles that the actor may not give.
    """
    require(actor, MANAGE)
    row = _locked(session, Invitation.id == invitation_id)
    _require_open(row)
    _require_pause(row)
    for role in row.roles:
        require_grants(actor, role.permissions)
    row.token_hash = row.sent_at = row.tried_at = None
    row.tries, row.expires_at = 0, utcnow() + VALID
    row.invited_by_id, row.invited_by_name = actor.id, str(actor)[:254]
    session.flush()
    session.expire(row, ["invited_by"])
    record(session, actor, "sent_again", "invitation", row.id, row.email)
    enqueue_after_commit(session, SEND, invitation_id=row.id)
    return row


def revoke(session: Session, actor: Actor, invitation_id: int) -> Invitation:
    """Make an invitation's link useless. Raises NotFound, Conflict when it is accepted or revoked already."""
    require(actor, MANAGE)
    row = _locked(session, Invitation.id == invitation_id)
    _require_open(row)
    row.revoked_at = utcnow()
    record(session, actor, "revoked", "invitation", row.id, row.email)
    return row


def to_send(session: Session, now: datetime) -> Sequence[int]:
    """Return the ids of invitations whose mail has not left: their message was lost, or a try has failed."""
    return session.scalars(select(Invitation.id).where(
        OPEN, Invitation.sent_at.is_(None), Invitation.expires_at > now, Invitation.tries < MAX_TRIES,
        Invitation.tried_at.is_(None) | (Invitation.tried_at < now - TRY_AGAIN)).order_by(Invitation.id)).all()


def claim(session: Session, invitation_id: int, now: datetime) -> tuple[Invitation, str] | None:
    """Give one sender the right to send a mail, and the new secret for it; None when there is nothing to send.

    Of several senders one gets it: the next may try when TRY_AGAIN is over and nobody has called `sent`.
    """
    row = session.scalar(select(Invitation).where(Invitation.id == invitation_id).with_for_update().execution_options(
        populate_existing=True))
    if row is None or row.state(now) != "waiting" or row.tries >= MAX_TRIES or (
            row.tried_at is not None and row.tried_at >= now - TRY_AGAIN):
        return None
    token = secrets.token_urlsafe(32)
    row.token_hash, row.tried_at, row.tries = hashed(token), now, row.tries + 1
    return row, token


def sent(session: Session, invitation_id: int, token: str, now: datetime) -> None:
    """Note that the mail with this secret has left; one that has been replaced meanwhile is not noted."""
    row = session.scalar(select(Invitation).where(Invitation.id == invitation_id,
                                                  Invitation.token_hash == hashed(token)))
    if row is not None:
        row.sent_at = now


def invited(session: Session, token: str) -> Invitation:
    """Return the invitation that a link's secret opens.

    Raises NotFound for a secret that is wrong or replaced, Conflict for an invitation that is over.
    """
    row = session.scalar(select(Invitation).where(Invitation.token_hash == hashed(token)))
    if row is None:
        raise NotFound(_("This invitation does not work any more. If you were sent a newer mail, use its link."))
    _require_usable(row)
    return row


def accept(session: Session, token: str, password_hash: str, name: str = "") -> User:
    """Make the invited person a user with the roles, once.

    Raises what `invited` raises, Conflict when the address has been registered in another way, Forbidden when
    whoever has invited may not give these roles any more.
    """
    row = _locked(session, Invitation.id == invited(session, token).id)
    if row.token_hash != hashed(token):
        raise NotFound()
    _require_usable(row)
    _require_inviter(session, row)
    try:
        with session.begin_nested():
            user = create_user(session, row.email, password_hash, [role.name for role in row.roles],
                               one_line(name)[:80] or row.name)
    except IntegrityError:
        raise Conflict(_("Somebody with this address is already registered.")) from None
    user.locale, row.accepted_at, row.user_id = row.locale, utcnow(), user.id
    record(session, user, "accepted", "invitation", row.id, row.email)
    record(session, user, "created", "user", user.id, user.email, before={},
           after={"name": user.name, "active": "yes", "roles": sorted(role.name for role in user.roles)})
    events.record(session, "on_user_registered", user_id=user.id)
    return user


def hashed(token: str) -> str:
    """Return the SHA-256 of a secret: it is random, so that a slow hash would gain nothing."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _address(email: str) -> str:
    try:
        return validate_email(email, check_deliverability=False).normalized
    except EmailNotValidError:
        raise Invalid(_("This is not an e-mail address."), fields={"email": [email[:254]]}) from None


def _make_room(session: Session, actor: Actor, address: str) -> None:
    """Revoke an invitation that has expired, for a new one; one that still holds is in the way."""
    old = session.scalar(select(Invitation).where(Invitation.address == address, OPEN).with_for_update())
    if old is None:
        return
    if old.expires_at > utcnow():
        raise _already_invited()
    old.revoked_at = utcnow()
    session.flush()
    record(session, actor, "revoked", "invitation", old.id, old.email)


def _already_invited() -> Conflict:
    return Conflict(_("This address is invited already. Send the mail again, or revoke the invitation first."))


def _locked(session: Session, condition: object) -> Invitation:
    row = session.scalar(select(Invitation).where(condition).with_for_update().execution_options(  # type: ignore[arg-type]
        populate_existing=True))
    if row is None:
        raise NotFound()
    return row


def _require_open(row: Invitation) -> None:
    if row.accepted_at:
        raise Conflict(_("This invitation has been accepted already."))
    if row.revoked_at:
        raise Conflict(_("This invitation has been revoked."))


def _require_pause(row: Invitation) -> None:
    """Raise TooMany for a mail that was asked for just now: nobody's inbox is to be filled from here."""
    left = row.expires_at - VALID + AGAIN - utcnow()  # it is valid from the moment at which it was asked for
    if left > timedelta(0):
        minutes = ceil(left.total_seconds() / 60)
        raise TooMany(ngettext("The last mail was asked for just now. Wait %(num)d minute, then send it again.",
                               "The last mail was asked for just now. Wait %(num)d minutes, then send it again.",
                               minutes), retry_after=ceil(left.total_seconds()))


def _require_usable(row: Invitation) -> None:
    _require_open(row)
    if row.state() == "expired":
        raise Conflict(_("This invitation has expired. Ask %(name)s for a new one.", name=row.invited_by_name))


def _require_inviter(session: Session, row: Invitation) -> None:
    """Hold the inviter to their word: what they may not give today, an old mail of theirs does not give either."""
    inviter: Actor = row.invited_by or SYSTEM
    try:
        require(inviter, MANAGE)
        for role in row.roles:
            require_grants(inviter, role.permissions)
    except Forbidden:
        raise Forbidden(_("Whoever has invited you may not give these rights any more. "
                          "Ask for a new invitation.")) from None


def _facts(row: Invitation) -> dict[str, object]:
    return {"email": row.email, "name": row.name, "locale": row.locale,
            "roles": sorted(role.name for role in row.roles)}
