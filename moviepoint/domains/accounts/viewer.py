"""Who is looking: the bridge from Flask-Login's proxy to a plain value that services and queries take."""
from __future__ import annotations

from flask_login import current_user

from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.narrowed import Narrowed
from moviepoint.kernel.errors import Unauthenticated


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
