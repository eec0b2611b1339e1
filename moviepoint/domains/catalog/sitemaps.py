"""The catalogue's public pages for sitemaps, as streams: a part of the rows at a time, and their texts with them."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.images import WIDTHS
from moviepoint.domains.catalog.models import (
    Credit,
    Episode,
    EpisodeText,
    Image,
    Person,
    PersonText,
    Season,
    SeasonText,
    Title,
    TitleText,
)
from moviepoint.domains.catalog.page_queries import genres_in_use
from moviepoint.domains.catalog.seo import spoken_among, written_in
from moviepoint.domains.catalog.shelf_queries import TABLES
from moviepoint.domains.catalog.shelves import ENDPOINTS, LISTS
from moviepoint.hooks.types import SitemapPage, SitemapSource
from moviepoint.shells.site.addresses import path_of

AT_A_TIME = 1_000
Locales = Sequence[str]
PUBLIC = Title.status == "published"


def in_parts(session: Session, statement: Any, key: Any) -> Iterator[Sequence[Any]]:
    """Yield the rows of a select in parts, in the order of a unique key that is its first column."""
    last = 0
    while rows := session.execute(statement.where(key > last).order_by(key).limit(AT_A_TIME)).all():
        yield rows
        last = rows[-1][0]


class Texts:
    """In which languages some rows have texts, and when those were written last."""

    def __init__(self, session: Session, model: Any, owner: Any, ids: Iterable[int], *fields: Any) -> None:
        self.locales: dict[int, set[str]] = {}
        self.changed: dict[int, datetime] = {}
        for row in session.execute(select(owner, model.locale, model.updated_at).where(
                owner.in_(list(ids)), or_(*(field != "" for field in fields)))):
            self.locales.setdefault(row[0], set()).add(row[1])
            self.changed[row[0]] = max(row[2], self.changed.get(row[0], row[2]))


def pictures_of(session: Session, owner: Any, ids: Sequence[int], *kinds: str) -> Mapping[int, list[str]]:
    """Return the paths of the largest sizes of pictures by owner, in order."""
    found: dict[int, list[str]] = {}
    for owner_id, image_id, kind in session.execute(
            select(owner, Image.id, Image.kind).where(owner.in_(ids), Image.kind.in_(kinds))
            .order_by(Image.position, Image.id)):
        found.setdefault(owner_id, []).append(image_path(image_id, kind))
    return found


def image_path(image_id: int, kind: str) -> str:
    """Return the path of a picture's largest size."""
    return path_of("catalog_files.image", image_id=image_id, width=WIDTHS[kind][-1])  # type: ignore[index]


def titles(session: Session, locales: Locales) -> Iterator[SitemapPage]:
    """Yield all public films and series."""
    for rows in in_parts(session, select(Title.id, Title.kind, Title.slug, Title.updated_at).where(PUBLIC), Title.id):
        ids = [row.id for row in rows]
        texts = Texts(session, TitleText, TitleText.title_id, ids, TitleText.name, TitleText.overview)
        pictures = pictures_of(session, Image.title_id, ids, "poster", "backdrop")
        for row in rows:
            endpoint = "catalog.series" if row.kind == "series" else "catalog.film"
            yield _page(endpoint, {"slug": row.slug}, locales, texts.locales.get(row.id, set()),
                        [row.updated_at, texts.changed.get(row.id)], pictures.get(row.id, ()))


def seasons(session: Session, locales: Locales) -> Iterator[SitemapPage]:
    """Yield all seasons of public series."""
    statement = (select(Season.id, Season.number, Season.updated_at, Season.title_id, Title.slug)
                 .join(Title, Title.id == Season.title_id).where(PUBLIC))
    for rows in in_parts(session, statement, Season.id):
        ids = [row.id for row in rows]
        own = Texts(session, SeasonText, SeasonText.season_id, ids, SeasonText.name, SeasonText.overview)
        inner = _episode_locales(session, ids)
        series = Texts(session, TitleText, TitleText.title_id, {row.title_id for row in rows}, TitleText.name,
                       TitleText.overview)
        for row in rows:
            spoken = own.locales.get(row.id, set()) | inner.get(row.id, set())
            spoken = spoken or series.locales.get(row.title_id, set())
            yield _page("catalog.season", {"slug": row.slug, "number": row.number}, locales, spoken,
                        [row.updated_at, own.changed.get(row.id)])


