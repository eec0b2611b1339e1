"""Writes of users and roles."""
from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.history.services import record
from moviepoint.hooks.types import Permission
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Conflict, Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor

ADMINISTRATOR = "administrator"
EDITOR = "editor"
MEMBER = "member"
TRANSLATOR = "translator"
MODERATOR = "moderator"
CONTRIBUTOR = "contributor"
ROLES = (ADMINISTRATOR, EDITOR, TRANSLATOR, MODERATOR, CONTRIBUTOR, MEMBER)
MIN_PASSWORD = 10
MAIL_PAUSE = timedelta(minutes=5)  # between two mails to one person that any stranger can ask for


def sync_roles(session: Session, permissions: Iterable[Permission]) -> None:
    """Make the standard roles and give the administrator whatever is new.

    A permission is given to its standard roles when no role knows it yet, and to a role that is new itself, so
    that what an operator has taken away is not given back.
    """
    roles = {role.name: role for role in session.scalars(select(Role))}
    fresh = set()
    for name in ROLES:
        if name not in roles:
            roles[name] = Role(name=name, description="", permissions=[])
            session.add(roles[name])
            fresh.add(name)
    known = {re.split("[@:]", grant)[0] for role in roles.values() for grant in role.permissions or ()}
    for permission in permissions:
        for wanted in {ADMINISTRATOR, *permission.roles}:
            name, _colon, narrowed = wanted.partition(":")
            if name in roles and (name in fresh or permission.name not in known):
                grant = f"{permission.name}:{narrowed}" if narrowed else permission.name
                roles[name].permissions = sorted({*(roles[name].permissions or ()), grant})


def create_user(session: Session, email: str, password_hash: str | None, roles: Iterable[str], name: str = "", *,
                confirmed: bool = True) -> User:
    """Create a user who can sign in; without a password, by other ways only.

    Raises Invalid for the address or a role, Conflict for a taken address.
    """
    try:
        address = validate_email(email, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise Invalid(_("This is not an e-mail address."), fields={"email": [str(error)]}) from None
    if session.scalar(select(User.id).where(func.lower(User.email) == address.lower())):
        raise Conflict(_("Somebody with this address is already registered."))
    wanted = set(roles)
    found = list(session.scalars(select(Role).where(Role.name.in_(wanted))))
    if missing := wanted - {role.name for role in found}:
        raise Invalid(_("There is no role called %(name)s.", name=", ".join(sorted(missing))))
    user = User(email=address, password=password_hash, name=name, roles=found, active=True,
                fs_uniquifier=secrets.token_hex(32), confirmed_at=utcnow() if confirmed else None)
    session.add(user)
    session.flush()
    return user


def welcome(session: Session, user: User, locale: str) -> None:
    """Make a newly registered user a member."""
    user.locale, user.mailed_at = locale, utcnow()
    member = session.scalar(select(Role).where(Role.name == MEMBER))
    if member is not None and member not in user.roles:
        user.roles.append(member)


def claim_mail(session: Session, user_id: int, now: datetime) -> bool:
    """Take the right to send somebody a mail that strangers can ask for; False within MAIL_PAUSE of the last one."""
    taken = session.execute(update(User).where(
        User.id == user_id, or_(User.mailed_at.is_(None), User.mailed_at <= now - MAIL_PAUSE),
    ).values(mailed_at=now).returning(User.id))
    return taken.scalar() is not None


def confirm(session: Session, actor: Actor, user: User) -> bool:
    """Note that the address is its owner's; False when that was known."""
    if user.confirmed_at is not None:
        return False
    user.confirmed_at = utcnow()
    note_confirmation(session, actor, user)
    return True


def note_confirmation(session: Session, actor: Actor, user: User) -> None:
    """Write into history that an address is its owner's."""
    record(session, actor, "address_confirmed", "user", user.id, user.email)
