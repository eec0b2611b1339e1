"""Addresses made after a learnt form are those that Flask builds."""
from __future__ import annotations

import pytest
from flask import url_for
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.app import MoviePoint
from moviepoint.kernel import addresses
from moviepoint.kernel.addresses import address, page_url

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
NUMBERS = st.integers(0, 10**12)


@given(word=WORDS, number=NUMBERS, locale=st.sampled_from(["en", "ru"]), root=st.sampled_from(["", "/films%20here"]))
def test_they_are_those_that_flask_builds(app: MoviePoint, word: str, number: int, locale: str, root: str) -> None:
    with app.test_request_context(f"/{locale}/", base_url=f"http://localhost{root}"):
        app.preprocess_request()
        assert address("catalog.film", slug=word) == url_for("catalog.film", slug=word)
        assert address("catalog.season", slug=word, number=number) == url_for(
            "catalog.season", slug=word, number=number)
        for name in ("card", "wide"):
            values = {"image_id": number, "name": name, "place": word}
            assert address("catalog_files.crop", **values) == url_for("catalog_files.crop", **values)  # type: ignore[arg-type]


def test_a_word_that_a_part_does_not_take_is_an_error_as_in_flask(app: MoviePoint) -> None:
    with app.test_request_context("/en/"), pytest.raises(ValueError, match="tall"):
        address("catalog_files.crop", image_id=1, name="tall", place="1-1")


def test_what_is_learnt_has_a_bound(app: MoviePoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "MOST", 10)
    app.extensions.pop(addresses.KEPT, None)
    with app.test_request_context("/en/"):
        for place in range(50):
            address("catalog_files.crop", image_id=1, name="card", place=f"{place}-1")
            assert len(app.extensions[addresses.KEPT]) <= 11


@given(word=WORDS, number=NUMBERS)
def test_templates_ask_for_any_address(app: MoviePoint, word: str, number: int) -> None:
    asked: list[tuple[str, dict[str, object]]] = [
        ("pages.home", {}), ("pages.home", {"locale": "ru"}), ("search.search", {"q": word}),
        ("search.search", {"q": None}), ("catalog.film", {"slug": word, "_anchor": "cast"}),
        ("catalog.film", {"slug": word, "page": number}), ("catalog.films", {"genre": [word, "b"]}),
        ("catalog_files.crop", {"image_id": number, "name": "card", "place": "1-1", "v": word}),
        ("catalog.film", {"slug": word, "locale": "ru"}), ("catalog.film", {"locale": "ru", "slug": word}),
        ("catalog.season", {"number": number, "slug": word}), ("catalog.season", {"number": str(number), "slug": word}),
        ("catalog.film", {"slug": word, "_external": True}), (".films", {})]
    with app.test_request_context("/en/films"):
        app.preprocess_request()
        for endpoint, values in asked * 2:
            assert page_url(endpoint, **values) == url_for(endpoint, **values)  # type: ignore[arg-type]
