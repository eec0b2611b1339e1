"""Values of facets on their way into the index, and the words for them on their way out."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy.orm import Session

from moviepoint.domains.search.index import Query, Results
from moviepoint.hooks.types import SearchDocument, SearchFacet, SearchSource


class Value(NamedTuple):
    """One choice of a facet: the value, what it is called, how many have it, and whether it is chosen."""

    value: str
    label: str
    number: int
    chosen: bool


def with_facets(source: SearchSource, facets: Sequence[SearchFacet]) -> SearchSource:
    """Return a source whose documents bring along what the domains know of them; a private one is not narrowed."""
    own = [facet for facet in facets if facet.source == source.name and facet.values is not None]
    if source.private or not own:
        return source

    def load(session: Session, ids: Sequence[int]) -> Iterator[SearchDocument]:
        known = {facet.name: facet.values(session, ids) for facet in own if facet.values is not None}
        for document in source.load(session, ids):
            found = {name: tuple(values.get(document.id, ())) for name, values in known.items()}
            yield replace(document, facets={**document.facets, **found})

    return replace(source, load=load)


def choices(session: Session, facet: SearchFacet, query: Query, results: Results,
            typed_years: Sequence[str] = ()) -> list[Value]:
    """Return a facet's choices in their order; what was chosen is among them also where nothing has it.

    `typed_years` are the years as the address has them, of which the query knows only where they begin and end.
    """
    counts = dict(results.facets.get(facet.name, {}))
    chosen = set(typed_years if facet.name == "year" else query.chosen.get(facet.name, ()))
    shown = {**dict.fromkeys(chosen, 0), **counts}
    words = facet.words(session, sorted(shown)) if shown else {}
    found = [Value(value, words[value], count, value in chosen) for value, count in shown.items() if value in words]
    found.sort(key=lambda each: each.value)
    found.sort(key=(lambda each: each.value) if facet.by_value else (lambda each: each.number), reverse=True)
    return found
