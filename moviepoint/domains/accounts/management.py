"""Managing people: whom the house lets do what. Nobody can lock it, and nobody gives what they do not have."""
from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.lockout import cut_off
from moviepoint.domains.accounts.models import Role, User, user_roles
from moviepoint.domains.accounts.services import ADMINISTRATOR, ROLES
from moviepoint.domains.history.services import record
from moviepoint.hooks.types import Permission
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import ngettext
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.text import one_line

MANAGE = "accounts.manage"


class Changed(Conflict):
    """Somebody else has saved since the actor looked."""

    code = "changed"


def change_user(session: Session, actor: Actor, user_id: int, *, name: str, active: bool,
                roles: Collection[str]) -> User:
    """Change what a user is called, whether they can sign in, and their roles.

    Raises Forbidden when the user has or would have more than the actor, Conflict for what would leave no
    administrator.
    """
    _take_turns(session, actor)
    user = session.get(User, user_id)
    if user is None:
        raise NotFound()
    wanted = named_roles(session, roles)
    for role in {*wanted, *user.roles}:  # those that stay too: nobody shuts out who may more than they
        require_grants(actor, role.permissions)
    before = _facts(user)
    user.name, user.active, user.roles = one_line(name)[:80], active, wanted
    session.flush()
    _require_administrator(session)
    if not active:
        cut_off(session, user)
    record(session, actor, "changed", "user", user.id, user.email, before=before, after=_facts(user))
    return user


def save_role(session: Session, actor: Actor, name: str) -> Role:
    """Make a role that allows nothing yet. Raises Invalid for its name, Conflict for one that is there."""
    require(actor, MANAGE)
    name = one_line(name).casefold()
    if not re.fullmatch(r"[\w][\w .-]{0,79}", name):
        raise Invalid(_("A role's name has letters, digits, spaces, dots and hyphens."), fields={"name": [name[:80]]})
    if session.scalar(select(Role.id).where(Role.name == name)):
        raise Conflict(_("There is a role called %(name)s already.", name=name))
    role = Role(name=name, description="", permissions=[])
    session.add(role)
    session.flush()
    record(session, actor, "created", "role", role.id, role.name, before={}, after={"name": name})
    return role


def delete_role(session: Session, actor: Actor, role_id: int) -> None:
    """Delete a role that nobody has; those that the house came with stay."""
    require(actor, MANAGE)
    role = session.get(Role, role_id)
    if role is None:
        raise NotFound()
    if role.name in ROLES:
        raise Conflict(_("This role belongs to the house."))
    if uses := session.scalar(select(func.count()).select_from(user_roles).where(user_roles.c.role_id == role_id)):
        raise Conflict(ngettext("%(num)d person still has this role.", "%(num)d people still have this role.", uses))
    record(session, actor, "deleted", "role", role.id, role.name, after={},
           before={"name": role.name, "grants": role.permissions})
    session.delete(role)
    session.flush()


def set_grants(session: Session, actor: Actor, known: Iterable[Permission], locales: Sequence[str], role_id: int,
               grants: Collection[str], was: Collection[str] | None = None) -> Role:
    """Set all that a role allows; `was` is what it allowed when the actor looked at it.

    Raises Changed when somebody else has changed it since, Invalid for a grant that does not exist, Forbidden for
    giving or taking one that the actor lacks.
    """
    _take_turns(session, actor)
    role = session.get(Role, role_id)
    if role is None:
        raise NotFound()
    if was is not None and set(was) != set(role.permissions):
        raise Changed(_("Somebody else has changed the role %(name)s in the meantime. Nothing of yours is saved yet.",
                        name=role.name))
    possible = set(possible_grants(known, locales))
    if wrong := sorted(set(grants) - possible - set(role.permissions)):
        raise Invalid(_("There is nothing called %(slug)s.", slug=", ".join(wrong)[:200]))
    require_grants(actor, set(grants) ^ set(role.permissions))
    before = {"grants": sorted(role.permissions)}
    role.permissions = sorted(set(grants))
    session.flush()
    _require_administrator(session)
    record(session, actor, "changed", "role", role.id, role.name, before=before, after={"grants": role.permissions})
    return role


def possible_grants(known: Iterable[Permission], locales: Sequence[str]) -> list[str]:
    """Return every grant that a role can have."""
    grants = []
    for permission in known:
        grants.append(permission.name)
        grants += [f"{permission.name}@{locale}" for locale in locales if permission.by_locale]
        grants += [f"{permission.name}:own"] if permission.own else []
    return grants


def named_roles(session: Session, names: Collection[str]) -> list[Role]:
    """Return the roles with these names. Raises Invalid for a name that no role has."""
    found = list(session.scalars(select(Role).where(Role.name.in_(names)).order_by(Role.id)))
    if missing := set(names) - {role.name for role in found}:
        raise Invalid(_("There is no role called %(name)s.", name=", ".join(sorted(missing))[:200]))
    return found


def merged(was: Collection[str], mine: Collection[str], theirs: Collection[str]) -> set[str]:
    """Return what two people who both started from `was` want together: nobody's change is lost."""
    old, my = set(was), set(mine)
    return (set(theirs) | (my - old)) - (old - my)


def may_give(actor: Actor, role: Role) -> bool:
    """Say whether an actor has all that a role allows, and so may give it."""
    try:
        require_grants(actor, role.permissions)
    except Forbidden:
        return False
    return True


def require_grants(actor: Actor, grants: Iterable[str]) -> None:
    """Raise Forbidden unless the actor has all of these grants: nobody gives what they do not have."""
    for grant in grants:
        permission, _at, locale = grant.partition("@")
        name, _colon, own = permission.partition(":")
        if not actor.may(name, locale=locale, own=bool(own)):
            raise Forbidden(_("You cannot give what you do not have: %(grant)s.", grant=grant))


def _take_turns(session: Session, actor: Actor) -> None:
    """Let one change of who may do what run after the other, each on what the one before has left.

    Two administrators who demote each other at the same instant would each still see the other: on PostgreSQL the
    second waits here for the first, on SQLite at the beginning of its unit of work. What the session knows of users
    and roles, of the actor too, may be older than the wait and is read anew.
    """
    require(actor, MANAGE)
    session.flush()
    session.execute(select(Role.id).where(Role.name == ADMINISTRATOR).with_for_update(key_share=True))
    for row in list(session.identity_map.values()):
        if isinstance(row, User | Role):
            session.expire(row)
    require(actor, MANAGE)


def _require_administrator(session: Session) -> None:
    """Raise Conflict unless somebody active still has the administrator's role, and that role manages people."""
    administrators = session.scalar(select(func.count()).select_from(User).where(
        User.active, User.roles.any(Role.name == ADMINISTRATOR)))
    role = session.scalar(select(Role).where(Role.name == ADMINISTRATOR))
    if not administrators or role is None or not {MANAGE, "admin.access"} <= set(role.permissions):
        raise Conflict(_("Nobody would be left to manage the house."))


def _facts(user: User) -> dict[str, object]:
    return {"name": user.name, "active": "yes" if user.active else "no",
            "roles": sorted(role.name for role in user.roles)}
