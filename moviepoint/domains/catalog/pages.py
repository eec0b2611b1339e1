"""The catalogue's pages put together: rows in, contexts out."""
from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from flask import url_for
from sqlalchemy.orm import Session

from moviepoint.domains.catalog import labels
from moviepoint.domains.catalog import page_queries as reads
from moviepoint.domains.catalog.card_queries import ImageRow, TextName, best_image, load_cards, title_images
from moviepoint.domains.catalog.contexts import (
    Card,
    CreditGroup,
    EpisodeItem,
    EpisodePage,
    Link,
    Part,
    PersonPage,
    Picture,
    Row,
    SeasonItem,
    SeasonPage,
    TitlePage,
    TitleView,
    Words,
)
from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.catalog.schema_org import (
    crumbs,
    episode_schema,
    kind_link,
    person_schema,
    season_schema,
    title_schema,
)
from moviepoint.domains.catalog.seo import full, seo, written_in
from moviepoint.domains.catalog.shelf_queries import credits_and_belongings
from moviepoint.domains.catalog.shelves import belonging_links
from moviepoint.domains.catalog.words import (
    Reader,
    card,
    episode_words,
    genre_link,
    person_link,
    picture,
    season_words,
    title_name,
    title_url,
)
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.fresh import fresh
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.text import country_name
from moviepoint.shells.site.fragments import Later

STATE = "catalogue_state"
STATE_SECONDS = 2.0  # after which other processes see that a title has changed


def cards_by_id(session: Session, to: Reader, ids: Sequence[int]) -> dict[int, Card]:
    """Return cards by id."""
    return {i: card(to, row) for i, row in load_cards(session, list(dict.fromkeys(ids)), to.chain).items()}


def view_of(to: Reader, title: reads.TitleRow, images: Sequence[ImageRow]) -> TitleView:
    """Return a title as its page shows it."""
    name = title_name(to, title)
    best = {kind: picture(best_image([image for image in images if image.kind == kind], to.chain))
            for kind in ("poster", "backdrop")}
    return TitleView(
        id=title.id, kind=title.kind, url=title_url(title.kind, title.slug), name=name,
        tagline=to.pick(title.texts, "tagline"), overview=to.pick(title.texts, "overview"),
        original_title="" if title.original_title == name.text else title.original_title,
        original_language=title.original_language, years=labels.span(title.year, title.end_year),
        runtime=title.runtime, countries=[country_name(code, to.locale) for code in title.countries.split()],
        genres=[genre_link(to, genre) for genre in title.genres], **best)


def best_picture(to: Reader, title: Title, kind: str) -> Picture | None:
    """Return a title's picture of a kind for this reader."""
    images = [ImageRow(i.id, i.kind, i.locale, i.width, i.height, i.placeholder, i.alt,
                       i.focal_x, i.focal_y)
              for i in title.images if i.kind == kind]
    return picture(best_image(images, to.chain))


def title_page(session: Session, viewer: Actor | None, to: Reader, kind: str, slug: str) -> TitlePage:
    """Return the page of a film or series. Raises NotFound for what is not there or not public."""
    title = reads.title_by_slug(session, kind, slug, viewer)
    if title is None:
        raise NotFound(_("There is no such title here. It may have been taken down, or the address is wrong."))
    view = view_of(to, title, title_images(session, (), [title.id]).get(title.id, ()))
    rows, belongings = credits_and_belongings(session, title.id, to.chain)
    crew, cast, makers = credits_of(to, rows)
    seasons = [season_item(to, title, *found) for found in reads.seasons_of(session, title.id)] \
        if kind == "series" else []
    collections, companies = belonging_links(to, belongings)
    schema = title_schema(view, makers, cast, seasons, (title.year, title.end_year))
    way = crumbs([kind_link(kind), Link(view.name, view.url)])
    return TitlePage(
        seo=seo(description=view.overview.text or view.tagline.text, picture=view.backdrop or view.poster,
                kind="video.movie" if kind == "film" else "video.tv_show", schema=[schema, way],
                languages=written_in(*title.texts), noindex=title.status != "published",
                properties=movie_properties(title) if kind == "film" else ()),
        title=view, crew=crew, cast=cast, seasons=seasons, more=Later(lambda: related_cards(session, to, title)),
        collections=collections, companies=companies,
        state=fresh(STATE, STATE_SECONDS, lambda: reads.catalogue_state(session), ""))


