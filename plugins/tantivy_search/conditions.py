"""MoviePoint's conditions as tantivy's queries: each place counts what it is said to, and no statistics do."""
from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from tantivy import Occur, Query, Schema

from moviepoint.plugin_api import search_kit as kit


def any_of(schema: Schema, conditions: Iterable[kit.Condition]) -> Query:
    """Return what meets one of the conditions; it scores as the best of them."""
    return Query.disjunction_max_query([_all(schema, condition) for condition in conditions])


def passing(schema: Schema, query: kit.Query, without: str = "") -> list[tuple[Occur, Query]]:
    """Return what a document must have of what was chosen, in all facets but one; it adds nothing to scores."""
    wanted = [Query.term_set_query(schema, "facets", [f"{name}={value}" for value in values])
              for name, values in query.chosen.items() if name != without]
    if query.years and without != "year":
        wanted.append(Query.term_set_query(schema, "years", [
            str(year) for first, last in query.years for year in range(first, min(last, first + 10_000) + 1)]
            or ["none"]))
    return [(Occur.Must, Query.const_score_query(each, 0.0)) for each in wanted]


def _all(schema: Schema, condition: kit.Condition) -> Query:
    return Query.boolean_query([(Occur.Must, _word(schema, places)) for places in condition.words])


def _word(schema: Schema, places: Sequence[kit.Place]) -> Query:
    """Return a word's places; terms of one field that count the same are looked up together."""
    sets: dict[tuple[str, float], list[str]] = defaultdict(list)
    asked = []
    for place in places:
        if place.beginning:
            pattern = f"{re.escape(place.term)}.*"
            asked.append(Query.const_score_query(Query.regex_query(schema, place.field, pattern), place.weight))
        else:
            sets[place.field, place.weight].append(place.term)
    asked += (Query.const_score_query(Query.term_set_query(schema, field, terms), weight)
              for (field, weight), terms in sets.items())
    return Query.disjunction_max_query(asked)
