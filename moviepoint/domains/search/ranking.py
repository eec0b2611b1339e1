"""Relevance above the engine: what somebody most likely meant, whichever engine found it; and other orders."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from heapq import nsmallest
from math import log10

from moviepoint.domains.search.documents import Stored
from moviepoint.domains.search.index import RELEVANCE, Candidate, Query

FEW = 3  # with fewer matches a second, forgiving look is worth its time
SHORT = 4  # letters: a shorter word must be spelt right
HOLDS = 50.0  # what was typed stands in a title as it is: more than any words can score, less than a beginning
TITLE_BEFORE_PERSON = 5.0
COVERS = 2.0
WELL_KNOWN = 6.0  # powers of ten of votes that make a title as well known as can be


def place(keys: Sequence[str], found: Candidate) -> tuple[float, str, int]:
    """Return what to sort matches by: the likeliest first, and always in the same order.

    The first of the keys was typed; what it may have meant counts a little less.
    """
    likely = found.score
    if likely < HOLDS:
        held = (step for step, key in enumerate(keys) if any(f" {key}" in name for name in found.names))
        likely += next((HOLDS - step for step in held), 0.0)
    likely += COVERS * _covered(keys, found.names)
    if found.kind != "person":
        likely += TITLE_BEFORE_PERSON
    # engines add in their own precision, and what they find equal must stay equal
    return -round(likely + fame(found.popularity, found.votes), 2), found.source, found.id


def fame(popularity: float, votes: int) -> float:
    """Return how well known something is, about 0 to 2: what it was given, and how many have rated it."""
    return popularity + min(log10(1 + votes) / WELL_KNOWN, 1.0)


def best(rows: Iterable[tuple[int, Stored]], query: Query, scores: Mapping[int, float],
         limit: int) -> list[tuple[int, Stored]]:
    """Return the first `limit` numbered documents in the order that a query wants; what has no value comes last."""
    by, _, direction = query.order.partition(".")
    if by == "title":
        named = sorted(rows, key=lambda entry: (entry[1].source, entry[1].id))
        named.sort(key=lambda entry: entry[1].name_in(query.locales), reverse=direction == "desc")
        return named[:limit]
    sign = -1 if direction == "desc" else 1

    def by_value(entry: tuple[int, Stored]) -> tuple[bool, float, str, int]:
        value = entry[1].year if by == "year" else entry[1].rating
        return value is None, sign * (value or 0), entry[1].source, entry[1].id

    def by_score(entry: tuple[int, Stored]) -> tuple[float, float, str, int]:
        row = entry[1]
        return -scores.get(entry[0], 0.0), -fame(row.popularity, row.votes), row.source, row.id

    if by == RELEVANCE:
        return nsmallest(limit, rows, key=by_score)
    return nsmallest(limit, rows, key=by_value)


def reach(word: str) -> int:
    """Return how many letters of a word may be wrong: none of a short one, two of a long one."""
    return 0 if len(word) < SHORT else 1 if len(word) < 2 * SHORT else 2


def _covered(keys: Sequence[str], names: Sequence[str]) -> float:
    """Return how much of a name the words of a key are, at best; by plain loops, since all that is found comes here."""
    best = 0.0
    for parts, number in map(_words, names):
        for key in keys if number else ():
            words, _number = _words(key)
            best = max(best, len(words & parts) / number)
    return best


@lru_cache(maxsize=50_000)
def _words(name: str) -> tuple[frozenset[str], int]:
    """Return the words of a name, and how many there are with those that stand in it twice."""
    words = name.split()
    return frozenset(words), len(words)
