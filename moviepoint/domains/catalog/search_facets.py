"""What the results of a search are narrowed by of the catalogue: kind, genre, years, country."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from moviepoint.domains.catalog.genre_use import genres_in_use
from moviepoint.domains.catalog.models import Genre
from moviepoint.domains.catalog.page_queries import GenreUse
from moviepoint.domains.catalog.words import genre_link, reader
from moviepoint.hooks.types import SearchFacet
from moviepoint.kernel.i18n import current_locale, lazy_gettext
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.text import country_name

KINDS = {"film": lazy_gettext("Films"), "series": lazy_gettext("Series"), "person": lazy_gettext("People")}


def kind_words(_session: Session, values: Sequence[str]) -> Mapping[str, str]:
    """Return what kinds are called."""
    return {value: str(KINDS[value]) for value in values if value in KINDS}


def genre_words(session: Session, values: Sequence[str]) -> Mapping[str, str]:
    """Return what genres are called; asked for are those that hardly any title has, the others are remembered."""
    to = reader()
    known: dict[str, Genre | GenreUse] = {genre.slug: genre for genre in genres_in_use(session)}
    if rare := [slug for slug in values if slug not in known]:
        known |= {genre.slug: genre for genre in session.scalars(
            select(Genre).where(Genre.slug.in_(rare)).options(joinedload(Genre.texts))).unique()}
    return {slug: str(genre_link(to, known[slug]).name) for slug in values if slug in known}


def decade_words(_session: Session, values: Sequence[str]) -> Mapping[str, str]:
    """Return what decades are called; other years that an address may ask for are called what they are."""
    return {value: _("%(year)ss", year=value[:-1]) if value.endswith("s") else value for value in values}


def country_words(_session: Session, values: Sequence[str]) -> Mapping[str, str]:
    """Return what countries are called."""
    return {value: country_name(value, current_locale()) for value in values}


FACETS = (SearchFacet("kind", lazy_gettext("Kind"), kind_words, order=10),
          SearchFacet("genre", lazy_gettext("Genre"), genre_words, order=20),
          SearchFacet("year", lazy_gettext("Year"), decade_words, by_value=True, order=30),
          SearchFacet("country", lazy_gettext("Country"), country_words, order=40))
