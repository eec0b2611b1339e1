"""What the search page gives to its template."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from moviepoint.domains.catalog.contexts import Choice, Pager, Picture, Words


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found. `note` stands below the name: years and the like; `excerpt` is HTML that is safe."""

    kind: str  # "film", "series" or "person"
    url: str
    name: Words
    note: str = ""
    excerpt: str = ""
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to narrow what was found; an active choice's address takes it away again."""

    heading: str
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """`site/search.html`. `message` says why a query was not run, or is empty; `suggestion` is "did you mean"."""

    query: str
    pager: Pager
    hits: Sequence[Hit] = ()
    facets: Sequence[Facet] = ()
    suggestion: Choice | None = None
    message: str = ""
