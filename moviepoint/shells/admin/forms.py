"""Forms of the back office: from the browser's flat fields to an Input struct, and errors back to their fields.

A form works without script: rows of a table are fields named `credits-0-character`, and what is sent back
after an error is what the editor has typed.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from moviepoint.kernel.validation import convert

T = TypeVar("T")
Fields = Mapping[str, str]


def parse(kind: type[T], values: Mapping[str, Any]) -> T:
    """Return an Input struct from text values. Raises Invalid that names the field."""
    return convert(kind, values)


def rows(form: Fields, name: str) -> list[dict[str, str]]:
    """Return the rows of a table in a form, in order, without those that are empty throughout."""
    found: dict[int, dict[str, str]] = {}
    for key, value in form.items():
        match = re.fullmatch(rf"{name}-(\d{{1,5}})-(\w+)", key)
        if match:
            found.setdefault(int(match[1]), {})[match[2]] = value.strip()
    return [found[number] for number in sorted(found) if any(found[number].values())]


def by_locale(form: Fields, fields: Iterable[str], locales: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return texts by locale from fields named `name:en`."""
    return {locale: {field: form.get(f"{field}:{locale}", "").strip() for field in fields} for locale in locales}


def number_or_none(text: str | None) -> str | None:
    """Return a field's number as text for `parse`, or None where it is empty."""
    return (text or "").strip() or None
