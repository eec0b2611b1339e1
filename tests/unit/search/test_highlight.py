"""What was looked for is marked in whatever form it stands in a text, and nothing else of the text is touched."""
from __future__ import annotations

import html
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.search.contexts import Marked
from moviepoint.domains.search.highlight import LENGTH, Marker, snippet

TEXTS = st.text(st.sampled_from("аяё bcde-’'<>&\"é七\n.́"), max_size=400)


def marked(text: str, *meant: str, name: bool = False) -> str:
    return Marked("name", text, Marker(meant).ranges(text, name)).__html__()


@pytest.mark.parametrize(("typed", "text", "shown"), [
    ("metropolis", "Metropolis", "<mark>Metropolis</mark>"),
    ("crane", "The Cranes Are Flying", "The <mark>Cranes</mark> Are Flying"),
    ("журавль", "Летят журавли", "Летят <mark>журавли</mark>"),
    ("рублев", "Андрей Рублёв", "Андрей <mark>Рублёв</mark>"), ("amelie", "Amélie", "<mark>Amélie</mark>"),
    ("stalker", "Сталкер", "<mark>Сталкер</mark>"), ("metro", "Metropolis", "<mark>Metropolis</mark>"),
    ("spiderman", "Spider-Man 2", "<mark>Spider-Man</mark> 2"), ("man", "Spider-Man", "Spider-<mark>Man</mark>"),
    ("l'atalante", "L’Atalante", "<mark>L’Atalante</mark>"), ("七人の侍", "七人の侍", "<mark>七人の侍</mark>"),
    ("fritz lang", "Fritz and Lang", "<mark>Fritz</mark> and <mark>Lang</mark>"),
    ("m", "M is a man", "<mark>M</mark> is a man"),
    ("tom & jerry", "Tom & Jerry <b>", "<mark>Tom</mark> &amp; <mark>Jerry</mark> &lt;b&gt;"), ("", "Any", "Any"),
    ("xyzzy", "Any", "Any")])
def test_words_in_any_form(typed: str, text: str, shown: str) -> None:
    assert marked(text, typed) == shown


def test_the_correction_is_marked_and_a_name_that_is_nearly_it() -> None:
    assert marked("Metropolis", "metropolsi", "metropolis") == "<mark>Metropolis</mark>"
    assert marked("Tarkovskij", "tarkovsky", "tarkovskiy", name=True) == "<mark>Tarkovskij</mark>"
    assert marked("Tarkovskij", "tarkovsky", "tarkovskiy") == "Tarkovskij"  # a text must have the word
    assert marked("Garden", "marten", name=True) == "Garden"  # it was found as typed: nothing to forgive


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3), st.booleans())
def test_only_marks_are_added_and_they_are_safe(text: str, meant: list[str], name: bool) -> None:
    shown = marked(text, *meant, name=name)
    assert html.unescape(re.sub("</?mark>", "", shown)) == text
    assert "<" not in re.sub("</?mark>", "", shown)
    ranges = Marker(meant).ranges(text, name)
    assert all(0 <= start < end <= len(text) for start, end in ranges)
    assert all(one[1] <= other[0] for one, other in pairwise(ranges))


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=2), st.integers(60, 300))
def test_a_snippet_is_a_part_of_the_text_with_the_same_words_marked(text: str, meant: list[str], length: int) -> None:
    ranges = Marker(meant).ranges(text)
    part = snippet(text, ranges, length)
    assert part.text.removeprefix("… ").removesuffix("…") in text
    assert len(part.text) <= max(length, 60) + 40
    whole = {text[start:end] for start, end in ranges}
    assert {part.text[start:end] for start, end in part.ranges} <= whole


def test_a_snippet_shows_where_the_most_words_stand_and_cuts_no_word() -> None:
    text = "Nothing of it here. " * 30 + "Workers and machines rebel. " + "And nothing more of it. " * 30
    part = snippet(text, Marker(["workers machines"]).ranges(text))
    assert "Workers and machines" in part.text
    assert len(part.ranges) == 2
    assert part.text.startswith("… ") and part.text.endswith("…")
    assert set(re.findall(r"\w+", part.text)) <= set(re.findall(r"\w+", text))
    assert len(snippet(text, ()).text) <= LENGTH + 1
    assert snippet(text, ()).text.startswith("Nothing")