def _episode_locales(session: Session, season_ids: Sequence[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for season_id, locale in session.execute(
            select(Episode.season_id, EpisodeText.locale).join(Episode, Episode.id == EpisodeText.episode_id)
            .where(Episode.season_id.in_(season_ids), or_(EpisodeText.name != "", EpisodeText.overview != ""))
            .distinct()):
        found.setdefault(season_id, set()).add(locale)
    return found


def episodes(session: Session, locales: Locales) -> Iterator[SitemapPage]:
    """Yield all episodes of public series."""
    statement = (select(Episode.id, Episode.number, Episode.updated_at, Season.number.label("season"), Season.title_id,
                        Title.slug)
                 .join(Season, Season.id == Episode.season_id).join(Title, Title.id == Season.title_id).where(PUBLIC))
    for rows in in_parts(session, statement, Episode.id):
        ids = [row.id for row in rows]
        own = Texts(session, EpisodeText, EpisodeText.episode_id, ids, EpisodeText.name, EpisodeText.overview)
        series = Texts(session, TitleText, TitleText.title_id, {row.title_id for row in rows}, TitleText.name,
                       TitleText.overview)
        stills = pictures_of(session, Image.episode_id, ids, "still")
        for row in rows:
            spoken = own.locales.get(row.id) or series.locales.get(row.title_id, set())
            yield _page("catalog.episode", {"slug": row.slug, "number": row.season, "episode": row.number}, locales,
                        spoken, [row.updated_at, own.changed.get(row.id)], stills.get(row.id, ()))


def people(session: Session, locales: Locales) -> Iterator[SitemapPage]:
    """Yield everybody who is credited in something public."""
    credited = select(Credit.id).join(Title, Title.id == Credit.title_id).where(
        Credit.person_id == Person.id, PUBLIC).exists()
    statement = select(Person.id, Person.slug, Person.updated_at).where(credited, Person.deleted_at.is_(None))
    for rows in in_parts(session, statement, Person.id):
        ids = [row.id for row in rows]
        texts = Texts(session, PersonText, PersonText.person_id, ids, PersonText.name, PersonText.biography)
        portraits = pictures_of(session, Image.person_id, ids, "portrait")
        for row in rows:
            yield _page("catalog.person", {"slug": row.slug}, locales, texts.locales.get(row.id, set()),
                        [row.updated_at, texts.changed.get(row.id)], portraits.get(row.id, ()))


def genres(session: Session, locales: Locales) -> Iterator[SitemapPage]:
    """Yield the lists of all titles, and of each genre that a public title has."""
    for endpoint in ("catalog.films", "catalog.all_series"):
        yield _page(endpoint, {}, locales, set(), [])
    for genre in genres_in_use(session):
        yield _page("catalog.genre", {"slug": genre.slug}, locales, written_in(*genre.texts), [])


def shelves(session: Session, locales: Locales) -> Iterator[SitemapPage]:
    """Yield each collection and each company that has a public title, after the list of them."""
    for kind, (model, text, told, link, owner) in TABLES.items():
        listed = False
        statement = select(model.id, model.slug).where(
            select(link.title_id).join(Title, Title.id == link.title_id).where(owner == model.id, PUBLIC).exists())
        for rows in in_parts(session, statement, model.id):
            if not listed:
                yield _page(LISTS[kind], {}, locales, set(), [])
                listed = True
            texts = Texts(session, text, told, [row.id for row in rows], text.name)
            for row in rows:
                yield _page(ENDPOINTS[kind], {"slug": row.slug}, locales, texts.locales.get(row.id, set()),
                            [texts.changed.get(row.id)])


def _page(endpoint: str, values: Mapping[str, Any], locales: Locales, spoken: set[str],
          moments: Iterable[datetime | None], pictures: Sequence[str] = ()) -> SitemapPage:
    paths = {locale: path_of(endpoint, locale=locale, **values) for locale in spoken_among(locales, spoken)}
    return SitemapPage(paths, max((moment for moment in moments if moment), default=None), pictures)


SOURCES = (SitemapSource("titles", titles), SitemapSource("seasons", seasons), SitemapSource("episodes", episodes),
           SitemapSource("people", people), SitemapSource("lists", genres),
           SitemapSource("collections", shelves))
