"""What the catalogue's pages give to their templates: the contract that theme authors build on.

Each page is one dataclass, and each of its fields is a variable of the template of the same name. Texts come
in the reader's language where there is one; a text that had to be taken from another language says so in
`lang`, and templates mark it.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from moviepoint.domains.catalog.json_ld import serialise


@dataclass(frozen=True, slots=True)
class Words:
    """A text and its language: `lang` is empty when it is the page's own."""

    text: str
    lang: str = ""

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class Link:
    """A name and where it leads."""

    name: Words
    url: str


@dataclass(frozen=True, slots=True)
class Picture:
    """An image in several sizes; `width` and `height` in pixels are those of `src`, `colour` is `#rrggbb`.

    `crops` are addresses by name, cut around the point that editors have set: "card" is 16:9, "wide" 1200 by 630.
    """

    src: str
    srcset: str
    width: int
    height: int
    colour: str = "#333333"
    alt: str = ""
    crops: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Card:
    """A title in a list. `years` is "1927", "1915–1916" or empty."""

    id: int
    kind: str  # "film" or "series"
    url: str
    name: Words
    years: str = ""
    original_title: str = ""  # empty when it is the name
    poster: Picture | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the home page; `url` leads to all of them and may be empty. `slot` shows a row that has no cards."""

    slug: str
    heading: str
    cards: Sequence[Card] = ()
    url: str = ""
    slot: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One person's part in a title: a character, or a job."""

    person: Link
    role: Words = Words("")


@dataclass(frozen=True, slots=True)
class CreditGroup:
    """The people who did the same work, under its name in the page's language."""

    heading: str
    people: Sequence[Link]


@dataclass(frozen=True, slots=True)
class CompanyGroup:
    """The companies that had the same part in a title, under its name in the page's language."""

    heading: str
    companies: Sequence[Link]


@dataclass(frozen=True, slots=True)
class EpisodeItem:
    """An episode in its season's list; `runtime` in minutes."""

    number: int
    url: str
    name: Words
    overview: Words = Words("")
    runtime: int | None = None
    air_date: date | None = None
    still: Picture | None = None


@dataclass(frozen=True, slots=True)
class SeasonItem:
    """A season in its series' list; number 0 holds specials."""

    number: int
    url: str
    name: Words
    episodes: int
    years: str = ""


@dataclass(frozen=True, slots=True)
class TitleView:
    """A film or series in full; `runtime` in minutes."""

    id: int
    kind: str
    url: str
    name: Words
    tagline: Words
    overview: Words
    original_title: str  # empty when it is the name
    original_language: str
    years: str
    runtime: int | None = None
    countries: Sequence[str] = ()  # names in the page's language
    genres: Sequence[Link] = ()
    poster: Picture | None = None
    backdrop: Picture | None = None


@dataclass(frozen=True, slots=True)
class Seo:
    """What a page says to search engines and to those who share it.

    `alternates` maps the locales that its content has to this page's full address in them; `schema` holds nodes of
    schema.org, which `json_ld` is the script of. With `noindex` it is not to be found. `properties` are further
    properties of Open Graph, (name, content); `locale` and `other_locales` are as Open Graph writes them.
    """

    canonical: str
    alternates: Sequence[tuple[str, str]] = ()
    description: str = ""
    image: str = ""
    image_alt: str = ""
    type: str = "website"
    schema: Sequence[Mapping[str, Any]] = ()
    noindex: bool = False
    locale: str = ""
    other_locales: Sequence[str] = ()
    properties: Sequence[tuple[str, str]] = ()

    @property
    def json_ld(self) -> str:
        """The nodes as JSON that cannot close the script element that it stands in; empty without any."""
        return serialise(self.schema)


@dataclass(frozen=True, slots=True)
class Pager:
    """Where one is in a long list: `links` are (label, url), url empty for the present page, both for a gap."""

    page: int
    pages: int
    total: int
    links: Sequence[tuple[str, str]] = ()
    previous: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class TitlePage:
    """`site/title.html`, for films and series."""

    seo: Seo
    title: TitleView
    crew: Sequence[CreditGroup] = ()
    cast: Sequence[Part] = ()
    seasons: Sequence[SeasonItem] = ()
    more: Sequence[Card] = ()  # titles that share its genres
    collections: Sequence[Link] = ()
    companies: Sequence[CompanyGroup] = ()
    state: str = ""  # another one once any title has changed: for a `fragment` that shows other titles


@dataclass(frozen=True, slots=True)
class SeasonPage:
    """`site/season.html`."""

    seo: Seo
    series: Link
    season: SeasonItem
    overview: Words = Words("")
    episodes: Sequence[EpisodeItem] = ()
    previous: Link | None = None
    next: Link | None = None


@dataclass(frozen=True, slots=True)
class EpisodePage:
    """`site/episode.html`."""

    seo: Seo
    episode_id: int
    series: Link
    season: Link
    episode: EpisodeItem
    original_title: str = ""
    previous: Link | None = None
    next: Link | None = None


@dataclass(frozen=True, slots=True)
class PersonPage:
    """`site/person.html`. `filmography` holds one row per kind of work."""

    seo: Seo
    name: Words
    original_name: str
    years: str
    biography: Words
    portrait: Picture | None = None
    filmography: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to narrow or order a list; `active` when it is the present one."""

    label: str
    url: str
    active: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class ListPage:
    """`site/list.html`: all films, all series, or a genre's titles."""

    seo: Seo
    heading: Words
    kicker: str
    pager: Pager
    cards: Sequence[Card] = ()
    genres: Sequence[Choice] = ()
    orders: Sequence[Choice] = field(default=())


@dataclass(frozen=True, slots=True)
class ShelfCard:
    """A collection or a company in a list, with how many public titles it has.

    `country` is a company's, in words; `posters` are those of its earliest titles, three at most.
    """

    url: str
    name: Words
    titles: int
    country: str = ""
    posters: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True)
class ShelvesPage:
    """`site/shelves.html`: all collections, or all companies; `kind` is "collection" or "company"."""

    seo: Seo
    kind: str
    heading: str
    pager: Pager
    shelves: Sequence[ShelfCard] = ()
    orders: Sequence[Choice] = ()


@dataclass(frozen=True, slots=True)
class ShelfPage:
    """`site/shelf.html`: a collection's titles, or a company's.

    `kind` is "collection" or "company"; `picture` is one of its titles'. `country` is a company's, in words; `roles`
    narrow a company's titles to its part in them.
    """

    seo: Seo
    kind: str
    kicker: str
    heading: Words
    pager: Pager
    overview: Words = Words("")
    country: str = ""
    picture: Picture | None = None
    cards: Sequence[Card] = ()
    roles: Sequence[Choice] = ()
    orders: Sequence[Choice] = ()
