"""The bridge from the browser's cookie to a session's row: found, begun, ended and seen with each request.

Flask-Login keeps `_user_id` in the session cookie, and copies it to the cookie of "stay signed in". Here it is
a session's token instead of something that stands for the user, so that ending the session ends both cookies.
"""
from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, Response, g, request, session
from flask_login import user_logged_out
from flask_security.signals import password_changed, password_reset, user_authenticated
from flask_security.tf_plugin import tf_clean_session
from flask_security.utils import set_request_attr
from sqlalchemy.exc import SQLAlchemyError

from moviepoint.domains.accounts import security_notices, sessions
from moviepoint.domains.accounts.models import User
from moviepoint.domains.history.services import record
from moviepoint.kernel.db import db, unit_of_work, utcnow

log = structlog.get_logger(__name__)


def init_app(app: Flask) -> None:
    """Take over from Flask-Security how a cookie is turned into a user."""
    app.login_manager.user_loader(_load)  # type: ignore[attr-defined]
    app.after_request(_note_seen)
    user_authenticated.connect(_begin, app)
    user_logged_out.connect(_end, app)
    password_changed.connect(_note_password, app)
    password_reset.connect(_note_password, app)


def current_sign_in() -> int | None:
    """Return the id of this request's session; None for a token, and for who is not signed in."""
    sign_in = g.get("sign_in")
    return sign_in.id if sign_in else None


def _load(token: str) -> User | None:
    found = sessions.find(db.session(), str(token)) if token else None
    if found is None:
        return None
    g.sign_in, user = found
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", session.get("fs_paa", 0))
    return user


def _begin(app: Flask, user: User, **_: Any) -> None:
    """Give the browser a new token: whatever it held before, a half finished sign-in too, is over."""
    work = db.session()
    if before := current_sign_in():
        sessions.close(work, before)
    tf_clean_session()
    g.sign_in, session["_user_id"] = sessions.begin(work, user, address=request.remote_addr or "",
                                                    user_agent=request.user_agent.string)


def _end(app: Flask, **_: Any) -> None:
    sign_in = current_sign_in()
    tf_clean_session()
    if sign_in is None:
        return
    with unit_of_work() as work:
        sessions.close(work, sign_in)
    g.sign_in = None


def _note_password(app: Flask, user: User, **_: Any) -> None:
    record(db.session(), user, "password_changed", "user", user.id, user.email)
    security_notices.tell(db.session(), user.id, "password_changed")


def _note_seen(response: Response) -> Response:
    """Write "last seen" now and then. What the request left unsaved is not to be saved by this."""
    sign_in = g.get("sign_in")
    if sign_in is not None and utcnow() - sign_in.seen_at > sessions.SEEN_EVERY:
        number, address = sign_in.id, request.remote_addr or ""
        g.sign_in = None
        try:
            db.session.rollback()
            with unit_of_work() as work:
                sessions.seen(work, number, address)
        except SQLAlchemyError:  # a page is worth more than the time at which it was seen
            log.exception("last seen not written")
    return response
