"""Reads of the catalogue for the API and plugins: scoped to a viewer, in a number of queries that does not grow."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.sql.elements import UnaryExpression

from moviepoint.domains.catalog.models import (
    Collection,
    CollectionItem,
    Credit,
    Episode,
    Genre,
    Person,
    Season,
    Title,
    TitleCompany,
    TitleText,
)
from moviepoint.domains.catalog.policies import scope, visible
from moviepoint.domains.catalog.services.terms import USES
from moviepoint.domains.catalog.services.titles import WHOLE
from moviepoint.kernel.errors import Invalid, NotFound
from moviepoint.kernel.policies import Actor

#: Texts of one save are written within this.
SAME_SAVE = timedelta(seconds=2)
SORTS = {"published_at": Title.published_at, "year": Title.year, "original_title": Title.original_title,
         "id": Title.id}


def titles(viewer: Actor | None, kind: str | None = None, *, genre: str = "", year: int | None = None, name: str = "",
           status: str = "", sort_by: str = "published_at.desc") -> Select[Title]:
    """Return a select of titles with texts and images, as a list shows them.

    `name` is sought in all languages; `sort_by` is a field of SORTS with `.asc` or `.desc`. Raises Invalid.
    """
    statement = scope(select(Title), viewer).options(selectinload(Title.texts), selectinload(Title.images))
    if kind:
        statement = statement.where(Title.kind == kind)
    if genre:
        statement = statement.where(Title.genres.any(Genre.slug == genre))
    if year is not None:
        statement = statement.where(Title.year == year)
    if status:
        statement = statement.where(Title.status == status)
    if name:
        statement = statement.where(or_(Title.original_title.icontains(name, autoescape=True),
                                        Title.texts.any(TitleText.name.icontains(name, autoescape=True))))
    return statement.order_by(*_order(sort_by))


def title(session: Session, viewer: Actor | None, title_id: int, kind: str | None = None) -> Title:
    """Return a title with all that belongs to it. Raises NotFound, for a draft that the viewer may not see too."""
    statement = scope(select(Title).where(Title.id == title_id), viewer).options(
        *WHOLE, selectinload(Title.images), selectinload(Title.seasons).selectinload(Season.texts),
        selectinload(Title.credits).joinedload(Credit.person).selectinload(Person.texts))
    found = session.scalar(statement.where(Title.kind == kind) if kind else statement)
    if found is None:
        raise NotFound()
    return found


def outdated_locales(title: Title) -> set[str]:
    """Return the locales whose texts are older than those in the original language, or in the first one written."""
    source = next((text for text in title.texts if text.locale == title.original_language), None) or min(
        title.texts, key=lambda text: text.id, default=None)
    return {text.locale for text in title.texts if source is not None and text.updated_at < source.updated_at
            - SAME_SAVE}


def terms(session: Session, model: Any, name: str, term_id: int | None, page: int,
          size: int) -> tuple[list[tuple[Any, int]], int]:
    """Return a page of genres, keywords or companies with how many titles use each, and how many terms there are."""
    statement = select(model).options(selectinload(model.texts))
    if term_id is not None:
        statement = statement.where(model.id == term_id)
    if name:
        text = model.texts.property.mapper.class_.name
        statement = statement.where(model.texts.any(text.icontains(name, autoescape=True)))
    total = session.scalar(select(func.count()).select_from(statement.with_only_columns(model.id).subquery())) or 0
    rows = session.scalars(statement.order_by(model.slug).limit(size).offset((page - 1) * size)).all()
    column, _title = USES[model]
    counts = session.execute(select(column, func.count()).where(
        column.in_([row.id for row in rows])).group_by(column)).all() if rows else []
    uses: dict[int, int] = {row[0]: row[1] for row in counts}
    return [(row, uses.get(row.id, 0)) for row in rows], total


def collections(session: Session) -> list[tuple[Collection, int]]:
    """Return all collections with the number of their titles."""
    counts = select(CollectionItem.collection_id, func.count().label("titles")).group_by(
        CollectionItem.collection_id).subquery()
    rows = session.execute(select(Collection, func.coalesce(counts.c.titles, 0)).outerjoin(
        counts, counts.c.collection_id == Collection.id).order_by(Collection.slug))
    return [(row[0], row[1]) for row in rows]


def keywords_and_companies(model: Any, name: str) -> Select[Any]:
    """Return a select of keywords or companies with their names."""
    statement = select(model).options(selectinload(model.texts)).order_by(model.slug)
    text = model.texts.property.mapper.class_.name
    return statement.where(model.texts.any(text.icontains(name, autoescape=True))) if name else statement


def titles_in(session: Session, viewer: Actor | None, collection_id: int) -> list[str]:
    """Return the slugs of a collection's titles that the viewer sees, in order. Raises NotFound."""
    if session.get(Collection, collection_id) is None:
        raise NotFound()
    return list(session.scalars(select(Title.slug).join(CollectionItem, CollectionItem.title_id == Title.id).where(
        CollectionItem.collection_id == collection_id, visible(viewer)).order_by(CollectionItem.position)))


