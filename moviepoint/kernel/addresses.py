"""Addresses that pages show by the hundred: Flask builds one of each form, and the others are made after it."""
from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote

from flask import current_app, g, has_request_context, request, url_for

from moviepoint.kernel.i18n import current_locale

KEPT = "moviepoint.addresses"
MOST = 5_000
#: What stands for values while a form is learnt: no address has it otherwise.
NUMBER, WORD = 987_650_000, "word-98765-"
SAFE = "!$&'()*+,/:;=@"  # in a segment of a path, by the URL standard; Werkzeug leaves the same
QUERY_SAFE = "!$'()*,/:;?@"  # in a value of a query

Form = tuple[str, bool]  # with %s for each value that varies; whether words vary too, or numbers only
Forms = dict[tuple[str, ...], Form]


def address(endpoint: str, **values: str | int) -> str:
    """Return what `url_for` returns, for the reader's language and the path under which the site is mounted.

    The values must be parts of the path.
    """
    forms: Forms = current_app.extensions.setdefault(KEPT, {})
    root = request.script_root if has_request_context() else ""
    key = (root, g.get("locale") or current_locale(), endpoint, *values)
    form, whole = forms.get(key) or _learnt(forms, key, endpoint, values)
    if whole:
        return form % tuple([value if isinstance(value, int) else quote(value, SAFE) for value in values.values()])
    key = (*key, *_words(values))
    form, _ = forms.get(key) or _learnt(forms, key, endpoint, values, _words(values))
    return form % tuple([value for value in values.values() if isinstance(value, int)])


def _words(values: dict[str, str | int]) -> list[str]:
    return [value for value in values.values() if isinstance(value, str)]


def _learnt(forms: Forms, key: tuple[str, ...], endpoint: str, values: dict[str, str | int],
            fixed: Collection[str | int] = ()) -> Form:
    """Learn a form, once; where a part takes certain words only, none for all words, but one for those `fixed`."""
    stand_ins = {name: value if value in fixed else f"{WORD}{place}" if isinstance(value, str) else NUMBER + place
                 for place, (name, value) in enumerate(values.items())}
    if len(forms) >= MOST:
        forms.clear()
    try:
        form = url_for(endpoint, **stand_ins).replace("%", "%%")  # type: ignore[arg-type]
    except ValueError:
        if fixed:
            raise
        forms[key] = "", False
        return forms[key]
    for name, value in values.items():
        if value not in fixed:
            form = form.replace(str(stand_ins[name]), "%s")
    forms[key] = form, True
    return forms[key]
