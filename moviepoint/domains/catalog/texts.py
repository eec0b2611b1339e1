"""Which text to show: per field, along the fallback chain, saying the language that was really used."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class Text(NamedTuple):
    """A text and the locale it is in."""

    value: str
    locale: str

    def __str__(self) -> str:
        return self.value


def pick(rows: Iterable[Any], field: str, chain: Sequence[str], original: tuple[str, str] = ("", "")) -> Text:
    """Return a field's text in the first locale of the chain that has one.

    Then comes the `original` (value, language), then any text at all, then an empty one in the chain's first.
    """
    by_locale = {row.locale: getattr(row, field) for row in rows if getattr(row, field)}
    for locale in chain:
        if locale in by_locale:
            return Text(by_locale[locale], locale)
        if locale == original[1] and original[0]:
            return Text(*original)
    if original[0]:
        return Text(original[0], original[1] or "und")
    if by_locale:
        locale, value = next(iter(by_locale.items()))
        return Text(value, locale)
    return Text("", chain[0] if chain else "und")
