"""What else somebody may have meant: another keyboard, words run together or torn apart, names written by ear."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.search import readings
from moviepoint.domains.search.analysis import terms

KNOWN = {"star", "wars", "blade", "runner", "the", "дом", "а", "at", "tack"}


def known(word: str) -> bool:
    return word in KNOWN


@pytest.mark.parametrize(("typed", "meant"), [
    ("vfnhbwf", "матрица"), ("ьфекшч", "matrix"), ("ghbdtn", "привет"), ("Ё", "`"), ("]cl", "ъсд")])
def test_the_other_keyboard(typed: str, meant: str) -> None:
    assert readings.other_layout(typed) == meant


@given(st.text("qwertyuiop[]asdfghjkl;'zxcvbnm,.` 0123", max_size=30))
def test_the_other_keyboard_and_back_is_what_was_typed(text: str) -> None:
    there = readings.other_layout(text)
    if readings.has_cyrillic(there):
        assert readings.other_layout(there) == text


@pytest.mark.parametrize(("typed", "meant"), [
    ("starwars", "star wars"), ("thebladerunner", "the blade runner"), ("star wars", "star wars"),
    ("starwarx", ""), ("xyzzy", ""), ("", ""), ("starwarsattack", "star wars at tack"), ("staratackdom", "")])
def test_words_are_torn_into_known_ones_or_not_at_all(typed: str, meant: str) -> None:
    assert readings.torn(typed, known) == meant


def test_a_word_is_torn_into_few_pieces_and_none_of_one_letter() -> None:
    assert readings.torn("star" * 4, known) == "star star star star"
    assert readings.torn("star" * 5, known) == ""
    assert readings.torn("адом", known) == ""


def test_tearing_a_long_word_asks_little() -> None:
    asked = 0

    def counting(word: str) -> bool:
        nonlocal asked
        asked += 1
        return set(word) == {"a"} and len(word) < 3

    readings.torn("a" * 40, counting)
    assert asked < 20_000


@pytest.mark.parametrize(("typed", "joined"), [("spider man", "spiderman"), ("Кин-дза-дза!", "киндзадза"), ("", "")])
def test_words_are_joined(typed: str, joined: str) -> None:
    assert readings.together(typed) == joined


@pytest.mark.parametrize(("typed", "heard"), [
    ("инсепшн", "inseption"), ("матрикс", "matrix"), ("дюна", "dyuna"),
    ("кагемуся", "kagemusha"), ("дзёдзё", "jojo"), ("сёгун", "shogun"), ("харакири", "harakiri"),
    ("дзатоити", "zatoichi")])
def test_foreign_names_by_ear(typed: str, heard: str) -> None:
    assert heard in readings.in_latin(typed)


@given(st.text(max_size=60))
def test_no_reading_is_the_text_itself_or_comes_twice_or_has_no_word(text: str) -> None:
    found = list(readings.readings(text, known))
    assert text not in found
    assert len(set(found)) == len(found)
    assert all(terms(reading) for reading in found)
