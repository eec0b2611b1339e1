"""Identities: whom a provider's word signs in, who is new, and what somebody links and unlinks.

An identity is found by issuer and subject. An address alone opens nobody's account: only where the provider says that
it has verified it, the operator trusts the provider to do so, and the account's own address is known to be its owner's.
"""
from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from moviepoint.domains.accounts import security_notices, sessions
from moviepoint.domains.accounts.identity_model import Identity
from moviepoint.domains.accounts.lockout import cut_off
from moviepoint.domains.accounts.management import MANAGE
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.services import MEMBER, create_user, welcome
from moviepoint.domains.history.services import record
from moviepoint.kernel import events
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.text import one_line

MOST = 20  # identities of one user


@dataclass(frozen=True)
class Proof:
    """What a provider says of somebody, after all of it has been checked."""

    provider: str  # its slug
    label: str
    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    email_trusted: bool = False  # by the operator's settings: such a verified address opens an account of ours
    name: str = ""


def enter(session: Session, proof: Proof, *, registration: bool, locale: str) -> tuple[User, bool]:
    """Return whom a proof signs in, and whether they are new; what else has to hold is asked by the caller.

    Raises Forbidden for an account that is shut and where nobody may register, Conflict for an address that has an
    account, Invalid where the provider gives no address.
    """
    found = _find(session, proof)
    if found is not None:
        user = session.get_one(User, found.user_id)
        _require_active(user)
        _note_use(found, proof)
        return user, False
    owner = owner_of(session, proof)
    if not (registration or proof.email_verified):
        raise _closed(proof)  # who only claims an address does not learn whether it is known here
    if owner is None:
        return _register(session, proof, registration, locale), True
    if not (proof.email_verified and proof.email_trusted and owner.confirmed_at):
        raise _taken(proof)
    _require_active(owner)
    _add(session, owner, proof)
    security_notices.tell(session, owner.id, "identity_linked")
    return owner, False


def owner_of(session: Session, proof: Proof) -> User | None:
    """Return who has the address that a provider gives. Raises Invalid where it gives none."""
    return session.scalar(select(User).where(func.lower(User.email) == _address(proof).lower()))


def link(session: Session, user: User, proof: Proof) -> bool:
    """Let an identity sign somebody in from now on; False when it did already.

    Raises Conflict for one that is somebody else's, and for more than MOST.
    """
    found = _find(session, proof)
    if found is not None:
        if found.user_id != user.id:
            raise Conflict(_("This account at %(name)s signs in somebody else here.", name=proof.label))
        _note_use(found, proof)
        return False
    if len(of_user(session, user, user.id)) >= MOST:
        raise Conflict(_("You have linked as many accounts as one can here. Unlink one first."))
    _add(session, user, proof)
    security_notices.tell(session, user.id, "identity_linked")
    return True


def prove(session: Session, user: User, proof: Proof) -> None:
    """Raise Forbidden unless a proof is of an identity of this user."""
    found = _find(session, proof)
    if found is None or found.user_id != user.id:
        raise Forbidden(_("This is another account at %(name)s than the one that is linked here.", name=proof.label))
    _note_use(found, proof)


def of_user(session: Session, actor: Actor, user_id: int) -> Sequence[Identity]:
    """Return a user's identities: one's own, or anybody's for who manages people."""
    if actor.id != user_id:
        require(actor, MANAGE)
    if session.get(User, user_id) is None:
        raise NotFound()
    return session.scalars(select(Identity).where(Identity.user_id == user_id).order_by(Identity.id)).all()


def remove(session: Session, actor: Actor, user_id: int, identity_id: int, *, issuers: Collection[str],
           keep: int | None = None) -> None:
    """Unlink an identity, and end the user's sessions but for `keep`: one of them may have begun by it.

    `issuers` are those that sign in at present. Raises NotFound for one that is not that user's, Conflict for one's
    own last way of signing in, Forbidden as `sessions.reach` does.
    """
    user = sessions.reach(session, actor, user_id)
    session.refresh(user, ["password"], with_for_update=True)  # two at a time: one waits, and sees what is left
    rows = {row.id: row for row in session.scalars(select(Identity).where(
        Identity.user_id == user_id).execution_options(populate_existing=True))}
    row = rows.pop(identity_id, None)
    if row is None:
        raise NotFound()
    if actor.id == user_id and not (user.password or _by_passkey(user) or any(
            other.issuer in issuers for other in rows.values())):
        raise Conflict(_("This is the only way in that you have. Set a password or add a passkey first."))
    session.delete(row)
    cut_off(session, user, keep=keep)
    record(session, actor, "identity_unlinked", "user", user.id, user.email)
    security_notices.tell(session, user.id, "identity_unlinked")


def only_passkey(session: Session, user: User, name: str, issuers: Collection[str]) -> bool:
    """Say whether a passkey is the only way in that a user has."""
    if user.password or any(row.issuer in issuers for row in of_user(session, user, user.id)):
        return False
    return [key.name for key in user.webauthn if key.usage == "first"] == [name]


def forget_unproven(session: Session, user: User) -> None:
    """Unlink what was linked before the address was known to be its owner's: that was perhaps another."""
    session.flush()
    session.execute(delete(Identity).where(Identity.user_id == user.id, Identity.created_at < user.confirmed_at))


def _find(session: Session, proof: Proof) -> Identity | None:
    return session.scalar(select(Identity).where(Identity.issuer == proof.issuer, Identity.subject == proof.subject))


def _note_use(row: Identity, proof: Proof) -> None:
    row.used_at, row.provider, row.email = utcnow(), proof.provider, proof.email[:254]


def _add(session: Session, user: User, proof: Proof) -> None:
    try:
        with session.begin_nested():
            session.add(Identity(user_id=user.id, provider=proof.provider, issuer=proof.issuer, subject=proof.subject,
                                 email=proof.email[:254]))
    except IntegrityError:  # the same sign-in twice at the same moment
        raise Conflict(_("This sign-in was made twice. Begin again.")) from None
    record(session, user, "identity_linked", "user", user.id, user.email)


def _closed(proof: Proof) -> Forbidden:
    return Forbidden(_("Nobody can register here at present, and no account here is linked to yours at %(name)s. "
                       "If you have one, sign in to it and link them under Sign-in and security.",
                       name=proof.label), code="registration-closed")


def _register(session: Session, proof: Proof, registration: bool, locale: str) -> User:
    if not registration:
        raise _closed(proof)
    try:
        with session.begin_nested():
            user = create_user(session, _address(proof), None, [MEMBER], one_line(proof.name)[:80],
                               confirmed=proof.email_verified)
    except IntegrityError:
        raise _taken(proof) from None
    welcome(session, user, locale)
    _add(session, user, proof)
    events.record(session, "on_user_registered", user_id=user.id)
    return user


def _address(proof: Proof) -> str:
    try:
        return validate_email(proof.email, check_deliverability=False).normalized
    except EmailNotValidError:
        raise Invalid(_("%(name)s does not tell us your address. Let it, or register with a password and link it then.",
                        name=proof.label), code="no-address") from None


def _taken(proof: Proof) -> Conflict:
    return Conflict(_("There is an account here with the address that %(name)s gives. Sign in to it as you usually do, "
                      "and link the two under Sign-in and security.", name=proof.label), code="address-taken")


def _require_active(user: User) -> None:
    if not user.active:
        raise Forbidden(_("This account has been shut. Ask whoever runs this site."), code="account-shut")


def _by_passkey(user: User) -> bool:
    return any(key.usage == "first" for key in user.webauthn)
