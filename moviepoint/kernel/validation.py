"""From plain data to typed structs, with faults in words of the reader's language instead of msgspec's English."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _

T = TypeVar("T")

_PLACE = re.compile(r" - at (?P<key>`key` in )?`\$\.?(?P<path>.*)`$")
_MISSING_FIELD = re.compile(r"missing required field `(?P<field>[^`]*)`|unknown field `(?P<unknown>[^`]*)`")

#: msgspec's sentences, by what they begin with (its `_core.c`), and ours.
_SENTENCES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"Object contains unknown field `(.*)`"), lambda m: _("There is no field %(name)s.", name=m[1])),
    (re.compile(r"Object missing required field `(.*)`"), lambda m: _("%(name)s is missing.", name=m[1])),
    (re.compile(r"Expected `str` of length <= (\d+)"), lambda m: _("At most %(most)s characters.", most=m[1])),
    (re.compile(r"Expected `str` of length >= 1$"), lambda _m: _("This must not be empty.")),
    (re.compile(r"Expected `array` of length <= (\d+)"), lambda m: _("At most %(most)s entries.", most=m[1])),
    (re.compile(r"Expected `str` matching regex"), lambda _m: _("This is not in the form that is asked for.")),
    (re.compile(r"Expected `\w+` >= (.+)"), lambda m: _("At least %(least)s.", least=m[1])),
    (re.compile(r"Expected `\w+` <= (.+)"), lambda m: _("At most %(most)s.", most=m[1])),
    (re.compile(r"Expected `(?:int|float)( \| null)?`"), lambda _m: _("This must be a number.")),
    (re.compile(r"Expected `bool"), lambda _m: _("This must be true or false.")),
    (re.compile(r"Expected `str"), lambda _m: _("This must be text.")),
    (re.compile(r"Expected `array"), lambda _m: _("This must be a list.")),
    (re.compile(r"Expected `object"), lambda _m: _("This must be an object with named fields.")),
    (re.compile(r"Invalid RFC3339 encoded date$"), lambda _m: _("This must be a date such as 1927-01-10.")),
    (re.compile(r"Invalid RFC3339"), lambda _m: _("This must be a time such as 2027-01-10T19:30:00Z.")),
    (re.compile(r"Invalid enum value '?(.*?)'?$"),
     lambda m: _("%(value)s is none of the possible values.", value=m[1])),
)


def convert(kind: type[T], values: Any, *, lenient: bool = True) -> T:
    """Return plain data as a struct; `lenient` takes numbers and dates from text. Raises Invalid that names the field.

    Nesting beyond what a struct could hold is a fault like any other.
    """
    try:
        return msgspec.convert(values, kind, strict=not lenient)
    except msgspec.ValidationError as error:
        raise explained(str(error)) from None
    except RecursionError:
        raise Invalid(_("This is nested too deeply.")) from None


def explained(text: str) -> Invalid:
    """Return msgspec's sentence as our error, with the field that it is about ("credits[0].guest")."""
    place = _PLACE.search(text)
    sentence = text[:place.start()] if place else text
    missing = _MISSING_FIELD.search(sentence)
    field = place["path"] if place else ""
    if missing:
        name = missing["field"] or missing["unknown"] or ""
        field = f"{field}.{name}" if field else name
    said = next((say(match) for pattern, say in _SENTENCES if (match := pattern.match(sentence))), sentence)
    return Invalid(f"{field}: {said}" if field else said, fields={field: [said]} if field else {})
