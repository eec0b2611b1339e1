"""Reads for the pages of collections and companies, for the lists of them, and of what a title belongs to."""
from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, and_, bindparam, case, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from moviepoint.domains.catalog.card_queries import (
    CHAIN,
    ImageRow,
    TextName,
    best_image,
    names_by_owner,
    placed,
    public,
    title_images,
)
from moviepoint.domains.catalog.models import (
    Collection,
    CollectionItem,
    CollectionText,
    Company,
    CompanyText,
    Credit,
    Image,
    Person,
    PersonText,
    Title,
    TitleCompany,
    TitleText,
)
from moviepoint.domains.catalog.models.details import COMPANY_ROLES
from moviepoint.domains.catalog.page_queries import CreditRow
from moviepoint.kernel.db import read

COLLECTION, COMPANY, CREDIT = "collection", "company", "credit"
Shelf = Collection | Company
TITLE: Any = bindparam("title", type_=Integer)
POSTERS = 3  # of a collection's or company's titles, in a list


class Tables(NamedTuple):
    """Where a kind of shelf is kept: itself, its names, its titles, and the columns by which both refer to it."""

    model: Any
    text: Any
    named: Any
    link: Any
    linked: Any


TABLES = {
    COLLECTION: Tables(Collection, CollectionText, CollectionText.collection_id, CollectionItem,
                       CollectionItem.collection_id),
    COMPANY: Tables(Company, CompanyText, CompanyText.company_id, TitleCompany, TitleCompany.company_id)}


class ShelfRow(NamedTuple):
    """A collection or company in a list; `country` is a company's, `names` are by locale."""

    slug: str
    country: str
    titles: int
    names: list[TextName]
    posters: list[ImageRow]


class Belonging(NamedTuple):
    """A collection or company that a title has a part in; `role` is a company's, `names` are by locale."""

    kind: str
    slug: str
    role: str
    names: list[TextName]


def shelf_by_slug(session: Session, kind: str, slug: str) -> Shelf | None:
    """Return a collection or company with its texts."""
    model: Any = Collection if kind == COLLECTION else Company
    found: Shelf | None = session.scalar(select(model).where(model.slug == slug))
    return found


def counts(session: Session, shelf: Shelf) -> dict[str, int]:
    """Return how many public titles a collection ("") or a company (by role, and "" for any) has, in one query."""
    if isinstance(shelf, Collection):
        return {"": session.scalar(select(func.count()).select_from(_titles(shelf, "").subquery())) or 0}
    parts = select(TitleCompany.role, TitleCompany.title_id).where(
        TitleCompany.company_id == shelf.id, TitleCompany.title_id.in_(_titles(shelf, ""))).subquery()
    number = func.count(func.distinct(parts.c.title_id))
    rows = session.execute(union_all(select(literal(""), number), select(parts.c.role, number).group_by(parts.c.role)))
    return {row[0]: row[1] for row in rows}


def shelf_part(shelf: Shelf, role: str, order: str, locale: str, offset: int, limit: int) -> Any:
    """Return a select of one page of its titles; `order` is year (the oldest first), -year, name, or listed."""
    statement = _titles(shelf, role)
    unknown = case((Title.year.is_(None), 1), else_=0)
    by: tuple[Any, ...] = (unknown, Title.year, Title.id)
    if order == "-year":
        by = (unknown, Title.year.desc(), Title.id.desc())
    elif order == "name":
        own = aliased(TitleText)
        statement = statement.outerjoin(own, and_(own.title_id == Title.id, own.locale == locale))
        by = (func.coalesce(func.nullif(own.name, ""), Title.original_title), Title.id)
    elif order == "listed" and isinstance(shelf, Collection):
        statement = statement.join(CollectionItem, and_(CollectionItem.title_id == Title.id,
                                                        CollectionItem.collection_id == shelf.id))
        by = (CollectionItem.position, Title.id)
    return placed(statement, *by, limit=limit, offset=offset)


def pictured_title(session: Session, shelf: Shelf) -> int | None:
    """Return the title whose picture stands for a collection or company: the earliest public one with a backdrop."""
    has_one = select(Image.id).where(Image.title_id == Title.id, Image.kind == "backdrop").exists()
    found: int | None = session.scalar(_titles(shelf, "").where(has_one).order_by(
        case((Title.year.is_(None), 1), else_=0), Title.year, Title.id).limit(1))
    return found


def shelf_total(session: Session, kind: str) -> int:
    """Return how many collections or companies have a public title."""
    return session.scalar(select(func.count()).select_from(_filled(kind).subquery())) or 0


def shelf_rows(session: Session, kind: str, order: str, chain: Sequence[str], offset: int,
               limit: int) -> list[ShelfRow]:
    """Return collections or companies that have a public title, in four queries; `order` is name, or -titles."""
    tables, filled = TABLES[kind], _filled(kind).subquery()
    country = Company.country if kind == COMPANY else literal("")
    statement = select(tables.model.id, tables.model.slug, country, filled.c.titles).join(
        filled, filled.c.shelf == tables.model.id)
    names: list[Any] = []
    for locale in chain:
        text = aliased(tables.text)
        owner = getattr(text, tables.named.key)
        statement = statement.outerjoin(text, and_(owner == tables.model.id, text.locale == locale))
        names.append(func.nullif(text.name, ""))
    by: tuple[Any, ...] = (func.lower(func.coalesce(*names, tables.model.slug)), tables.model.id)
    if order == "-titles":
        by = (filled.c.titles.desc(), *by)
    rows = session.execute(statement.order_by(*by).offset(offset).limit(limit)).all()
    ids = [row[0] for row in rows]
    told = names_by_owner(session.execute(select(tables.named, tables.text.locale, tables.text.name).where(
        tables.named.in_(ids), tables.text.locale.in_(chain), tables.text.name != "")))
    posters = _posters(session, tables, ids, chain)
    return [ShelfRow(slug, land, titles, told.get(shelf, []), posters.get(shelf, []))
            for shelf, slug, land, titles in rows]


