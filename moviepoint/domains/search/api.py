"""Search as a resource of the API."""
from __future__ import annotations

from typing import Annotated

import msgspec
from spectree import Response

from moviepoint.domains.catalog.words import reader
from moviepoint.domains.search import queries
from moviepoint.domains.search.engine import ask
from moviepoint.domains.search.hits import hits_of
from moviepoint.kernel.db import db
from moviepoint.kernel.limits import limiter
from moviepoint.shells.api import Page, PageQuery, blueprint, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("search", __name__)


class SearchQuery(PageQuery, kw_only=True):
    """`year` is "1927", "1920s" or "1920-1929"; `kind` is film, series or person; `genre` a slug."""

    query: Annotated[str, msgspec.Meta(max_length=queries.MAX_QUERY)] = ""
    kind: str = ""
    genre: str = ""
    year: str = ""


class SearchHit(msgspec.Struct):
    """Something found: its kind, its id as a title or person, and its name in the language asked for."""

    kind: str
    id: int
    name: str
    note: str
    url: str
    picture: str


class SearchResults(Page[SearchHit], kw_only=True):
    """A page of results with counts by facet, and a query that may find more."""

    facets: dict[str, dict[str, int]]
    did_you_mean: str = ""


@resource.get("/search")
@limiter.limit("120 per minute")
@in_language
@spec.validate(resp=Response(HTTP_200=SearchResults), tags=["search"])
def search(query: SearchQuery) -> SearchResults:
    """Search titles and people."""
    asked = queries.make_query(query.query, {"kind": [query.kind], "genre": [query.genre], "year": [query.year]})
    results = ask(asked)
    shown = results.found[(query.page - 1) * query.page_size:query.page * query.page_size]
    return SearchResults(
        page=query.page, total_results=results.total, total_pages=-(-results.total // query.page_size),
        results=[SearchHit(hit.kind, row.id, str(hit.name), hit.note, hit.url, hit.picture.src if hit.picture else "")
                 for row, hit in hits_of(db.session(), reader(), shown)],
        facets={facet: dict(counts) for facet, counts in results.facets.items()},
        did_you_mean=results.correction)
