"""The kinds of rows that the home page may have from the core; plugins add theirs by the same hook."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from sqlalchemy import case, select
from sqlalchemy.orm import Session, joinedload

from moviepoint.domains.catalog.card_queries import placed, public
from moviepoint.domains.catalog.models import Collection, CollectionItem, Genre, Title, TitleGenre
from moviepoint.domains.catalog.texts import pick
from moviepoint.hooks.types import HomeRowKind, RowOption
from moviepoint.kernel.i18n import lazy_gettext

STAGE = "stage"
KINDS = (("", lazy_gettext("films and series")), ("film", lazy_gettext("films")), ("series", lazy_gettext("series")))
ORDERS = (("new", lazy_gettext("newest here first")), ("year", lazy_gettext("oldest first")),
          ("-year", lazy_gettext("latest year first")))
Options = Mapping[str, Any]


def newest(_viewer: int | None, options: Options, limit: int) -> Any:
    return placed(_of_kind(public(select(Title.id)), options), Title.published_at.desc(), Title.id.desc(), limit=limit)


def picked(_viewer: int | None, options: Options, limit: int) -> Any | None:
    """In the editor's order."""
    ids = options.get("titles") or []
    if not ids:
        return None
    return placed(public(select(Title.id)).where(Title.id.in_(ids)), case(
        {title_id: place for place, title_id in enumerate(ids)}, value=Title.id), limit=limit)


def of_genre(_viewer: int | None, options: Options, limit: int) -> Any:
    statement = public(select(Title.id)).join(TitleGenre, TitleGenre.title_id == Title.id).join(
        Genre, Genre.id == TitleGenre.genre_id).where(Genre.slug == options.get("genre", ""))
    return placed(statement, Title.year, Title.id, limit=limit)


def of_collection(_viewer: int | None, options: Options, limit: int) -> Any:
    """In the collection's order."""
    statement = public(select(Title.id)).join(CollectionItem, CollectionItem.title_id == Title.id).join(
        Collection, Collection.id == CollectionItem.collection_id).where(
        Collection.slug == options.get("collection", ""))
    return placed(statement, CollectionItem.position, Title.id, limit=limit)


def by_rule(_viewer: int | None, options: Options, limit: int) -> Any:
    """What is of a kind, a genre, a country and some years, all of them where they are given."""
    statement = _of_kind(public(select(Title.id)), options)
    if options.get("genre"):
        statement = statement.where(select(TitleGenre.title_id).join(Genre, Genre.id == TitleGenre.genre_id).where(
            TitleGenre.title_id == Title.id, Genre.slug == options["genre"]).exists())
    if options.get("country"):
        statement = statement.where((" " + Title.countries + " ").contains(f" {options['country']} ", autoescape=True))
    if options.get("from_year"):
        statement = statement.where(Title.year >= options["from_year"])
    if options.get("to_year"):
        statement = statement.where(Title.year <= options["to_year"])
    year = case((Title.year.is_(None), 1), else_=0)
    orders = {"year": (year, Title.year, Title.id), "-year": (year, Title.year.desc(), Title.id)}
    return placed(statement, *orders.get(options.get("order", ""), (Title.published_at.desc(), Title.id.desc())),
                  limit=limit)


def _of_kind(statement: Any, options: Options) -> Any:
    return statement.where(Title.kind == options["kind"]) if options.get("kind") else statement


def _address(options: Options) -> str:
    return {"film": url_for("catalog.films"), "series": url_for("catalog.all_series")}.get(options.get("kind", ""), "")


def genre_choices(session: Session, chain: Sequence[str]) -> list[tuple[str, str]]:
    rows = session.scalars(select(Genre).options(joinedload(Genre.texts)).order_by(Genre.slug)).unique()
    return [(row.slug, str(pick(row.texts, "name", chain, (row.slug, "und")))) for row in rows]


def collection_choices(session: Session, chain: Sequence[str]) -> list[tuple[str, str]]:
    rows = session.scalars(select(Collection).options(joinedload(Collection.texts)).order_by(Collection.slug)).unique()
    return [(row.slug, str(pick(row.texts, "name", chain, (row.slug, "und")))) for row in rows]


def _genre_names(session: Session, options: Options) -> dict[str, str]:
    row = session.scalar(select(Genre).where(Genre.slug == options.get("genre", "")))
    return {text.locale: text.name for text in row.texts} if row else {}


def _collection_names(session: Session, options: Options) -> dict[str, str]:
    row = session.scalar(select(Collection).where(Collection.slug == options.get("collection", "")))
    return {text.locale: text.name for text in row.texts if text.name} if row else {}


def kind_choices(_session: Session, _chain: Sequence[str]) -> Sequence[tuple[str, Any]]:
    return KINDS


def order_choices(_session: Session, _chain: Sequence[str]) -> Sequence[tuple[str, Any]]:
    return ORDERS


KIND = RowOption("kind", lazy_gettext("What"), "choice", kind_choices)
GENRE = RowOption("genre", lazy_gettext("Genre"), "choice", genre_choices)
TITLES = RowOption("titles", lazy_gettext("Titles in their order: an address a line"), "titles", required=True)
CORE = (
    HomeRowKind(STAGE, lazy_gettext("Head of the page"), picked, (TITLES,)),
    HomeRowKind("newest", lazy_gettext("New on the site"), newest, (KIND,), _address),
    HomeRowKind("picked", lazy_gettext("Picked by hand"), picked, (TITLES,)),
    HomeRowKind("genre", lazy_gettext("A genre"), of_genre,
                (RowOption("genre", lazy_gettext("Genre"), "choice", genre_choices, required=True),),
                lambda options: url_for("catalog.genre", slug=options.get("genre", "")), _genre_names),
    HomeRowKind("collection", lazy_gettext("A collection"), of_collection,
                (RowOption("collection", lazy_gettext("Collection"), "choice", collection_choices, required=True),),
                headings=_collection_names),
    HomeRowKind("rule", lazy_gettext("By a rule"), by_rule,
                (KIND, GENRE, RowOption("country", lazy_gettext("Country (two letters)")),
                 RowOption("from_year", lazy_gettext("From year"), "number"),
                 RowOption("to_year", lazy_gettext("To year"), "number"),
                 RowOption("order", lazy_gettext("Order"), "choice", order_choices))),
)