def titles_of_collection(viewer: Actor | None, collection_id: int) -> Select[Title]:
    """Return a select of a collection's titles that a viewer sees, in the editors' order."""
    statement: Select[Title] = titles(viewer).order_by(None).join(
        CollectionItem, CollectionItem.title_id == Title.id).where(
        CollectionItem.collection_id == collection_id).order_by(CollectionItem.position, CollectionItem.id)
    return statement


def titles_of_company(viewer: Actor | None, company_id: int, role: str = "",
                      sort_by: str = "year.asc") -> Select[Title]:
    """Return a select of the titles that a viewer sees in which a company has a part. Raises Invalid."""
    parts = select(TitleCompany.title_id).where(TitleCompany.company_id == company_id)
    if role:
        parts = parts.where(TitleCompany.role == role)
    return titles(viewer, sort_by=sort_by).where(Title.id.in_(parts))


def page_number(text: str | None) -> int:
    """Return a page's number from an address; what makes no sense is the first."""
    return min(max(1, int(text)), 10_000) if text and text.isascii() and text.isdigit() and len(text) < 7 else 1


def episode_counts(session: Session, title_id: int) -> dict[int, int]:
    """Return how many episodes each season of a series has, by the season's id."""
    rows = session.execute(select(Season.id, func.count(Episode.id)).outerjoin(Episode).where(
        Season.title_id == title_id).group_by(Season.id))
    return {row[0]: row[1] for row in rows}


def season(session: Session, viewer: Actor | None, title_id: int, number: int) -> Season:
    """Return a season with its episodes. Raises NotFound."""
    found = session.scalar(
        select(Season).join(Title).where(Season.title_id == title_id, Season.number == number, visible(viewer))
        .options(selectinload(Season.texts), selectinload(Season.title),
                 selectinload(Season.episodes).selectinload(Episode.texts)))
    if found is None:
        raise NotFound()
    return found


def episode(session: Session, viewer: Actor | None, title_id: int, season_number: int, number: int) -> Episode:
    """Return an episode. Raises NotFound."""
    found = session.scalar(
        select(Episode).join(Season).join(Title).where(
            Season.title_id == title_id, Season.number == season_number, Episode.number == number, visible(viewer))
        .options(selectinload(Episode.texts), selectinload(Episode.season).selectinload(Season.title)))
    if found is None:
        raise NotFound()
    return found


def people(viewer: Actor | None, name: str = "") -> Select[Person]:
    """Return a select of people who are credited in something that the viewer sees."""
    statement = select(Person).where(Person.deleted_at.is_(None)).options(selectinload(Person.texts)).order_by(
        Person.name, Person.id)
    if viewer is None or not viewer.may_in_part("catalog.edit"):
        statement = statement.where(Person.credits.any(Credit.title.has(visible(viewer))))
    if name:
        statement = statement.where(Person.name.icontains(name, autoescape=True))
    return statement


def person(session: Session, viewer: Actor | None, person_id: int) -> Person:
    """Return a person with their texts. Raises NotFound."""
    found = session.scalar(people(viewer).where(Person.id == person_id))
    if found is None:
        raise NotFound()
    return found


def titles_of(viewer: Actor | None, person_id: int) -> Select[Title]:
    """Return a select of the titles in which a person is credited."""
    return titles(viewer, sort_by="year.desc").where(Title.credits.any(Credit.person_id == person_id))


def genres() -> Select[Genre]:
    """Return a select of all genres with their names."""
    return select(Genre).order_by(Genre.slug)


def newest(session: Session, limit: int) -> Sequence[Title]:
    """Return the titles that were published last, with texts and images; for everybody."""
    return session.scalars(titles(None).limit(limit)).all()


def _order(sort_by: str) -> tuple[UnaryExpression[Any], UnaryExpression[Any]]:
    field, _, direction = sort_by.partition(".")
    column = SORTS.get(field)
    if column is None or direction not in ("asc", "desc"):
        raise Invalid(f"Sort by {', '.join(SORTS)}, with .asc or .desc.", fields={"sort_by": [sort_by[:40]]})
    return (column.desc() if direction == "desc" else column.asc()), Title.id.desc()
