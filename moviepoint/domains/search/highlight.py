"""Which words of a text are those that were looked for, in whatever form and spelling they stand there.

Engines have no part in it: the few texts of one page are compared with the readings of the query that found something.
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from moviepoint.domains.search.analysis import JOINERS, WORDS, fold, has_cyrillic, stem, terms, transliterate
from moviepoint.domains.search.ranking import reach
from moviepoint.domains.search.vocabulary import distance

Range = tuple[int, int]  # from a letter to before another, counted in code points
LENGTH = 240  # letters of a snippet
BEFORE = 50  # of them before the first word that is marked
_JOINED = re.compile(r"\w+(?:[-‐‑–]\w+)+")
_WORD = re.compile(WORDS.pattern)
_HYPHENS = frozenset("-‐‑–")


class Snippet(NamedTuple):
    """A part of a text, and the words marked in it."""

    text: str
    ranges: tuple[Range, ...]


class Marker:
    """Finds the words of a query in texts; `meant` are the texts that were looked for, the one typed first."""

    def __init__(self, meant: Sequence[str]) -> None:
        self.readings = [terms(text) for text in meant]
        self.words = {word for words in self.readings for word in words}
        self._stems = {stem(word) for word in self.words}
        # Most words of a page's texts are the same few, and most texts are asked for twice: the words that were
        # compared, and those that meet; in texts and in names.
        self._met: dict[bool, tuple[set[str], set[str]]] = {False: (set(), set()), True: (set(), set())}
        self._found: dict[tuple[str, bool], tuple[Range, ...]] = {}
        self._beginnings = tuple(words[-1] for words in self.readings if words and len(words[-1]) > 1)

    @cached_property
    def forgiving(self) -> bool:
        """Whether the query was read otherwise than it was typed: then a name may be spelt otherwise, too."""
        return len(self.readings) > 1

    def ranges(self, text: str, name: bool = False) -> tuple[Range, ...]:
        """Return where the words stand; in a `name` they may be misspelt, if they are in the query."""
        if not self.words:
            return ()
        if (text, name) not in self._found:
            self._found[text, name] = tuple(sorted(self._ranges(text, name)))
        return self._found[text, name]

    def _ranges(self, text: str, name: bool) -> list[Range]:
        found = []
        if not _HYPHENS.isdisjoint(text):
            found = [(match.start(), match.end()) for match in _JOINED.finditer(text)
                     if re.sub(r"\W", "", fold(match[0])) in self.words]
            text = JOINERS.sub(" ", text)
        words, (seen, meeting) = set(_WORD.findall(text)), self._met[name]
        for word in words - seen:
            seen.add(word)
            if self._meets(word, name):
                meeting.add(word)
        for match in _WORD.finditer(text) if words & meeting else ():
            if match[0] in meeting and not any(start <= match.start() < end for start, end in found):
                found.append((match.start(), match.end()))
        return found

    def held(self, text: str, name: bool = False) -> int:
        """Return how many of the words of the reading that fits best stand in a text."""
        marked = [text[start:end] for start, end in self.ranges(text, name)]
        return min(len(marked), max(map(len, self.readings), default=0))

    def _meets(self, written: str, name: bool) -> bool:
        for word, root in _forms(written):
            if word in self.words or root in self._stems or word.startswith(self._beginnings):
                return True
            if name and self.forgiving and self._nearly(word):
                return True
        return False

    def _nearly(self, word: str) -> bool:
        return any(reach(word) and distance(word, other, reach(other)) <= reach(other)
                   for other in self.words if reach(other))


def snippet(text: str, ranges: Sequence[Range], length: int = LENGTH) -> Snippet:
    """Return the part of a text with most of its marked words, or its beginning; words stay whole."""
    if len(text) <= length:
        return Snippet(text, tuple(ranges))
    starts = [max(0, start - BEFORE) for start, _end in ranges] or [0]
    begin = max(starts, key=lambda at: (sum(at <= start and end <= at + length for start, end in ranges), -at))
    begin = min(begin, len(text) - length)
    if begin:
        begin = _boundary(text, begin, 1)
    end = _boundary(text, begin + length, -1) if begin + length < len(text) else len(text)
    before, after = "… " if begin else "", "…" if end < len(text) else ""
    moved = tuple((start - begin + len(before), stop - begin + len(before)) for start, stop in ranges
                  if begin <= start and stop <= end)
    return Snippet(f"{before}{text[begin:end]}{after}", moved)


def _boundary(text: str, at: int, step: int) -> int:
    """Return the nearest place from `at` on where a word begins (step 1) or ends (-1), or `at` where none is near."""
    for near in range(at, at + 30 * step, step):
        if 0 < near < len(text) and text[near - 1].isspace() != text[near].isspace():
            if step > 0 and text[near - 1].isspace():
                return near
            if step < 0 and text[near].isspace():
                return near
    return at


@lru_cache(maxsize=50_000)
def _forms(written: str) -> tuple[tuple[str, str], ...]:
    """Return a written word as it is compared, and in Latin letters too, each with its stem."""
    word = fold(written).replace("'", "")
    forms = (word, transliterate(word) if has_cyrillic(word) else "")
    return tuple((form, stem(form)) for form in forms if form)
