"""Reads for the catalogue's pages: few, of columns where a page shows cards, and none that grows with rows."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased, load_only, selectinload
from sqlalchemy.sql import ColumnElement

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


class CardRow(NamedTuple):
    """What a card shows of a title; `texts` has (locale, name), `poster` the picture's columns."""

    id: int
    kind: str
    slug: str
    original_title: str
    original_language: str
    year: int | None
    end_year: int | None
    texts: Sequence[TextName]
    poster: ImageRow | None


class TextName(NamedTuple):
    """A name in one locale."""

    locale: str
    name: str


class ImageRow(NamedTuple):
    """A picture; `locale` is empty when nothing is written in it."""

    id: int
    kind: str
    locale: str
    width: int
    height: int
    placeholder: str
    alt: str
    focal_x: int
    focal_y: int


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
    names: Sequence[TextName]


IMAGE_COLUMNS = (Image.id, Image.kind, Image.locale, Image.width, Image.height, Image.placeholder, Image.alt,
                 Image.focal_x, Image.focal_y)


def load_cards(session: Session, ids: Sequence[int], chain: Sequence[str]) -> dict[int, CardRow]:
    """Return cards by id, in three queries whatever their number; ids that are gone are left out."""
    if not ids:
        return {}
    rows = session.execute(select(Title.id, Title.kind, Title.slug, Title.original_title, Title.original_language,
                                  Title.year, Title.end_year).where(
            Title.id.in_(ids), Title.status == "published")).all()
    texts = _by_owner(session.execute(
        select(TitleText.title_id, TitleText.locale, TitleText.name)
        .where(TitleText.title_id.in_(ids), TitleText.locale.in_(chain), TitleText.name != "")))
    posters = _images(session, Image.title_id, ids, "poster", chain)
    return {row.id: CardRow(*row, texts.get(row.id, []), posters.get(row.id)) for row in rows}


def _by_owner(rows: Iterable[Sequence[object]]) -> dict[int, list[TextName]]:
    found: dict[int, list[TextName]] = {}
    for owner, locale, name in rows:
        found.setdefault(int(str(owner)), []).append(TextName(str(locale), str(name)))
    return found


def _images(session: Session, owner: Any, ids: Sequence[int], kind: str,
            chain: Sequence[str]) -> dict[int, ImageRow]:
    """Return the best picture of a kind for each owner: in the first locale of the chain, else without words."""
    statement = (select(owner, *IMAGE_COLUMNS).where(owner.in_(ids), Image.kind == kind)
                 .order_by(Image.position, Image.id))
    found: dict[int, list[ImageRow]] = {}
    for row in session.execute(statement):
        found.setdefault(row[0], []).append(ImageRow(*row[1:]))
    best = {owner_id: best_image(images, chain) for owner_id, images in found.items()}
    return {owner_id: image for owner_id, image in best.items() if image is not None}


def best_image(images: Sequence[ImageRow], chain: Sequence[str]) -> ImageRow | None:
    """Return the picture to show a reader of this chain of locales; the first of all when none fits."""
    places = {locale: n for n, locale in enumerate([*chain, ""])}
    return min(images, key=lambda image: places.get(image.locale, len(places)), default=None)


def newest_ids(session: Session, limit: int) -> list[int]:
    """Return the titles last published; lists show drafts to nobody."""
    return list(session.scalars(_public(select(Title.id)).order_by(Title.published_at.desc(), Title.id.desc())
                                .limit(limit)))


def ids_by_kind(session: Session, limit: int) -> dict[str, list[int]]:
    """Return for each kind the ids of its newest public titles, at most `limit` of each."""
    place = func.row_number().over(partition_by=Title.kind, order_by=(Title.published_at.desc(), Title.id.desc()))
    inner = _public(select(Title.id, Title.kind, place.label("place"))).subquery()
    rows = session.execute(select(inner.c.kind, inner.c.id).where(inner.c.place <= limit)
                           .order_by(inner.c.kind, inner.c.place))
    found: dict[str, list[int]] = {}
    for kind, title_id in rows:
        found.setdefault(kind, []).append(title_id)
    return found


