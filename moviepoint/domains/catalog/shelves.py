"""The pages of collections and companies: lists of them; what each is, and its titles in the order of time."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from flask import request, url_for
from sqlalchemy.orm import Session

from moviepoint.domains.catalog import shelf_queries as reads
from moviepoint.domains.catalog.card_queries import best_image, card_lists
from moviepoint.domains.catalog.contexts import (
    Choice,
    CompanyGroup,
    Link,
    ShelfCard,
    ShelfPage,
    ShelvesPage,
    Words,
)
from moviepoint.domains.catalog.json_ld import node
from moviepoint.domains.catalog.labels import KIND_NAMES
from moviepoint.domains.catalog.lists import PAGE_SIZE, make_pager, page_number
from moviepoint.domains.catalog.schema_org import crumbs, list_schema
from moviepoint.domains.catalog.seo import full, seo, shorten, written_in
from moviepoint.domains.catalog.words import Reader, card, picture
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.text import country_name

ORDERS = {reads.COLLECTION: ("year", "listed", "-year", "name"), reads.COMPANY: ("year", "-year", "name")}
LIST_ORDERS = ("name", "-titles")
LISTS = {reads.COLLECTION: "catalog.collections", reads.COMPANY: "catalog.companies"}
ENDPOINTS = {reads.COLLECTION: "catalog.collection", reads.COMPANY: "catalog.company"}
SCHEMAS = {reads.COLLECTION: "Collection", reads.COMPANY: "Organization"}


def shelves_page(session: Session, to: Reader, kind: str) -> ShelvesPage:
    """Return a page of collections or companies, as the request's `page` and `order` ask. Raises NotFound."""
    order = request.args.get("order", "")
    order = order if order in LIST_ORDERS else LIST_ORDERS[0]
    page, total = page_number(request.args.get("page", "1")), reads.shelf_total(session, kind)
    if page > max(1, ceil(total / PAGE_SIZE)):
        raise NotFound(_("This list has no such page."))
    rows = reads.shelf_rows(session, kind, order, to.chain, (page - 1) * PAGE_SIZE, PAGE_SIZE) if total else []
    cards, here = [_shelf_card(to, kind, row) for row in rows], shelves_link(kind)
    query = {name: value for name, value in (("page", page), ("order", order)) if value not in (1, LIST_ORDERS[0])}
    return ShelvesPage(
        seo=seo(query=query, schema=[list_schema(str(here.name), cards, (page - 1) * PAGE_SIZE + 1), crumbs([here])]),
        kind=kind, heading=str(here.name), shelves=cards,
        pager=make_pager(page, ceil(total / PAGE_SIZE), total, lambda number: _list_address(order, number)),
        orders=[Choice(name, _list_address(key), key == order) for key, name in zip(
            LIST_ORDERS, (_("By name"), _("Most titles first")), strict=True)])


def shelves_link(kind: str) -> Link:
    """Return a link to all collections or all companies."""
    return Link(Words(_("Collections") if kind == reads.COLLECTION else _("Companies")), url_for(LISTS[kind]))


def _shelf_card(to: Reader, kind: str, row: reads.ShelfRow) -> ShelfCard:
    """Its pictures say nothing that the name below them does not, so they have no alt."""
    pictures = [picture(poster._replace(alt="")) for poster in row.posters]
    return ShelfCard(url_for(ENDPOINTS[kind], slug=row.slug), to.pick(row.names, "name", (row.slug, "und")), row.titles,
                     country_name(row.country, to.locale) if row.country else "",
                     [poster for poster in pictures if poster is not None])


def _list_address(order: str, page: int = 1) -> str:
    query = {"order": "" if order == LIST_ORDERS[0] else order, "page": page if page > 1 else ""}
    return url_for(request.endpoint or "", **{name: value for name, value in query.items() if value})  # type: ignore[arg-type]


