"""An entity as a document: plain data in the shape of its own input, which history keeps and exports carry.

References are slugs, so that a document means the same in another database.
"""
from __future__ import annotations

from typing import Any

from moviepoint.domains.catalog.models import Collection, Company, Genre, Keyword, Person, Season, Title

Document = dict[str, Any]
TITLE_FIELDS = ("kind", "slug", "original_title", "original_language", "year", "end_year", "runtime")
RELEASE_FIELDS = ("country", "kind", "date", "certification", "minimum_age", "note")
EPISODE_FIELDS = ("number", "original_title", "runtime", "air_date", "absolute_number", "airs_before_season",
                  "airs_before_episode")


def title_document(title: Title) -> Document:
    """Return a film or series, as `TitleInput` takes it."""
    return _fields(title, TITLE_FIELDS) | {
        "countries": title.countries.split(),
        "texts": _texts(title.texts, ("name", "tagline", "overview")),
        "genres": sorted(genre.slug for genre in title.genres),  # they have no order of their own
        "keywords": sorted(keyword.slug for keyword in title.keywords),
        "credits": [{"person": credit.person.slug, **_fields(credit, ("department", "job", "character", "guest"))}
                    for credit in title.credits],
        "companies": [{"company": row.company.slug, "role": row.role} for row in title.companies],
        "releases": [_fields(row, RELEASE_FIELDS) for row in title.releases],
        "alternative_titles": [_fields(row, ("name", "locale", "country", "note")) for row in title.alternative_titles],
        "extras": [_fields(row, ("kind", "name", "locale", "url")) for row in title.extras],
        "external_ids": {row.scheme: row.value for row in title.external_ids},
        "locks": list(title.locks),
    }


def season_document(season: Season) -> Document:
    """Return a season with its episodes, as `SeasonInput` takes it."""
    return {
        "series": season.title.slug, "number": season.number, "texts": _texts(season.texts, ("name", "overview")),
        "episodes": [_fields(episode, EPISODE_FIELDS) | {"texts": _texts(episode.texts, ("name", "overview"))}
                     for episode in season.episodes]}


def person_document(person: Person) -> Document:
    """Return a person, as `PersonInput` takes them."""
    return _fields(person, ("name", "slug", "birth_year", "death_year")) | {
        "texts": _texts(person.texts, ("name", "biography")),
        "external_ids": {row.scheme: row.value for row in person.external_ids}}


def term_document(term: Genre | Keyword | Company) -> Document:
    """Return a genre, keyword or company, as `TermInput` and `CompanyInput` take it."""
    document: Document = {"slug": term.slug, "names": {text.locale: text.name for text in term.texts}}
    return document | {"country": term.country} if isinstance(term, Company) else document


def collection_document(collection: Collection, slugs: list[str]) -> Document:
    """Return a collection, as `CollectionInput` takes it; `slugs` are its titles', in order."""
    return {"slug": collection.slug, "texts": _texts(collection.texts, ("name", "overview")), "titles": slugs}


def _fields(row: Any, names: tuple[str, ...]) -> Document:
    return {name: getattr(row, name) for name in names}


def _texts(rows: list[Any], names: tuple[str, ...]) -> Document:
    return {row.locale: _fields(row, names) for row in sorted(rows, key=lambda row: row.locale)}
