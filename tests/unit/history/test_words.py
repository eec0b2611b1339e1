"""Differences in words."""
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.history.differences import differences
from moviepoint.domains.history.words import item_words, word_differences


@given(st.text(), st.text())
def test_word_differences_give_back_both_texts(before: str, after: str) -> None:
    parts = list(word_differences(before, after))
    assert "".join(text for tag, text in parts if tag != "ins") == before
    assert "".join(text for tag, text in parts if tag != "del") == after


def test_only_the_words_that_changed_are_marked() -> None:
    assert list(word_differences("A dream of Mars.", "A dream of Venus.")) == [
        ("same", "A dream of "), ("del", "Mars."), ("ins", "Venus.")]


def test_a_very_long_text_is_not_compared_word_by_word() -> None:
    assert list(word_differences("a " * 4_000, "b")) == [("del", "a " * 4_000), ("ins", "b")]


def test_nothing_and_emptiness_are_the_same() -> None:
    assert differences({"tagline": "", "year": None, "genres": []}, {}) == []
    assert differences(None, {"year": 0}) == [{"path": ["year"], "before": None, "after": 0}]


def test_an_item_in_a_line() -> None:
    assert item_words({"person": "georges-melies", "job": "Director", "character": "", "guest": False}) == (
        "georges-melies · Director")
    assert item_words({"number": 1, "texts": {"ru": {"name": "Первая", "overview": ""}}}) == "1 · Первая"
