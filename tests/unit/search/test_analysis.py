"""From text to terms: folding, stemming by script, hyphens, transliteration."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.search.analysis import MAX_TERM, fold, stem, stems, terms, title_key, transliterate


@pytest.mark.parametrize(("text", "folded"), [
    ("Ёлки", "елки"), ("Йод", "йод"), ("И\u0306од", "йод"), ("Café", "cafe"), ("HÄXAN", "haxan"),
    ("Körkarlen", "korkarlen"), ("Tolnæs", "tolnaes"),
    ("Straße", "strasse"), ("Søren", "soren"), ("Łódź", "lodz"), ("Œuvre", "oeuvre"), ("Ǿre", "ore"),
    ("𝖠élita", "aelita")])
def test_folding_takes_accents_away_and_leaves_the_short_i(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(("text", "expected"), [
    ("Броненосец «Потёмкин»", ["броненосец", "потемкин"]), ("Safety Last!", ["safety", "last"]),
    ("Spider-Man", ["spider", "man", "spiderman"]), ("L'Arrivée d’un train", ["larrivee", "dun", "train"]),
    ("狂った一頁", ["狂った一頁"]), ("", []), ("!!! ... ---", []), ("AND OR NOT", ["and", "or", "not"])])
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(("one", "other"), [
    ("вампиры", "вампиров"), ("человек", "человека"), ("машины", "машин"), ("vampires", "vampire"),
    ("travelling", "travelled")])
def test_inflected_words_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_stems_go_by_script() -> None:
    assert stems("города cities 1927") == [stem("города"), stem("cities"), "1927"]
    assert stem("cities") != "cities"
    assert stem("1927") == "1927"


@pytest.mark.parametrize(("text", "latin"), [
    ("Броненосец Потёмкин", "bronenosets potemkin"), ("Щит и меч", "shchit i mech"), ("Земля", "zemlya"),
    ("Metropolis", "metropolis"), ("Объезд", "obezd")])
def test_transliteration(text: str, latin: str) -> None:
    assert transliterate(text) == latin


@given(st.text(max_size=300))
def test_any_text_gives_terms_that_an_engine_can_hold(text: str) -> None:
    found = terms(text)
    assert all(0 < len(term) <= MAX_TERM and not any(letter.isspace() for letter in term) for term in found)
    assert [stem(term) for term in found] == stems(text)
    assert title_key(title_key(text)) == title_key(text)
