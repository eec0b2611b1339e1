"""Who may: one question, asked by every service of every domain.

A grant is a permission's name, alone or narrowed: `catalog.edit` is all of it, `catalog.edit@ru` only the
Russian texts, `catalog.edit:own` only what the actor has added.
"""
from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from moviepoint.kernel.errors import Forbidden, Unauthenticated


class Actor(Protocol):
    """Whoever acts: a user, or the system itself (a task, the command line). `str()` gives the name for the trail."""

    @property
    def id(self) -> int | None: ...

    def may(self, permission: str, *, locale: str = "", own: bool = False) -> bool: ...

    def may_in_part(self, permission: str) -> bool: ...


class System:
    """The actor of tasks and of the command line: whoever can run those may do anything."""

    id: int | None = None

    def may(self, permission: str, *, locale: str = "", own: bool = False) -> bool:
        return True

    def may_in_part(self, permission: str) -> bool:
        return True

    def __str__(self) -> str:
        return "system"


SYSTEM = System()


def granted(grants: Collection[str], permission: str, *, locale: str = "", own: bool = False) -> bool:
    """Say whether grants allow something: for everything, for texts in `locale`, or for what is the actor's own."""
    return (permission in grants or bool(locale and f"{permission}@{locale}" in grants)
            or (own and f"{permission}:own" in grants))


def granted_in_part(grants: Collection[str], permission: str) -> bool:
    """Say whether grants allow something at least for some locale or for one's own."""
    return any(grant == permission or grant.startswith((f"{permission}@", f"{permission}:")) for grant in grants)


def require(actor: Actor | None, permission: str, *, locale: str = "", owner_id: int | None = None) -> None:
    """Raise Unauthenticated for nobody, Forbidden for somebody who may not; `owner_id` is who added the object."""
    if actor is None:
        raise Unauthenticated()
    if not actor.may(permission, locale=locale, own=owner_id is not None and owner_id == actor.id):
        raise Forbidden()
