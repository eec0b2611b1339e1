"""Users and roles as resources, for those who manage people."""
from __future__ import annotations

from datetime import datetime

import msgspec
from flask import Response as FlaskResponse
from spectree import Response

from moviepoint.domains.accounts import management, queries
from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.accounts.permissions import permissions, site_locales
from moviepoint.domains.accounts.viewer import signed_in
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import require
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

users = blueprint("users", __name__)
roles = blueprint("roles", __name__)


class UserInfo(msgspec.Struct, kw_only=True):
    """Somebody who can sign in."""

    id: int
    email: str
    name: str
    active: bool
    confirmed: bool  # has the address been confirmed?
    roles: list[str]
    created_at: datetime
    last_seen_at: datetime | None


class UsersQuery(PageQuery, kw_only=True):
    """`q` is a part of a name or an address."""

    q: str = ""
    role: str = ""
    active: bool | None = None


class UserChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What can be changed of a user; what is left out stays."""

    name: str | None = None
    active: bool | None = None
    roles: list[str] | None = None


class RoleInfo(msgspec.Struct, kw_only=True):
    """A role with all that it allows."""

    id: int
    name: str
    grants: list[str]


class RoleInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str


class GrantsInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All that a role shall allow: `catalog.edit`, `catalog.edit@ru`, `catalog.edit:own`."""

    grants: list[str]
    was: list[str] | None = None  # what you have seen: 409 when somebody has changed it since


@users.get("/users")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[UserInfo]), tags=["users"])
def list_users(query: UsersQuery) -> Page[UserInfo]:
    """List users, the newest first."""
    require(signed_in(), management.MANAGE)
    return paged(db.session(), queries.users(text=query.q, role=query.role, active=query.active), query,
                 lambda rows: [user_info(row) for row in rows])


@users.get("/users/<int:user_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=UserInfo), tags=["users"])
def get_user(user_id: int) -> UserInfo:
    """Show a user."""
    require(signed_in(), management.MANAGE)
    return user_info(queries.user(db.session(), user_id))


@users.patch("/users/<int:user_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=UserInfo), tags=["users"])
def change_user(user_id: int, json: UserChange) -> UserInfo:
    """Change a user's name, roles, or whether they can sign in."""
    with unit_of_work() as session:
        actor = signed_in()
        require(actor, management.MANAGE)
        user = queries.user(session, user_id)
        return user_info(management.change_user(
            session, actor, user_id, name=user.name if json.name is None else json.name,
            active=user.active if json.active is None else json.active,
            roles=[role.name for role in user.roles] if json.roles is None else json.roles))


@roles.get("/roles")
@in_language
@spec.validate(resp=Response(HTTP_200=list[RoleInfo]), tags=["roles"])
def list_roles() -> list[RoleInfo]:
    """List all roles."""
    require(signed_in(), management.MANAGE)
    return [role_info(role) for role, _people in queries.roles(db.session())]


@roles.post("/roles")
@in_language
@spec.validate(resp=Response(HTTP_200=RoleInfo), tags=["roles"])
def create_role(json: RoleInput) -> RoleInfo:
    """Make a role that allows nothing yet."""
    with unit_of_work() as session:
        return role_info(management.save_role(session, signed_in(), json.name))


@roles.put("/roles/<int:role_id>/grants")
@in_language
@spec.validate(resp=Response(HTTP_200=RoleInfo), tags=["roles"])
def set_grants(role_id: int, json: GrantsInput) -> RoleInfo:
    """Set all that a role allows."""
    with unit_of_work() as session:
        return role_info(management.set_grants(
            session, signed_in(), permissions(), site_locales(), role_id, json.grants, json.was))


@roles.delete("/roles/<int:role_id>")
def delete_role(role_id: int) -> FlaskResponse:
    """Delete a role that nobody has."""
    with unit_of_work() as session:
        management.delete_role(session, signed_in(), role_id)
    return FlaskResponse(status=204)


def user_info(user: User) -> UserInfo:
    """Show a user: never anything that would help to sign in as them."""
    return UserInfo(id=user.id, email=user.email, name=user.name, active=user.active,
                    confirmed=user.confirmed_at is not None, roles=sorted(role.name for role in user.roles),
                    created_at=user.created_at, last_seen_at=user.current_login_at)


def role_info(role: Role) -> RoleInfo:
    """Show a role."""
    return RoleInfo(id=role.id, name=role.name, grants=sorted(role.permissions))
