"""What an engine is judged by: the same answers as the embedded one's, to the judged queries and under any choice."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from moviepoint.domains.search.index import Found, IndexMissing, SearchIndex
from moviepoint.domains.search.queries import make_query, run
from moviepoint.domains.search.whoosh_index import WhooshIndex
from moviepoint.hooks.types import SearchDocument
from tests.unit.search.conftest import Shelf
from tests.unit.search.judged import film_documents, judge, judged_queries

LANGUAGES = ("en", "ru", "pt-BR")
CHOICES: tuple[dict[str, list[str]], ...] = (
    {}, {"genre": ["drama"]}, {"genre": ["drama", "comedy"], "year": ["1920s"]}, {"kind": ["film"], "audio": ["ru"]},
    {"year": ["1925", "1930-1990"], "rating": ["7"]}, {"audio": ["nothing"]}, {"kind": ["person"]})
ORDERS = ("", "year.desc", "year.asc", "rating.desc", "title.asc", "title.desc")
HOSTILE = ("'", "\\", "a'b", "a\\b & c | !d", "t:alien", "'):*", "(" * 50, "\u202e", "ﬁ ligature", "a" * 190, "%", "_",
           "İ", "и " * 80, "e\u0301" * 60, "\x00night", ", , ,")


def documents() -> dict[str, list[SearchDocument]]:
    """Return the real titles and people of the judged set, with values in facets and ratings that differ."""
    shelf, films = Shelf(), film_documents()
    titles = [replace(document, facets={"audio": (LANGUAGES[document.id % 3],), "rating": ("6", "7")[:document.id % 3]},
                      rating=document.id % 97 / 10 or None, votes=document.id % 7 * 100,
                      names={"en": document.titles[0], "ru": document.titles[-1]})
              for document in [*shelf.titles, *(document for _name, document in films["title"])]]
    return {"title": titles, "person": [*shelf.persons, *(document for _name, document in films["person"])]}


def assert_the_same_as_embedded(index: SearchIndex, folder: Path) -> None:
    """Fill both, and compare answers to a third of the queries: what is found in which order, how many, facets, and
    what is meant."""
    embedded, known = WhooshIndex(folder), documents()
    assert index.rebuild(known) == embedded.rebuild(known)
    assert index.digests() == embedded.digests()
    for number, judged in enumerate(judged_queries()[::3]):
        query = make_query(judged.text, CHOICES[number % len(CHOICES)] if number % 2 else {},
                           ORDERS[number % len(ORDERS)] if number % 3 else "", ("ru", "en"))
        expected, found = run(embedded, query), run(index, query)
        assert _ids(found.found) == _ids(expected.found), query
        assert (found.total, found.correction, found.meant) == (expected.total, expected.correction, expected.meant)
        assert _counted(found.facets) == _counted(expected.facets), query
        begun = judged.text[:4]
        assert _ids(index.suggest(begun, 8)) == _ids(embedded.suggest(begun, 8)), begun


def _ids(found: Sequence[Found]) -> list[tuple[str, int]]:
    return [(hit.source, hit.id) for hit in found]


def _counted(facets: object) -> object:
    return {name: dict(values) for name, values in dict(facets).items() if values}  # type: ignore[call-overload]


def assert_success(index: SearchIndex) -> None:
    """Ask the judged queries of an index that holds `documents()`."""
    shelf, films = Shelf(), film_documents()
    names = {("title", number): work.en for number, work in enumerate(shelf.works)}
    names |= {("person", number): person.name for number, person in enumerate(shelf.people)}
    names |= {(source, document.id): name for source, rows in films.items() for name, document in rows}
    verdict = judge(index, names, judged_queries())
    assert verdict.success_at_1 >= 0.97
    assert verdict.success_at_3 >= 0.98


def assert_keeps_step(index: SearchIndex) -> None:
    """Replace, add, remove, fail in the middle, and rebuild."""
    def ids(text: str) -> list[int]:
        index._checked = 0.0  # type: ignore[attr-defined]  # as if a second had passed
        return sorted(hit.id for hit in run(index, make_query(text)).found)

    def failing() -> Iterator[SearchDocument]:
        yield SearchDocument("film", 1, ("Half written",))
        raise RuntimeError("the database went away")

    index.rebuild({"title": [SearchDocument("film", n, (f"Night {name}",)) for n, name in enumerate(
        ("train", "mail", "flight", "watch"), 1)]})
    assert ids("night") == [1, 2, 3, 4]
    generation = index.generation()
    index.update("title", [1, 4, 5], [SearchDocument("film", 1, ("Day train",)), SearchDocument(
        "film", 5, ("Night school",))])
    assert (ids("night"), ids("train")) == ([2, 3, 5], [1])
    index.update("person", [2], [SearchDocument("person", 2, ("Night Lady",))])
    assert (ids("night"), ids("lady")) == ([2, 2, 3, 5], [2])
    assert set(index.matches("title", make_query("night"), 10).ids) == {2, 3, 5}
    assert index.matches("person", make_query("nigth lady"), 10).ids == (2,)
    with pytest.raises(RuntimeError):
        index.update("title", [1, 2], failing())
    assert (ids("night"), ids("half")) == ([2, 2, 3, 5], [])
    with pytest.raises(RuntimeError):
        index.rebuild({"title": failing()})
    assert (ids("night"), index.generation()) == ([2, 2, 3, 5], generation)
    index.rebuild({"title": [SearchDocument("film", 9, ("Morning",))]})
    assert (ids("night"), ids("mornig")) == ([], [9])
    assert index.generation() != generation


def assert_words_are_words(index: SearchIndex) -> None:
    """No text is a command to the engine, and none breaks it."""
    index.rebuild({"title": [SearchDocument("film", 1, ("It's \\ a 'quoted' title, (really)",), text=("t:alien '&|!",)),
                             SearchDocument("film", 2, ("a" * 300, "'", "\\"), people=("O'Hara \\",))]})
    for text in HOSTILE:
        results = run(index, make_query(text))
        assert results.total == len(results.found), text
        index.suggest(text, 8)
    assert [hit.id for hit in run(index, make_query("it's a quoted title")).found] == [1]
    assert [hit.id for hit in run(index, make_query("o'hara")).found] == [2]


def assert_says_that_it_is_missing(index: SearchIndex) -> None:
    """Without an index it says so, and has no generation."""
    assert index.generation() == ""
    for use in (lambda: run(index, make_query("night")), lambda: index.suggest("ni", 5), index.digests,
                lambda: index.matches("title", make_query("night"), 5),
                lambda: index.update("title", [1], [SearchDocument("film", 1, ("Night",))])):
        with pytest.raises(IndexMissing):
            use()
