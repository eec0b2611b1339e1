"""What a query asks of documents, in words that every engine understands: where a term must stand, and what it counts.

A document's score is the best of the conditions that it meets; a condition's is the sum over its words, and a word
counts as much as the best of the places where it stands. No statistics of the index go into it, so that all engines
give the same scores, and a title is not found elsewhere because others were added.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from moviepoint.domains.search.analysis import stem

#: Fields, and what a word counts there. A title's beginning is worth less than its word.
TITLE, STEM, BEGINNING, PEOPLE, TEXT = 4.0, 3.0, 2.5, 2.0, 1.0
EXACT, BEGINS = 1000.0, 100.0  # all that was typed is a whole title, or the beginning of one
WRONG = 0.3  # of its worth is lost with each wrong letter
PLAIN_WORD = 6  # letters: a longer word says no more, a shorter one less


class Place(NamedTuple):
    """A term in a field, as a whole or as a beginning, and what it counts."""

    field: str  # "title", "tstem", "people", "text", or "exact" for whole titles
    term: str
    weight: float
    beginning: bool = False


class Condition(NamedTuple):
    """Every word must stand in one of its places."""

    words: tuple[tuple[Place, ...], ...]


Near = Callable[[str], Mapping[str, int]]


def strict(words: Sequence[str]) -> Condition:
    """Every word must be found: in a title (the last one as its beginning), in a name, or in the text by its stem."""
    wanted = [_places(word) for word in words]
    if len(words) > 1 or len(words[-1]) > 1:  # one letter alone begins too many titles
        wanted[-1].append(Place("title", words[-1], BEGINNING * _worth(words[-1]), beginning=True))
    return Condition(tuple(map(tuple, wanted)))


def lenient(words: Sequence[str], near: Near, near_stems: Near) -> Condition:
    """As `strict`, but a word of a title or a name may be misspelt; `near` tells as what, and how far off that is."""
    wanted = []
    for word in words:
        worth, places = _worth(word), _places(word)
        for other, wrong in near(word).items():
            places += [Place("title", other, TITLE * worth * (1 - WRONG * wrong)),
                       Place("people", other, PEOPLE * worth * (1 - WRONG * wrong))]
        places += [Place("tstem", other, STEM * worth * (1 - WRONG * wrong))
                   for other, wrong in near_stems(stem(word)).items()]
        wanted.append(tuple(places))
    return Condition(tuple(wanted))


def beginning(words: Sequence[str]) -> Condition:
    """Every word must stand in a title, the last one as a beginning: what a suggestion is."""
    return Condition((*((Place("title", word, TITLE * _worth(word)),) for word in words[:-1]),
                      (Place("title", words[-1], BEGINNING * _worth(words[-1]), beginning=True),)))


def whole(key: str, less: float = 0.0) -> list[Condition]:
    """All of it is a title, or the beginning of one; `less` is how much that is doubted."""
    found = [Condition(((Place("exact", key, EXACT - less),),))]
    return [*found, Condition(((Place("exact", key, BEGINS - less, beginning=True),),))] if len(key) > 1 else found


def _places(word: str) -> list[Place]:
    worth = _worth(word)
    return [Place("title", word, TITLE * worth), Place("tstem", stem(word), STEM * worth),
            Place("people", word, PEOPLE * worth), Place("text", stem(word), TEXT * worth)]


def _worth(word: str) -> float:
    """Return how much a word tells: short ones are the frequent ones in every language that writes letters."""
    return min(len(word), PLAIN_WORD) / PLAIN_WORD if word[:1].isalpha() and word[0] < "\u2e80" else 1.0
