"""Accounts at providers of OpenID Connect as a resource: one's own, and for who manages people anybody's."""
from __future__ import annotations

from datetime import datetime

import msgspec
from flask import Response as FlaskResponse
from spectree import Response

from moviepoint.domains.accounts import identities
from moviepoint.domains.accounts.identity_model import Identity
from moviepoint.domains.accounts.openid_providers import issuers, label_of
from moviepoint.domains.accounts.session_cookies import current_sign_in
from moviepoint.domains.accounts.signin_gate import is_fresh
from moviepoint.domains.accounts.viewer import in_person
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Forbidden
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.api import blueprint, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("identities", __name__)


class IdentityInfo(msgspec.Struct, kw_only=True):
    """An account at a provider that signs somebody in here; `email` is what the provider last said."""

    id: int
    provider: str
    label: str
    issuer: str
    subject: str
    email: str
    created_at: datetime
    used_at: datetime


@resource.get("/account/identities")
@in_language
@spec.validate(resp=Response(HTTP_200=list[IdentityInfo]), tags=["account"])
def list_own() -> list[IdentityInfo]:
    """List the accounts elsewhere by which one signs in."""
    actor = in_person()
    return [identity_info(row) for row in identities.of_user(db.session(), actor, actor.id)]


@resource.delete("/account/identities/<int:identity_id>")
def unlink_own(identity_id: int) -> FlaskResponse:
    """Unlink an account elsewhere, and sign out everywhere but here; 409 for the only way in.

    403 for who has not shown lately that it is them.
    """
    with unit_of_work() as session:
        actor = in_person()
        if not is_fresh():
            raise Forbidden(_("You signed in some time ago. Show again that it is you, under Sign-in and security."),
                            code="not-fresh")
        identities.remove(session, actor, actor.id, identity_id, issuers=issuers(), keep=current_sign_in())
    return FlaskResponse(status=204)


@resource.get("/users/<int:user_id>/identities")
@in_language
@spec.validate(resp=Response(HTTP_200=list[IdentityInfo]), tags=["users"])
def list_of_user(user_id: int) -> list[IdentityInfo]:
    """List the accounts elsewhere by which a user signs in."""
    return [identity_info(row) for row in identities.of_user(db.session(), in_person(), user_id)]


@resource.delete("/users/<int:user_id>/identities/<int:identity_id>")
def unlink_of_user(user_id: int, identity_id: int) -> FlaskResponse:
    """Unlink a user's account elsewhere, and sign them out everywhere."""
    with unit_of_work() as session:
        identities.remove(session, in_person(), user_id, identity_id, issuers=issuers())
    return FlaskResponse(status=204)


def identity_info(row: Identity) -> IdentityInfo:
    """Show an identity."""
    return IdentityInfo(label=label_of(row), **{name: getattr(row, name) for name in IdentityInfo.__struct_fields__
                                                if name != "label"})
