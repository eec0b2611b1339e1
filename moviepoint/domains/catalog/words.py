"""From rows to what templates get: words with their language, pictures with their addresses, cards, links."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import current_app

from moviepoint.domains.catalog import labels
from moviepoint.domains.catalog.card_queries import CardRow, ImageRow, TextName
from moviepoint.domains.catalog.contexts import Card, Link, Picture, Words
from moviepoint.domains.catalog.crops import CropUrls
from moviepoint.domains.catalog.images import WIDTHS
from moviepoint.domains.catalog.models import Episode, Genre, Image, Season, Title
from moviepoint.domains.catalog.page_queries import GenreUse, TitleRow
from moviepoint.domains.catalog.texts import Text, pick
from moviepoint.kernel.addresses import address, addresses
from moviepoint.kernel.i18n import current_locale, fallback_chain
from moviepoint.settings import Settings


@dataclass(frozen=True, slots=True)
class Reader:
    """In which language a page is read: its locale, and where to look for texts, in order."""

    locale: str
    chain: Sequence[str]

    def words(self, text: Text) -> Words:
        """Return a text that says its language when it is not the page's (`en` serves an `en-GB` page)."""
        same = text.locale.split("-")[0] == self.locale.split("-")[0]
        return Words(text.value, "" if same or not text.value else text.locale)

    def pick(self, rows: Iterable[object], field: str, original: tuple[str, str] = ("", "")) -> Words:
        """Return the best text of a field."""
        return self.words(pick(rows, field, self.chain, original))


def site_settings() -> Settings:
    """Return the running site's settings."""
    settings: Settings = current_app.extensions["moviepoint.settings"]
    return settings


def reader() -> Reader:
    """Return the reader of this request."""
    locale = current_locale()
    return Reader(locale, fallback_chain(locale, site_settings().default_locale))


def picture(image: ImageRow | Image | None, alt: str = "") -> Picture | None:
    """Return a picture with the addresses of its sizes; the middle one is the default."""
    if image is None:
        return None
    # A size is a file's name; a picture that was smaller than it is kept unenlarged under that name.
    sizes: dict[int, str] = {}
    names = WIDTHS[image.kind]  # type: ignore[index]
    for name, url in zip(names, addresses("catalog_files.image", "width", names, image_id=image.id), strict=True):
        sizes.setdefault(min(name, image.width), url)
    usual = list(sizes)[len(sizes) // 2]
    return Picture(src=sizes[usual], srcset=", ".join(f"{url} {width}w" for width, url in sizes.items()), width=usual,
                   height=round(image.height * usual / image.width), colour=image.placeholder, alt=alt or image.alt,
                   crops=CropUrls(image.id, image.focal_x, image.focal_y))


def title_url(kind: str, slug: str) -> str:
    """Return the address of a film's or series' page."""
    return address("catalog.series" if kind == "series" else "catalog.film", slug=slug)


def title_name(to: Reader, title: Title | TitleRow | CardRow) -> Words:
    """Return a title's name for this reader."""
    return to.pick(title.texts, "name", (title.original_title, title.original_language))


def card(to: Reader, row: CardRow) -> Card:
    """Return a title's card. Its picture says nothing that the name beside it does not, so it has no alt."""
    name = title_name(to, row)
    poster = picture(row.poster._replace(alt="") if row.poster else None)
    return Card(id=row.id, kind=row.kind, url=title_url(row.kind, row.slug), name=name,
                years=labels.span(row.year, row.end_year),
                original_title="" if row.original_title == name.text else row.original_title, poster=poster)


def person_link(to: Reader, slug: str, name: str, names: Sequence[TextName]) -> Link:
    """Return a link to a person's page under their name for this reader."""
    found = {text.locale: text.name for text in names}
    own = next((found[locale] for locale in to.chain if locale.split("-")[0] == to.locale.split("-")[0]
                and locale in found), name)
    return Link(Words(own), address("catalog.person", slug=slug))


def genre_link(to: Reader, genre: Genre | GenreUse) -> Link:
    """Return a link to a genre's page."""
    return Link(to.pick(genre.texts, "name", (genre.slug, "und")), address("catalog.genre", slug=genre.slug))


def season_words(to: Reader, season: Season) -> Words:
    """Return a season's name: its own, or "Season 2"."""
    own = to.pick(season.texts, "name")
    return own or Words(labels.season_name(season.number))


def episode_words(to: Reader, episode: Episode, language: str) -> Words:
    """Return an episode's name: its own, the original, or "Episode 3"; `language` is the series'."""
    own = to.pick(episode.texts, "name", (episode.original_title, language) if episode.original_title else ("", ""))
    return own or Words(labels.episode_name(episode.number))
