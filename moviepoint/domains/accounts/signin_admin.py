"""A user's sessions and second factor in the back office."""
from __future__ import annotations

from typing import Any

from flask import redirect
from flask_admin import expose
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moviepoint.domains.accounts import identities, second_factor, sessions
from moviepoint.domains.accounts.devices import device_name
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.openid_providers import issuers, label_of
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.admin.frame import View


class SignInActions(View):
    """What the page of a user can do about how they are signed in."""

    @expose("/<int:user_id>/sessions/end", methods=("POST",))
    def end_sessions(self, user_id: int) -> Response:
        """Sign a user out everywhere."""
        with self.saving(_("Signed out everywhere.")) as session:
            sessions.end_all(session, current_user, user_id)
        return redirect(self.get_url(".edit", user_id=user_id))

    @expose("/<int:user_id>/sessions/<int:sign_in_id>/end", methods=("POST",))
    def end_session(self, user_id: int, sign_in_id: int) -> Response:
        """Sign one device of a user out."""
        with self.saving(_("Signed out there.")) as session:
            sessions.end(session, current_user, user_id, sign_in_id)
        return redirect(self.get_url(".edit", user_id=user_id))

    @expose("/<int:user_id>/second-factor/reset", methods=("POST",))
    def reset_second_factor(self, user_id: int) -> Response:
        """Take a user's second factors away."""
        with self.saving(_("The second factor is gone; they are signed out everywhere.")) as session:
            second_factor.reset(session, current_user, user_id)
        return redirect(self.get_url(".edit", user_id=user_id))


    @expose("/<int:user_id>/identities/<int:identity_id>/unlink", methods=("POST",))
    def unlink_identity(self, user_id: int, identity_id: int) -> Response:
        """Unlink a user's account at a provider."""
        with self.saving(_("Unlinked; they are signed out everywhere.")) as session:
            identities.remove(session, current_user, user_id, identity_id, issuers=issuers())
        return redirect(self.get_url(".edit", user_id=user_id))


def sign_in_facts(session: Session, user: User) -> dict[str, Any]:
    """Return what `accounts/admin/sign_in.html` shows of a user."""
    return {"devices": [(row, device_name(row.user_agent))
                        for row in sessions.of_user(session, current_user, user.id)],
            "identities": [(row, label_of(row)) for row in identities.of_user(session, current_user, user.id)],
            "has_second_factor": second_factor.has_second_factor(user), "has_app": bool(user.tf_primary_method),
            "passkeys": len(user.webauthn), "recovery_codes": len(user.mf_recovery_codes or ())}
