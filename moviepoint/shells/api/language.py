"""`language=xx-YY` on a resource: texts in that language, else as Accept-Language asks; the answer says which."""
from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import after_this_request, current_app, request
from werkzeug.wrappers import Response

from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import current_locale, use_locale
from moviepoint.kernel.text import normalise_language
from moviepoint.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")


def in_language(view: Callable[P, R]) -> Callable[P, R]:
    """Answer in the language that the request asks for; Content-Language tells which of the site's it is.

    A language that the site does not have gives its nearest, then the site's own; what is no language is Invalid.
    """

    @wraps(view)
    def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        locale = _wanted()
        after_this_request(lambda response: _say(response, locale))
        with use_locale(locale):
            return view(*args, **kwargs)

    return answer


def _wanted() -> str:
    asked = request.args.get("language", "")
    if not asked:
        return current_locale()
    try:
        tag = normalise_language(asked)
    except ValueError:
        raise Invalid(f"{asked[:40]!r} is no language tag.", fields={"language": ["Use a tag such as ru or pt-BR."]},
                      code="language") from None
    settings: Settings = current_app.extensions["moviepoint.settings"]
    base = tag.split("-")[0]
    return next((locale for locale in settings.locales if locale == tag),
                next((locale for locale in settings.locales if locale.split("-")[0] == base), settings.default_locale))


def _say(response: Response, locale: str) -> Response:
    response.headers["Content-Language"] = locale
    response.vary.add("Accept-Language")
    return response