def ids_by_genre(session: Session, genres: Sequence[int], limit: int) -> dict[int, list[int]]:
    """Return for each of the genres the ids of public titles, oldest first, at most `limit` of each."""
    if not genres:
        return {}
    place = func.row_number().over(partition_by=TitleGenre.genre_id, order_by=(Title.year, Title.id))
    inner = (_public(select(Title.id, TitleGenre.genre_id, place.label("place")).join(
        TitleGenre, TitleGenre.title_id == Title.id)).where(TitleGenre.genre_id.in_(genres))).subquery()
    rows = session.execute(select(inner.c.genre_id, inner.c.id).where(inner.c.place <= limit)
                           .order_by(inner.c.genre_id, inner.c.place))
    found: dict[int, list[int]] = {}
    for genre_id, title_id in rows:
        found.setdefault(genre_id, []).append(title_id)
    return found


def genres_in_use(session: Session, kind: str | None = None, limit: int = 60) -> list[tuple[Genre, int]]:
    """Return the genres that public titles have, with how many, the most used first."""
    count = func.count(Title.id)
    inner = _public(select(TitleGenre.genre_id, count.label("titles"))
                    .join(Title, Title.id == TitleGenre.title_id)).group_by(TitleGenre.genre_id)
    if kind:
        inner = inner.where(Title.kind == kind)
    counted = inner.subquery()
    rows = session.execute(select(Genre, counted.c.titles).join(counted, counted.c.genre_id == Genre.id)
                           .order_by(counted.c.titles.desc(), Genre.slug).limit(limit))
    return [(genre, titles) for genre, titles in rows]


def featured_id(session: Session) -> int | None:
    """Return the title for the head of the home page: the newest with a picture to fill it, else the newest."""
    has_backdrop = select(Image.id).where(Image.title_id == Title.id, Image.kind == "backdrop").exists()
    return session.scalar(_public(select(Title.id)).order_by(
        has_backdrop.desc(), Title.published_at.desc(), Title.id.desc()).limit(1))


def title_whole(session: Session, condition: ColumnElement[bool], viewer: Actor | None) -> Title | None:
    """Return a title with texts, genres, images and seasons, if the viewer may see it."""
    return session.scalar(select(Title).where(condition, visible(viewer)).options(
        selectinload(Title.texts), selectinload(Title.genres), selectinload(Title.images),
        selectinload(Title.seasons).options(load_only(Season.number, Season.title_id), selectinload(Season.texts))))


def credits_of(session: Session, title_id: int, chain: Sequence[str]) -> list[CreditRow]:
    """Return a title's credits in order."""
    rows = session.execute(
        select(Person.id, Person.slug, Person.name, Credit.department, Credit.job, Credit.character)
        .join(Person, Person.id == Credit.person_id).where(Credit.title_id == title_id)
        .order_by(Credit.position, Credit.id)).all()
    names = person_names(session, [row.id for row in rows], chain)
    return [CreditRow(*row, names.get(row.id, [])) for row in rows]


def person_names(session: Session, ids: Sequence[int], chain: Sequence[str]) -> dict[int, list[TextName]]:
    """Return people's names by locale."""
    if not ids:
        return {}
    return _by_owner(session.execute(
        select(PersonText.person_id, PersonText.locale, PersonText.name)
        .where(PersonText.person_id.in_(ids), PersonText.locale.in_(chain), PersonText.name != "")))


def season_counts(session: Session, title_id: int) -> dict[int, tuple[int, int | None, int | None]]:
    """Return for each season (episodes, first year, last year)."""
    rows = session.execute(
        select(Episode.season_id, func.count(Episode.id), func.min(Episode.air_date), func.max(Episode.air_date))
        .join(Season, Season.id == Episode.season_id).where(Season.title_id == title_id)
        .group_by(Episode.season_id))
    return {season_id: (count, first.year if first else None, last.year if last else None)
            for season_id, count, first, last in rows}


def related_ids(session: Session, title_id: int, limit: int) -> list[int]:
    """Return public titles that share the most genres with this one, then the nearest in time."""
    shared, own = aliased(TitleGenre), aliased(TitleGenre)
    this_year = select(Title.year).where(Title.id == title_id).scalar_subquery()
    statement = (_public(select(Title.id)).join(shared, shared.title_id == Title.id)
                 .join(own, and_(own.genre_id == shared.genre_id, own.title_id == title_id))
                 .where(Title.id != title_id).group_by(Title.id)
                 .order_by(func.count().desc(), func.abs(func.coalesce(Title.year - this_year, 9999)), Title.id))
    return list(session.scalars(statement.limit(limit)))


