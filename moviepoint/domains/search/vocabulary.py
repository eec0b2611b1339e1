"""The words that an index knows, and which of them a misspelt word may mean.

To compare a word with each of a hundred thousand takes seconds. So the words are columns of bits, one per letter: what
lacks more letters than may be wrong, or has more that are foreign, falls away in some hundred steps for all words at
once, and only what is left is compared letter by letter.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from moviepoint.domains.search.bitmaps import numbers

LETTERS = 128  # columns; Latin and Cyrillic letters have each their own, other scripts share them
KEPT = 2000  # words whose neighbours are remembered


class Vocabulary:
    """A fixed set of words."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = sorted(set(words))
        self.known = frozenset(self.words)
        self._letters, self._lengths = _columns(self.words)
        self.near = lru_cache(KEPT)(self._near)

    def __contains__(self, word: str) -> bool:
        return word in self.known

    def _near(self, word: str, reach: int) -> Mapping[str, int]:
        """Return the words that differ from this one by at most `reach` letters, 1 or 2, and by how many."""
        found = {}
        for number in numbers(self._perhaps(word, reach)):
            other = self.words[number]
            if 0 < (apart := distance(word, other, reach)) <= reach:
                found[other] = apart
        return found

    def _perhaps(self, word: str, reach: int) -> int:
        kept = 0
        for length in range(len(word) - reach, len(word) + reach + 1):
            kept |= self._lengths.get(length, 0)
        own = {ord(letter) % LETTERS for letter in word}
        lacking = _more_than(reach, (kept & ~self._letters.get(letter, 0) for letter in own))
        foreign = _more_than(reach, (bits for letter, bits in self._letters.items() if letter not in own))
        return kept & ~(lacking | foreign)


def distance(one: str, other: str, limit: int) -> int:
    """Return how many letters are wrong, left out, put in or swapped with a neighbour; `limit` + 1 for any more.

    The restricted Damerau-Levenshtein distance (optimal string alignment).
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before, row = list[int](), list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        last, before, row = before, row, [at]
        for to, against in enumerate(other, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != against))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == against:
                cost = min(cost, last[to - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


def _columns(words: list[str]) -> tuple[dict[int, int], dict[int, int]]:
    """Return, as bits of the words' places, which have a letter, and which have a length."""
    size = len(words) // 8 + 1
    letters, lengths = defaultdict[int, bytearray](lambda: bytearray(size)), defaultdict[int, bytearray](
        lambda: bytearray(size))
    for place, word in enumerate(words):
        at, bit = place >> 3, 1 << (place & 7)
        lengths[len(word)][at] |= bit
        for letter in set(word):
            letters[ord(letter) % LETTERS][at] |= bit
    return ({letter: int.from_bytes(bits, "little") for letter, bits in letters.items()},
            {length: int.from_bytes(bits, "little") for length, bits in lengths.items()})


def _more_than(limit: int, sets: Iterable[int]) -> int:
    """Return what is in more than `limit` of the sets."""
    counts = [0] * (limit + 1)  # in at least 1, 2, … of the sets so far
    for bits in sets:
        for place in range(limit, 0, -1):
            counts[place] |= counts[place - 1] & bits
        counts[0] |= bits
    return counts[limit]
