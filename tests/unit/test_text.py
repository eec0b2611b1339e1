"""Names of countries, those of today and those that only old films come from; and tags that anybody may make up."""
from __future__ import annotations

from typing import Any

import pytest

from moviepoint.kernel.text import (
    KEPT,
    LANGUAGE_LENGTH,
    country_name,
    language_name,
    normalise_language,
    text_direction,
)


@pytest.mark.parametrize(("code", "locale", "name"), [
    ("FR", "ru", "Франция"), ("fr", "en", "France"), ("DE", "pt-BR", "Alemanha"),
    ("SU", "ru", "СССР"), ("su", "en", "Soviet Union"), ("SU", "ru-RU", "СССР"), ("CS", "de", "Czechoslovakia"),
    ("ZZZZ", "en", "ZZZZ"), ("FR", "no such locale", "France")])
def test_a_country_has_a_name_in_the_locale(code: str, locale: str, name: str) -> None:
    assert country_name(code, locale) == name


@pytest.mark.parametrize("remembers", [country_name, language_name, normalise_language, text_direction])
def test_a_process_remembers_so_many_answers_and_no_more(remembers: Any) -> None:
    assert remembers.cache_info().maxsize == KEPT


@pytest.mark.parametrize("tag", [
    "ru-" + "-".join(["abcdefgh"] * 4), "ru" + " " * LANGUAGE_LENGTH, "pob-" + "-".join(["abcdefgh"] * 3) + "-abcd"])
def test_a_tag_is_no_longer_than_what_can_be_stored(tag: str) -> None:
    before = normalise_language.cache_info().currsize
    with pytest.raises(ValueError, match="too long"):
        normalise_language(tag)
    assert normalise_language.cache_info().currsize == before


def test_the_longest_tag_is_taken() -> None:
    tag = "ru-" + "-".join(["abcdefgh"] * 3) + "-abcde"
    assert (len(tag), normalise_language(tag)) == (LANGUAGE_LENGTH, tag)