def season_whole(session: Session, viewer: Actor | None, slug: str, number: int) -> Season | None:
    """Return a season with its texts and its episodes' texts, and its series' texts and images."""
    return session.scalar(
        select(Season).join(Season.title).where(Title.slug == slug, Season.number == number, visible(viewer)).options(
            selectinload(Season.texts), selectinload(Season.episodes).selectinload(Episode.texts),
            selectinload(Season.title).options(selectinload(Title.texts), selectinload(Title.images))))


def stills(session: Session, ids: Sequence[int], chain: Sequence[str]) -> dict[int, ImageRow]:
    """Return each episode's picture."""
    return _images(session, Image.episode_id, ids, "still", chain) if ids else {}


def sibling_seasons(session: Session, title_id: int) -> list[Season]:
    """Return a series' seasons with their texts, in order."""
    return list(session.scalars(select(Season).where(Season.title_id == title_id).order_by(Season.number)
                                .options(selectinload(Season.texts))))


def person_whole(session: Session, slug: str) -> Person | None:
    """Return a person with texts."""
    return session.scalar(select(Person).where(Person.slug == slug).options(selectinload(Person.texts)))


def portrait(session: Session, person_id: int, chain: Sequence[str]) -> ImageRow | None:
    """Return a person's picture."""
    return _images(session, Image.person_id, [person_id], "portrait", chain).get(person_id)


def portraits(session: Session, ids: Sequence[int], chain: Sequence[str]) -> dict[int, ImageRow]:
    """Return the pictures of several people, in one query."""
    return _images(session, Image.person_id, ids, "portrait", chain)


def people_by_id(session: Session, ids: Sequence[int]) -> dict[int, Person]:
    """Return people, without their texts, by id."""
    rows = session.scalars(select(Person).where(Person.id.in_(ids), Person.deleted_at.is_(None)).options(
        load_only(Person.slug, Person.name, Person.birth_year, Person.death_year)))
    return {person.id: person for person in rows}


def work_of(session: Session, person_id: int) -> list[tuple[str, str, int]]:
    """Return (department, job, title id) for a person's credits in public titles, the newest title first."""
    rows = session.execute(
        _public(select(Credit.department, Credit.job, Title.id).join(Title, Title.id == Credit.title_id))
        .where(Credit.person_id == person_id).order_by(Title.year.desc(), Title.id))
    return [(row.department, row.job, row.id) for row in rows]


def genre_by_slug(session: Session, slug: str) -> Genre | None:
    """Return a genre with its names."""
    return session.scalar(select(Genre).where(Genre.slug == slug))


def list_ids(session: Session, *, kind: str | None, genre_id: int | None, order: str, locale: str, offset: int,
             limit: int) -> tuple[list[int], int]:
    """Return one page of public titles' ids and how many there are; `order` is new, rating, year, or name."""
    statement = _public(select(Title.id))
    if kind:
        statement = statement.where(Title.kind == kind)
    if genre_id is not None:
        statement = statement.join(TitleGenre, TitleGenre.title_id == Title.id).where(TitleGenre.genre_id == genre_id)
    total = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    if order == "name":
        own = aliased(TitleText)
        statement = statement.outerjoin(own, and_(own.title_id == Title.id, own.locale == locale))
        statement = statement.order_by(func.coalesce(func.nullif(own.name, ""), Title.original_title), Title.id)
    elif order == "rating":
        statement = statement.outerjoin(TitleScore, TitleScore.title_id == Title.id)
        statement = statement.order_by(func.coalesce(TitleScore.score, 0).desc(), Title.id)
    elif order == "year":
        statement = statement.order_by(Title.year.is_(None), Title.year, Title.id)
    else:
        statement = statement.order_by(Title.published_at.desc(), Title.id.desc())
    return list(session.scalars(statement.offset(offset).limit(limit))), total


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


def _public(statement: Any) -> Any:
    """Narrow a select of titles to public ones; Select's type says its columns, which stay as they are."""
    return statement.where(Title.status == "published")
