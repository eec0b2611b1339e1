"""Pages of many titles: all films, all series, a genre."""
from __future__ import annotations

from collections.abc import Callable
from math import ceil

from flask import request, url_for
from sqlalchemy.orm import Session

from moviepoint.domains.catalog import page_queries as reads
from moviepoint.domains.catalog.card_queries import card_lists
from moviepoint.domains.catalog.contexts import Choice, Link, ListPage, Pager, Words
from moviepoint.domains.catalog.genre_use import genres_in_use
from moviepoint.domains.catalog.schema_org import crumbs, list_schema
from moviepoint.domains.catalog.seo import seo, written_in
from moviepoint.domains.catalog.words import Reader, card, genre_link
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.i18n import gettext as _

PAGE_SIZE = 36
ORDERS = ("new", "rating", "year", "name")
MAX_PAGE = 100_000


def list_page(session: Session, to: Reader, *, kind: str | None = None, genre_slug: str | None = None) -> ListPage:
    """Return a page of titles, as the request's `page` and `order` ask. Raises NotFound beyond the last page."""
    genre = reads.genre_by_slug(session, genre_slug) if genre_slug else None
    if genre_slug and genre is None:
        raise NotFound(_("There is no such genre here."))
    page = page_number(request.args.get("page", "1"))
    order = request.args.get("order", ORDERS[0])
    order = order if order in ORDERS else ORDERS[0]
    genre_id = genre.id if genre else None
    total = reads.list_total(session, kind, genre_id)
    if page > max(1, ceil(total / PAGE_SIZE)):
        raise NotFound(_("This list has no such page."))
    part = reads.list_part(kind, genre_id, order, to.locale, (page - 1) * PAGE_SIZE, PAGE_SIZE)
    rows = card_lists(session, {"": part}, to.chain).rows[""]
    heading = genre_link(to, genre).name if genre else Words(_("Series") if kind == "series" else _("Films"))
    query = ({"page": page} if page > 1 else {}) | ({"order": order} if order != ORDERS[0] else {})
    cards = [card(to, row) for row in rows]
    way = crumbs([Link(heading, url_for(request.endpoint or "", **(request.view_args or {})))])
    return ListPage(
        seo=seo(query=query, schema=[list_schema(str(heading), cards, (page - 1) * PAGE_SIZE + 1), way],
                languages=written_in(*genre.texts) if genre else ()),
        heading=heading, kicker=_("Genre") if genre else _("Catalogue"),
        pager=make_pager(page, ceil(total / PAGE_SIZE), total), cards=cards,
        genres=genre_choices(session, to, kind, genre_slug), orders=order_choices(order))


def page_number(text: str) -> int:
    """Return a page's number from an address. Raises NotFound for what is none."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:7]) <= MAX_PAGE):
        raise NotFound(_("This list has no such page."))
    return int(text[:7])


def make_pager(page: int, pages: int, total: int, address: Callable[[int], str] | None = None) -> Pager:
    """Return links to the first, the last and the neighbouring pages, with gaps between.

    `address` gives a page's address; usually it is the present one with another `page`. A page beyond the last one is
    led back nowhere.
    """
    to = address or (lambda number: _address(page=number))
    shown = sorted({1, pages, *range(page - 1, page + 2)} & set(range(1, pages + 1)))
    links: list[tuple[str, str]] = []
    for n, number in enumerate(shown):
        if n and number - shown[n - 1] > 1:
            links.append(("", ""))
        links.append((str(number), "" if number == page else to(number)))
    return Pager(page, pages, total, links, previous=to(page - 1) if 1 < page <= pages else "",
                 next=to(page + 1) if page < pages else "")


def genre_choices(session: Session, to: Reader, kind: str | None, active: str | None) -> list[Choice]:
    """Return the genres one may go to from here."""
    found = [(genre.slug, genre_link(to, genre)) for genre in genres_in_use(session, kind)]
    return [Choice(str(link.name), link.url, slug == active)
            for slug, link in sorted(found, key=lambda entry: str(entry[1].name).lower())]


def order_choices(active: str) -> list[Choice]:
    """Return the orders a list may have."""
    names = {"new": _("Newest here first"), "rating": _("Best rated first"), "year": _("By year"), "name": _("By name")}
    return [Choice(names[order], _address(page=1, order=order), order == active) for order in ORDERS]


def _address(**changes: object) -> str:
    wanted = {**{name: value for name, value in request.args.items() if name in ("order", "page")}, **changes}
    if wanted.get("page") == 1:
        wanted.pop("page")
    if wanted.get("order") == ORDERS[0]:
        wanted.pop("order")
    return url_for(request.endpoint or "", **{**(request.view_args or {}), **wanted})