def related_cards(session: Session, to: Reader, title: reads.TitleRow) -> list[Card]:
    """Return the cards of titles that are like this one, the nearest first."""
    return [card(to, row) for row in reads.related(session, title, to.chain)]


def movie_properties(title: reads.TitleRow) -> list[tuple[str, str]]:
    """Return what Open Graph knows of a film beside its name: the year, and its length in seconds."""
    return [(name, str(value)) for name, value in (
        ("video:duration", (title.runtime or 0) * 60), ("video:release_date", title.year)) if value]


def credits_of(to: Reader,
               rows: Sequence[reads.CreditRow]) -> tuple[list[CreditGroup], list[Part], dict[str, list[Link]]]:
    """Return a title's crew by kind of work, directors first, its cast, and its crew by department."""
    groups: dict[str, dict[str, Link]] = {}
    makers: dict[str, dict[str, Link]] = {}
    cast = []
    for row in sorted(rows, key=lambda row: row.department != "directing"):
        link = person_link(to, row.slug, row.name, row.names)
        if row.department == labels.ACTING:
            cast.append(Part(link, Words(row.character)))
        else:
            groups.setdefault(labels.work_heading(row.department, row.job), {})[link.url] = link
            makers.setdefault(row.department.strip().lower(), {})[link.url] = link
    return ([CreditGroup(heading, list(people.values())) for heading, people in groups.items()], cast,
            {department: list(people.values()) for department, people in makers.items()})


def season_item(to: Reader, title: Title | reads.TitleRow, season: Season, episodes: int, first: int | None,
                last: int | None) -> SeasonItem:
    """Return a season in its series' list; `first` and `last` are the years of its episodes."""
    return SeasonItem(number=season.number, name=season_words(to, season), episodes=episodes,
                      url=url_for("catalog.season", slug=title.slug, number=season.number),
                      years=labels.span(first, last))


def season_page(session: Session, viewer: Actor | None, to: Reader, slug: str, number: int) -> SeasonPage:
    """Return a season's page. Raises NotFound."""
    season = find_season(session, viewer, slug, number)
    title = season.title
    stills = reads.stills(session, [episode.id for episode in season.episodes], to.chain)
    years = [episode.air_date.year for episode in season.episodes if episode.air_date]
    item = season_item(to, title, season, len(season.episodes), min(years, default=None), max(years, default=None))
    siblings = reads.sibling_seasons(session, title.id)
    before, after = neighbours([sibling.id for sibling in siblings], season.id)
    links = {s.id: Link(season_words(to, s), url_for("catalog.season", slug=slug, number=s.number)) for s in siblings}
    overview = to.pick(season.texts, "overview")
    poster, series = best_picture(to, title, "poster"), series_link(to, title)
    episodes = [episode_item(to, title, season, episode, picture(stills.get(episode.id)))
                for episode in season.episodes]
    texts = [*season.texts, *(text for episode in season.episodes for text in episode.texts)]
    way = crumbs([kind_link("series"), series, Link(item.name, item.url)])
    return SeasonPage(
        seo=seo(description=overview.text, picture=poster, kind="video.tv_show",
                schema=[season_schema(series, item, overview, poster, episodes), way],
                languages=written_in(*(texts or title.texts)), noindex=title.status != "published"),
        series=series, season=item, overview=overview, episodes=episodes, previous=links.get(before),
        next=links.get(after))


def find_season(session: Session, viewer: Actor | None, slug: str, number: int) -> Season:
    """Return a season that the viewer may see, with its episodes, or raise NotFound."""
    season = reads.season_whole(session, viewer, slug, number)
    if season is None:
        raise NotFound(_("There is no such season here."))
    return season


