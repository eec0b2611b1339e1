"""Sizes in words."""
from __future__ import annotations

import pytest

from moviepoint.app import MoviePoint
from moviepoint.kernel.i18n import in_bytes, use_locale


@pytest.mark.parametrize(("size", "english", "russian"), [
    (0, "0 byte", "0 Б"), (999, "999 byte", "999 Б"), (1000, "1 kB", "1 кБ"), (1_550_000, "1.6 MB", "1,6 МБ"),
    (82_700_000_000, "82.7 GB", "82,7 ГБ"), (10**16, "10,000 TB", "10 000 ТБ")])
def test_a_size_is_said_in_the_readers_language(app: MoviePoint, size: int, english: str, russian: str) -> None:
    with app.app_context():
        for locale, wanted in (("en", english), ("ru", russian)):
            with use_locale(locale):
                assert in_bytes(size).replace("\xa0", " ") == wanted