def shelf_page(session: Session, to: Reader, kind: str, slug: str) -> ShelfPage:
    """Return the page of a collection or company, as the request's `page`, `order` and `role` ask. Raises NotFound."""
    shelf = reads.shelf_by_slug(session, kind, slug)
    if shelf is None:
        raise NotFound(_("There is no such collection here.") if kind == reads.COLLECTION
                       else _("There is no such company here."))
    counts = reads.counts(session, shelf)
    asked = _asked(kind, counts)
    page, total = page_number(request.args.get("page", "1")), counts.get(asked["role"], 0)
    if page > max(1, ceil(total / PAGE_SIZE)):
        raise NotFound(_("This list has no such page."))
    shown = reads.pictured_title(session, shelf)
    part = reads.shelf_part(shelf, asked["role"], asked["order"], to.locale, (page - 1) * PAGE_SIZE, PAGE_SIZE)
    found = card_lists(session, {"": part}, to.chain, pictured=[shown] if shown else [])
    backdrops = [image for image in found.pictures.get(shown or 0, ()) if image.kind == "backdrop"]
    image = picture(best_image(backdrops, to.chain))
    name = to.pick(shelf.texts, "name", (shelf.slug, "und"))
    overview = to.pick(shelf.texts, "overview") if kind == reads.COLLECTION else Words("")
    query = {name: value for name, value in (("page", page), *asked.items()) if value not in (1, "", ORDERS[kind][0])}
    cards = [card(to, row) for row in found.rows[""]]
    kicker = _("Collection") if kind == reads.COLLECTION else _("Company")
    schema = [node(SCHEMAS[kind], name=name.text, url=full(request.path), description=shorten(overview.text)),
              list_schema(name.text, cards, (page - 1) * PAGE_SIZE + 1),
              crumbs([shelves_link(kind), Link(name, request.path)])]
    return ShelfPage(
        seo=seo(description=overview.text, picture=image, schema=schema, query=query,
                languages=written_in(*shelf.texts)),
        kind=kind, kicker=kicker, heading=name,
        pager=make_pager(page, ceil(total / PAGE_SIZE), total, lambda number: _address(asked, page=number)),
        overview=overview, picture=image,
        country=country_name(shelf.country, to.locale) if isinstance(shelf, reads.Company) and shelf.country else "",
        cards=cards, roles=_roles(counts, asked), orders=_orders(kind, asked))


def belonging_links(to: Reader, belongings: Sequence[reads.Belonging]) -> tuple[list[Link], list[CompanyGroup]]:
    """Return links to a title's collections, and to its companies by their part in it."""
    collections: list[Link] = []
    companies: dict[str, list[Link]] = {}
    for found in belongings:
        link = Link(to.pick(found.names, "name", (found.slug, "und")), url_for(ENDPOINTS[found.kind], slug=found.slug))
        if found.kind == reads.COLLECTION:
            collections.append(link)
        else:
            companies.setdefault(found.role, []).append(link)
    return collections, [CompanyGroup(str(KIND_NAMES[role]), links) for role, links in companies.items()]


def _asked(kind: str, counts: Mapping[str, int]) -> dict[str, str]:
    """Return the order and the role that an address asks for; what there is not is the usual one."""
    order, role = request.args.get("order", ""), request.args.get("role", "")
    return {"order": order if order in ORDERS[kind] else ORDERS[kind][0], "role": role if role in counts else ""}


def _orders(kind: str, asked: Mapping[str, str]) -> list[Choice]:
    names = {"year": _("By year"), "listed": _("As the editors put them"), "-year": _("Newest first"),
             "name": _("By name")}
    return [Choice(names[order], _address(asked, order=order), order == asked["order"]) for order in ORDERS[kind]]


def _roles(counts: Mapping[str, int], asked: Mapping[str, str]) -> list[Choice]:
    """Return a company's parts to choose from, where it has had more than one."""
    roles = [role for role in KIND_NAMES if role in counts]
    if len(roles) < 2:
        return []
    return [Choice(_("All"), _address(asked, role=""), not asked["role"], counts[""]),
            *(Choice(str(KIND_NAMES[role]), _address(asked, role=role), role == asked["role"], counts[role])
              for role in roles)]


def _address(asked: Mapping[str, str], page: int = 1, **changes: str) -> str:
    """Return this page's address with some of what it asks changed; what is usual is left out."""
    wanted = {**asked, **changes}
    if wanted["order"] == "year":
        wanted["order"] = ""
    query = {name: value for name, value in {**wanted, "page": page if page > 1 else ""}.items() if value}
    return url_for(request.endpoint or "", **{**(request.view_args or {}), **query})
