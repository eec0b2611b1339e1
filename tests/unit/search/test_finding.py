"""How a query is understood, on an engine that is a table; and how matches are put in order."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.search.analysis import stem
from moviepoint.domains.search.conditions import BEGINS, EXACT, PEOPLE, TEXT, TITLE, Condition, lenient, strict, whole
from moviepoint.domains.search.documents import Stored
from moviepoint.domains.search.finding import understand
from moviepoint.domains.search.index import Candidate, Query, Selection
from moviepoint.domains.search.queries import make_query
from moviepoint.domains.search.ranking import best, place
from moviepoint.domains.search.vocabulary import Vocabulary


class Table:
    """An OpenIndex of titles; a document meets a condition when its words stand in its title."""

    def __init__(self, *titles: str) -> None:
        self.titles = [title.split() for title in titles]
        self.words = Vocabulary(word for title in self.titles for word in title)
        self.stems = Vocabulary(stem(word) for word in self.words.words)

    def in_title(self, word: str) -> bool:
        return word in self.words

    known = in_title

    def near(self, word: str, reach: int) -> Mapping[str, int]:
        return self.words.near(word, reach)

    def near_stems(self, stem: str) -> Mapping[str, int]:
        return self.stems.near(stem, 1)

    def count(self, conditions: Sequence[Condition]) -> int:
        return sum(any(self._meets(title, condition) for condition in conditions) for title in self.titles)

    def select(self, conditions: Sequence[Condition], query: Query, limit: int) -> Selection:
        return Selection((), self.count(conditions), {})

    @staticmethod
    def _meets(title: list[str], condition: Condition) -> bool:
        forms = {"title": title, "tstem": [stem(word) for word in title]}
        return all(any(term.startswith(place.term) if place.beginning else term == place.term
                       for place in places for term in forms.get(place.field, ())) for places in condition.words)


def texts(index: Table, text: str) -> list[str]:
    return [reading.text for reading in understand(index, make_query(text))]


def test_what_finds_enough_is_taken_as_typed() -> None:
    assert texts(Table("red sun", "red moon", "red tree", "bed"), "red") == ["red"]


@pytest.mark.parametrize(("typed", "meant"), [
    ("casblanca", "casablanca"), ("kasablanca", "casablanca"), ("blade ruunner", "blade runner"),
    ("bladerunner", "blade runner"), ("сфыфидфтсф", "casablanca"), ("касабланка", "casablanca")])
def test_what_finds_nothing_is_read_otherwise(typed: str, meant: str) -> None:
    index = Table("casablanca", "blade runner", "silver pine")
    understood = understand(index, make_query(typed))
    assert understood[0].text == typed
    assert meant in [reading.text for reading in understood[1:]]
    assert all(reading.steps for reading in understood[1:])


def test_another_form_of_a_word_does_not_hide_another_reading() -> None:
    table = Table("кагему лес", "кагемуй", "кагемую дом", "kagemusha")
    assert "kagemusha" in texts(table, "кагемуся")  # "-ся" is an ending of Russian verbs, and no rule knows Japanese
    assert "kagemusha" not in texts(Table("кагемуся", "кагемуся дом", "кагемуся лес", "kagemusha"), "кагемуся")


def test_a_wrong_first_letter_is_thought_of_only_where_nothing_else_is_found() -> None:
    index = Table("marten", "garden")
    (_typed, wider) = understand(index, make_query("marden"))
    assert {place.term for place in wider.condition.words[0] if place.field == "title"} == {"marden", "marten"}
    (_typed, wider) = understand(Table("garden"), make_query("marden"))
    assert "garden" in {place.term for place in wider.condition.words[0]}


def test_nonsense_is_understood_as_itself_alone() -> None:
    assert texts(Table("casablanca"), "zqxjkvbw") == ["zqxjkvbw"]


def test_a_word_counts_by_its_place_and_its_length() -> None:
    by_field = {place.field: place.weight for place in strict(["stalker", "the"]).words[0]}
    assert by_field == {"title": TITLE, "tstem": 3.0, "people": PEOPLE, "text": TEXT}
    short = {place.field: place.weight for place in strict(["the", "stalker"]).words[0]}
    assert all(short[field] == by_field[field] / 2 for field in by_field)


def test_only_the_last_word_may_be_a_beginning_and_not_when_it_is_one_letter() -> None:
    assert [any(place.beginning for place in places) for places in strict(["la", "vi"]).words] == [False, True]
    assert not any(place.beginning for place in strict(["m"]).words[0])
    assert [condition.words[0][0].weight for condition in whole("m")] == [EXACT]
    assert [condition.words[0][0].weight for condition in whole("me", 20.0)] == [EXACT - 20, BEGINS - 20]


def test_the_more_letters_are_wrong_the_less_a_word_counts() -> None:
    (places,) = lenient(["gladiator"], lambda _word: {"gladiatro": 1, "radiator": 2}, lambda _stem: {}).words
    weights = {place.term: place.weight for place in places if place.field == "title"}
    assert weights["gladiator"] > weights["gladiatro"] > weights["radiator"] > TEXT


def candidate(name: str, score: float, kind: str = "film", number: int = 1, votes: int = 0) -> Candidate:
    return Candidate("title", number, kind, (name,), score, votes=votes)


def test_whole_titles_come_before_beginnings_words_and_texts() -> None:
    ranked = [candidate("alien", EXACT), candidate("alien nation", BEGINS), candidate("the alien", 4.0),
              candidate("other", 4.0), candidate("other", 1.0)]
    assert sorted(ranked, key=lambda each: place(["alien"], each)) == ranked


def test_of_equal_matches_the_title_the_shorter_and_the_well_known_come_first() -> None:
    def first(*candidates: Candidate) -> Candidate:
        return min(candidates, key=lambda each: place(["sun"], each))

    film, person = candidate("sun", EXACT), candidate("sun", EXACT, "person")
    assert first(person, film) == film
    short, long = candidate("sun set", BEGINS), candidate("sun over the long river", BEGINS)
    assert first(long, short) == short
    known, unknown = candidate("sun set", BEGINS, number=2, votes=5_000), candidate("sun set", BEGINS)
    assert first(unknown, known) == known


ROWS = st.lists(st.builds(
    Stored, source=st.just("title"), id=st.integers(1, 10**6), kind=st.just("film"), digest=st.just(""),
    names=st.just(()), facets=st.just({}), year=st.none() | st.integers(1900, 2020),
    rating=st.none() | st.floats(1, 10), order=st.dictionaries(st.sampled_from(["", "ru", "en"]), st.text("аяbc"))),
    max_size=30, unique_by=lambda row: row.id)


@given(ROWS, st.sampled_from(["year", "rating"]), st.sampled_from(["asc", "desc"]))
def test_what_has_no_value_comes_last_in_either_direction(rows: list[Stored], field: str, direction: str) -> None:
    ordered = [row for _n, row in best(enumerate(rows), Query("", (), order=f"{field}.{direction}"), {}, 50)]
    values = [getattr(row, field) for row in ordered]
    present = [value for value in values if value is not None]
    assert values[len(present):] == [None] * (len(values) - len(present))
    assert present == sorted(present, reverse=direction == "desc")


@given(ROWS)
def test_titles_are_ordered_by_the_name_that_the_reader_sees(rows: list[Stored]) -> None:
    query = Query("", (), order="title.asc", locales=("ru", "en"))
    names = [row.order.get("ru", row.order.get("en", row.order.get("", "")))
             for _n, row in best(enumerate(rows), query, {}, 50)]
    assert names == sorted(names)
