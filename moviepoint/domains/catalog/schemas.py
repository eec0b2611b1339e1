"""What the catalogue takes and shows: the same structs for the API, the back office and the importers.

In an input a field that is left out stays as it is; a list that is given replaces the whole list.
"""
from __future__ import annotations

import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Kind = Literal["film", "series"]
Name = Annotated[str, Meta(max_length=300)]
RequiredName = Annotated[str, Meta(min_length=1, max_length=300)]
Prose = Annotated[str, Meta(max_length=20_000)]
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]
Year = Annotated[int, Meta(ge=1870, le=2200)]
Minutes = Annotated[int, Meta(ge=0, le=100_000)]
Language = Annotated[str, Meta(max_length=35)]
Number = Annotated[int, Meta(ge=0, le=100_000)]


class Input(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The base of everything that is written."""


class TitleTextInput(Input):
    name: Name | UnsetType = UNSET
    tagline: Name | UnsetType = UNSET
    overview: Prose | UnsetType = UNSET


class TextInput(Input):
    name: Name | UnsetType = UNSET
    overview: Prose | UnsetType = UNSET


class PersonTextInput(Input):
    name: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    biography: Prose | UnsetType = UNSET


Country = Annotated[str, Meta(pattern="^[A-Z]{2,4}$")]
OptionalCountry = Annotated[str, Meta(pattern="^([A-Z]{2,4})?$")]
OptionalLanguage = Annotated[str, Meta(max_length=35)]


class CreditInput(Input):
    """A credit names its person by id, or by slug as exports do."""

    person_id: int | UnsetType = UNSET
    person: str | UnsetType = UNSET
    department: Annotated[str, Meta(max_length=40)] = "acting"
    job: Annotated[str, Meta(max_length=80)] = ""
    character: Annotated[str, Meta(max_length=200)] = ""
    guest: bool = False


class CompanyCreditInput(Input):
    company: str  # its slug
    role: Literal["production", "distribution", "broadcast"] = "production"


class ReleaseInput(Input):
    country: Country
    kind: Literal["premiere", "limited", "theatrical", "digital", "physical", "tv"] = "theatrical"
    date: datetime.date | None = None
    certification: Annotated[str, Meta(max_length=20)] = ""
    minimum_age: Annotated[int, Meta(ge=0, le=21)] | None = None
    note: Annotated[str, Meta(max_length=200)] = ""


class AlternativeTitleInput(Input):
    name: RequiredName
    locale: OptionalLanguage = ""
    country: OptionalCountry = ""
    note: Annotated[str, Meta(max_length=100)] = ""


class ExtraInput(Input):
    url: Annotated[str, Meta(pattern="^https?://[^ ]+$", max_length=500)]
    kind: Literal["trailer", "teaser", "clip", "featurette", "interview", "behind_the_scenes",
                  "deleted_scene"] = "trailer"
    name: Annotated[str, Meta(max_length=200)] = ""
    locale: OptionalLanguage = ""


Scheme = Annotated[str, Meta(pattern="^[a-z0-9_]{1,30}$")]
ExternalIds = dict[Scheme, Annotated[str, Meta(min_length=1, max_length=100)]]


class TitleInput(Input):
    """A film or a series; `texts` is by locale, `genres` and `keywords` are slugs, `countries` ISO 3166-1 codes.

    `external_ids` is by scheme ("imdb"); `locks` name fields that imports leave alone ("year", "overview@ru").
    """

    kind: Kind | UnsetType = UNSET
    original_title: RequiredName | UnsetType = UNSET
    original_language: Language | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    year: Year | None | UnsetType = UNSET
    end_year: Year | None | UnsetType = UNSET
    runtime: Minutes | None | UnsetType = UNSET
    countries: list[Country] | UnsetType = UNSET
    texts: dict[str, TitleTextInput] | UnsetType = UNSET
    genres: list[str] | UnsetType = UNSET
    keywords: list[str] | UnsetType = UNSET
    credits: Annotated[list[CreditInput], Meta(max_length=2_000)] | UnsetType = UNSET
    companies: list[CompanyCreditInput] | UnsetType = UNSET
    releases: list[ReleaseInput] | UnsetType = UNSET
    alternative_titles: list[AlternativeTitleInput] | UnsetType = UNSET
    extras: list[ExtraInput] | UnsetType = UNSET
    external_ids: ExternalIds | UnsetType = UNSET
    locks: list[Annotated[str, Meta(pattern="^[a-z_]+(@[A-Za-z0-9-]+)?$")]] | UnsetType = UNSET
    version: int | UnsetType = UNSET  # the version that was read; an older one is refused


class EpisodeInput(Input):
    """An episode; `id` None says that it is a new one, whatever its number."""

    id: int | None | UnsetType = UNSET
    number: Number | UnsetType = UNSET
    original_title: Name | UnsetType = UNSET
    runtime: Minutes | None | UnsetType = UNSET
    air_date: datetime.date | None | UnsetType = UNSET
    absolute_number: Number | None | UnsetType = UNSET
    airs_before_season: Number | None | UnsetType = UNSET
    airs_before_episode: Number | None | UnsetType = UNSET
    texts: dict[str, TextInput] | UnsetType = UNSET


class SeasonInput(Input):
    """A season; `series` is its slug. Episodes are matched by id, then by number; those left out stay."""

    series: str | UnsetType = UNSET
    number: Number | UnsetType = UNSET
    texts: dict[str, TextInput] | UnsetType = UNSET
    episodes: Annotated[list[EpisodeInput], Meta(max_length=2_000)] | UnsetType = UNSET


class PersonInput(Input):
    name: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    birth_year: Annotated[int, Meta(ge=1000, le=2200)] | None | UnsetType = UNSET
    death_year: Annotated[int, Meta(ge=1000, le=2200)] | None | UnsetType = UNSET
    texts: dict[str, PersonTextInput] | UnsetType = UNSET
    external_ids: ExternalIds | UnsetType = UNSET
    version: int | UnsetType = UNSET


TermNames = dict[str, Annotated[str, Meta(min_length=1, max_length=100)]]  # by locale


class TermInput(Input):
    """A genre or keyword."""

    slug: Slug | UnsetType = UNSET
    names: TermNames | UnsetType = UNSET


class CompanyInput(TermInput):
    country: OptionalCountry | UnsetType = UNSET


class CollectionTextInput(Input):
    name: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    overview: Prose | UnsetType = UNSET


class CollectionInput(Input):
    """A collection; `titles` are slugs, in order."""

    slug: Slug | UnsetType = UNSET
    texts: dict[str, CollectionTextInput] | UnsetType = UNSET
    titles: Annotated[list[str], Meta(max_length=5_000)] | UnsetType = UNSET




class SavedViewInput(Input):
    """A list's address under a name; `query` is what stands after its question mark."""

    name: Annotated[str, Meta(min_length=1, max_length=60)] | UnsetType = UNSET
    query: Annotated[str, Meta(max_length=2000)] | UnsetType = UNSET
    shared: bool | UnsetType = UNSET


class BulkInput(msgspec.Struct, frozen=True):
    """What is done to titles: a verb, and a genre's slug or a collection's id where the verb needs one."""

    verb: Annotated[str, Meta(max_length=20)]
    argument: Annotated[str, Meta(max_length=100)] = ""


class ImageInfo(msgspec.Struct):
    """A picture by its addresses: one for each width in pixels, and one for each crop around its focal point."""

    kind: str
    urls: dict[str, str]
    width: int
    height: int
    placeholder: str
    alt: str
    crops: dict[str, str]  # "card" is 16:9, "wide" 1200 by 630
    focal: tuple[int, int]  # per cent from the left and the top


class GenreInfo(msgspec.Struct):
    id: int
    slug: str
    name: str


class TitleCard(msgspec.Struct, kw_only=True):
    """A title in a list. `language` is the locale that `name` is really in."""

    id: int
    kind: str
    slug: str
    name: str
    language: str
    original_title: str
    year: int | None
    overview: str
    poster: ImageInfo | None
    status: str


class CreditInfo(msgspec.Struct):
    person_id: int
    slug: str
    name: str
    department: str
    job: str
    character: str
    guest: bool


class TermInfo(msgspec.Struct, kw_only=True):
    """A keyword or company; `name` is in the language asked for, `names` is by locale."""

    id: int
    slug: str
    name: str
    names: dict[str, str]
    country: str = ""


class CompanyCreditInfo(msgspec.Struct):
    slug: str
    name: str
    role: str


class CollectionCard(msgspec.Struct, kw_only=True):
    id: int
    slug: str
    name: str
    title_count: int


class CollectionDetail(CollectionCard, kw_only=True):
    overview: str
    titles: list[str]  # slugs of those that the viewer sees, in order


class ScheduleInput(Input):
    """When a title becomes public and when it goes again; null for never."""

    publish_at: datetime.datetime | None = None
    unpublish_at: datetime.datetime | None = None


class SeasonCard(msgspec.Struct):
    id: int
    number: int
    name: str
    episode_count: int


class TitleDetail(TitleCard, kw_only=True):
    """A title whole; `/editions?title_id=` tells what of it can be played."""

    original_language: str
    end_year: int | None
    runtime: int | None
    countries: list[str]
    tagline: str
    genres: list[GenreInfo]
    credits: list[CreditInfo]
    seasons: list[SeasonCard]
    keywords: list[GenreInfo]
    companies: list[CompanyCreditInfo]
    releases: list[ReleaseInput]
    alternative_titles: list[AlternativeTitleInput]
    extras: list[ExtraInput]
    external_ids: dict[str, str]
    published_at: datetime.datetime | None
    publish_at: datetime.datetime | None
    unpublish_at: datetime.datetime | None
    version: int


class EpisodeInfo(msgspec.Struct, kw_only=True):
    id: int
    season_number: int
    number: int
    name: str
    language: str
    original_title: str
    overview: str
    runtime: int | None
    air_date: datetime.date | None


class SeasonDetail(msgspec.Struct, kw_only=True):
    id: int
    title_id: int
    number: int
    name: str
    overview: str
    episodes: list[EpisodeInfo]


class PersonCard(msgspec.Struct, kw_only=True):
    id: int
    slug: str
    name: str
    birth_year: int | None
    death_year: int | None


class PersonDetail(PersonCard, kw_only=True):
    biography: str
    titles: list[TitleCard]
