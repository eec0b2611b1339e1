"""Reads of users and roles."""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import Role, User, user_roles
from moviepoint.kernel.errors import NotFound


def users(*, text: str = "", role: str = "", active: bool | None = None) -> Select[User]:
    """Return a select of users by name or address, the newest first."""
    statement = select(User).order_by(User.id.desc())
    if text:
        statement = statement.where(or_(User.email.icontains(text, autoescape=True),
                                        User.name.icontains(text, autoescape=True)))
    if role:
        statement = statement.where(User.roles.any(Role.name == role))
    if active is not None:
        statement = statement.where(User.active.is_(active))
    return statement


def user(session: Session, user_id: int) -> User:
    """Return a user. Raises NotFound."""
    found = session.get(User, user_id)
    if found is None:
        raise NotFound()
    return found


def roles(session: Session) -> Sequence[tuple[Role, int]]:
    """Return all roles with how many people have each, in the order in which they were made."""
    counts = select(user_roles.c.role_id, func.count().label("people")).group_by(user_roles.c.role_id).subquery()
    return [(row[0], row[1]) for row in session.execute(select(Role, func.coalesce(counts.c.people, 0)).outerjoin(
        counts, counts.c.role_id == Role.id).order_by(Role.id))]
