"""Reads for the catalogue's pages: few, of columns where a page shows cards, and none that grows with rows."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, and_, bindparam, case, func, or_, select, union_all
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, selectinload
from sqlalchemy.sql import ColumnElement

from moviepoint.domains.catalog.card_queries import (
    CHAIN,
    CardRow,
    CardStatement,
    ImageRow,
    TextName,
    card_lists,
    card_statement,
    images_of,
    placed,
    public,
)
from moviepoint.domains.catalog.models import (
    Credit,
    Episode,
    Genre,
    GenreText,
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
from moviepoint.kernel.db import read
from moviepoint.kernel.policies import Actor

NEAR = 150  # titles before and after a year among which the related ones are looked for
RELATED = 18
SCORES = "title_scores"  # of a session's notes: what was read along with titles
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


class PersonLine(NamedTuple):
    """A person in a list, with their names by locale."""

    id: int
    slug: str
    name: str
    birth_year: int | None
    death_year: int | None
    names: list[TextName]


class GenreUse(NamedTuple):
    """A genre with its names by locale, and how many public titles have it."""

    slug: str
    texts: Sequence[TextName]
    titles: int


class TitleWords(NamedTuple):
    """A title's texts in one locale."""

    locale: str
    name: str
    tagline: str
    overview: str


class TitleRow(NamedTuple):
    """A title as its page shows it, with its texts by locale and its genres by slug."""

    id: int
    kind: str
    slug: str
    status: str
    original_title: str
    original_language: str
    year: int | None
    end_year: int | None
    runtime: int | None
    countries: str
    texts: Sequence[TitleWords]
    genres: Sequence[GenreUse]


#: Columns of a title's own on its page, in the order of `TitleRow`.
TITLE_COLUMNS = (Title.id, Title.kind, Title.slug, Title.status, Title.original_title, Title.original_language,
                 Title.year, Title.end_year, Title.runtime, Title.countries)


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


def catalogue_state(session: Session) -> str:
    """Return a text that is another one once any title has been saved, published, taken down or deleted."""
    saved = select(func.max(Title.updated_at)).where(Title.deleted_at.is_(None)).scalar_subquery()
    deleted = select(func.max(Title.deleted_at)).scalar_subquery()
    return " ".join(map(str, session.execute(select(saved, deleted)).one()))


def title_where(session: Session, condition: ColumnElement[bool], viewer: Actor | None) -> TitleRow | None:
    """Return the title that meets a condition with its texts and genres, if the viewer may see it."""
    return _title(session, _title_rows().where(condition, visible(viewer)), {})


def title_by_slug(session: Session, kind: str, slug: str, viewer: Actor | None) -> TitleRow | None:
    """Return a title with its texts and genres by the address of its page, if the viewer may see it."""
    statement = _public_by_slug() if viewer is None else _by_slug().where(visible(viewer))
    return _title(session, statement, {"kind": kind, "slug": slug})


def score_of(session: Session, title_id: int) -> TitleScore | None:
    """Return a title's ratings; none are asked for where a page has read the title with them."""
    known: dict[int, TitleScore | None] = session.info.get(SCORES, {})
    return known[title_id] if title_id in known else session.get(TitleScore, title_id)


def _title(session: Session, statement: Any, values: Mapping[str, object]) -> TitleRow | None:
    """Put one title together: there is a row for each text, genre and name of a genre with one another."""
    row, texts = None, dict[str, TitleWords]()
    genres: dict[str, dict[str, TextName]] = {}
    for row in read(session, statement, values):
        if row.locale is not None:
            texts[row.locale] = TitleWords(row.locale, row.name, row.tagline, row.overview)
        if row.genre is not None:
            names = genres.setdefault(row.genre, {})
            if row.genre_locale is not None:
                names[row.genre_locale] = TextName(row.genre_locale, row.genre_name)
    if row is None:
        return None
    score = None if row.votes is None else TitleScore(
        title_id=row.id, votes=row.votes, total=row.total, counts=row.counts, score=row.score)
    session.info.setdefault(SCORES, {})[row.id] = score
    uses = [GenreUse(slug, list(names.values()), 0) for slug, names in genres.items()]
    return TitleRow._make([*row[:len(TITLE_COLUMNS)], list(texts.values()), uses])


@cache
def _title_rows() -> Any:
    """The joins are flat: for a join within an outer join, SQLite reads all titles' genres."""
    return (select(*TITLE_COLUMNS, TitleText.locale, TitleText.name, TitleText.tagline, TitleText.overview,
                   Genre.slug.label("genre"), GenreText.locale.label("genre_locale"),
                   GenreText.name.label("genre_name"), TitleScore.votes, TitleScore.total, TitleScore.counts,
                   TitleScore.score)
            .outerjoin(TitleText, TitleText.title_id == Title.id).outerjoin(TitleScore, TitleScore.title_id == Title.id)
            .outerjoin(TitleGenre, TitleGenre.title_id == Title.id).outerjoin(Genre, Genre.id == TitleGenre.genre_id)
            .outerjoin(GenreText, GenreText.genre_id == Genre.id).order_by(Genre.slug, TitleText.id))


@cache
def _by_slug() -> Any:
    return _title_rows().where(Title.slug == bindparam("slug"), Title.kind == bindparam("kind"))


@cache
def _public_by_slug() -> Any:
    return _by_slug().where(visible(None))


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


def related(session: Session, title: TitleRow, chain: Sequence[str]) -> Sequence[CardRow]:
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


def people_lines(session: Session, ids: Sequence[int], chain: Sequence[str]) -> dict[int, PersonLine]:
    """Return people by id, in one query."""
    found: dict[int, PersonLine] = {}
    for *columns, locale, name in read(session, _people_lines(), {"ids": ids, "chain": chain}) if ids else ():
        line = found.setdefault(columns[0], PersonLine._make([*columns, []]))
        if name:
            line.names.append(TextName(locale, name))
    return found


@cache
def _people_lines() -> Any:
    return (select(Person.id, Person.slug, Person.name, Person.birth_year, Person.death_year, PersonText.locale,
                   PersonText.name.label("translated"))
            .outerjoin(PersonText, and_(PersonText.person_id == Person.id, PersonText.locale.in_(CHAIN),
                                        PersonText.name != ""))
            .where(Person.id.in_(bindparam("ids", expanding=True)), Person.deleted_at.is_(None)))


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
