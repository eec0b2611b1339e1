"""The search page, and suggestions while one types."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Any
from urllib.parse import quote_plus

from flask import Blueprint, Response, g, jsonify, request
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.contexts import Choice, Pager
from moviepoint.domains.catalog.lists import make_pager, page_number
from moviepoint.domains.catalog.words import reader
from moviepoint.domains.search import queries
from moviepoint.domains.search.contexts import Facet, SearchPage
from moviepoint.domains.search.engine import ask, current_facets, current_index
from moviepoint.domains.search.faceting import choices
from moviepoint.domains.search.hits import hits_of, marked_hits
from moviepoint.domains.search.index import IndexMissing, Query, Results
from moviepoint.kernel.addresses import QUERY_SAFE, address
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.limits import limiter
from moviepoint.shells.site import render_page

PAGE_SIZE = 20
SHOWN = 8  # choices of a facet that stand open
MAX_CHOSEN = 50  # of a facet, in an address
#: An order's name in the address, and what the index calls it.
ORDERS = {"year": "year.desc", "rating": "rating.desc", "title": "title.asc"}
SUGGESTIONS = 8
LIMIT = "120 per minute"

pages = Blueprint("search", __name__)


@pages.get("/search")
@limiter.limit(LIMIT)
def search() -> Response:
    """Search by title, person and text, narrowed by facets, in an order of one's own."""
    to, session = reader(), db.session()
    text = request.args.get("q", "").strip()
    page = page_number(request.args.get("page", "1"))
    chosen = {facet.name: request.args.getlist(facet.name)[:MAX_CHOSEN] for facet in current_facets()}
    try:
        query = queries.make_query(text, chosen, ORDERS.get(request.args.get("order", ""), ""), to.chain)
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
    number = sum(len(values) for values in chosen.values())
    hits = [hit for _row, hit in marked_hits(session, to, shown, results.meant)]
    return render_page("site/search.html", SearchPage(
        query=text, pager=_pager(page, results), hits=hits,
        facets=_facets(session, query, results, chosen["year"]) if query.terms else (),
        orders=_orders() if results.total > 1 else (), suggestion=suggestion, chosen=number,
        clear_url=_address(**dict.fromkeys(chosen), page=None) if number else ""))


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


def _facets(session: Session, query: Query, results: Results, years: Sequence[str]) -> list[Facet]:
    """Return the facets that have a choice: the first ones and the active ones, and the others apart."""
    shown = []
    for facet in current_facets():
        values = choices(session, facet, query, results, years)
        toggled = _toggling(facet.name)
        made = [Choice(each.label, toggled(each.value), each.chosen, each.number) for each in values]
        first = [choice for place, choice in enumerate(made) if place < SHOWN or choice.active]
        if made:
            shown.append(Facet(facet.name, str(facet.label), first, [each for each in made if each not in first]))
    return shown


def _toggling(name: str) -> Callable[[str], str]:
    """Return what makes this search's address with a choice of a facet taken, or taken back where it is active."""
    active = request.args.getlist(name)
    place = "\0"  # where the choices stand in the address; no address has it
    form = _whole({name: place, "page": ""})

    def toggled(value: str) -> str:
        left = [each for each in active if each != value]
        if value in active and not left:
            return _address(**{name: None, "page": None})
        return form.replace(place, _part(name, left if value in active else [*active, value]))

    return toggled


def _orders() -> list[Choice]:
    names = {"": _("Best match"), "year": _("Newest"), "rating": _("Best rated"), "title": _("By title")}
    active = request.args.get("order", "")
    return [Choice(label, _address(order=order or None, page=None), order == (active if active in ORDERS else ""))
            for order, label in names.items()]


def _pager(page: int, results: Results) -> Pager:
    return make_pager(page, ceil(min(results.total, queries.MAX_RESULTS) / PAGE_SIZE), results.total,
                      lambda number: _address(page=number))


def _address(**changes: Any) -> str:
    """Return this search's address with some of it changed; None takes a part away."""
    return _whole({name: _part(name, value) for name, value in changes.items()})


def _whole(changed: Mapping[str, str]) -> str:
    """Return this search's address with some of its parts in place of those that were asked for."""
    if "search_asked" not in g:
        names = ("q", *(facet.name for facet in current_facets()), "order", "page")
        g.search_asked = {name: _part(name, [value[:queries.MAX_QUERY] for value in
                                             request.args.getlist(name)[:MAX_CHOSEN]])
                          for name in names if request.args.get(name)}
    tail = "&".join(filter(None, {**g.search_asked, **changed}.values()))
    return address("search.search") + (f"?{tail}" if tail else "")


def _part(name: str, value: str | int | Sequence[str] | None) -> str:
    """Return a part of a query as an address has it; an empty one for None."""
    if value is None:
        return ""
    values = [str(value)] if isinstance(value, str | int) else value
    return "&".join(f"{name}={quote_plus(each, QUERY_SAFE)}" for each in values)
