"""Two editors' work brought together: nothing of either is lost, and only what both touched is asked about."""
from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.catalog.merging import merge, put
from moviepoint.domains.history.differences import differences, items

values = st.one_of(st.none(), st.integers(0, 3), st.text("ab", max_size=2), st.lists(st.integers(0, 2), max_size=2))
texts = st.dictionaries(st.sampled_from(["en", "ru"]), st.dictionaries(st.sampled_from(["name", "overview"]), values))
documents = st.fixed_dictionaries({"year": values, "genres": values, "texts": texts})


@given(documents, documents)
def test_a_document_that_nobody_else_touched_comes_out_as_mine(base: dict[str, Any], mine: dict[str, Any]) -> None:
    merged, disagreements = merge(base, mine, base)
    assert disagreements == []
    assert differences(merged, mine) == []


@given(documents, documents)
def test_a_document_that_i_did_not_touch_stays_theirs(base: dict[str, Any], theirs: dict[str, Any]) -> None:
    merged, disagreements = merge(base, base, theirs)
    assert disagreements == []
    assert differences(merged, theirs) == []


@given(documents, documents, documents)
def test_only_what_both_changed_is_asked_and_nothing_is_lost(base: dict[str, Any], mine: dict[str, Any],
                                                            theirs: dict[str, Any]) -> None:
    merged, disagreements = merge(base, mine, theirs)
    asked = {field.path for field in disagreements}
    by_me = {tuple(change["path"]) for change in differences(base, mine)}
    by_them = {tuple(change["path"]) for change in differences(base, theirs)}
    assert asked <= by_me & by_them
    for field in disagreements:  # settled my way, the document is mine wherever I wrote
        put(merged, field.path, field.mine)
    left = {tuple(change["path"]) for change in differences(merged, mine)}
    assert left <= by_them - by_me


@given(documents, documents)
def test_both_sides_doing_the_same_agree(base: dict[str, Any], both: dict[str, Any]) -> None:
    merged, disagreements = merge(base, both, both)
    assert disagreements == []
    assert differences(merged, both) == []


def test_a_disagreement_names_its_field() -> None:
    base = {"texts": {"ru": {"name": "Аэлита"}}, "year": 1924}
    merged, disagreements = merge(base, {"texts": {"ru": {"name": "Аэлита!"}}, "year": 1925},
                                  {"texts": {"ru": {"name": "Аэлита."}}, "year": 1924})
    assert [(field.key, field.mine, field.theirs) for field in disagreements] == [
        ("texts/ru/name", "Аэлита!", "Аэлита.")]
    assert merged == {"texts": {"ru": {"name": "Аэлита."}}, "year": 1925}


def test_the_items_of_a_list_that_went_and_came() -> None:
    change = differences({"genres": ["drama", "war"]}, {"genres": ["drama", "comedy"]})[0]
    assert items(change) == (["war"], ["comedy"])
