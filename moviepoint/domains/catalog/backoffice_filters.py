"""What the back office's list of titles can be asked for, and what that means in the database."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sqlalchemy import bindparam, or_, select

from moviepoint.domains.catalog.models import (
    STATUSES,
    CollectionItem,
    Genre,
    Image,
    Title,
    TitleGenre,
    TitleText,
)
from moviepoint.domains.catalog.policies import in_bin, visible
from moviepoint.hooks.types import TitleFilter, TitleMatches
from moviepoint.kernel.policies import Actor

MAX_PAGE = 4_000
#: How many titles a search hands to the other filters; the list says so when there are more.
MAX_MATCHES = 5_000
FEW_YEARS = 10  # whose titles are few enough to be asked one by one
SORTS = {"added": (Title.id,), "title": (Title.original_title, Title.id), "year": (Title.year, Title.id),
         "changed": (Title.updated_at, Title.id), "published": (Title.published_at, Title.id)}
COLUMNS = ("poster", "kind", "year", "languages", "genres", "status", "slug", "changed", "added_by")
DEFAULT_COLUMNS = ("poster", "kind", "year", "languages", "status")


@dataclass(frozen=True)
class Filters:
    """What the list is asked for; every field stands in the address, so that a view can be kept as a link.

    Without a `sort` a search has its nearest first, and a list its newest. `others` are (name, value) of the filters
    that other domains and plugins have added; each stands in the address by its own name.
    """

    q: str = ""
    kind: str = ""
    status: str = ""
    genre: str = ""
    missing: str = ""  # "poster", "overview", "credits", "genres", or "texts@ru"
    locale: str = ""  # that has texts in it
    year_from: int | None = None
    year_to: int | None = None
    added_by: int | None = None
    collection: int | None = None
    bin: bool = False
    others: tuple[tuple[str, str], ...] = ()
    sort: str = ""
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    page: int = 1

    @classmethod
    def read(cls, args: Any, others: Sequence[TitleFilter] = ()) -> Filters:
        """Return what an address asks for; what makes no sense is as if it were not there."""
        sort = args.get("sort", "")
        columns = tuple(name for name in args.getlist("columns") if name in COLUMNS) or DEFAULT_COLUMNS
        chosen = ((other.name, args.get(other.name, "")) for other in others
                  if args.get(other.name) in [value for value, _label in other.choices])
        return cls(
            q=_text(args, "q" if "q" in args else "name", 200),
            kind=_one_of(args.get("kind"), ("film", "series")), status=_one_of(args.get("status"), STATUSES),
            genre=_text(args, "genre", 100), locale=_text(args, "locale", 35), missing=_text(args, "missing", 50),
            year_from=_number(args.get("year_from")), year_to=_number(args.get("year_to")),
            added_by=_number(args.get("added_by")), collection=_number(args.get("collection")),
            bin=args.get("bin") == "1", others=tuple(chosen),
            sort=sort if sort.removeprefix("-") in SORTS else "", columns=columns,
            page=min(max(1, _number(args.get("page")) or 1), MAX_PAGE))

    def query(self, **changes: Any) -> dict[str, Any]:
        """Return the arguments of an address for these filters with changes; what is as usual is left out."""
        wanted = replace(self, **({"page": 1} | changes))
        usual = Filters()
        values = {each.name: getattr(wanted, each.name) for each in fields(self) if each.name != "others"}
        return {name: 1 if value is True else list(value) if isinstance(value, tuple) else value
                for name, value in values.items() if value != getattr(usual, name)} | dict(wanted.others)

    @property
    def narrow(self) -> bool:
        """Say whether anything is left out."""
        return bool(self.query().keys() - {"sort", "columns"})


@dataclass(frozen=True)
class Known:
    """What the filters mean beyond the catalogue: what a search has found, and other domains' conditions by name."""

    matches: TitleMatches | None = None  # None: there was no search, and words are sought in the names
    others: Mapping[str, TitleFilter] = field(default_factory=dict)


NOTHING = Known()


def conditions(viewer: Actor, filters: Filters, known: Known = NOTHING) -> list[Any]:
    """Return the conditions that a title must meet; relations only by subqueries, so that none counts twice."""
    where: list[Any] = [in_bin(viewer)] if filters.bin else [visible(viewer)]
    if filters.q:
        where.append(_named(filters.q) if known.matches is None else among(known.matches.ids))
    for column, value in ((Title.kind, filters.kind), (Title.status, filters.status)):
        if value:
            where.append(column == value)
    if filters.genre:
        where.append(_of_genre(filters))
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
    where += [known.others[name].condition(value) for name, value in filters.others if name in known.others]
    return where + _missing(filters.missing)


def among(ids: Sequence[int]) -> Any:
    """Return the condition that a title is one of these; the ids stand in the statement, for they may be thousands."""
    return Title.id.in_(bindparam("among", list(ids), expanding=True, literal_execute=True, unique=True))


def _of_genre(filters: Filters) -> Any:
    """Ask each of few titles for its genre, or a genre for its titles: the one or the other is ten times as fast."""
    of_genre = select(TitleGenre.title_id).join(Genre, Genre.id == TitleGenre.genre_id).where(
        Genre.slug == filters.genre)
    first, last = filters.year_from, filters.year_to
    if first is not None and last is not None and last - first < FEW_YEARS:
        return of_genre.where(TitleGenre.title_id == Title.id).exists()
    return Title.id.in_(of_genre)


def _named(text: str) -> Any:
    return or_(Title.original_title.icontains(text, autoescape=True), Title.id.in_(
        select(TitleText.title_id).where(TitleText.name.icontains(text, autoescape=True))))


def _missing(what: str) -> list[Any]:
    name, _, locale = what.partition("@")
    if name == "texts" and locale:
        return [~Title.texts.any((TitleText.locale == locale) & (TitleText.name != ""))]
    return {"poster": [~Title.images.any(Image.kind == "poster")], "credits": [~Title.credits.any()],
            "overview": [~Title.texts.any(TitleText.overview != "")], "genres": [~Title.genres.any()]}.get(name, [])


def _one_of(value: str | None, allowed: Sequence[str]) -> str:
    return value if value and value in allowed else ""


def _text(args: Any, name: str, length: int) -> str:
    """Return what was typed, without the NUL that PostgreSQL does not take."""
    text: str = args.get(name, "")
    return text.replace("\0", "").strip()[:length].strip()


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
