"""`Authorization: Bearer mp_…` on the API: whoever sends it is their token, and nobody by a cookie."""
from __future__ import annotations

import structlog
from flask import Flask, g, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import BadRequest

from moviepoint.domains.accounts import tokens
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.errors import Forbidden
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.api.spec import PREFIX

log = structlog.get_logger(__name__)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
IN_ADDRESSES = ("auth_token", "access_token")  # what Flask-Security and RFC 6750 would take there


def init_app(app: Flask) -> None:
    """Take tokens in the header, and nowhere else; before Flask-Security is installed."""
    app.config["SECURITY_TOKEN_AUTHENTICATION_KEY"] = None  # else it looks into addresses and bodies too
    app.before_request(take_token)


def is_bearer() -> bool:
    """Say whether this request of the API comes with a token; outside of the API the header means nothing."""
    return request.path.startswith(f"{PREFIX}/") and (
        request.authorization is not None and request.authorization.type == "bearer")


def take_token() -> None:
    """Make the token's narrowed actor the current user, or raise BadToken: never fall back to a cookie."""
    if any(name in request.args for name in IN_ADDRESSES):
        raise BadRequest(_("A token is not taken in an address, where logs and histories keep it. "
                           "Revoke this one, and send the next in the Authorization header."))
    if not is_bearer():
        return
    now = utcnow()
    secret = (request.authorization.token or "") if request.authorization else ""
    actor, unnoted = tokens.authenticate(db.session(), secret, now)
    if actor.read_only and request.method not in SAFE_METHODS:
        raise Forbidden(_("This token only reads."), code="read-only-token")
    if unnoted:
        try:
            with unit_of_work() as session:
                tokens.note_use(session, actor.token_id, now)
        except OperationalError:  # a database that is busy: the request itself may only want to read
            log.warning("use of a token not noted", token=actor.token_id, exc_info=True)
    g._login_user = actor  # where Flask-Login keeps the request's user
