"""Sessions as a resource: one's own, and for who manages people anybody's; the second factor's reset."""
from __future__ import annotations

from datetime import datetime

import msgspec
from flask import Response as FlaskResponse
from spectree import Response

from moviepoint.domains.accounts import identities, second_factor, sessions
from moviepoint.domains.accounts.devices import device_name
from moviepoint.domains.accounts.openid_providers import label_of
from moviepoint.domains.accounts.session_cookies import current_sign_in
from moviepoint.domains.accounts.signin_models import SignIn
from moviepoint.domains.accounts.viewer import in_person
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.shells.api import blueprint, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("sessions", __name__)


class SessionInfo(msgspec.Struct, kw_only=True):
    """Where somebody is signed in; `current` is the session of this very request."""

    id: int
    device: str
    address: str
    created_at: datetime
    seen_at: datetime
    current: bool


class SignInWays(msgspec.Struct, kw_only=True):
    """How one signs in: never anything that would help to."""

    email: str
    address_confirmed: bool
    password: bool
    authenticator_app: bool
    passkeys: list[str]
    identities: list[str]  # providers by which one signs in, as they are called here
    recovery_codes_left: int


@resource.get("/account/sessions")
@in_language
@spec.validate(resp=Response(HTTP_200=list[SessionInfo]), tags=["account"])
def list_own() -> list[SessionInfo]:
    """List where one is signed in, the last used first."""
    actor = in_person()
    return [session_info(row) for row in sessions.of_user(db.session(), actor, actor.id)]


@resource.get("/account/sign-in")
@in_language
@spec.validate(resp=Response(HTTP_200=SignInWays), tags=["account"])
def show_ways() -> SignInWays:
    """Say how one signs in."""
    actor = in_person()
    return SignInWays(email=actor.email, address_confirmed=actor.confirmed_at is not None,
                      password=bool(actor.password), authenticator_app=bool(actor.tf_primary_method),
                      identities=[label_of(row) for row in identities.of_user(db.session(), actor, actor.id)],
                      passkeys=[key.name for key in actor.webauthn],
                      recovery_codes_left=len(actor.mf_recovery_codes or ()))


@resource.delete("/account/sessions/<int:sign_in_id>")
def end_own(sign_in_id: int) -> FlaskResponse:
    """Sign one device of one's own out."""
    with unit_of_work() as session:
        actor = in_person()
        sessions.end(session, actor, actor.id, sign_in_id)
    return FlaskResponse(status=204)


@resource.delete("/account/sessions")
def end_others() -> FlaskResponse:
    """Sign out everywhere but here."""
    with unit_of_work() as session:
        actor = in_person()
        sessions.end_all(session, actor, actor.id, keep=current_sign_in())
    return FlaskResponse(status=204)


@resource.get("/users/<int:user_id>/sessions")
@in_language
@spec.validate(resp=Response(HTTP_200=list[SessionInfo]), tags=["users"])
def list_of_user(user_id: int) -> list[SessionInfo]:
    """List where a user is signed in."""
    return [session_info(row) for row in sessions.of_user(db.session(), in_person(), user_id)]


@resource.delete("/users/<int:user_id>/sessions")
def end_of_user(user_id: int) -> FlaskResponse:
    """Sign a user out everywhere."""
    with unit_of_work() as session:
        sessions.end_all(session, in_person(), user_id)
    return FlaskResponse(status=204)


@resource.delete("/users/<int:user_id>/sessions/<int:sign_in_id>")
def end_one_of_user(user_id: int, sign_in_id: int) -> FlaskResponse:
    """Sign one device of a user out."""
    with unit_of_work() as session:
        sessions.end(session, in_person(), user_id, sign_in_id)
    return FlaskResponse(status=204)


@resource.delete("/users/<int:user_id>/second-factor")
def reset_second_factor(user_id: int) -> FlaskResponse:
    """Take away a user's app, recovery codes and passkeys, and sign them out everywhere."""
    with unit_of_work() as session:
        second_factor.reset(session, in_person(), user_id)
    return FlaskResponse(status=204)


def session_info(row: SignIn) -> SessionInfo:
    """Show a session: never its token."""
    return SessionInfo(id=row.id, device=device_name(row.user_agent), address=row.address,
                       created_at=row.created_at, seen_at=row.seen_at, current=row.id == current_sign_in())
