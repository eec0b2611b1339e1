"""From what somebody types and chooses to what the index is asked, and back to rows."""
from __future__ import annotations

import re
from collections.abc import Iterable

from moviepoint.domains.search.analysis import terms
from moviepoint.domains.search.index import Query, Results, SearchIndex
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _

MAX_QUERY = 200  # letters
MAX_TERMS = 12
MAX_RESULTS = 1000
KINDS = ("film", "series", "person")


def make_query(text: str, kinds: Iterable[str] = (), genres: Iterable[str] = (), years: str = "") -> Query:
    """Return a query. `years` is "1927", "1920s" or "1920-1929".

    Raises Invalid for a text that is too long, an unknown kind, or years that are none.
    """
    if len(text) > MAX_QUERY:
        raise Invalid(_("Search for fewer words: up to %(number)s letters.", number=MAX_QUERY),
                      fields={"query": [_("It is too long.")]}, code="query-too-long")
    chosen = frozenset(kinds)
    if unknown := chosen - set(KINDS):
        raise Invalid(_("There is no such kind: %(kind)s.", kind=", ".join(sorted(unknown))),
                      fields={"kind": [", ".join(KINDS)]})
    return Query(text, tuple(terms(text)[:MAX_TERMS]), chosen, frozenset(genres), _years(years))


def run(index: SearchIndex, query: Query) -> Results:
    """Ask the index; a query without a single word finds nothing. Raises IndexMissing."""
    if not query.terms:
        return Results((), 0, {"kind": {}, "genre": {}, "decade": {}})
    return index.search(query, MAX_RESULTS)


def _years(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    match = re.fullmatch(r"(\d{4})(s)?(?:-(\d{4}))?", text, re.ASCII)
    if match is None or (match[2] and match[3]):
        raise Invalid(_("Years are given as 1927, 1920s or 1920-1929."), fields={"year": [text[:20]]})
    first = int(match[1])
    return (first, int(match[3])) if match[3] else (first, first + 9) if match[2] else (first, first)
