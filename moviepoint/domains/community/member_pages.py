"""The pages of members and their lists put together: rows in, contexts out."""
from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from flask import request, url_for
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.contexts import Card, Pager
from moviepoint.domains.catalog.lists import make_pager, page_number
from moviepoint.domains.catalog.pages import cards_by_id
from moviepoint.domains.catalog.seo import seo
from moviepoint.domains.catalog.words import Reader, episode_words, reader
from moviepoint.domains.community.contexts import (
    Item,
    ListCard,
    Member,
    MemberListPage,
    MemberPage,
    NewsItem,
    Part,
    Rated,
    Viewing,
)
from moviepoint.domains.community.models import DiaryEntry, Profile, UserList
from moviepoint.domains.community.queries import lists as list_reads
from moviepoint.domains.community.queries import members as reads
from moviepoint.domains.community.queries import ratings as rating_reads
from moviepoint.domains.community.queries.reviews import reviews_by
from moviepoint.domains.community.review_pages import shown_reviews
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor

PAGE_SIZE = 36
PARTS = ("ratings", "diary", "lists", "reviews")
FEW = 12


def member_of(profile: Profile, viewer: Actor | None, followed: bool = False) -> Member:
    """Return a member as pages show them."""
    return Member(profile.handle, profile.name, url_for("members.member", handle=profile.handle), profile.about,
                  profile.joined_at, viewer is not None and viewer.id == profile.user_id, followed)


def member_page(session: Session, viewer: Actor | None, handle: str, part: str = "") -> MemberPage:
    """Return a member's page, or one part of it in full. Raises NotFound for what the viewer may not see."""
    found = reads.profile(session, viewer, handle)
    if part and not reads.shows(viewer, found, part):
        raise NotFound(_("They keep this to themselves."))
    counts = reads.counts(session, viewer, found)
    labels = {"ratings": _("Ratings"), "diary": _("Diary"), "lists": _("Lists"), "reviews": _("Reviews")}
    shown = [Part(name, labels[name], url_for("members.part", handle=handle, part=name), getattr(counts, name),
                  name == part) for name in PARTS if reads.shows(viewer, found, name)]
    fillings: dict[str, Any] = {}
    for name in [part] if part else [one.name for one in shown if one.count]:
        fillings |= _filled(session, viewer, found, name, whole=bool(part))
    described = seo(description=found.about, kind="profile", noindex=found.visibility != "public")
    return MemberPage(described, member_of(found, viewer, reads.is_followed(session, viewer, found)),
                      shown, part, **fillings)


def _filled(session: Session, viewer: Actor | None, found: Profile, part: str, whole: bool) -> dict[str, Any]:
    statements: dict[str, Select[Any]] = {
        "ratings": rating_reads.ratings_of(viewer, found.user_id), "diary": list_reads.diary(viewer, found.user_id),
        "lists": list_reads.lists(viewer, found.user_id), "reviews": reviews_by(viewer, found.user_id)}
    rows, pager = turned(session, statements[part]) if whole else (
        session.scalars(statements[part].limit(FEW if part != "reviews" else 3)).all(), None)
    result: dict[str, Any] = {"pager": pager} if pager else {}
    if part == "lists":
        return result | {"lists": list_cards(session, viewer, rows)}
    if part == "reviews":
        return result | {"reviews": shown_reviews(session, viewer, rows)}
    cards = cards_by_id(session, reader(), [row.title_id for row in rows])
    if part == "ratings":
        return result | {"rated": [Rated(cards[row.title_id], row.value) for row in rows if row.title_id in cards]}
    return result | {"viewings": [viewing(row, cards) for row in rows if row.title_id in cards]}


def viewing(row: DiaryEntry, cards: dict[int, Card]) -> Viewing:
    """Return an entry of a diary."""
    return Viewing(row.id, cards[row.title_id], row.watched_on, row.rewatch, row.rating, row.tags)


def turned(session: Session, statement: Select[Any]) -> tuple[Sequence[Any], Pager]:
    """Return the page of rows that the request asks for, of a select of one entity. Raises NotFound beyond the last."""
    rows, pager = turned_rows(session, statement)
    return [row[0] for row in rows], pager


def turned_rows(session: Session, statement: Select[Any]) -> tuple[Sequence[Any], Pager]:
    """Return the page of rows that the request asks for. Raises NotFound beyond the last one."""
    page = page_number(request.args.get("page", "1"))
    total = session.scalar(select(func.count()).select_from(
        statement.order_by(None).options().with_only_columns(*statement.selected_columns[:1],
                                                             maintain_column_froms=True).subquery())) or 0
    rows = session.execute(statement.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)).all()
    if page > 1 and not rows:
        raise NotFound(_("This list has no such page."))
    return rows, make_pager(page, ceil(total / PAGE_SIZE), total)


def list_name(found: UserList) -> str:
    """Return what a list is called; each member's watchlist is called the same."""
    return _("Watchlist") if found.is_watchlist else found.name


def list_cards(session: Session, viewer: Actor | None, rows: Sequence[UserList]) -> list[ListCard]:
    """Return lists with the first posters in each, in a fixed number of queries."""
    ids = [row.id for row in rows]
    sizes, covers = list_reads.sizes(session, viewer, ids), list_reads.covers(session, viewer, ids)
    cards = cards_by_id(session, reader(), [title_id for some in covers.values() for title_id in some])
    owners = reads.names(session, [row.user_id for row in rows])
    return [ListCard(row.id, list_name(row), url_for("member_lists.show", list_id=row.id), sizes.get(row.id, 0),
                     row.public, [cards[i] for i in covers.get(row.id, ()) if i in cards],
                     member_of(owners[row.user_id], viewer) if row.user_id in owners else None) for row in rows]


def list_page(session: Session, viewer: Actor | None, list_id: int) -> MemberListPage:
    """Return the page of a list. Raises NotFound for one the viewer may not see."""
    found, owner = list_reads.found_list(session, viewer, list_id)
    rows, pager = turned(session, list_reads.items(viewer, list_id))
    shown = found.public and owner.visibility == "public"
    return MemberListPage(seo(description=found.about, noindex=not shown), list_cards(session, viewer, [found])[0],
                          found.about, found.ranked, pager, items_of(session, rows, (pager.page - 1) * PAGE_SIZE),
                          viewer is not None and viewer.id == found.user_id)


def items_of(session: Session, rows: Sequence[Any], before: int = 0) -> list[Item]:
    """Return the titles of a list, counted from `before`."""
    cards = cards_by_id(session, reader(), [row.title_id for row in rows])
    return [Item(cards[row.title_id], place, row.note) for place, row in enumerate(rows, before + 1)
            if row.title_id in cards]


def news_items(session: Session, viewer: Actor, to: Reader) -> list[NewsItem]:
    """Return what is new with those whom a viewer follows."""
    found = reads.news(session, viewer)
    cards = cards_by_id(session, to, [item.title_id for item in found])
    items = []
    for item in found:
        card = cards.get(item.title_id)
        if card is None:
            continue
        url, text = card.url, ""
        if item.what == "episode":
            episode: Any = item.row
            text = _("season %(season)d, episode %(episode)d", season=episode.season.number, episode=episode.number) \
                + f": {episode_words(to, episode, '')}"
            url = url_for("catalog.episode", slug=card.url.rsplit("/", 1)[-1], number=episode.season.number,
                          episode=episode.number)
        elif item.what == "review":
            url = url_for("reviews.show", review_id=item.row.id)
        items.append(NewsItem(item.what, item.at, card, url, member_of(item.profile, viewer) if item.profile else None,
                              getattr(item.row, "rating", None), text))
    return items
