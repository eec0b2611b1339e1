"""From a line to terms with their places in it: the terms of `analysis`, one for each word, in the line's order.

A script that puts no spaces between words (Chinese, Japanese, Thai) gives a term for each letter: what stands side by
side in a query stands side by side in a line.
"""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from moviepoint.domains.search.analysis import MAX_TERM, WORDS, fold, stem

#: Thai, Lao, Burmese, Khmer, kana, Han.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
                       r"\U00020000-\U0003ffff]")


class Word(NamedTuple):
    """A term, and where the word that it came from stands in its text."""

    term: str
    start: int
    end: int


def normal(text: str) -> str:
    """Return a text on one line, composed: the form in which it is indexed, marked and shown."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def words(text: str) -> Iterator[Word]:
    """Yield the words of a normal text."""
    for match in WORDS.finditer(text):
        for start, end in _pieces(match[0], match.start()):
            if term := _term(text[start:end]):
                yield Word(term, start, end)


def terms(text: str) -> list[str]:
    """Return the terms of a text in order."""
    return [word.term for word in words(normal(text))]


def _pieces(word: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield where the parts of a word begin and end: the whole of it, or its letters where no spaces are written."""
    held = 0
    for match in _UNSPACED.finditer(word):
        if match.start() > held:
            yield start + held, start + match.start()
        yield start + match.start(), start + match.end()
        held = match.end()
    if held < len(word):
        yield start + held, start + len(word)


@lru_cache(maxsize=100_000)
def _term(word: str) -> str:
    folded = "".join(letter for letter in fold(word) if letter.isalnum())[:MAX_TERM]
    return stem(folded) if folded else ""
