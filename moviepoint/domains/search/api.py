"""Search as a resource of the API."""
from __future__ import annotations

from typing import Annotated

import msgspec
from flask import request
from spectree import Response

from moviepoint.domains.catalog.words import reader
from moviepoint.domains.search import queries
from moviepoint.domains.search.engine import ask, current_facets
from moviepoint.domains.search.hits import marked_hits
from moviepoint.domains.search.views import MAX_CHOSEN
from moviepoint.kernel.db import db
from moviepoint.kernel.limits import limiter
from moviepoint.shells.api import Page, PageQuery, blueprint, spec
from moviepoint.shells.api.language import in_language

Values = Annotated[list[Annotated[str, msgspec.Meta(max_length=100)]], msgspec.Meta(max_length=50)]

resource = blueprint("search", __name__)


class SearchQuery(PageQuery, kw_only=True):
    """What is sought, and what it is narrowed by: `genre=drama&genre=noir` finds what has either.

    `year` is "1927", "1920s" or "1920-1929"; `kind` is film, series or person; `genre` a slug; `country` a code of two
    letters; `rating` 6, 7, 8 or 9, at least; `audio` and `subtitles` are languages; `watch` is "now". Facets of plugins
    are parameters of their names. `sort_by` is relevance.desc, or year, rating or title with .asc or .desc.
    """

    query: Annotated[str, msgspec.Meta(max_length=queries.MAX_QUERY)] = ""
    kind: Values = []
    genre: Values = []
    year: Values = []
    country: Values = []
    rating: Values = []
    audio: Values = []
    subtitles: Values = []
    watch: Values = []
    sort_by: str = "relevance.desc"


class Highlight(msgspec.Struct):
    """Where words of the query stand: in `text`, from a letter to before another, counted in code points from 0.

    `field` is name, title (another name of it), people or text (a part of the overview); `language` is empty for the
    one asked for. `text` is plain: it must be escaped before it becomes HTML.
    """

    field: str
    text: str
    ranges: list[tuple[int, int]]
    language: str = ""


class SearchHit(msgspec.Struct):
    """Something found: its kind, its id as a title or person, and its name in the language asked for."""

    kind: str
    id: int
    name: str
    note: str
    url: str
    picture: str
    highlights: list[Highlight] = []


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
    chosen = {facet.name: request.args.getlist(facet.name)[:MAX_CHOSEN] for facet in current_facets()}
    to = reader()
    asked = queries.make_query(query.query, chosen, query.sort_by, to.chain)
    results = ask(asked)
    shown = results.found[(query.page - 1) * query.page_size:query.page * query.page_size]
    return SearchResults(
        page=query.page, total_results=results.total, total_pages=-(-results.total // query.page_size),
        results=[SearchHit(hit.kind, row.id, str(hit.name), hit.note, hit.url, hit.picture.src if hit.picture else "",
                           [Highlight(each.field, each.text, list(each.ranges), each.lang)
                            for each in (hit.marked, hit.title, *hit.people, hit.excerpt) if each and each.ranges])
                 for row, hit in marked_hits(db.session(), to, shown, results.meant)],
        facets={facet.name: dict(results.facets.get(facet.name, {})) for facet in current_facets()},
        did_you_mean=results.correction)
