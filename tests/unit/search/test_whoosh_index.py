"""The embedded engine: facets, updates, generations, and every way in which an index can be missing."""
from __future__ import annotations

import gc
import os
import shutil
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from moviepoint.domains.search import generations
from moviepoint.domains.search.bitmaps import Bitmaps
from moviepoint.domains.search.index import IndexMissing
from moviepoint.domains.search.queries import make_query, run
from moviepoint.domains.search.whoosh_index import WhooshIndex
from moviepoint.hooks.types import SearchDocument
from moviepoint.kernel.errors import Invalid

from .conftest import Shelf


def film(number: int, title: str, year: int | None = 1927, genres: tuple[str, ...] = ()) -> SearchDocument:
    return SearchDocument(kind="film", id=number, titles=(title,), year=year, genres=genres)


def ids(index: WhooshIndex, text: str) -> list[int]:
    index._checked = 0.0  # as if a second had passed
    return sorted(hit.id for hit in run(index, make_query(text)).found)


@pytest.fixture
def small(own_index: WhooshIndex) -> WhooshIndex:
    own_index.rebuild({"title": [
        film(1, "Night train", 1919, ("crime",)), film(2, "Night mail", 1920, ("crime", "drama")),
        film(3, "Night flight", 1929, ("drama",)), film(4, "Night watch", None)]})
    return own_index


def test_facets_count_what_each_choice_would_give(small: WhooshIndex) -> None:
    facets = run(small, make_query("night")).facets
    assert facets == {"kind": {"film": 4}, "genre": {"crime": 2, "drama": 2}, "year": {"1910s": 1, "1920s": 2}}


def test_a_choice_narrows_the_other_facets_and_not_its_own(small: WhooshIndex) -> None:
    results = run(small, make_query("night", {"genre": ["crime"]}))
    assert sorted(hit.id for hit in results.found) == [1, 2]
    assert results.facets["genre"] == {"crime": 2, "drama": 2}
    assert results.facets["year"] == {"1910s": 1, "1920s": 1}


@pytest.mark.parametrize(("years", "found"), [
    ("1920", [2]), ("1920s", [2, 3]), ("1919-1920", [1, 2]), ("1800-1900", []), ("1929-1920", [])])
def test_years(small: WhooshIndex, years: str, found: list[int]) -> None:
    assert sorted(hit.id for hit in run(small, make_query("night", {"year": [years]})).found) == found


@pytest.mark.parametrize("years", ["20s", "1920s-1930", "now", "-1", "19200", "1920-", "１９２０"])
def test_years_that_are_none_are_refused(years: str) -> None:
    with pytest.raises(Invalid) as refused:
        make_query("night", {"year": [years]})
    assert list(refused.value.fields) == ["year"]


def test_long_texts_and_unknown_kinds_are_refused() -> None:
    with pytest.raises(Invalid):
        make_query("a" * 10_000)
    with pytest.raises(Invalid):
        make_query("night", {"kind": ["recipe"]})


def test_an_unknown_genre_finds_nothing(small: WhooshIndex) -> None:
    results = run(small, make_query("night", {"genre": ["cookery"]}))
    assert (results.total, results.facets["genre"]) == (0, {"crime": 2, "drama": 2})


def test_facets_of_the_whole_catalogue_agree_with_a_count(index: WhooshIndex, shelf: Shelf) -> None:
    found = run(index, make_query("the"))
    titles = [shelf.titles[hit.id] for hit in found.found if hit.source == "title"]
    assert len(titles) > 5
    assert found.facets["genre"] == Counter(genre for title in titles for genre in title.genres)


def test_updates_replace_add_and_remove(small: WhooshIndex) -> None:
    small.update("title", [1, 4, 5], [film(1, "Day train"), film(5, "Night school")])
    assert ids(small, "night") == [2, 3, 5]
    assert ids(small, "train") == [1]
    assert set(small.digests()) == {("title", 1), ("title", 2), ("title", 3), ("title", 5)}


def test_the_same_id_in_two_sources_is_two_things(small: WhooshIndex) -> None:
    small.update("person", [1], [SearchDocument(kind="person", id=1, titles=("Night Lady",))])
    assert ids(small, "night") == [1, 1, 2, 3, 4]
    small.update("person", [1], [])
    assert ids(small, "night") == [1, 2, 3, 4]


