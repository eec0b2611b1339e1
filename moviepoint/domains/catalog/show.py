"""From rows to what the API says of them, in the reader's language."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from flask import url_for

from moviepoint.domains.catalog.crops import CropUrls
from moviepoint.domains.catalog.documents import title_document
from moviepoint.domains.catalog.images import WIDTHS
from moviepoint.domains.catalog.models import (
    Collection,
    Company,
    Episode,
    Genre,
    Image,
    Keyword,
    Person,
    Season,
    Title,
)
from moviepoint.domains.catalog.schemas import (
    AlternativeTitleInput,
    CollectionCard,
    CompanyCreditInfo,
    CreditInfo,
    EpisodeInfo,
    ExtraInput,
    GenreInfo,
    ImageInfo,
    PersonCard,
    PersonDetail,
    ReleaseInput,
    SeasonCard,
    SeasonDetail,
    TermInfo,
    TitleCard,
    TitleDetail,
)
from moviepoint.domains.catalog.texts import Text, pick

Chain = Sequence[str]


def image_info(image: Image) -> ImageInfo:
    """Show a picture: an address for each of its widths."""
    urls = {str(width): url_for("catalog_files.image", image_id=image.id, width=width)
            for width in WIDTHS[image.kind]}  # type: ignore[index]
    return ImageInfo(image.kind, urls, image.width, image.height, image.placeholder, image.alt,
                     dict(CropUrls(image.id, image.focal_x, image.focal_y)), (image.focal_x, image.focal_y))


def best(images: Iterable[Image], kind: str, chain: Chain) -> ImageInfo | None:
    """Show the picture of a kind that suits a language best: in it, else without text, else any."""
    found = [image for image in images if image.kind == kind]
    order = {locale: place for place, locale in enumerate([*chain[:1], "", *chain[1:]])}
    chosen = min(found, key=lambda image: (order.get(image.locale, len(order)), image.position, image.id), default=None)
    return image_info(chosen) if chosen else None


def title_name(title: Title, chain: Chain) -> Text:
    return pick(title.texts, "name", chain, (title.original_title, title.original_language))


def title_card(title: Title, chain: Chain) -> TitleCard:
    """Show a title in a list."""
    name = title_name(title, chain)
    return TitleCard(id=title.id, kind=title.kind, slug=title.slug, name=name.value, language=name.locale,
                     original_title=title.original_title, year=title.year, status=title.status,
                     overview=pick(title.texts, "overview", chain).value, poster=best(title.images, "poster", chain))


def title_detail(title: Title, chain: Chain, counts: Mapping[int, int]) -> TitleDetail:
    """Show a title whole. `counts` has the episodes by season's id."""
    shown = title_card(title, chain)
    return TitleDetail(
        **{name: getattr(shown, name) for name in shown.__struct_fields__},
        original_language=title.original_language, end_year=title.end_year, runtime=title.runtime,
        countries=title.countries.split(), tagline=pick(title.texts, "tagline", chain).value,
        genres=[genre_info(genre, chain) for genre in title.genres],
        credits=[CreditInfo(credit.person_id, credit.person.slug, person_name(credit.person, chain).value,
                            credit.department, credit.job, credit.character, credit.guest) for credit in title.credits],
        seasons=[SeasonCard(season.id, season.number, pick(season.texts, "name", chain).value,
                            counts.get(season.id, 0)) for season in title.seasons],
        keywords=[genre_info(keyword, chain) for keyword in title.keywords],
        companies=[CompanyCreditInfo(row.company.slug, genre_info(row.company, chain).name, row.role)
                   for row in title.companies],
        **title_lists(title), published_at=title.published_at, publish_at=title.publish_at,
        unpublish_at=title.unpublish_at, version=title.version)


def title_lists(title: Title) -> dict[str, Any]:
    """Return the lists of a title that are shown just as they are written."""
    document = title_document(title)
    kinds = {"releases": ReleaseInput, "alternative_titles": AlternativeTitleInput, "extras": ExtraInput}
    return {"external_ids": document["external_ids"],
            **{name: msgspec.convert(document[name], list[kind]) for name, kind in kinds.items()}}  # type: ignore[valid-type]


def term_info(term: Keyword | Company, chain: Chain) -> TermInfo:
    """Show a keyword or company."""
    return TermInfo(id=term.id, slug=term.slug, name=pick(term.texts, "name", chain, (term.slug, "und")).value,
                    names={text.locale: text.name for text in term.texts}, country=getattr(term, "country", ""))


def collection_card(collection: Collection, count: int, chain: Chain) -> CollectionCard:
    """Show a collection in a list."""
    return CollectionCard(id=collection.id, slug=collection.slug, title_count=count,
                          name=pick(collection.texts, "name", chain, (collection.slug, "und")).value)


def genre_info(genre: Genre | Keyword | Company, chain: Chain) -> GenreInfo:
    """Show a genre."""
    return GenreInfo(genre.id, genre.slug, pick(genre.texts, "name", chain, (genre.slug, "und")).value)


def episode_info(episode: Episode, season: Season, chain: Chain) -> EpisodeInfo:
    """Show an episode."""
    name = pick(episode.texts, "name", chain, (episode.original_title, season.title.original_language))
    return EpisodeInfo(id=episode.id, season_number=season.number, number=episode.number, name=name.value,
                       language=name.locale, original_title=episode.original_title, runtime=episode.runtime,
                       overview=pick(episode.texts, "overview", chain).value, air_date=episode.air_date)


def season_detail(season: Season, chain: Chain) -> SeasonDetail:
    """Show a season with its episodes."""
    return SeasonDetail(
        id=season.id, title_id=season.title_id, number=season.number, name=pick(season.texts, "name", chain).value,
        overview=pick(season.texts, "overview", chain).value,
        episodes=[episode_info(episode, season, chain) for episode in season.episodes])


def person_name(person: Person, chain: Chain) -> Text:
    """A person's name in the reader's own language, else as they are credited."""
    return pick([text for text in person.texts if text.locale == chain[0]], "name", chain[:1], (person.name, "und"))


def person_card(person: Person, chain: Chain) -> PersonCard:
    """Show a person in a list."""
    return PersonCard(id=person.id, slug=person.slug, name=person_name(person, chain).value,
                      birth_year=person.birth_year, death_year=person.death_year)


def person_detail(person: Person, chain: Chain, titles: Iterable[Title]) -> PersonDetail:
    """Show a person whole, with the titles in which they are credited."""
    shown = person_card(person, chain)
    return PersonDetail(**{name: getattr(shown, name) for name in shown.__struct_fields__},
                        biography=pick(person.texts, "biography", chain).value,
                        titles=[title_card(title, chain) for title in titles])
