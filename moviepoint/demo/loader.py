"""Entering the demo's catalogue, by the services that an editor's back office uses.

Run again, it doubles nothing: what has its slug already is left alone.
"""
from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.demo.content import Catalogue, Work, load_catalogue
from moviepoint.demo.lettering import SUBSETS
from moviepoint.demo.posters import draw_poster
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.images import add_image
from moviepoint.domains.catalog.models import Genre, Person, Title
from moviepoint.domains.catalog.schemas import (
    CreditInput,
    EpisodeInput,
    PersonInput,
    PersonTextInput,
    SeasonInput,
    TermInput,
    TextInput,
    TitleInput,
    TitleTextInput,
)
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.files import Storage
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.text import slugify

PLAYABLE = "big-buck-bunny-2008"
Poster = tuple[str, str, int, tuple[str, ...], str]


def slug_of(work: Work) -> str:
    """Return a title's address, the same on every machine."""
    return slugify(f"{work.title} {work.year}")


def load(storage: Storage, on_progress: Callable[[str], None]) -> None:
    """Enter genres, people, films and series with their posters, and publish them. Needs an app context."""
    catalogue = load_catalogue()
    with unit_of_work() as session:
        _enter_genres(session, catalogue)
        people = _enter_people(session, catalogue)
    works = [(work, "film") for work in catalogue.films] + [(work, "series") for work in catalogue.series]
    with unit_of_work() as session:
        known = set(session.scalars(select(Title.slug)))
    missing = [(work, kind) for work, kind in works if slug_of(work) not in known]
    on_progress(f"{len(catalogue.genres)} genres, {len(people)} people; {len(missing)} titles to enter")
    drawn = _draw(_poster(work, catalogue) for work, _ in missing)
    for number, ((work, kind), poster) in enumerate(zip(missing, drawn, strict=True), start=1):
        with unit_of_work() as session:
            title = _enter_title(session, work, kind, people)
            add_image(session, SYSTEM, storage, title, "poster", poster, alt=work.en)
            services.publish(session, SYSTEM, title.id)
        if number % 10 == 0 or number == len(missing):
            on_progress(f"{number} of {len(missing)} titles entered")


def _enter_genres(session: Session, catalogue: Catalogue) -> None:
    known = set(session.scalars(select(Genre.slug)))
    for slug, (en, ru) in catalogue.genres.items():
        if slug not in known:
            services.save_genre(session, SYSTEM, TermInput(slug=slug, names={"en": en, "ru": ru}))


def _enter_people(session: Session, catalogue: Catalogue) -> dict[str, int]:
    """Return the people's ids by slug."""
    known = {slug: row for row, slug in session.execute(select(Person.id, Person.slug))}
    for slug, person in catalogue.people.items():
        if slug not in known:
            known[slug] = services.save_person(session, SYSTEM, PersonInput(
                slug=slug, name=person.name, birth_year=person.born or None, death_year=person.died or None,
                texts={"ru": PersonTextInput(name=person.ru)})).id
    return known


def _enter_title(session: Session, work: Work, kind: str, people: dict[str, int]) -> Title:
    crew = [CreditInput(person_id=people[slug], department=department, job=job)
            for department, job, slugs in (("directing", "Director", work.directors),
                                           ("writing", "Writer", work.writers)) for slug in slugs]
    cast = [CreditInput(person_id=people[slug], character=character) for slug, character in work.cast]
    title = services.save_title(session, SYSTEM, TitleInput(
        kind="film" if kind == "film" else "series", slug=slug_of(work), original_title=work.original_title,
        original_language=work.language, year=work.year, runtime=work.runtime, countries=work.countries,
        end_year=work.end_year, genres=work.genres, credits=crew + cast,
        texts={"en": TitleTextInput(name=work.en, tagline=work.tagline.en, overview=work.overview.en),
               "ru": TitleTextInput(name=work.ru, tagline=work.tagline.ru, overview=work.overview.ru)}))
    if work.episodes:
        season = services.save_season(session, SYSTEM, title.id, SeasonInput(number=1))
        for number, episode in enumerate(work.episodes, start=1):
            services.save_episode(session, SYSTEM, season.id, EpisodeInput(
                number=number, original_title=episode.title, runtime=episode.runtime, air_date=episode.date,
                texts={"en": TextInput(name=episode.en), "ru": TextInput(name=episode.ru)}))
    return title


def _poster(work: Work, catalogue: Catalogue) -> Poster:
    """A title is set in its own script where the poster's fonts have it, else in English."""
    settable = all(ord(letter) <= SUBSETS[-2][0] or letter in "«»–—’…" for letter in work.original_title)
    return (work.original_title if settable else work.en, catalogue.people[work.directors[0]].name, work.year,
            tuple(work.genres), work.poster)


def _draw(posters: Iterable[Poster]) -> Iterable[bytes]:
    """Draw on all cores: half a second each adds up. Spawned, not forked: this process has connections open."""
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_draw_one, posters, chunksize=2)


def _draw_one(poster: Poster) -> bytes:
    return draw_poster(*poster)
