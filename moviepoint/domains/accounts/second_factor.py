"""Whether somebody signs in with more than a password, and taking it away from who has lost it."""
from __future__ import annotations

from sqlalchemy.orm import Session

from moviepoint.domains.accounts import security_notices, sessions
from moviepoint.domains.accounts.lockout import cut_off
from moviepoint.domains.accounts.models import User
from moviepoint.domains.history.services import record
from moviepoint.kernel.errors import Forbidden
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor


def has_second_factor(user: User) -> bool:
    """Say whether a password alone no longer signs this user in."""
    return bool(user.tf_primary_method and user.tf_totp_secret) or any(
        passkey.usage == "secondary" for passkey in user.webauthn)


def reset(session: Session, actor: Actor, user_id: int) -> User:
    """Take away a user's app, recovery codes and passkeys, and sign them out everywhere.

    For somebody who has lost their device: they sign in by their password and set up anew. Raises Forbidden for a
    user who may more than the actor, and for oneself: one's own page asks for the password first, and this does not.
    """
    if actor.id == user_id:
        raise Forbidden(_("Change your own under Sign-in and security; another administrator can reset it."))
    user = sessions.reach(session, actor, user_id)
    user.tf_primary_method = user.tf_totp_secret = user.mf_recovery_codes = user.codes_from = None
    user.totp_counter, user.code_failures = None, 0
    user.webauthn.clear()
    cut_off(session, user)
    record(session, actor, "second_factor_reset", "user", user.id, user.email)
    security_notices.tell(session, user.id, "second_factor_reset")
    return user
