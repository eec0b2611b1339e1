"""Lines that are said as a resource of the API."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from spectree import Response

from moviepoint.domains.catalog.card_queries import load_cards
from moviepoint.domains.catalog.words import card, reader
from moviepoint.domains.search.queries import MAX_QUERY
from moviepoint.domains.search.spoken import queries
from moviepoint.domains.search.spoken.engine import ask, current_spoken
from moviepoint.domains.search.spoken.lines import picture, watch_url
from moviepoint.domains.search.spoken.queries import FilmHits, Found, Hit, Part
from moviepoint.domains.search.spoken.views import DEEPEST
from moviepoint.domains.search.views import LIMIT
from moviepoint.kernel.db import db
from moviepoint.kernel.limits import limiter
from moviepoint.shells.api import Page, PageQuery, blueprint, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("search_lines", __name__)


class LinesQuery(PageQuery, kw_only=True):
    """`subtitle_language` narrows to subtitles in a language, `title` to the title with that id."""

    query: Annotated[str, msgspec.Meta(max_length=MAX_QUERY)] = ""
    subtitle_language: Annotated[str, msgspec.Meta(max_length=40)] = ""
    title: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None


class LineTitle(msgspec.Struct):
    """The film or series that a line is from, its name in the language asked for."""

    id: int
    kind: str
    name: str
    url: str


class LineHit(msgspec.Struct):
    """A line: when it is said, in milliseconds of the film, and its text; `marks` are [from, to) of the words sought.

    `url` opens the player at its second. `picture` is empty where the film has no storyboard. A part of a long line
    begins or ends with an ellipsis.
    """

    title: LineTitle
    edition: str
    season: int | None
    episode: int | None
    language: str
    start_ms: int
    end_ms: int
    text: str
    marks: list[tuple[int, int]]
    url: str
    picture: str


class LinesResults(Page[LineHit], kw_only=True):
    """A page of lines, film by film, in each the nearest to what was asked first.

    `languages` counts lines by the language of subtitles. `loose` says that no line holds all the words, and that one
    of them is missing in each of these. The first thousand lines can be had.
    """

    total_titles: int
    languages: dict[str, int]
    loose: bool


@resource.get("/search/lines")
@limiter.limit(LIMIT)
@in_language
@spec.validate(resp=Response(HTTP_200=LinesResults), tags=["search"])
def search_lines(query: LinesQuery) -> LinesResults:
    """Search in what is said, in the subtitles of films that the viewer may watch."""
    found = ask(queries.make_query(query.query, query.subtitle_language, query.title))
    offset = (query.page - 1) * query.page_size
    part = list(_part(found, offset, min(offset + query.page_size, DEEPEST)))
    to = reader()
    cards = load_cards(db.session(), [film.title_id for film, _offset, _limit in part], to.chain)
    shown = []
    for film, skipped, limit in part:
        if film.title_id in cards:
            about = card(to, cards[film.title_id])
            title = LineTitle(about.id, about.kind, str(about.name), about.url)
            shown += [_hit(title, hit) for hit in queries.hits(current_spoken(), film, limit, skipped)]
    return LinesResults(
        page=query.page, results=shown, total_results=found.hits,
        total_pages=-(-min(found.hits, DEEPEST) // query.page_size), total_titles=len(found.films),
        languages=dict(found.languages), loose=found.loose)


def _part(found: Found, first: int, end: int) -> Iterator[tuple[FilmHits, int, int]]:
    """Yield the films that lines `first` to `end` are of, with how many of each to leave out and to show."""
    begin = 0
    for film in found.films:
        if begin >= end:
            return
        skipped = max(0, first - begin)
        if skipped < film.count:
            yield film, skipped, min(film.count, end - begin) - skipped
        begin += film.count


def _hit(title: LineTitle, hit: Hit) -> LineHit:
    at, shown = hit.place, picture(hit)
    return LineHit(title, at.edition, at.season, at.episode, at.track.language, hit.start_ms, hit.end_ms, hit.text,
                   list(_marks(hit.parts)), watch_url(hit), shown.src if shown else "")


def _marks(parts: tuple[Part, ...]) -> Iterator[tuple[int, int]]:
    place = 0
    for part in parts:
        if part.marked:
            yield place, place + len(part.text)
        place += len(part.text)
