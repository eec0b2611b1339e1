"""The catalogue in the words of schema.org: what each page is about, as a node of JSON-LD.

Where a node names another one that has a page, it gives that page's address as `@id` and `url`, so that a reader of
several pages knows that they speak of the same.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import url_for

from moviepoint.domains.catalog.contexts import (
    Card,
    EpisodeItem,
    Link,
    Part,
    Picture,
    SeasonItem,
    ShelfCard,
    TitleView,
    Words,
)
from moviepoint.domains.catalog.json_ld import length, node
from moviepoint.domains.catalog.seo import full, shorten
from moviepoint.domains.catalog.words import site_settings
from moviepoint.kernel.i18n import current_locale
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.site.pages import asset_url

Schema = dict[str, Any]
#: Properties that hold who did the work of a department.
MAKERS = {"directing": "director", "writing": "author", "music": "musicBy", "production": "producer"}
NO_LANGUAGE = ("und", "mul", "zxx")
MOST_ACTORS = 10


def kind_of(kind: str) -> str:
    """Return schema.org's name for a kind of title."""
    return "TVSeries" if kind == "series" else "Movie"


def largest(picture: Picture | None) -> str:
    """Return the full address of a picture's largest size; empty without one."""
    if picture is None:
        return ""
    return full(picture.srcset.rsplit(", ", 1)[-1].split(" ")[0] or picture.src)


def thing(kind: str, link: Link, **more: Any) -> Schema:
    """Return a node that only names what has a page of its own."""
    return node(kind, id=full(link.url), name=str(link.name), url=full(link.url), **more)


def title_schema(title: TitleView, makers: Mapping[str, Sequence[Link]], cast: Sequence[Part],
                 seasons: Sequence[SeasonItem], years: tuple[int | None, int | None]) -> Schema:
    """Return a film or a series; `makers` are people by department, `years` the first and the last."""
    series = title.kind == "series"
    first, last = (str(year) if year else None for year in years)
    dates = {"startDate": first, "endDate": last} if series else {"dateCreated": first, "datePublished": first}
    people = {name: [thing("Person", person) for person in makers.get(department, ())]
              for department, name in MAKERS.items()}
    return node(
        kind_of(title.kind), id=full(title.url), name=str(title.name), alternateName=title.original_title,
        url=full(title.url), description=shorten(title.overview.text or title.tagline.text),
        inLanguage="" if title.original_language in NO_LANGUAGE else title.original_language,
        image=[address for address in (largest(title.poster), _wide(title.backdrop)) if address],
        **dates, duration="" if series else length(title.runtime),
        genre=[str(genre.name) for genre in title.genres],
        countryOfOrigin=[node("Country", name=name) for name in title.countries], **people,
        actor=[thing("Person", part.person) for part in cast[:MOST_ACTORS]],
        numberOfSeasons=sum(season.number > 0 for season in seasons) or None,
        numberOfEpisodes=sum(season.episodes for season in seasons) or None,
        containsSeason=[thing("TVSeason", Link(season.name, season.url), seasonNumber=season.number,
                              numberOfEpisodes=season.episodes or None) for season in seasons])


def season_schema(series: Link, season: SeasonItem, overview: Words, poster: Picture | None,
                  episodes: Sequence[EpisodeItem]) -> Schema:
    """Return a season with its episodes."""
    dates = sorted(episode.air_date for episode in episodes if episode.air_date)
    return node(
        "TVSeason", id=full(season.url), name=str(season.name), url=full(season.url), seasonNumber=season.number,
        description=shorten(overview.text), image=largest(poster), numberOfEpisodes=len(episodes) or None,
        startDate=dates[0].isoformat() if dates else None, endDate=dates[-1].isoformat() if dates else None,
        partOfSeries=thing("TVSeries", series),
        episode=[thing("TVEpisode", Link(episode.name, episode.url), episodeNumber=episode.number)
                 for episode in episodes])


def episode_schema(series: Link, season: Link, season_number: int, episode: EpisodeItem) -> Schema:
    """Return an episode with its place in the series."""
    return node(
        "TVEpisode", id=full(episode.url), name=str(episode.name), url=full(episode.url),
        episodeNumber=episode.number, description=shorten(episode.overview.text), image=largest(episode.still),
        datePublished=episode.air_date.isoformat() if episode.air_date else None, duration=length(episode.runtime),
        partOfSeason=thing("TVSeason", season, seasonNumber=season_number), partOfSeries=thing("TVSeries", series))


def person_schema(person: Link, original_name: str, years: tuple[int | None, int | None], biography: Words,
                  portrait: Picture | None) -> Schema:
    """Return somebody who made or played in titles."""
    born, died = (f"{year:04d}" if year else None for year in years)
    return thing("Person", person, alternateName=original_name, birthDate=born, deathDate=died,
                 description=shorten(biography.text), image=largest(portrait))


def list_schema(name: str, cards: Sequence[Card | ShelfCard], first: int = 1) -> Schema:
    """Return a page of many titles, collections or companies; `first` is the place of its first one in the list."""
    return node("ItemList", name=name, itemListElement=[
        node("ListItem", position=place, url=full(card.url), name=str(card.name))
        for place, card in enumerate(cards, first)])


def crumbs(links: Iterable[Link]) -> Schema:
    """Return the way from the home page to this one; the last link is the page itself."""
    way = [Link(Words(_("Home")), url_for("pages.home")), *links]
    return node("BreadcrumbList", itemListElement=[
        node("ListItem", position=place, name=str(link.name), item=full(link.url))
        for place, link in enumerate(way, 1)])


def kind_link(kind: str) -> Link:
    """Return a link to all films or all series."""
    return Link(Words(_("Series")), url_for("catalog.all_series")) if kind == "series" else \
        Link(Words(_("Films")), url_for("catalog.films"))


def site_schema() -> list[Schema]:
    """Return the site and who runs it, for the home page; it can be searched from elsewhere."""
    settings, home = site_settings(), full(url_for("pages.home"))
    base = full("/")
    maker = node("Organization", id=f"{base}#organization", name=settings.site_name, url=base,
                 logo=node("ImageObject", url=full(asset_url("icons/icon-512.png")), width=512, height=512))
    search = node("SearchAction", target=node("EntryPoint", urlTemplate=full(url_for("search.search"))
                                              + "?q={search_term_string}"))
    search["query-input"] = "required name=search_term_string"
    return [node("WebSite", id=f"{base}#website", name=settings.site_name, url=home, inLanguage=current_locale(),
                 publisher={"@id": maker["@id"]}, potentialAction=search), maker]


def _wide(picture: Picture | None) -> str:
    return full(picture.crops["wide"]) if picture is not None and "wide" in picture.crops else ""
