"""How a query is understood and answered, the same on every engine: as typed, misspelt, or meant otherwise."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from moviepoint.domains.search import ranking
from moviepoint.domains.search.analysis import has_cyrillic, terms, title_key
from moviepoint.domains.search.conditions import Condition, beginning, lenient, strict, whole
from moviepoint.domains.search.index import RELEVANCE, Found, OpenIndex, Query, Results
from moviepoint.domains.search.readings import PIECES, readings

MAX_TERMS = 12
SUGGESTED = 100  # the best by score, of which the likeliest are taken
DOUBT = 20.0  # what a whole title loses with each step from what was typed


class Reading(NamedTuple):
    """One way to understand a query: the text that it is taken for, its condition, and how far-fetched that is."""

    text: str
    condition: Condition
    steps: int = 0


def find(index: OpenIndex, query: Query, limit: int) -> Results:
    """Return the best `limit` documents, how many there are, their facets, and what else may have been meant."""
    understood = understand(index, query)
    conditions = conditions_of(understood, query.text)
    selected = index.select(conditions, query, limit)
    keys = [title_key(query.text), *(title_key(reading.text) for reading in understood[1:])]
    candidates = selected.candidates
    if query.order == RELEVANCE:
        candidates = sorted(candidates, key=lambda each: ranking.place(keys, each))
    typed = " ".join(query.terms)
    meant = tuple(reading.text for reading in understood if reading.text)
    return Results(tuple(Found(each.source, each.id, each.score) for each in candidates), selected.total,
                   selected.facets, next((text for text in meant if text != typed), ""), meant)


def suggest(index: OpenIndex, prefix: str, limit: int) -> list[Found]:
    """Return documents whose titles hold the words of a text, the last one as a beginning; the likeliest first."""
    words = terms(prefix)[:MAX_TERMS]
    if not words:
        return []
    key = title_key(prefix)
    selected = index.select([*whole(key), beginning(words)], Query(prefix, tuple(words)), SUGGESTED)
    best = sorted(selected.candidates, key=lambda each: ranking.place([key], each))
    return [Found(each.source, each.id, each.score) for each in best[:limit]]


def conditions_of(understood: Sequence[Reading], text: str) -> list[Condition]:
    """Return what documents must meet, one of these; whole titles first."""
    found = whole(title_key(text))
    for reading in understood[1:]:
        if reading.text:
            found += whole(title_key(reading.text), DOUBT * reading.steps)
    return [*found, *(reading.condition for reading in understood)]


def understand(index: OpenIndex, query: Query) -> list[Reading]:
    """Return the ways to understand a query, as it was typed first; others only where that finds little."""
    understood = [Reading(" ".join(query.terms), strict(query.terms))]
    as_typed = count = index.count([understood[0].condition])
    for same_first in (True, False) if count < ranking.FEW else ():
        wider = _misspelt(index, query.terms, same_first)
        if (more := index.count([understood[0].condition, wider.condition])) > count:
            understood.append(wider)
            count = more
        if count:
            break  # a wrong first letter is thought of only where nothing else is found
    if not (as_typed and any(map(index.known, query.terms))):  # found is at most another form of a word
        understood += (reading for reading in _otherwise(index, query, misspelt=not as_typed)
                       if index.count([reading.condition]))
    return understood


def _otherwise(index: OpenIndex, query: Query, misspelt: bool) -> Iterator[Reading]:
    """Yield other readings of a query, misspelt ones last if they are wanted."""
    asked = [(text, tuple(terms(text)[:len(query.terms) + PIECES])) for text in readings(query.text, index.in_title)]
    yield from (Reading(text, strict(words), 1) for text, words in asked)
    for text, words in asked if misspelt else ():
        if has_cyrillic(query.text) and not has_cyrillic(text):
            wider = _misspelt(index, words, same_first=False)
            yield wider._replace(steps=wider.steps + 1)


def _misspelt(index: OpenIndex, words: Sequence[str], same_first: bool) -> Reading:
    """Return what words mean if some are misspelt, perhaps in their first letter too."""
    near = _near(index.near, same_first)
    text, steps = _correct(index, words)
    return Reading(text, lenient(words, near, _near_stems(index)), max(steps, 1))


def _near(near: Callable[[str, int], Mapping[str, int]], same_first: bool) -> Callable[[str], Mapping[str, int]]:
    def found(word: str) -> Mapping[str, int]:
        reach = ranking.reach(word)
        return {other: wrong for other, wrong in near(word, reach).items()
                if not same_first or other[0] == word[0]} if reach else {}
    return found


def _near_stems(index: OpenIndex) -> Callable[[str], Mapping[str, int]]:
    def found(word: str) -> Mapping[str, int]:
        return {other: wrong for other, wrong in index.near_stems(word).items() if other[:2] == word[:2]} \
            if len(word) > ranking.SHORT else {}
    return found


def _correct(index: OpenIndex, words: Sequence[str]) -> tuple[str, int]:
    """Return the words with each unknown one replaced by the nearest known one, and by how many letters they differ.

    The text is empty where a word has nothing near.
    """
    corrected, wrong = [], 0
    for word in words:
        if index.known(word):
            corrected.append(word)
            continue
        near = index.near(word, ranking.reach(word)) if ranking.reach(word) else {}
        if not near:
            return "", wrong
        nearest = min(near, key=lambda other: (near[other], other[0] != word[0], abs(len(other) - len(word)), other))
        corrected.append(nearest)
        wrong += near[nearest]
    return " ".join(corrected), wrong
