"""The demo's catalogue is whole, typed and plausible, and a fault in it is named."""
from __future__ import annotations

import re
import shutil
from pathlib import Path

import msgspec
import pytest
from babel import Locale

from moviepoint.demo.content import FOLDER, Catalogue, ContentError, Work, load_catalogue
from moviepoint.demo.loader import PLAYABLE, slug_of
from moviepoint.demo.posters import COMPOSITIONS
from moviepoint.kernel.text import normalise_language

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="module")
def works(catalogue: Catalogue) -> list[Work]:
    return [*catalogue.films, *catalogue.series]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the data that a test may spoil."""
    return Path(shutil.copytree(FOLDER, tmp_path / "catalogue"))


def spoil(copy: Path, name: str, before: str, after: str) -> None:
    file = copy / name
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_there_is_enough_to_fill_lists_and_facets(catalogue: Catalogue) -> None:
    old = [film for film in catalogue.films if film.year <= 1930]
    assert len(old) >= 40 and len(catalogue.series) >= 3
    assert len({country for film in old for country in film.countries}) >= 6
    assert len({film.year // 10 for film in old}) >= 4
    assert PLAYABLE in {slug_of(film) for film in catalogue.films}


def test_slugs_and_titles_are_unique(works: list[Work]) -> None:
    assert len({slug_of(work) for work in works}) == len(works)
    assert len({(work.original_title, work.year) for work in works}) == len(works)


def test_every_title_is_told_in_both_languages(works: list[Work]) -> None:
    for work in works:
        assert work.en and work.ru and len(work.overview.en) > 60 and len(work.overview.ru) > 60, work.title
        assert CYRILLIC.search(work.ru) and CYRILLIC.search(work.overview.ru), work.title
        assert not CYRILLIC.search(work.en + work.overview.en), work.title
        assert work.directors, work.title


def test_facts_are_plausible(works: list[Work]) -> None:
    countries = Locale("en").territories
    for work in works:
        assert 1895 <= work.year <= 1930 or slug_of(work) == PLAYABLE
        assert work.runtime is None or 1 <= work.runtime <= 360
        assert work.countries and all(code in countries or code == "SU" for code in work.countries), work.title
        assert normalise_language(work.language) == work.language
        assert len({person for person, _ in work.cast}) == len(work.cast), work.title
        assert work.poster in {"", *COMPOSITIONS}, work.title


def test_people_have_two_names_and_lived_long_enough(catalogue: Catalogue, works: list[Work]) -> None:
    for slug, person in catalogue.people.items():
        assert CYRILLIC.search(person.ru) and not CYRILLIC.search(person.name), slug
        if person.born and person.died:
            assert 15 <= person.died - person.born <= 105, slug
    for work in works:
        for slug in work.people:
            assert catalogue.people[slug].born < work.year, f"{slug} in {work.title}"


def test_episodes_come_in_order_of_their_dates(catalogue: Catalogue) -> None:
    for series in catalogue.series:
        dates = [episode.date for episode in series.episodes if episode.date]
        assert series.episodes and dates == sorted(dates), series.title
        assert all(CYRILLIC.search(episode.ru) for episode in series.episodes)
        assert all(series.year <= date.year <= (series.end_year or series.year) for date in dates)


def test_the_played_film_names_its_licence(catalogue: Catalogue) -> None:
    film = next(film for film in catalogue.films if slug_of(film) == PLAYABLE)
    assert "Blender Foundation" in film.overview.en and "CC" in film.overview.en


def test_a_person_who_is_not_described_is_named(copy: Path) -> None:
    spoil(copy, "films-3.toml", 'directors = ["fritz-lang"]', 'directors = ["fritz-long"]')
    with pytest.raises(ContentError, match="fritz-long"):
        load_catalogue(copy)


def test_a_genre_that_nothing_uses_is_named(copy: Path) -> None:
    with (copy / "genres.toml").open("a", encoding="utf-8") as file:
        file.write('cookery = ["Cookery", "Кулинария"]\n')
    with pytest.raises(ContentError, match="cookery"):
        load_catalogue(copy)


@pytest.mark.parametrize(("before", "after"), [
    ("runtime = 153", 'runtime = "long"'), ("runtime = 153", "runtimes = 153"), ('title = "Metropolis"\n', "")])
def test_a_misspelt_field_or_a_wrong_type_is_refused(copy: Path, before: str, after: str) -> None:
    spoil(copy, "films-3.toml", before, after)
    with pytest.raises(msgspec.ValidationError):
        load_catalogue(copy)
