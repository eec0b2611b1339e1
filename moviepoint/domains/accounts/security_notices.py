"""Telling people that the way in to their account has changed: if it was not them, they must know at once."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from moviepoint.domains.accounts import notices
from moviepoint.hooks.types import NoticeKind, NoticeMail
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.i18n import current_locale, lazy_gettext
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.site.addresses import address_of

KIND = "accounts.sign_in_changed"
SENTENCES = {
    "password_changed": lazy_gettext("The password of your account was changed."),
    "second_factor_added": lazy_gettext("Your account has a new second factor: an authenticator app or a passkey."),
    "second_factor_removed": lazy_gettext("A second factor of your account was removed."),
    "identity_linked": lazy_gettext("An account of another provider now signs in to yours."),
    "identity_unlinked": lazy_gettext("An account of another provider no longer signs in to yours."),
    "second_factor_reset": lazy_gettext("An administrator has taken away the second factor of your account."),
}


def tell(session: Session, user_id: int, what: str) -> None:
    """Tell a user what was changed: one of SENTENCES."""
    notices.post(session, user_id, KIND, {"what": what, "at": utcnow().isoformat(timespec="minutes")})


def compose(_session: Session, _user: Any, data: Mapping[str, Any]) -> NoticeMail | None:
    """Return the mail; the sentence is one of ours, whatever stands in the row."""
    sentence = SENTENCES.get(str(data.get("what")))
    if sentence is None:
        return None
    return NoticeMail(_("The sign-in to your account has changed"), {
        "sentence": str(sentence), "at": str(data.get("at", ""))[:16].replace("T", " "),
        "security_url": address_of("account.security", locale=current_locale()),
        "forgot_url": address_of("security.forgot_password", locale=current_locale())})


NOTICE = NoticeKind(KIND, lazy_gettext("Changes of how you sign in"), "accounts/mail/sign_in_changed", compose,
                    optional=False)
