"""Sentences that are made where nobody reads yet, and shown later in each reader's language.

A worker that refuses a film has no reader, and its sentence may be read in two languages. So a sentence keeps the
message that translators know and the values in it: it reads as English by itself (in logs, on the command line), it is
stored with both, and `said` puts it into the language of whoever looks.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from babel.numbers import get_decimal_symbol
from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from moviepoint.kernel.i18n import current_locale, gettext

#: Begins what is stored of a sentence (ASCII's record separator); a plain text that begins so is stored as a sentence.
MARK = "\x1e"
_PLAIN = "%(text)s"
Value = str | int | float


class Sentence(str):
    """The English text; `template` is the message, `values` what stands in its places, sentences among them."""

    __slots__ = ("template", "values")
    template: str
    values: dict[str, Value]

    def __new__(cls, template: str, values: dict[str, Value]) -> Sentence:
        made = super().__new__(cls, template % values)
        made.template, made.values = template, values
        return made

    def __getnewargs__(self) -> tuple[str, dict[str, Value]]:  # type: ignore[override]
        return self.template, self.values


def sentence(message: str, **values: Value) -> Sentence:
    """Return a sentence; `message` has named places, `%(size)s`, and each per cent sign of its own twice.

    The message must stand in the call as it is: that is how it is found for translation.
    """
    return Sentence(message, values)


def join(sentences: Iterable[str]) -> str:
    """Return sentences as one, with spaces between them; empty ones are left out."""
    kept = [text for text in sentences if text]
    if len(kept) == 1:
        return kept[0]
    names = [f"part{number}" for number in range(len(kept))]
    return Sentence(" ".join(f"%({name})s" for name in names), dict(zip(names, kept, strict=True))) if kept else ""


def said(text: str) -> str:
    """Return a text in the reader's language; what is no sentence, or has no translation, stands as it is."""
    if not isinstance(text, Sentence):
        return text
    values = {name: _value_said(value) for name, value in text.values.items()}
    try:
        return str(gettext(text.template) % values)
    except (KeyError, TypeError, ValueError):  # a translation with another place in it
        return str(text)


def _value_said(value: Value) -> str:
    if isinstance(value, str):
        return said(value)
    symbol = get_decimal_symbol(current_locale().replace("-", "_"))
    return str(value).replace(".", symbol) if isinstance(value, float) else str(value)


def pack(text: str) -> str:
    """Return a text as it is stored. `unpack(pack(text))` is the text again, and a sentence if it was one."""
    if not isinstance(text, Sentence):
        if not text.startswith(MARK):
            return text
        text = Sentence(_PLAIN, {"text": text})
    return MARK + json.dumps(_parts(text))


def unpack(stored: str) -> str:
    """Return what was stored; a text from before there were sentences stands as it is."""
    if isinstance(stored, Sentence) or not stored.startswith(MARK):
        return stored
    try:
        found = _whole(json.loads(stored[len(MARK):]))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return stored
    return str(found.values["text"]) if found.template == _PLAIN else found


def _parts(made: Sentence) -> list[Any]:
    return [made.template, {name: _parts(value) if isinstance(value, Sentence) else value
                            for name, value in made.values.items()}]


def _whole(parts: Any) -> Sentence:
    template, values = parts
    return Sentence(template, {name: _whole(value) if isinstance(value, list) else value
                               for name, value in values.items()})


def stored(value: Any) -> Any:
    """Return a struct as JSON can hold it, its sentences packed."""
    return msgspec.to_builtins(value, enc_hook=_for_sentences(pack))


def shown(value: Any) -> Any:
    """Return a struct as JSON can hold it, its sentences in the reader's language."""
    return msgspec.to_builtins(value, enc_hook=_for_sentences(said))


def _for_sentences(write: Callable[[str], str]) -> Callable[[Any], str]:
    def hook(value: Any) -> str:
        if not isinstance(value, Sentence):
            raise NotImplementedError(f"{type(value).__name__} cannot be stored")
        return write(value)
    return hook


class SentenceText(TypeDecorator[str]):
    """A column of text that keeps sentences what they are."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else pack(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else unpack(value)
