"""What guards the ways in: half finished sign-ins end, delicate steps ask again, the back office asks for more."""
from __future__ import annotations

import time
from typing import Any

from flask import Flask, Response, current_app, make_response, render_template, request, session
from flask_security.decorators import default_reauthn_handler
from flask_security.signals import tf_disabled, tf_profile_changed, wan_deleted, wan_registered
from flask_security.tf_plugin import tf_clean_session
from flask_security.utils import _config_value, check_and_update_authn_fresh, get_message, get_request_attr
from flask_security.webauthn import WebAuthnRegisterForm, WebAuthnSigninResponseForm
from flask_security.webauthn_util import WebauthnUtil
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from moviepoint.domains.accounts import confirmation, security_notices
from moviepoint.domains.accounts.lockout import cut_off
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.second_factor import has_second_factor
from moviepoint.domains.accounts.session_cookies import current_sign_in
from moviepoint.domains.accounts.viewer import current_viewer
from moviepoint.domains.history.services import record
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Forbidden
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.admin.frame import ENTER
from moviepoint.shells.api.spec import PREFIX

HALF_SIGNED_IN = 600  # seconds between the password and the second factor
MOST_PASSKEYS = 20
ANSWERS = frozenset({"security.wan_register_response", "security.two_factor_setup_validate",
                     "security.two_factor_token_validation"})


def init_app(app: Flask) -> None:
    """Install the guards and the notes for history."""
    app.before_request(_end_half_signed_in)
    app.after_request(_begin_half_signed_in)
    app.before_request(_ask_again)
    app.before_request(_ask_for_second_factor)
    tf_profile_changed.connect(_added, app)
    wan_registered.connect(_added, app)
    tf_disabled.connect(_removed, app)
    wan_deleted.connect(_removed, app)


def _end_half_signed_in() -> None:
    """Forget who gave a password too long ago, and a setup that was begun by whoever was signed in before.

    Nobody sets up a second factor before they are signed in here: without a user, that state would let the
    secret of one account be set for another.
    """
    if "tf_user_id" not in session and "tf_state" not in session:
        return
    if session.get("tf_state", "ready") != "ready" and current_viewer() is None:
        tf_clean_session()
    if "tf_user_id" in session and time.time() - session.get("half_since", 0) > HALF_SIGNED_IN:
        tf_clean_session()


def _begin_half_signed_in(response: Response) -> Response:
    if "tf_user_id" not in session:
        session.pop("half_since", None)
    elif request.method == "POST" and request.endpoint in ("security.login", "security.reset_password",
                                                            "security.wan_signin_response"):
        session["half_since"] = time.time()
    return response


def _ask_again() -> Any:
    """Ask for the password where a new factor is about to be kept.

    Flask-Security asks where the setup begins. Its answer takes any signed state, that of another account too, so
    that a stolen, stale session could add the thief's own device.
    """
    if request.endpoint not in ANSWERS or current_viewer() is None or is_fresh():
        return None
    return default_reauthn_handler(_config_value("FRESHNESS"), _config_value("FRESHNESS_GRACE_PERIOD"))


def is_fresh() -> bool:
    """Say whether the visitor has shown lately that it is them."""
    return bool(check_and_update_authn_fresh(_config_value("FRESHNESS"), _config_value("FRESHNESS_GRACE_PERIOD"),
                                             get_request_attr("fs_authn_via")))


def _ask_for_second_factor() -> Response | None:
    """Keep those who may enter the back office out of it, and out of the API, until they have a second factor."""
    if not current_app.extensions["moviepoint.settings"].back_office_second_factor:
        return None
    path = request.path
    api = path.startswith(f"{PREFIX}/") and not path.startswith(f"{PREFIX}/account/")
    if not api and path != "/admin" and not path.startswith("/admin/"):
        return None
    viewer = current_viewer()
    if viewer is None or not viewer.may(ENTER):
        return None
    if has_second_factor(viewer if isinstance(viewer, User) else viewer.owner):
        return None
    if api:
        raise Forbidden(_("Set up a second factor first: who may enter the back office needs one here."),
                        code="second-factor-needed")
    return make_response(render_template("security/second_factor_needed.html"), 403)


def _added(app: Flask, user: Any, **_: Any) -> None:
    """A new factor: sessions that began without it end, but for this one."""
    owner = _plain(user)
    record(db.session(), owner, "second_factor_added", "user", owner.id, owner.email)
    security_notices.tell(db.session(), owner.id, "second_factor_added")
    cut_off(db.session(), owner, keep=current_sign_in())


def _removed(app: Flask, user: Any, **_: Any) -> None:
    owner = _plain(user)
    owner.totp_counter = None
    record(db.session(), owner, "second_factor_removed", "user", owner.id, owner.email)
    security_notices.tell(db.session(), owner.id, "second_factor_removed")


def _plain(user: Any) -> User:
    owner: User = user if isinstance(user, User) else user._get_current_object()
    return owner


class Passkeys(WebauthnUtil):
    """Any authenticator, built in or not; one that stands instead of a password has to know its owner itself."""

    def authenticator_selection(self, user: Any, usage: str) -> AuthenticatorSelectionCriteria:
        if usage == "first":
            return AuthenticatorSelectionCriteria(resident_key=ResidentKeyRequirement.REQUIRED,
                                                  user_verification=UserVerificationRequirement.REQUIRED)
        return AuthenticatorSelectionCriteria(resident_key=ResidentKeyRequirement.DISCOURAGED,
                                              user_verification=UserVerificationRequirement.DISCOURAGED)

    def user_verification(self, user: Any, usage: list[str]) -> UserVerificationRequirement:
        if "secondary" in usage:
            return UserVerificationRequirement.DISCOURAGED
        return UserVerificationRequirement.REQUIRED


class PasskeyNameForm(WebAuthnRegisterForm):
    """So many passkeys and no more: a program can make them without end."""

    def validate(self, **kwargs: Any) -> bool:
        if not super().validate(**kwargs):
            return False
        viewer = current_viewer()
        if not isinstance(viewer, User) or len(viewer.webauthn) >= MOST_PASSKEYS:
            self.name.errors = [_("You have as many passkeys as one can have here. Remove one first.")]
            return False
        return True


class OwnPasskeyForm(WebAuthnSigninResponseForm):
    """The second factor has to be that of whoever gave the password, and not just anybody's."""

    def validate(self, **kwargs: Any) -> bool:
        if not super().validate(**kwargs):
            return False
        if self.is_secondary and (self.user is None or self.user.fs_uniquifier != session.get("tf_user_id")):
            self.credential.errors = [get_message("WEBAUTHN_MISMATCH_USER_HANDLE")[0]]
            return False
        if confirmation.waits(self.user):
            confirmation.refuse_json()
            self.credential.errors = [str(confirmation.REFUSAL)]
            return False
        return True
