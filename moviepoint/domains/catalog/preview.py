"""Signed links to what is not public yet: whoever has one sees that title's page for a week."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app, g, request, session, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer

from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.i18n import current_locale, locale_name
from moviepoint.kernel.i18n import gettext as _
from moviepoint.theming.themes import EXTENSION as THEMING
from moviepoint.theming.themes import Theming

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


def preview_bar() -> Mapping[str, Any] | None:
    """Return the languages and themes that a preview can be looked at in; None on every other page."""
    token = g.get("preview")
    if token is None:
        return None
    theming: Theming = current_app.extensions[THEMING]
    locale, theme = current_locale(), theming.active()
    wanted = request.args.get("theme")
    return {
        "locales": [(locale_name(tag), url_for("catalog.preview", token=token, locale=tag, theme=wanted),
                     tag, tag == locale) for tag in current_app.extensions["moviepoint.settings"].locales],
        "themes": [(found.manifest.name if found.manifest else found.slug,
                    url_for("catalog.preview", token=token, locale=locale, theme=found.slug), found.slug == theme)
                   for found in theming.themes.values() if theming.usable(found.slug)]}


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="catalog.preview")
