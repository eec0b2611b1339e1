"""From what somebody types and chooses to what the index is asked, and back to rows."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from moviepoint.domains.search.analysis import terms
from moviepoint.domains.search.finding import MAX_TERMS
from moviepoint.domains.search.index import ORDERS, RELEVANCE, Query, Results, SearchIndex
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _

MAX_QUERY = 200  # letters
MAX_RESULTS = 1000
KINDS = ("film", "series", "person")


def make_query(text: str, chosen: Mapping[str, Iterable[str]] | None = None, sort_by: str = "",
               locales: Sequence[str] = ()) -> Query:
    """Return a query. `chosen` holds values by facet; a "year" among them is "1927", "1920s" or "1920-1929".

    `sort_by` is one of ORDERS with `.asc` or `.desc`, or "relevance.desc" or nothing. Raises Invalid for a text that is
    too long, an unknown kind, years that are none, or an order that is none.
    """
    if len(text) > MAX_QUERY:
        raise Invalid(_("Search for fewer words: up to %(number)s letters.", number=MAX_QUERY),
                      fields={"query": [_("It is too long.")]}, code="query-too-long")
    wanted = {name: frozenset(filter(None, values)) for name, values in (chosen or {}).items()}
    wanted = {name: values for name, values in wanted.items() if values}
    years = tuple(_years(value) for value in sorted(wanted.pop("year", ())))
    if unknown := wanted.get("kind", frozenset()) - set(KINDS):
        raise Invalid(_("There is no such kind: %(kind)s.", kind=", ".join(sorted(unknown))),
                      fields={"kind": [", ".join(KINDS)]})
    return Query(text, tuple(terms(text)[:MAX_TERMS]), wanted, years, _order(sort_by), tuple(locales))


def run(index: SearchIndex, query: Query) -> Results:
    """Ask the index; a query without a single word finds nothing. Raises IndexMissing."""
    if not query.terms:
        return Results((), 0, {})
    return index.search(query, MAX_RESULTS)


def _years(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{4})(s)?(?:-(\d{4}))?", text, re.ASCII)
    if match is None or (match[2] and match[3]):
        raise Invalid(_("Years are given as 1927, 1920s or 1920-1929."), fields={"year": [text[:20]]})
    first = int(match[1])
    return (first, int(match[3])) if match[3] else (first, first + 9) if match[2] else (first, first)


def _order(sort_by: str) -> str:
    field, _dot, direction = (sort_by or f"{RELEVANCE}.desc").partition(".")
    if field == RELEVANCE and direction in ("", "desc"):
        return RELEVANCE
    if field not in ORDERS or direction not in ("asc", "desc"):
        raise Invalid(_("Sort by %(fields)s, with .asc or .desc.", fields=", ".join((RELEVANCE, *ORDERS))),
                      fields={"sort_by": [sort_by[:40]]})
    return sort_by
