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
    """One way to narrow what was found; an active choice's address takes it away again.

    `more` are choices beyond the first ones and those that are active.
    """

    name: str  # "genre"; stands in the address
    heading: str
    choices: Sequence[Choice]
    more: Sequence[Choice] = ()


@dataclass(frozen=True, slots=True)
class SearchPage:
    """`site/search.html`. `message` says why a query was not run, or is empty; `suggestion` is "did you mean".

    `chosen` is how many choices narrow the results, `clear_url` where none does.
    """

    query: str
    pager: Pager
    hits: Sequence[Hit] = ()
    facets: Sequence[Facet] = ()
    orders: Sequence[Choice] = ()
    chosen: int = 0
    clear_url: str = ""
    suggestion: Choice | None = None
    message: str = ""
