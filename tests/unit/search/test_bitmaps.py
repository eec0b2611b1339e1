"""Sets as bits, and the order of what a search of the back office finds."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.search import bitmaps
from moviepoint.domains.search.analysis import terms
from moviepoint.domains.search.bitmaps import numbers
from moviepoint.domains.search.index import IndexMissing, Query
from moviepoint.domains.search.whoosh_index import WhooshIndex
from moviepoint.hooks.types import SearchDocument
from tests.unit.search.conftest import Shelf


def from_numbers(documents: set[int]) -> int:
    return sum(1 << number for number in documents)


def sought(text: str) -> Query:
    return Query(text, tuple(terms(text)))


@given(st.sets(st.integers(0, 5_000), max_size=300))
def test_a_set_survives_being_bits(documents: set[int]) -> None:
    bits = from_numbers(documents)
    assert list(numbers(bits)) == sorted(documents, reverse=True)
    assert bits.bit_count() == len(documents)


@given(st.sets(st.integers(0, 900)), st.sets(st.integers(0, 900)))
def test_sets_are_joined_as_sets(one: set[int], other: set[int]) -> None:
    a, b = from_numbers(one), from_numbers(other)
    assert set(numbers(a & b)) == one & other
    assert set(numbers(a | b)) == one | other
    assert set(numbers(a & ~b)) == one - other


LADDER = (
    SearchDocument("film", 1, ("A wind",), text=("Snow falls.",)),
    SearchDocument("film", 2, ("Snowing in June",)),
    SearchDocument("film", 3, ("The snow queen",)),
    SearchDocument("film", 4, ("Snow",)),
    SearchDocument("film", 5, ("Snow country",)),
    SearchDocument("film", 6, ("Rain",), people=("Michael Snow",)),
    SearchDocument("film", 7, ("Nothing of it",)))


@pytest.fixture
def ladder(own_index: WhooshIndex) -> WhooshIndex:
    own_index.rebuild({"title": LADDER, "person": [SearchDocument("person", 4, ("Snow White",))]})
    return own_index


def test_a_whole_title_comes_before_its_beginning_its_words_names_and_texts(ladder: WhooshIndex) -> None:
    found = ladder.matches("title", sought("snow"), 10)
    assert found.ids[0] == 4  # the whole title
    assert set(found.ids[1:3]) == {5, 2}  # titles that begin so
    assert found.ids[3:] == (3, 6, 1)  # in a title, in a name, in a text
    assert found.total == 6


def test_only_rows_of_the_source_asked_for(ladder: WhooshIndex) -> None:
    assert ladder.matches("person", sought("snow"), 10).ids == (4,)
    assert ladder.matches("nothing", sought("snow"), 10) == ladder.matches("title", sought("xyzzy"), 10)


@pytest.mark.parametrize("limit", [0, 1, 3, 6, 100])
def test_the_limit_cuts_the_list_and_not_the_count(ladder: WhooshIndex, limit: int) -> None:
    everything = ladder.matches("title", sought("snow"), 100)
    found = ladder.matches("title", sought("snow"), limit)
    assert (found.ids, found.total) == (everything.ids[:limit], 6)


def test_matches_are_those_of_the_public_search(index: WhooshIndex, shelf: Shelf) -> None:
    """What is found may stand in another order, but it is the same; the public search looks at people too."""
    for text in ("vampire", "the", "лан", "fritz lang", "metropolis", "de", "nosferatu vampyr", "носферату"):
        query = sought(text)
        public = {hit.id for hit in index.search(query, 1_000).found if hit.source == "title"}
        found = index.matches("title", query, 1_000)
        assert set(found.ids) == public, text
        assert found.total == len(public)


def test_a_typing_error_is_forgiven_when_little_is_found(index: WhooshIndex, shelf: Shelf) -> None:
    names = [shelf.name("title", row) for row in index.matches("title", sought("nosfertu"), 10).ids]
    assert any(name.startswith("Nosferatu") for name in names)


def test_changes_are_seen_and_what_is_removed_is_gone(ladder: WhooshIndex) -> None:
    ladder.matches("title", sought("snow"), 10)  # its bits are kept
    ladder.update("title", [4, 7], [SearchDocument("film", 7, ("Snow again",))])
    ladder._checked = 0.0
    found = ladder.matches("title", sought("snow"), 10)
    assert 4 not in found.ids
    assert 7 in found.ids
    assert found.total == 6


def test_few_terms_are_kept(ladder: WhooshIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitmaps, "KEPT", 1_500)  # bytes: three sets of a few documents
    before = ladder.matches("title", sought("snow"), 10)
    for word in ("rain", "wind", "queen", "june"):
        ladder.matches("title", sought(word), 10)
    assert len(ladder._generation().bitmaps.kept) == 3
    assert ladder.matches("title", sought("snow"), 10) == before


def test_without_an_index_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        WhooshIndex(tmp_path / "none").matches("title", sought("snow"), 10)