def neighbours(ids: Sequence[int], present: int) -> tuple[int, int]:
    """Return the ids before and after the present one; 0 where there is none."""
    around = list(pairwise([0, *ids, 0]))
    place = ids.index(present)
    return around[place][0], around[place + 1][1]


def series_link(to: Reader, title: Title) -> Link:
    """Return a link to a series."""
    return Link(title_name(to, title), title_url(title.kind, title.slug))


def episode_item(to: Reader, title: Title, season: Season, episode: Episode, still: Picture | None) -> EpisodeItem:
    """Return an episode in its season's list."""
    return EpisodeItem(
        number=episode.number, name=episode_words(to, episode, title.original_language),
        url=url_for("catalog.episode", slug=title.slug, number=season.number, episode=episode.number),
        overview=to.pick(episode.texts, "overview"), runtime=episode.runtime, air_date=episode.air_date, still=still)


def episode_page(session: Session, viewer: Actor | None, to: Reader, slug: str, number: int,
                 episode_number: int) -> EpisodePage:
    """Return an episode's page. Raises NotFound."""
    season = find_season(session, viewer, slug, number)
    title = season.title
    by_id = {episode.id: episode for episode in season.episodes}
    episode = next((e for e in season.episodes if e.number == episode_number), None)
    if episode is None:
        raise NotFound(_("There is no such episode here."))
    still = picture(reads.stills(session, [episode.id], to.chain).get(episode.id))
    item = episode_item(to, title, season, episode, still)
    around = [by_id.get(i) for i in neighbours(list(by_id), episode.id)]
    links = [Link(near.name, near.url) if (near := e and episode_item(to, title, season, e, None)) else None
             for e in around]
    series = series_link(to, title)
    above = Link(season_words(to, season), url_for("catalog.season", slug=slug, number=number))
    way = crumbs([kind_link("series"), series, above, Link(item.name, item.url)])
    return EpisodePage(
        seo=seo(description=item.overview.text, picture=still or best_picture(to, title, "backdrop"),
                kind="video.episode", schema=[episode_schema(series, above, number, item), way],
                languages=written_in(*(episode.texts or title.texts)), noindex=title.status != "published",
                properties=[("video:series", full(series.url))]),
        episode_id=episode.id, series=series, season=above, episode=item,
        original_title="" if episode.original_title == item.name.text else episode.original_title,
        previous=links[0], next=links[1])


def person_page(session: Session, to: Reader, slug: str) -> PersonPage:
    """Return a person's page. Raises NotFound."""
    person = reads.person_whole(session, slug)
    if person is None:
        raise NotFound(_("There is no such person here."))
    names = [TextName(text.locale, text.name) for text in person.texts if text.name]
    name = person_link(to, person.slug, person.name, names).name
    biography = to.pick(person.texts, "biography")
    portrait = picture(reads.portrait(session, person.id, to.chain), alt=str(name))
    work: dict[str, list[int]] = {}
    for department, job, title_id in reads.work_of(session, person.id):
        heading = labels.work_heading(department, "" if department == labels.ACTING else job)
        work.setdefault(heading, []).append(title_id)
    cards = cards_by_id(session, to, [i for ids in work.values() for i in ids])
    rows = [Row(f"{n}", heading, [cards[i] for i in dict.fromkeys(ids) if i in cards])
            for n, (heading, ids) in enumerate(sorted(work.items(), key=lambda entry: -len(entry[1])), 1)]
    original = "" if person.name == str(name) else person.name
    page = Link(name, url_for("catalog.person", slug=person.slug))
    schema = person_schema(page, original, (person.birth_year, person.death_year), biography, portrait)
    return PersonPage(
        seo=seo(description=biography.text, picture=portrait, kind="profile", schema=[schema, crumbs([page])],
                languages=written_in(*person.texts)),
        name=name, original_name=original,
        years=labels.span(person.birth_year, person.death_year), biography=biography, portrait=portrait,
        filmography=rows)
