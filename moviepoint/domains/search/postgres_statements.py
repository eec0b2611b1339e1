"""Conditions, choices and orders as SQL for PostgreSQL's text search: lexemes are ours, it only finds them.

A lexeme is a letter for its field, a colon and the term. Nothing of a query reaches SQL but as a bound value, and
nothing a tsquery but as a quoted lexeme.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from moviepoint.domains.search.conditions import Condition, Place
from moviepoint.domains.search.index import RELEVANCE, Query

#: The field's letter in a lexeme. Texts are long: they are left out of the short vector that scores are read from.
LETTERS = {"exact": "e", "title": "t", "tstem": "s", "people": "p", "text": "x"}
LONGEST = 500  # letters of a lexeme: it may have 2,046 bytes


class Values:
    """Values bound to a statement, each under a name of its own."""

    def __init__(self) -> None:
        self.bound: dict[str, Any] = {}

    def add(self, value: object, kind: str = "") -> str:
        """Return how a statement speaks of a value, which is taken for one of that kind."""
        name = f"v{len(self.bound)}"
        self.bound[name] = value
        return f"cast(:{name} as {kind})" if kind else f":{name}"


def lexeme(field: str, term: str) -> str:
    """Return a term as it stands in a vector."""
    return f"{LETTERS[field]}:{term[:LONGEST]}"


def tsquery(conditions: Iterable[Condition]) -> str:
    """Return what meets one of the conditions, as a tsquery."""
    return " | ".join(f"({' & '.join(f'({_any(places)})' for places in condition.words)})" for condition in conditions)


def score(conditions: Sequence[Condition], values: Values) -> str:
    """Return a document's score, as `conditions` defines it, as an expression."""
    if not conditions:
        return "0"
    sums = [f"case when terms @@ {values.add(tsquery([condition]), 'tsquery')} "
            f"then {' + '.join(_word(places, values) for places in condition.words)} else 0 end"
            for condition in conditions]
    return f"greatest({', '.join(sums)})"


def passing(query: Query, values: Values, without: str = "") -> str:
    """Return the condition that a document has what was chosen, in all facets but one."""
    parts = [f"facets && {values.add([f'{name}={value}' for value in sorted(chosen)], 'text[]')}"
             for name, chosen in query.chosen.items() if name != without]
    if query.years and without != "year":
        parts.append("(" + " or ".join(f"year between {values.add(first)} and {values.add(last)}"
                                       for first, last in query.years) + ")")
    return "".join(f" and {part}" for part in parts)


def order(query: Query, values: Values) -> str:
    """Return the order that a query wants; what has no value comes last."""
    field, _, direction = query.order.partition(".")
    way = "asc" if direction == "asc" else "desc"
    if query.order == RELEVANCE:
        first = "score desc, fame desc"
    elif field == "title":
        names = [f"names_by ->> {values.add(locale, 'text')}" for locale in (*query.locales, "")]
        first = f'coalesce({", ".join(names)}) collate "C" {way}'
    else:
        first = f"{'year' if field == 'year' else 'rating'} {way} nulls last"
    return f'{first}, source collate "C", row'


def chosen_facets(query: Query) -> Mapping[str, bool]:
    """Return the facets in which something was chosen: each is counted as if nothing was."""
    return dict.fromkeys([*query.chosen, *(["year"] if query.years else [])], True)


def _word(places: Sequence[Place], values: Values) -> str:
    """Return what a word counts: the most that one of its places gives."""
    ordered = sorted(places, key=lambda place: (-place.weight, place.field == "text"))
    cases = []
    for (weight, text), group in groupby(ordered, key=lambda place: (place.weight, place.field == "text")):
        vector = "terms" if text else "names"
        cases.append(f"when {vector} @@ {values.add(_any(group), 'tsquery')} then {values.add(weight, 'float8')}")
    return f"(case {' '.join(cases)} else 0 end)"


def _any(places: Iterable[Place]) -> str:
    return " | ".join(f"{_quoted(lexeme(place.field, place.term))}{':*' if place.beginning else ''}"
                      for place in places)


def _quoted(text: str) -> str:
    doubled = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
