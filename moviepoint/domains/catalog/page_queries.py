"""Reads for the catalogue's pages: few, of columns where a page shows cards, and none that grows with rows."""
from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, and_, bindparam, case, func, or_, select, union_all
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, load_only, selectinload
from sqlalchemy.sql import ColumnElement

from moviepoint.domains.catalog.card_queries import (
    CardRow,
    CardStatement,
    ImageRow,
    TextName,
    card_lists,
    card_statement,
    images_of,
    names_by_owner,
    placed,
    public,
)
from moviepoint.domains.catalog.models import (
    Credit,
    Episode,
    Genre,
    Image,
    Person,
    PersonText,
    Season,
    Title,
    TitleGenre,
    TitleScore,
    TitleText,
)
from moviepoint.domains.catalog.policies import visible
from moviepoint.kernel.policies import Actor

NEAR = 150  # titles before and after a year among which the related ones are looked for
RELATED = 18
LATEST = 200  # titles of which one may stand at the head of the home page


class ImageFile(NamedTuple):
    """A picture's folder on storage; `public` when its title is, or it belongs to a person."""

    key: str
    kind: str
    focal: tuple[int, int]
    public: bool


class CreditRow(NamedTuple):
    """A credit with its person and the person's names by locale."""

    person_id: int
    slug: str
    name: str
    department: str
    job: str
    character: str
    names: list[TextName]


class GenreUse(NamedTuple):
    """A genre with its names by locale, and how many public titles have it."""

    slug: str
    texts: Sequence[TextName]
    titles: int


def genres_in_use(session: Session, kind: str | None = None) -> list[GenreUse]:
    """Return the genres that public titles have, the most used first. It counts all titles: see `catalog.genre_use`."""
    count = func.count(Title.id)
    inner = public(select(TitleGenre.genre_id, count.label("titles"))
                    .join(Title, Title.id == TitleGenre.title_id)).group_by(TitleGenre.genre_id)
    if kind:
        inner = inner.where(Title.kind == kind)
    counted = inner.subquery()
    rows = session.execute(select(Genre, counted.c.titles).join(counted, counted.c.genre_id == Genre.id)
                           .order_by(counted.c.titles.desc(), Genre.slug).options(joinedload(Genre.texts))).unique()
    return [GenreUse(genre.slug, [TextName(text.locale, text.name) for text in genre.texts], titles)
            for genre, titles in rows]


def featured() -> Any:
    """Return a select of the title for the head of the home page.

    It is the newest with a picture to fill it, if one of the latest has one, else the newest.
    """
    latest = public(select(Title.id, Title.published_at)).order_by(
        Title.published_at.desc(), Title.id.desc()).limit(LATEST).subquery()
    has_backdrop = select(Image.id).where(Image.title_id == latest.c.id, Image.kind == "backdrop").exists()
    return select(latest.c.id).order_by(has_backdrop.desc(), latest.c.published_at.desc(), latest.c.id.desc()).limit(1)


def title_with_texts(session: Session, condition: ColumnElement[bool], viewer: Actor | None) -> Title | None:
    """Return a title with its texts and its genres with their names, if the viewer may see it.

    The joins are flat: for a join within an outer join, as the loader writes it, SQLite reads all titles' genres.
    """
    return session.scalars(_with_texts().where(condition, visible(viewer))).unique().one_or_none()


def title_by_slug(session: Session, kind: str, slug: str, viewer: Actor | None) -> Title | None:
    """Return a title with its texts and genres by the address of its page, if the viewer may see it."""
    statement = _public_by_slug() if viewer is None else _by_slug().where(visible(viewer))
    return session.scalars(statement, {"kind": kind, "slug": slug}).unique().one_or_none()


@cache
def _with_texts() -> Any:
    return (select(Title).outerjoin(TitleGenre, TitleGenre.title_id == Title.id)
            .outerjoin(Genre, Genre.id == TitleGenre.genre_id).order_by(Genre.slug)
            .options(joinedload(Title.score), joinedload(Title.texts),
                     contains_eager(Title.genres).joinedload(Genre.texts))
            .execution_options(populate_existing=True))  # a score is voted on behind the title's back