def test_a_failed_update_leaves_the_index_as_it_was(small: WhooshIndex) -> None:
    def failing() -> Iterator[SearchDocument]:
        yield film(1, "Half written")
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        small.update("title", [1, 2], failing())
    assert ids(small, "night") == [1, 2, 3, 4]
    small.update("title", [1], [film(1, "Written whole")])  # the writer's lock is free again
    assert ids(small, "written") == [1]


def test_an_update_needs_an_index(own_index: WhooshIndex) -> None:
    with pytest.raises(IndexMissing):
        own_index.update("title", [1], [film(1, "Night train")])


def test_a_rebuild_swaps_generations_and_sweeps_old_ones(small: WhooshIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (small.folder / "current").read_text()
    monkeypatch.setattr(generations, "KEEP_SECONDS", -1)
    assert small.rebuild({"title": [film(9, "Morning")]}) == 1
    assert (small.folder / "current").read_text() != before
    assert not (small.folder / before).exists()
    assert (ids(small, "night"), ids(small, "morning")) == ([], [9])


def test_a_failed_rebuild_leaves_the_old_generation_in_use(small: WhooshIndex) -> None:
    def failing() -> Iterator[SearchDocument]:
        yield film(1, "Morning")
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        small.rebuild({"title": failing()})
    assert ids(small, "night") == [1, 2, 3, 4]
    assert len(list(small.folder.glob("v*-*"))) == 1


def test_another_process_sees_an_update_within_a_second(small: WhooshIndex) -> None:
    other = WhooshIndex(small.folder)
    assert ids(other, "school") == []
    small.update("title", [5], [film(5, "Night school")])
    assert ids(other, "school") == [5]


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


DAMAGE = {
    "no folder": shutil.rmtree,
    "no pointer": lambda folder: (folder / "current").unlink(),
    "pointer to nothing": lambda folder: (folder / "current").write_text("v1-000000000000"),
    "pointer to another schema": lambda folder: (folder / "current").write_text("v0-000000000000"),
    "pointer outside": lambda folder: (folder / "current").write_text("../../etc"),
    "pointer of bytes": lambda folder: (folder / "current").write_bytes(b"\xff\xfe\x00"),
    "no table of contents": lambda folder: [path.unlink() for path in folder.glob("v*/*.toc")],
    "table of contents cut": lambda folder: [cut(path) for path in folder.glob("v*/*.toc")],
    "no segments": lambda folder: [path.unlink() for path in folder.glob("v*/*.seg")],
    "segments cut": lambda folder: [cut(path) for path in folder.glob("v*/*.seg")],
    "segments empty": lambda folder: [os.truncate(path, 0) for path in folder.glob("v*/*.seg")],
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Whoosh leaves a torn file open
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_missing_or_damaged_index_is_said_and_can_be_made_again(small: WhooshIndex, damage: str) -> None:
    DAMAGE[damage](small.folder)
    broken = WhooshIndex(small.folder)
    for use in (lambda: run(broken, make_query("night")), lambda: broken.suggest("ni", 5), broken.digests):
        with pytest.raises(IndexMissing):
            use()
    gc.collect()
    broken.rebuild({"title": [film(1, "Night train")]})
    assert ids(broken, "night") == [1]


def test_damage_that_only_a_query_meets_is_said_too(small: WhooshIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ids(small, "night") == [1, 2, 3, 4]

    def torn(*_: object, **__: object) -> None:
        raise struct.error("unpack requires a buffer of 4 bytes")

    monkeypatch.setattr(Bitmaps, "_read", torn)
    for use in (lambda: run(small, make_query("watch")), lambda: small.suggest("wa", 5)):
        with pytest.raises(IndexMissing):
            use()


def test_suggestions_begin_as_typed_and_put_the_likeliest_first(index: WhooshIndex, shelf: Shelf) -> None:
    def suggested(text: str) -> list[str]:
        return [shelf.name(hit.source, hit.id) for hit in index.suggest(text, 8)]

    assert suggested("metr")[:1] == ["Metropolis"]
    assert suggested("путеш")[:1] == ["A Trip to the Moon"]
    assert "Fritz Lang" in suggested("fri")
    assert suggested("") == suggested("!!") == []
    assert len(suggested("t")) <= 8


def test_a_correction_is_offered_for_a_misspelt_word(index: WhooshIndex) -> None:
    assert run(index, make_query("metropolsi")).correction == "metropolis"
    assert run(index, make_query("metropolis")).correction == ""
