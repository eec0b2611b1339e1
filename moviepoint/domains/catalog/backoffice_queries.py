"""Reads of the back office's list of titles: filtered by all that an editor asks for, in few queries at any size."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.backoffice_filters import NOTHING, SORTS, Filters, Known, conditions
from moviepoint.domains.catalog.models import (
    BulkRun,
    Collection,
    CollectionText,
    Genre,
    GenreText,
    Image,
    SavedView,
    Title,
    TitleGenre,
    TitleText,
)
from moviepoint.domains.catalog.services.desk import views_of
from moviepoint.domains.catalog.texts import Text, pick
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.policies import Actor

PAGE_SIZE = 50
MAX_COLLECTIONS = 200
MAX_VIEWS_SHOWN = 100
LATELY = timedelta(minutes=10)


@dataclass(frozen=True)
class Row:
    """A title in the list."""

    id: int
    kind: str
    slug: str
    name: Text
    original_title: str
    original_language: str
    year: int | None
    status: str
    publish_at: Any
    updated_at: Any
    added_by: str
    poster: int | None
    languages: tuple[str, ...]
    genres: tuple[str, ...]
    version: int
    here: str  # its name in the reader's own locale, or empty


@dataclass(frozen=True)
class TitlesFound:
    """A page of the list, with what its filters and bulk actions offer.

    `beyond` is how many titles match the words sought but stand too far down to be looked at.
    """

    rows: Sequence[Row]
    total: int
    page: int
    pages: int
    genres: Sequence[tuple[str, str]]
    collections: Sequence[tuple[int, str]]
    beyond: int = 0


def list_titles(session: Session, viewer: Actor, filters: Filters, chain: Sequence[str],
                known: Known = NOTHING) -> TitlesFound:
    """Return a page of titles in at most eight queries, however many titles there are."""
    ids, total = _page(session, viewer, filters, known)
    genres = _genre_names(session, chain)
    beyond = known.matches.total - len(known.matches.ids) if filters.q and known.matches else 0
    return TitlesFound(_rows(session, ids, chain, genres), total, filters.page, ceil(total / PAGE_SIZE),
                       sorted(genres.items(), key=lambda item: item[1]), _collections(session, chain), beyond)


def count_titles(session: Session, viewer: Actor, filters: Filters, known: Known = NOTHING) -> int:
    """Return how many titles the filters leave."""
    return session.scalar(select(func.count()).select_from(Title).where(*conditions(viewer, filters, known))) or 0


def title_ids(session: Session, viewer: Actor, filters: Filters, known: Known = NOTHING) -> Sequence[int]:
    """Return the ids of all titles that the filters leave, in the order in which they were added."""
    return session.scalars(select(Title.id).where(*conditions(viewer, filters, known)).order_by(Title.id)).all()


def saved_views(session: Session, viewer: Actor) -> Sequence[SavedView]:
    """Return the views that somebody sees, their own first."""
    return session.scalars(select(SavedView).where(views_of(viewer)).order_by(
        (SavedView.owner_id == viewer.id).desc(), SavedView.name).limit(MAX_VIEWS_SHOWN)).all()


def runs_of(session: Session, viewer: Actor) -> Sequence[BulkRun]:
    """Return the runs that somebody has started and that go on, or ended within the last minutes."""
    going_on = or_(BulkRun.finished_at.is_(None), BulkRun.finished_at > utcnow() - LATELY)
    return session.scalars(select(BulkRun).where(BulkRun.actor_id == viewer.id, going_on).order_by(
        BulkRun.id.desc()).limit(5)).all()


def _page(session: Session, viewer: Actor, filters: Filters, known: Known) -> tuple[Sequence[int], int]:
    """Return the ids on a page and how many there are in all; a search's ids are all read at once, being few."""
    first = (filters.page - 1) * PAGE_SIZE
    statement = select(Title.id).where(*conditions(viewer, filters, known))
    if filters.sort or not (filters.q and known.matches):
        columns = SORTS[filters.sort.removeprefix("-") or "added"]
        backwards = filters.sort.startswith("-") or not filters.sort
        statement = statement.order_by(*(column.desc() if backwards else column.asc() for column in columns))
    if filters.q and known.matches:
        left = session.scalars(statement).all()
        if not filters.sort:
            place = {title_id: n for n, title_id in enumerate(known.matches.ids)}
            left = sorted(left, key=place.__getitem__)
        return left[first:first + PAGE_SIZE], len(left)
    total = count_titles(session, viewer, filters, known)
    return session.scalars(statement.limit(PAGE_SIZE).offset(first)).all(), total