@cache
def _by_slug() -> Any:
    return _with_texts().where(Title.slug == bindparam("slug"), Title.kind == bindparam("kind"))


@cache
def _public_by_slug() -> Any:
    return _by_slug().where(visible(None))


def person_names(session: Session, ids: Sequence[int], chain: Sequence[str]) -> dict[int, list[TextName]]:
    """Return people's names by locale."""
    if not ids:
        return {}
    return names_by_owner(session.execute(
        select(PersonText.person_id, PersonText.locale, PersonText.name)
        .where(PersonText.person_id.in_(ids), PersonText.locale.in_(chain), PersonText.name != "")))


class SeasonCount(NamedTuple):
    """A season with its texts, how many episodes it has, and the years of the first and the last."""

    season: Season
    episodes: int
    first: int | None
    last: int | None


def seasons_of(session: Session, title_id: int) -> list[SeasonCount]:
    """Return a series' seasons in order."""
    dates = (select(Episode.season_id, func.count().label("episodes"), func.min(Episode.air_date).label("first"),
                    func.max(Episode.air_date).label("last")).group_by(Episode.season_id).subquery())
    rows = session.execute(select(Season, dates.c.episodes, dates.c.first, dates.c.last)
                           .outerjoin(dates, dates.c.season_id == Season.id).where(Season.title_id == title_id)
                           .order_by(Season.number).options(joinedload(Season.texts))).unique()
    return [SeasonCount(season, count or 0, first.year if first else None, last.year if last else None)
            for season, count, first, last in rows]


def related(session: Session, title: Title, chain: Sequence[str]) -> Sequence[CardRow]:
    """Return the public titles that share the most genres with this one, then the nearest in time.

    Looked at are those nearest in time, so that a title's page costs the same in a large catalogue.
    """
    return card_lists(session, _related(), chain, title=title.id, year=title.year or 0).rows[""]


@cache
def _related() -> CardStatement:
    """Return the statement of `related`; it takes a `title` and its `year`, or 0."""
    near, year = _near().subquery(), bindparam("year", type_=Integer)
    own = aliased(TitleGenre)
    statement = (select(near.c.id).join(TitleGenre, TitleGenre.title_id == near.c.id)
                 .where(TitleGenre.genre_id.in_(select(own.genre_id).where(own.title_id == bindparam("title"))))
                 .group_by(near.c.id, near.c.year))
    return card_statement({"": placed(
        statement, func.count().desc(), func.abs(func.coalesce(near.c.year - year, 9999)), near.c.id,
        limit=RELATED)})


def _near() -> Any:
    """Return a select of id and year of public titles: the nearest before and after a year, and some without one."""
    title, year = bindparam("title", type_=Integer), bindparam("year", type_=Integer)
    rows = public(select(Title.id, Title.year)).where(Title.id != title)
    parts = [rows.where(Title.year < year).order_by(Title.year.desc(), Title.id.desc()),
             rows.where(Title.year >= year).order_by(Title.year, Title.id),
             rows.where(Title.year.is_(None)).order_by(Title.id)]
    return union_all(*(select(part.limit(NEAR).subquery()) for part in parts))


def season_whole(session: Session, viewer: Actor | None, slug: str, number: int) -> Season | None:
    """Return a season with its texts and its episodes' texts, and its series' texts and images."""
    return session.scalar(
        select(Season).join(Season.title).where(Title.slug == slug, Season.number == number, visible(viewer)).options(
            selectinload(Season.texts), selectinload(Season.episodes).joinedload(Episode.texts),
            contains_eager(Season.title).options(selectinload(Title.texts), selectinload(Title.images))))


def stills(session: Session, ids: Sequence[int], chain: Sequence[str]) -> dict[int, ImageRow]:
    """Return each episode's picture."""
    return images_of(session, Image.episode_id, ids, "still", chain) if ids else {}


def sibling_seasons(session: Session, title_id: int) -> list[Season]:
    """Return a series' seasons with their texts, in order."""
    return list(session.scalars(select(Season).where(Season.title_id == title_id).order_by(Season.number)
                                .options(joinedload(Season.texts))).unique())


