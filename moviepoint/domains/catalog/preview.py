"""Signed links to what is not public yet: whoever has one sees that title's page for a week."""
from __future__ import annotations

from flask import current_app, session
from itsdangerous import BadSignature, URLSafeTimedSerializer

from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.i18n import gettext as _

DAYS = 7
_SESSION = "previews"
_KEPT = 20


def preview_token(title_id: int) -> str:
    """Return the token of a link to a title's preview."""
    token: str = _serializer().dumps(title_id)
    return token


def open_preview(token: str) -> int:
    """Return the id of a link's title, and let this browser see its pictures. Raises NotFound."""
    try:
        title_id: int = _serializer().loads(token, max_age=DAYS * 86_400)
    except BadSignature:
        raise NotFound(_("This preview link is not valid any more. Ask for a new one.")) from None
    session[_SESSION] = [*(kept for kept in previewed() if kept != title_id), title_id][-_KEPT:]
    return title_id


def previewed() -> list[int]:
    """Return the ids of titles that this browser may see because of a link."""
    kept: list[int] = session.get(_SESSION, [])
    return kept


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="catalog.preview")
