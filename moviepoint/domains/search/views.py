"""The search page, and suggestions while one types."""
from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for
from sqlalchemy.orm import Session

from moviepoint.domains.catalog import page_queries as reads
from moviepoint.domains.catalog.contexts import Choice, Pager
from moviepoint.domains.catalog.lists import page_number
from moviepoint.domains.catalog.words import Reader, genre_link, reader
from moviepoint.domains.search import queries
from moviepoint.domains.search.contexts import Facet, SearchPage
from moviepoint.domains.search.engine import ask, current_index
from moviepoint.domains.search.hits import hits_of
from moviepoint.domains.search.index import IndexMissing, Results
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.limits import limiter
from moviepoint.shells.site import render_page

PAGE_SIZE = 20
SUGGESTIONS = 8
LIMIT = "120 per minute"

pages = Blueprint("search", __name__)


@pages.get("/search")
@limiter.limit(LIMIT)
def search() -> Response:
    """Search by title, person and text, narrowed by kind, genre and years."""
    to, session = reader(), db.session()
    text = request.args.get("q", "").strip()
    page = page_number(request.args.get("page", "1"))
    try:
        query = queries.make_query(text, {name: request.args.getlist(name) for name in ("kind", "genre", "year")})
        results = ask(query)
    except Invalid as error:
        return render_page("site/search.html", SearchPage(text[:queries.MAX_QUERY], Pager(1, 0, 0, []),
                                                          message=str(error.message)), status=error.status)
    except IndexMissing as error:
        message = _("The search is being prepared. Try again in a minute.")
        return render_page("site/search.html", SearchPage(text, Pager(1, 0, 0, []), message=message),
                           status=error.status)
    shown = results.found[(page - 1) * PAGE_SIZE:page * PAGE_SIZE]
    suggestion = Choice(results.correction, _address(q=results.correction, page=None)) if results.correction else None
    return render_page("site/search.html", SearchPage(
        query=text, pager=_pager(page, results), hits=[hit for _row, hit in hits_of(session, to, shown)],
        facets=_facets(session, to, results) if text else (), suggestion=suggestion))


@pages.get("/search/suggest")
@limiter.limit(LIMIT)
def suggest() -> Response:
    """Return titles and people with a word that begins as typed: `[{name, note, url}]`."""
    try:
        found = current_index().suggest(request.args.get("q", "")[:queries.MAX_QUERY], SUGGESTIONS)
    except IndexMissing:
        found = []
    hits = hits_of(db.session(), reader(), found)
    return jsonify([{"name": str(hit.name), "note": hit.note, "url": hit.url} for _row, hit in hits])


def _facets(session: Session, to: Reader, results: Results) -> list[Facet]:
    kinds = {"film": _("Films"), "series": _("Series"), "person": _("People")}
    genres = {genre.slug: str(genre_link(to, genre).name) for genre, _count in reads.genres_in_use(session)}
    decades = {value: _("%(year)ss", year=value[:-1]) for value in sorted(results.facets.get("year", {}))}
    facets = [Facet(_("Kind"), _choices("kind", results.facets.get("kind", {}), kinds)),
              Facet(_("Genre"), _choices("genre", results.facets.get("genre", {}), genres)),
              Facet(_("Year"), _choices("year", results.facets.get("year", {}), decades))]
    return [facet for facet in facets if facet.choices]


def _choices(name: str, counts: Mapping[str, int], labels: Mapping[str, str]) -> list[Choice]:
    """Return a facet's choices, the most frequent first; one that is active takes itself away again."""
    active = request.args.getlist(name)
    choices = []
    for value, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])):
        if value in labels:
            wanted = None if value in active else value
            choices.append(Choice(labels[value], _address(**{name: wanted, "page": None}), value in active, count))
    return choices


def _pager(page: int, results: Results) -> Pager:
    count = ceil(min(results.total, queries.MAX_RESULTS) / PAGE_SIZE)
    links = [(str(n), "" if n == page else _address(page=n)) for n in range(1, count + 1)
             if n in (1, count) or abs(n - page) < 3]
    return Pager(page, count, results.total, links, previous=_address(page=page - 1) if 1 < page <= count else "",
                 next=_address(page=page + 1) if page < count else "")


def _address(**changes: Any) -> str:
    """Return this search's address with some of it changed; None takes a part away."""
    kept: dict[str, Any] = {name: request.args.get(name) for name in ("q", "kind", "genre", "year", "page")
                            if request.args.get(name)}
    wanted = {name: value for name, value in {**kept, **changes}.items() if value is not None}
    return url_for("search.search", **wanted)