def person_whole(session: Session, slug: str) -> Person | None:
    """Return a person with texts."""
    return session.scalar(select(Person).where(Person.slug == slug).options(selectinload(Person.texts)))


def portrait(session: Session, person_id: int, chain: Sequence[str]) -> ImageRow | None:
    """Return a person's picture."""
    return images_of(session, Image.person_id, [person_id], "portrait", chain).get(person_id)


def portraits(session: Session, ids: Sequence[int], chain: Sequence[str]) -> dict[int, ImageRow]:
    """Return the pictures of several people, in one query."""
    return images_of(session, Image.person_id, ids, "portrait", chain)


def people_by_id(session: Session, ids: Sequence[int]) -> dict[int, Person]:
    """Return people, without their texts, by id."""
    rows = session.scalars(select(Person).where(Person.id.in_(ids), Person.deleted_at.is_(None)).options(
        load_only(Person.slug, Person.name, Person.birth_year, Person.death_year)))
    return {person.id: person for person in rows}


def work_of(session: Session, person_id: int) -> list[tuple[str, str, int]]:
    """Return (department, job, title id) for a person's credits in public titles, the newest title first."""
    rows = session.execute(
        public(select(Credit.department, Credit.job, Title.id).join(Title, Title.id == Credit.title_id))
        .where(Credit.person_id == person_id).order_by(Title.year.desc(), Title.id))
    return [(row.department, row.job, row.id) for row in rows]


def genre_by_slug(session: Session, slug: str) -> Genre | None:
    """Return a genre with its names."""
    return session.scalar(select(Genre).where(Genre.slug == slug))


def listed(kind: str | None, genre_id: int | None) -> Any:
    """Return a select of the public titles of a kind and a genre."""
    statement = public(select(Title.id))
    if kind:
        statement = statement.where(Title.kind == kind)
    if genre_id is not None:
        statement = statement.join(TitleGenre, TitleGenre.title_id == Title.id).where(TitleGenre.genre_id == genre_id)
    return statement


def list_total(session: Session, kind: str | None, genre_id: int | None) -> int:
    """Return how many titles a list has."""
    return session.scalar(select(func.count()).select_from(listed(kind, genre_id).subquery())) or 0


def list_part(kind: str | None, genre_id: int | None, order: str, locale: str, offset: int, limit: int) -> Any:
    """Return a select of one page of a list; `order` is new, rating, year, or name."""
    statement = listed(kind, genre_id)
    by: tuple[Any, ...] = (Title.published_at.desc(), Title.id.desc())
    if order == "name":
        own = aliased(TitleText)
        statement = statement.outerjoin(own, and_(own.title_id == Title.id, own.locale == locale))
        by = (func.coalesce(func.nullif(own.name, ""), Title.original_title), Title.id)
    elif order == "rating":
        statement = statement.outerjoin(TitleScore, TitleScore.title_id == Title.id)
        by = (func.coalesce(TitleScore.score, 0).desc(), Title.id)
    elif order == "year":
        by = (case((Title.year.is_(None), 1), else_=0), Title.year, Title.id)
    return placed(statement, *by, limit=limit, offset=offset)


def image_for(session: Session, viewer: Actor | None, image_id: int,
              previewed: Sequence[int] = ()) -> ImageFile | None:
    """Return where a picture lies that the viewer may see; `previewed` are titles they have a link to.

    A picture belongs to a title, to a part of one, or to a person; a person's is always public.
    """
    owner = or_(Title.id == Image.title_id,
                Title.id == select(Season.title_id).where(Season.id == Image.season_id).scalar_subquery(),
                Title.id == select(Season.title_id).join(Episode, Episode.season_id == Season.id)
                .where(Episode.id == Image.episode_id).scalar_subquery())
    columns = (Image.key, Image.kind, Image.focal_x, Image.focal_y, Title.status)
    row = session.execute(select(*columns).outerjoin(Title, owner).where(
        Image.id == image_id, or_(Title.id.is_(None), visible(viewer), Title.id.in_(previewed)))).first()
    if row is None:
        return None
    return ImageFile(row.key, row.kind, (row.focal_x, row.focal_y), row.status in (None, "published"))
