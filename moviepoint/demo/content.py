"""The demo's catalogue: facts in TOML files, read into typed values, each name checked."""
from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).resolve().parent / "content" / "catalogue"


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in the demo's two languages."""

    en: str = ""
    ru: str = ""


class Work(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A film or series; `title` is in Latin letters, `original` in its own script where that differs."""

    title: str
    en: str
    ru: str
    language: str
    year: int
    countries: list[str]
    genres: list[str]
    directors: list[str]
    writers: list[str]
    cast: list[tuple[str, str]]  # (person, character)
    overview: Words
    original: str = ""
    poster: str = ""  # a composition's name, where the genres alone would not tell
    tagline: Words = Words()
    runtime: int | None = None  # minutes
    end_year: int | None = None
    episodes: list[Episode] = []

    @property
    def original_title(self) -> str:
        return self.original or self.title

    @property
    def people(self) -> set[str]:
        return {*self.directors, *self.writers, *(person for person, _ in self.cast)}


class Episode(msgspec.Struct, frozen=True, array_like=True):
    """An episode of a serial's only season."""

    title: str
    en: str
    ru: str
    runtime: int | None = None
    date: date | None = None


class Person(msgspec.Struct, frozen=True, array_like=True):
    """A person; a year of 0 is not known."""

    name: str
    ru: str
    born: int
    died: int


class Catalogue(msgspec.Struct, frozen=True):
    """All that the demo enters. Keys are slugs; names of a genre are (English, Russian)."""

    genres: dict[str, tuple[str, str]]
    people: dict[str, Person]
    films: list[Work]
    series: list[Work]


class ContentError(Exception):
    """The data names something that is not there."""


def load_catalogue(folder: Path = FOLDER) -> Catalogue:
    """Read all files. Raises ContentError for a person or genre that is not described, or described in vain."""
    films = [film for file in sorted(folder.glob("films-*.toml")) for film in _read(file)["film"]]
    catalogue = msgspec.convert({
        "genres": _read(folder / "genres.toml"), "people": _read(folder / "people.toml"), "films": films,
        "series": _read(folder / "series.toml")["series"]}, Catalogue)
    works = [*catalogue.films, *catalogue.series]
    _compare("people", set().union(*(work.people for work in works)), set(catalogue.people))
    _compare("genres", {genre for work in works for genre in work.genres}, set(catalogue.genres))
    return catalogue


def _compare(what: str, used: set[str], described: set[str]) -> None:
    if used != described:
        raise ContentError(f"{what}: not described: {sorted(used - described)}; not used: {sorted(described - used)}")


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
