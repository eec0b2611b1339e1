"""Who is looking: the bridge from Flask-Login's proxy to a plain value that services and queries take."""
from __future__ import annotations

from flask_login import current_user
from flask_security.utils import get_request_attr

from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.narrowed import Narrowed
from moviepoint.kernel.errors import Forbidden, Unauthenticated
from moviepoint.kernel.i18n import gettext as _


def current_viewer() -> User | Narrowed | None:
    """Return the signed-in user of this request, or that of its token, narrowed to its scopes; else None."""
    user = current_user._get_current_object()
    return user if isinstance(user, User | Narrowed) else None


def signed_in() -> User | Narrowed:
    """Return the signed-in user of this request, or that of its token, or raise Unauthenticated."""
    viewer = current_viewer()
    if viewer is None:
        raise Unauthenticated()
    return viewer


def in_person() -> User:
    """Return the user of this request who is here themselves; raise Forbidden for a token of any kind.

    Flask-Security's own sign-in tokens count as well: what they open must not outlive them.
    """
    viewer = signed_in()
    if isinstance(viewer, Narrowed) or get_request_attr("fs_authn_via") == "token":
        raise Forbidden(_("A token cannot do this: sign in."))
    return viewer
