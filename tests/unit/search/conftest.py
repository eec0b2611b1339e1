"""An index of the demo's real films, series and people, without a database."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from moviepoint.demo.content import Catalogue, Work, load_catalogue
from moviepoint.domains.search.whoosh_index import WhooshIndex
from moviepoint.hooks.types import SearchDocument


def title_document(number: int, work: Work, kind: str, catalogue: Catalogue) -> SearchDocument:
    people = [catalogue.people[slug] for slug in sorted(work.people)]
    return SearchDocument(
        kind=kind, id=number, original_title=work.original_title, titles=(work.en, work.ru),
        people=tuple(name for person in people for name in (person.name, person.ru)),
        text=(work.overview.en, work.overview.ru), genres=tuple(work.genres), year=work.year)


class Shelf:
    """The demo's catalogue as documents; ids are positions, so that a hit can be named again."""

    def __init__(self) -> None:
        catalogue = load_catalogue()
        self.works = [*catalogue.films, *catalogue.series]
        self.people = list(catalogue.people.values())
        films = len(catalogue.films)
        self.titles = [title_document(n, work, "film" if n < films else "series", catalogue)
                       for n, work in enumerate(self.works)]
        self.persons = [SearchDocument(kind="person", id=n, original_title=person.name, titles=(person.ru,))
                        for n, person in enumerate(self.people)]

    def name(self, source: str, number: int) -> str:
        return self.works[number].en if source == "title" else self.people[number].name


@pytest.fixture(scope="session")
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(scope="session")
def index(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhooshIndex]:
    index = WhooshIndex(tmp_path_factory.mktemp("index"))
    assert index.rebuild({"title": shelf.titles, "person": shelf.persons}) == len(shelf.works) + len(shelf.people)
    yield index


@pytest.fixture
def own_index(tmp_path: Path) -> WhooshIndex:
    """An empty folder: no index has been made in it."""
    return WhooshIndex(tmp_path / "search")