def users_who_added(session: Session) -> list[tuple[int, str]]:
    """Return (id, name) of those who have added titles, at most a hundred."""
    added = select(Title.added_by_id).where(Title.added_by_id == User.id).exists()
    return [(user.id, user.name or user.email) for user in session.execute(
        select(User.id, User.name, User.email).where(added).order_by(User.name, User.email).limit(100))]


def _rows(session: Session, ids: Sequence[int], chain: Sequence[str], genres: Mapping[str, str]) -> list[Row]:
    if not ids:
        return []
    statement = select(
        Title.id, Title.kind, Title.slug, Title.original_title, Title.original_language, Title.year, Title.status,
        Title.publish_at, Title.updated_at, Title.version, User.name, User.email, _poster().label("poster")).outerjoin(
        User, User.id == Title.added_by_id).where(Title.id.in_(ids))
    found = {row.id: row for row in session.execute(statement)}
    texts: dict[int, list[Any]] = {}
    for text in session.execute(select(TitleText.title_id, TitleText.locale, TitleText.name).where(
            TitleText.title_id.in_(ids), TitleText.name != "").order_by(TitleText.locale)):
        texts.setdefault(text.title_id, []).append(text)
    having: dict[int, list[str]] = {}
    for row in session.execute(select(TitleGenre.title_id, Genre.slug).join(
            Genre, Genre.id == TitleGenre.genre_id).where(TitleGenre.title_id.in_(ids)).order_by(Genre.slug)):
        having.setdefault(row.title_id, []).append(genres[row.slug])
    return [Row(row.id, row.kind, row.slug, pick(texts.get(row.id, []), "name", chain, (
                row.original_title, row.original_language)), row.original_title, row.original_language, row.year,
                row.status, row.publish_at, row.updated_at, row.name or row.email or "", row.poster,
                tuple(text.locale for text in texts.get(row.id, [])), tuple(having.get(row.id, [])), row.version,
                next((text.name for text in texts.get(row.id, []) if text.locale == chain[0]), ""))
            for row in (found[title_id] for title_id in ids)]


def _genre_names(session: Session, chain: Sequence[str]) -> dict[str, str]:
    texts: dict[str, list[Any]] = {}
    for row in session.execute(select(Genre.slug, GenreText.locale, GenreText.name).outerjoin(
            GenreText, GenreText.genre_id == Genre.id)):
        texts.setdefault(row.slug, []).append(row)
    return {slug: pick([row for row in rows if row.locale], "name", chain, (slug, "und")).value
            for slug, rows in texts.items()}


def _collections(session: Session, chain: Sequence[str]) -> list[tuple[int, str]]:
    first = select(Collection.id, Collection.slug).order_by(Collection.slug).limit(MAX_COLLECTIONS).subquery()
    found: dict[int, list[Any]] = {}
    for row in session.execute(select(first.c.id, first.c.slug, CollectionText.locale, CollectionText.name).outerjoin(
            CollectionText, CollectionText.collection_id == first.c.id).order_by(first.c.slug)):
        found.setdefault(row.id, []).append(row)
    return [(row_id, pick([row for row in rows if row.locale], "name", chain, (rows[0].slug, "und")).value)
            for row_id, rows in found.items()]


def _poster() -> Any:
    return select(Image.id).where(Image.title_id == Title.id, Image.kind == "poster").order_by(
        Image.position, Image.id.desc()).limit(1).scalar_subquery()
