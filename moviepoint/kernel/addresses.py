"""Addresses that pages show by the hundred: Flask builds one of each form, and the others are made after it."""
from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from flask import current_app, g, has_request_context, request, url_for

from moviepoint.kernel.i18n import current_locale

KEPT = "moviepoint.addresses"
MOST = 5_000
#: What stands for values while a form is learnt: no address has it otherwise.
NUMBER, WORD = 987_650_000, "word-98765-"
SAFE = "!$&'()*+,/:;=@"  # in a segment of a path, by the URL standard; Werkzeug leaves the same
QUERY_SAFE = "!$'()*,/:;?@"  # in a value of a query

#: What varies in a form: all its values; numbers only, since a part takes certain words; or more than a path has.
ALL, NUMBERS, NO_PATH = "all", "numbers", "no path"
Form = tuple[str, str]  # an address with %(name)s for each value that varies, and which do
Forms = dict[Hashable, Form]


def address(endpoint: str, **values: str | int) -> str:
    """Return what `url_for` returns, for the reader's language and the path under which the site is mounted."""
    form, varies = _form(endpoint, values)
    if varies == NO_PATH:
        return url_for(endpoint, **values)  # type: ignore[arg-type]
    return form % {name: value if isinstance(value, int) else quoted(value) for name, value in values.items()}


def addresses(endpoint: str, varying: str, numbers: Sequence[int], **values: str | int) -> list[str]:
    """Return an address for each of several numbers; `varying` is their name."""
    form, varies = _form(endpoint, {**values, varying: 0})
    if varies == NO_PATH:
        return [url_for(endpoint, **{**values, varying: number}) for number in numbers]  # type: ignore[arg-type]
    same = {name: value if isinstance(value, int) else quoted(value) for name, value in values.items()}
    return [form % {**same, varying: number} for number in numbers]


def _form(endpoint: str, values: dict[str, str | int]) -> Form:
    forms: Forms = current_app.extensions.setdefault(KEPT, {})
    root = request.script_root if has_request_context() else ""
    key: Hashable = (root, g.get("locale") or current_locale(), endpoint, *values, *map(type, values.values()))
    form = forms.get(key) or _learnt(forms, key, endpoint, values)
    if form[1] == NUMBERS:
        words = [value for value in values.values() if isinstance(value, str)]
        key = (key, *words)
        form = forms.get(key) or _learnt(forms, key, endpoint, values, words)
    return form


@lru_cache(maxsize=20_000)
def quoted(value: str) -> str:
    """Return a word as a segment of a path; the same few thousand stand on all pages."""
    return quote(value, SAFE)


def page_url(endpoint: str, **values: Any) -> str:
    """Return what `url_for` returns, whatever it is asked for: templates know it by that name."""
    plain = endpoint[0] != "." and all(type(value) in (str, int) and name[0] != "_" for name, value in values.items())
    return address(endpoint, **values) if plain else url_for(endpoint, **values)


def _learnt(forms: Forms, key: Hashable, endpoint: str, values: dict[str, str | int],
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
        forms[key] = "", NUMBERS
        return forms[key]
    for name, value in values.items():
        if value not in fixed:
            form = form.replace(str(stand_ins[name]), f"%({name})s")
    # A first part that varies could begin with a slash and so name another host: Flask looks at that.
    forms[key] = ("", NO_PATH) if "?" in form or form.startswith("/%(") else (form, ALL)
    return forms[key]