def _filled(kind: str) -> Any:
    """Return a select of the collections or companies that have a public title, with how many."""
    tables = TABLES[kind]
    return public(select(tables.linked.label("shelf"), func.count(func.distinct(Title.id)).label("titles")).join(
        Title, Title.id == tables.link.title_id)).where(Title.deleted_at.is_(None)).group_by(tables.linked)


def _posters(session: Session, tables: Tables, ids: Sequence[int], chain: Sequence[str]) -> dict[int, list[ImageRow]]:
    """Return the posters of each one's earliest public titles, by its id."""
    has_one = select(Image.id).where(Image.title_id == Title.id, Image.kind == "poster").exists()
    place = func.row_number().over(partition_by=tables.linked, order_by=(
        case((Title.year.is_(None), 1), else_=0), Title.year, Title.id))
    ranked = public(select(tables.linked.label("shelf"), Title.id, place.label("place")).join(
        Title, Title.id == tables.link.title_id)).where(
        Title.deleted_at.is_(None), tables.linked.in_(ids), has_one).group_by(
        tables.linked, Title.id, Title.year).subquery()
    chosen = session.execute(select(ranked.c.shelf, ranked.c.id).where(ranked.c.place <= POSTERS).order_by(
        ranked.c.shelf, ranked.c.place)).all()
    images = title_images(session, {title_id for _shelf, title_id in chosen})
    found: dict[int, list[ImageRow]] = {}
    for shelf, title_id in chosen:
        if (poster := best_image(images.get(title_id, ()), chain)) is not None:
            found.setdefault(shelf, []).append(poster)
    return found


def credits_and_belongings(session: Session, title_id: int,
                           chain: Sequence[str]) -> tuple[list[CreditRow], list[Belonging]]:
    """Return a title's credits in order, and the collections and companies that it belongs to; all in one query."""
    credited: dict[int, CreditRow] = {}
    found: dict[tuple[str, str, str], Belonging] = {}
    names: list[TextName]
    for row in read(session, _credits_and_belongings(), {"title": title_id, "chain": chain}):
        if row.kind == CREDIT:
            names = credited.setdefault(row.second, CreditRow(
                row.id, row.slug, row.name, row.part, row.job, row.character, [])).names
        else:
            names = found.setdefault((row.kind, row.slug, row.part), Belonging(row.kind, row.slug, row.part, [])).names
        if row.text:
            names.append(TextName(row.locale, row.text))
    return list(credited.values()), list(found.values())


def _titles(shelf: Shelf, role: str) -> Any:
    """Return a select of the ids of its public titles; of a company's in one role, or in any."""
    if isinstance(shelf, Collection):
        inside: Any = select(CollectionItem.title_id).where(CollectionItem.collection_id == shelf.id)
    else:
        inside = select(TitleCompany.title_id).where(TitleCompany.company_id == shelf.id)
        if role:
            inside = inside.where(TitleCompany.role == role)
    return public(select(Title.id)).where(Title.deleted_at.is_(None), Title.id.in_(inside))


@cache
def _credits_and_belongings() -> Any:
    return union_all(_credits(), _collections(), _companies()).order_by("kind", "first", "second")


def _credits() -> Any:
    return select(
        literal(CREDIT).label("kind"), Credit.position.label("first"), Credit.id.label("second"), Person.id.label("id"),
        Person.slug, Person.name, Credit.department.label("part"), Credit.job, Credit.character,
        PersonText.locale, PersonText.name.label("text")).select_from(Credit).join(
        Person, Person.id == Credit.person_id).outerjoin(PersonText, and_(
            PersonText.person_id == Person.id, PersonText.locale.in_(CHAIN), PersonText.name != "")
    ).where(Credit.title_id == TITLE)


def _collections() -> Any:
    return select(
        literal(COLLECTION), literal(0), Collection.id, Collection.id, Collection.slug, literal(""), literal(""),
        literal(""), literal(""), CollectionText.locale, CollectionText.name).select_from(CollectionItem).join(
        Collection, Collection.id == CollectionItem.collection_id).outerjoin(CollectionText, and_(
            CollectionText.collection_id == Collection.id, CollectionText.locale.in_(CHAIN), CollectionText.name != "")
    ).where(CollectionItem.title_id == TITLE)


def _companies() -> Any:
    role = case({role: place for place, role in enumerate(COMPANY_ROLES)}, value=TitleCompany.role)
    return select(
        literal(COMPANY), role, TitleCompany.position, Company.id, Company.slug, literal(""), TitleCompany.role,
        literal(""), literal(""), CompanyText.locale, CompanyText.name).select_from(TitleCompany).join(
        Company, Company.id == TitleCompany.company_id).outerjoin(CompanyText, and_(
            CompanyText.company_id == Company.id, CompanyText.locale.in_(CHAIN), CompanyText.name != "")
    ).where(TitleCompany.title_id == TITLE)
