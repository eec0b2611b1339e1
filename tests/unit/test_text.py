"""Names of countries, those of today and those that only old films come from."""
from __future__ import annotations

import pytest

from moviepoint.kernel.text import country_name


@pytest.mark.parametrize(("code", "locale", "name"), [
    ("FR", "ru", "Франция"), ("fr", "en", "France"), ("DE", "pt-BR", "Alemanha"),
    ("SU", "ru", "СССР"), ("su", "en", "Soviet Union"), ("SU", "ru-RU", "СССР"), ("CS", "de", "Czechoslovakia"),
    ("ZZZZ", "en", "ZZZZ"), ("FR", "no such locale", "France")])
def test_a_country_has_a_name_in_the_locale(code: str, locale: str, name: str) -> None:
    assert country_name(code, locale) == name
