"""Invitations as a resource."""
from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from flask_security.utils import hash_password
from msgspec import Meta
from spectree import Response

from moviepoint.domains.accounts import invitations, management
from moviepoint.domains.accounts.invitation_model import Invitation
from moviepoint.domains.accounts.invitation_pages import LIMIT, chosen_password
from moviepoint.domains.accounts.permissions import site_locales
from moviepoint.domains.accounts.viewer import signed_in
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.limits import limiter
from moviepoint.kernel.policies import require
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("invitations", __name__)


class InvitationInfo(msgspec.Struct, kw_only=True):
    """An invited address. `state` is waiting (to be sent), sent, expired, accepted or revoked."""

    id: int
    email: str
    name: str
    locale: str
    roles: list[str]
    state: str
    invited_by: str
    created_at: datetime
    sent_at: datetime | None
    expires_at: datetime


class InvitationInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whom to invite. `roles` are names; `locale` is one of the site's, and that of the mail."""

    email: Annotated[str, Meta(max_length=254)]
    roles: list[str]
    locale: str
    name: Annotated[str, Meta(max_length=80)] = ""


class InvitationsQuery(PageQuery, kw_only=True):
    """`open` leaves those that are neither accepted nor revoked."""

    open: bool | None = None


class Acceptance(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The secret at the end of the mailed link, and what the invited person chooses."""

    token: Annotated[str, Meta(max_length=100)]
    password: str
    name: Annotated[str, Meta(max_length=80)] = ""


class Accepted(msgspec.Struct):
    """Who can sign in now."""

    id: int
    email: str


@resource.get("/invitations")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[InvitationInfo]), tags=["users"])
def list_invitations(query: InvitationsQuery) -> Page[InvitationInfo]:
    """List invitations, the newest first."""
    require(signed_in(), management.MANAGE)
    return paged(db.session(), invitations.invitations(is_open=query.open), query,
                 lambda rows: [invitation_info(row) for row in rows])


@resource.post("/invitations")
@in_language
@spec.validate(resp=Response(HTTP_200=InvitationInfo), tags=["users"])
def invite(json: InvitationInput) -> InvitationInfo:
    """Invite an address; the mail leaves a moment later."""
    with unit_of_work() as session:
        return invitation_info(invitations.invite(session, signed_in(), site_locales(), json.email, json.roles,
                                                  locale=json.locale, name=json.name))


@resource.post("/invitations/<int:invitation_id>/send")
@in_language
@spec.validate(resp=Response(HTTP_200=InvitationInfo), tags=["users"])
def send_again(invitation_id: int) -> InvitationInfo:
    """Send the mail again with a new link, valid from now on; earlier links stop to work."""
    with unit_of_work() as session:
        return invitation_info(invitations.send_again(session, signed_in(), invitation_id))


@resource.delete("/invitations/<int:invitation_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=InvitationInfo), tags=["users"])
def revoke(invitation_id: int) -> InvitationInfo:
    """Make an invitation's link useless."""
    with unit_of_work() as session:
        return invitation_info(invitations.revoke(session, signed_in(), invitation_id))


@resource.post("/invitations/accept")
@limiter.limit(LIMIT)
@in_language
@spec.validate(resp=Response(HTTP_200=Accepted), tags=["users"])
def accept(json: Acceptance) -> Accepted:
    """Accept an invitation: makes the user, and signs nobody in."""
    row = invitations.invited(db.session(), json.token)
    password = hash_password(chosen_password(json.password, json.password, email=row.email))
    with unit_of_work() as session:
        user = invitations.accept(session, json.token, password, json.name)
        return Accepted(user.id, user.email)


def invitation_info(row: Invitation) -> InvitationInfo:
    """Show an invitation: never its secret, nor the hash of it."""
    return InvitationInfo(id=row.id, email=row.email, name=row.name, locale=row.locale,
                          roles=sorted(role.name for role in row.roles), state=row.state(),
                          invited_by=row.invited_by_name, created_at=row.created_at, sent_at=row.sent_at,
                          expires_at=row.expires_at)
