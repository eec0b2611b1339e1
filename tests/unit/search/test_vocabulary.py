"""Words that are nearly another: found by bits exactly as by comparing each with each."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.search.vocabulary import Vocabulary, distance

WORDS = st.text("abcабвё七", min_size=1, max_size=9)


@pytest.mark.parametrize(("one", "other", "apart"), [
    ("matrix", "matrix", 0), ("matirx", "matrix", 1), ("matrx", "matrix", 1), ("mattrix", "matrix", 1),
    ("metrix", "matrix", 1), ("mtarxi", "matrix", 2), ("солярес", "солярис", 1), ("ca", "abc", 3), ("", "ab", 2)])
def test_a_distance_counts_errors_of_typing(one: str, other: str, apart: int) -> None:
    assert distance(one, other, 3) == distance(other, one, 3) == apart


@given(WORDS, WORDS, st.integers(0, 2))
def test_a_distance_beyond_the_limit_is_only_that(one: str, other: str, limit: int) -> None:
    assert distance(one, other, limit) == min(distance(one, other, 20), limit + 1)


@given(st.sets(WORDS, max_size=60), WORDS, st.integers(1, 2))
def test_the_bits_lose_no_word_and_invent_none(words: set[str], sought: str, reach: int) -> None:
    vocabulary = Vocabulary(words)
    assert vocabulary.near(sought, reach) == {
        word: apart for word in words if 0 < (apart := distance(sought, word, reach)) <= reach}


@given(st.sets(WORDS, max_size=30))
def test_it_knows_its_words_and_no_others(words: set[str]) -> None:
    vocabulary = Vocabulary(words)
    assert all(word in vocabulary for word in words)
    assert "zzz" not in vocabulary


def test_scripts_whose_letters_share_a_column_are_told_apart() -> None:
    vocabulary = Vocabulary(["七人の侍", "羅生門", "기생충"])
    assert vocabulary.near("羅生文", 1) == {"羅生門": 1}
    assert vocabulary.near("生", 1) == {}
