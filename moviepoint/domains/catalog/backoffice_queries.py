"""Reads of the back office's list of titles: filtered by all that an editor asks for, in few queries at any size."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from math import ceil
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import (
    STATUSES,
    Collection,
    CollectionItem,
    Genre,
    GenreText,
    Image,
    Title,
    TitleGenre,
    TitleText,
)
from moviepoint.domains.catalog.policies import in_bin, visible
from moviepoint.domains.catalog.texts import Text, pick
from moviepoint.kernel.policies import Actor

PAGE_SIZE = 50
MAX_PAGE = 4_000
SORTS = {"added": (Title.id,), "title": (Title.original_title, Title.id), "year": (Title.year, Title.id),
         "changed": (Title.updated_at, Title.id), "published": (Title.published_at, Title.id)}
COLUMNS = ("poster", "kind", "year", "languages", "genres", "status", "changed", "added_by")
DEFAULT_COLUMNS = ("poster", "kind", "year", "languages", "status")
MISSING = ("poster", "overview", "credits", "genres")


@dataclass(frozen=True)
class Filters:
    """What the list is asked for; every field stands in the address, so that a view can be kept as a link."""

    q: str = ""
    kind: str = ""
    status: str = ""
    genre: str = ""
    missing: str = ""  # one of MISSING, or "texts@ru"
    locale: str = ""  # that has texts in it
    year_from: int | None = None
    year_to: int | None = None
    added_by: int | None = None
    collection: int | None = None
    bin: bool = False
    sort: str = "-added"
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    page: int = 1

    @classmethod
    def read(cls, args: Any) -> Filters:
        """Return what an address asks for; what makes no sense is as if it were not there."""
        sort = args.get("sort", "-added")
        columns = tuple(name for name in args.getlist("columns") if name in COLUMNS) or DEFAULT_COLUMNS
        return cls(
            q=args.get("q", args.get("name", "")).strip()[:200],
            kind=_one_of(args.get("kind"), ("film", "series")), status=_one_of(args.get("status"), STATUSES),
            genre=args.get("genre", "")[:100], locale=args.get("locale", "")[:35], missing=args.get("missing", "")[:50],
            year_from=_number(args.get("year_from")), year_to=_number(args.get("year_to")),
            added_by=_number(args.get("added_by")), collection=_number(args.get("collection")),
            bin=args.get("bin") == "1", sort=sort if sort.lstrip("-") in SORTS else "-added", columns=columns,
            page=min(max(1, _number(args.get("page")) or 1), MAX_PAGE))

    def query(self, **changes: Any) -> dict[str, Any]:
        """Return the arguments of an address for these filters with changes; what is as usual is left out."""
        wanted = replace(self, **({"page": 1} | changes))
        usual = Filters()
        values = {field.name: getattr(wanted, field.name) for field in fields(self)}
        return {name: 1 if value is True else list(value) if isinstance(value, tuple) else value
                for name, value in values.items() if value != getattr(usual, name)}

    @property
    def narrow(self) -> bool:
        """Say whether anything is left out."""
        return bool(self.query().keys() - {"sort", "columns"})


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


@dataclass(frozen=True)
class TitlesFound:
    """A page of the list, with what its filters and bulk actions offer."""

    rows: Sequence[Row]
    total: int
    page: int
    pages: int
    genres: Sequence[tuple[str, str]]
    collections: Sequence[tuple[int, str]]


def list_titles(session: Session, viewer: Actor, filters: Filters, chain: Sequence[str]) -> TitlesFound:
    """Return a page of titles in at most nine queries, however many titles there are."""
    where = _conditions(viewer, filters)
    total = count_titles(session, viewer, filters)
    columns = SORTS[filters.sort.lstrip("-")]
    order = [column.desc() if filters.sort.startswith("-") else column.asc() for column in columns]
    ids = session.scalars(select(Title.id).where(*where).order_by(*order).limit(PAGE_SIZE).offset(
        (filters.page - 1) * PAGE_SIZE)).all()
    genres = _genre_names(session, chain)
    return TitlesFound(_rows(session, ids, chain, genres), total, filters.page, ceil(total / PAGE_SIZE),
                       sorted(genres.items(), key=lambda item: item[1]), _collections(session, chain))


def count_titles(session: Session, viewer: Actor, filters: Filters) -> int:
    """Return how many titles the filters leave."""
    return session.scalar(select(func.count()).select_from(Title).where(*_conditions(viewer, filters))) or 0


def users_who_added(session: Session) -> list[tuple[int, str]]:
    """Return (id, name) of those who have added titles, at most a hundred."""
    added = select(Title.added_by_id).where(Title.added_by_id == User.id).exists()
    return [(user.id, user.name or user.email) for user in session.execute(
        select(User.id, User.name, User.email).where(added).order_by(User.name, User.email).limit(100))]


def _conditions(viewer: Actor, filters: Filters) -> list[Any]:
    where: list[Any] = [in_bin(viewer)] if filters.bin else [visible(viewer)]
    if filters.q:
        where.append(or_(Title.original_title.icontains(filters.q, autoescape=True), Title.id.in_(
            select(TitleText.title_id).where(TitleText.name.icontains(filters.q, autoescape=True)))))
    for column, value in ((Title.kind, filters.kind), (Title.status, filters.status)):
        if value:
            where.append(column == value)
    if filters.genre:
        where.append(Title.id.in_(select(TitleGenre.title_id).join(Genre, Genre.id == TitleGenre.genre_id).where(
            Genre.slug == filters.genre)))
    if filters.locale:
        where.append(Title.texts.any((TitleText.locale == filters.locale) & (TitleText.name != "")))
    if filters.year_from is not None:
        where.append(Title.year >= filters.year_from)
    if filters.year_to is not None:
        where.append(Title.year <= filters.year_to)
    if filters.added_by is not None:
        where.append(Title.added_by_id == filters.added_by)
    if filters.collection is not None:
        where.append(Title.id.in_(select(CollectionItem.title_id).where(
            CollectionItem.collection_id == filters.collection)))
    return where + _missing(filters.missing)


def _missing(what: str) -> list[Any]:
    name, _, locale = what.partition("@")
    if name == "texts" and locale:
        return [~Title.texts.any((TitleText.locale == locale) & (TitleText.name != ""))]
    return {"poster": [~Title.images.any(Image.kind == "poster")], "credits": [~Title.credits.any()],
            "overview": [~Title.texts.any(TitleText.overview != "")], "genres": [~Title.genres.any()]}.get(name, [])


def _rows(session: Session, ids: Sequence[int], chain: Sequence[str], genres: Mapping[str, str]) -> list[Row]:
    if not ids:
        return []
    statement = select(
        Title.id, Title.kind, Title.slug, Title.original_title, Title.original_language, Title.year, Title.status,
        Title.publish_at, Title.updated_at, User.name, User.email).outerjoin(
        User, User.id == Title.added_by_id).where(Title.id.in_(ids))
    found = {row.id: row for row in session.execute(statement)}
    texts: dict[int, list[Any]] = {}
    for text in session.execute(select(TitleText.title_id, TitleText.locale, TitleText.name).where(
            TitleText.title_id.in_(ids), TitleText.name != "").order_by(TitleText.locale)):
        texts.setdefault(text.title_id, []).append(text)
    posters = {row.title_id: row.id for row in session.execute(
        select(Image.title_id, Image.id).where(Image.title_id.in_(ids), Image.kind == "poster").order_by(
            Image.position.desc(), Image.id))}
    having: dict[int, list[str]] = {}
    for row in session.execute(select(TitleGenre.title_id, Genre.slug).join(
            Genre, Genre.id == TitleGenre.genre_id).where(TitleGenre.title_id.in_(ids)).order_by(Genre.slug)):
        having.setdefault(row.title_id, []).append(genres[row.slug])
    return [Row(row.id, row.kind, row.slug, pick(texts.get(row.id, []), "name", chain, (
                row.original_title, row.original_language)), row.original_title, row.original_language, row.year,
                row.status, row.publish_at, row.updated_at, row.name or row.email or "", posters.get(row.id),
                tuple(text.locale for text in texts.get(row.id, [])), tuple(having.get(row.id, [])))
            for row in (found[title_id] for title_id in ids)]


def _genre_names(session: Session, chain: Sequence[str]) -> dict[str, str]:
    texts: dict[str, list[Any]] = {}
    for row in session.execute(select(Genre.slug, GenreText.locale, GenreText.name).outerjoin(
            GenreText, GenreText.genre_id == Genre.id)):
        texts.setdefault(row.slug, []).append(row)
    return {slug: pick([row for row in rows if row.locale], "name", chain, (slug, "und")).value
            for slug, rows in texts.items()}


def _collections(session: Session, chain: Sequence[str]) -> list[tuple[int, str]]:
    rows = session.scalars(select(Collection).order_by(Collection.slug).limit(200))
    return [(row.id, pick(row.texts, "name", chain, (row.slug, "und")).value) for row in rows]


def _one_of(value: str | None, allowed: Sequence[str]) -> str:
    return value if value and value in allowed else ""


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
