"""What is said: words with their places, nearness over the lines, the marks of a hit."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from moviepoint.domains.search.spoken.index import Place, SpokenDocument, SpokenLine, unpacked
from moviepoint.domains.search.spoken.nearness import REACH, places
from moviepoint.domains.search.spoken.queries import SHOWN, make_query, marked
from moviepoint.domains.search.spoken.whoosh import WhooshSpoken, fields_of
from moviepoint.domains.search.spoken.words import normal, terms, words
from moviepoint.kernel.errors import Invalid

LETTERS = some.sampled_from("abcde")
LINES = some.lists(some.lists(LETTERS, max_size=5), min_size=1, max_size=12)


def document(number: int, *lines: str, language: str = "en", state: str = "") -> SpokenDocument:
    return SpokenDocument(number, number * 10, number * 100, language, state or f"s{number}", tuple(
        SpokenLine(n * 2000, n * 2000 + 1900, normal(line)) for n, line in enumerate(lines)))


def found(lines: list[list[str]], query: list[str], missing: int = 0) -> list[Place]:
    positions: dict[str, list[int]] = {}
    starts, place = [], 0
    for line in lines:
        starts.append(place)
        for word in line:
            positions.setdefault(word, []).append(place)
            place += 1
    return [unpacked(number) for number in places(query, positions, starts, missing)]


@given(LINES, some.lists(LETTERS, min_size=1, max_size=4))
def test_a_phrase_is_found_wherever_it_stands_word_for_word(lines: list[list[str]], query: list[str]) -> None:
    text = [(word, number) for number, line in enumerate(lines) for word in line]
    exact = {text[at][1] for at in range(len(text) - len(query) + 1)
             if [word for word, _line in text[at:at + len(query)]] == query}
    hits = found(lines, query)
    assert hits == sorted(hits)
    shown = [set(range(hit.first, hit.last + 1)) for hit in hits]
    assert sum(map(len, shown)) == len(set().union(*shown)) if shown else True  # no line twice
    if exact:
        assert hits[0].gap == 0
    assert {hit.first for hit in hits if hit.gap == 0} <= exact


@given(LINES, some.lists(LETTERS, min_size=1, max_size=4))
def test_each_hit_holds_all_words_within_reach(lines: list[list[str]], query: list[str]) -> None:
    for hit in found(lines, query):
        held = [word for line in lines[hit.first:hit.last + 1] for word in line]
        assert set(query) <= set(held)
    if not set(query) <= {word for line in lines for word in line}:
        assert found(lines, query) == []


@given(LINES, some.lists(LETTERS, min_size=2, max_size=4, unique=True))
def test_with_one_word_missing_all_others_are_there(lines: list[list[str]], query: list[str]) -> None:
    strict, loose = found(lines, query), found(lines, query, missing=1)
    for hit in loose:
        held = {word for line in lines[hit.first:hit.last + 1] for word in line}
        assert len(set(query) - held) <= 1
    short = [found(lines, [word for word in query if word != left_out]) for left_out in query]
    if any(hits[0].gap <= 3 for hits in short if hits):
        assert loose
    if strict:
        assert loose[0].gap <= strict[0].gap


def test_words_too_far_apart_are_no_hit() -> None:
    near, far = ["x"] * REACH, ["x"] * (REACH + 1)
    assert found([["a", *near, "b"]], ["a", "b"]) == [Place(REACH, 0, 0)]
    assert found([["a", *far, "b"]], ["a", "b"]) == []


def test_a_line_is_counted_once_for_a_word_that_it_repeats() -> None:
    assert found([["no", "no", "no"], [], ["yes"], ["no"]], ["no"]) == [Place(0, 0, 0), Place(0, 3, 3)]


@given(some.integers(0, 0xFFFF), some.integers(0, 2**31), some.integers(0, 255))
def test_a_place_survives_being_packed(gap: int, first: int, length: int) -> None:
    place = Place(gap, first, first + length)
    assert unpacked(place.packed()) == place


@given(some.text(max_size=60))
def test_words_say_where_they_stand(text: str) -> None:
    line = normal(text)
    last = 0
    for word in words(line):
        assert last <= word.start < word.end <= len(line)
        assert word.term and " " not in word.term
        last = word.end
    assert [word.term for word in words(line)] == terms(text)


@given(some.lists(some.text(max_size=40), max_size=8))
def test_terms_of_a_document_stand_at_their_places_in_its_lines(lines: list[str]) -> None:
    fields = fields_of(document(1, *lines))
    assert fields["said"].split(" ") == [term for line in lines for term in terms(line)] or not fields["said"]


@pytest.mark.parametrize(("text", "expected"), [
    ("Don’t look now", ["dont", "look", "now"]), ("ЁЛКИ-палки", ["елк", "палк"]), ("", []), ("…—!", []),
    ("我爱你", ["我", "爱", "你"]), ("第2集a", ["第", "2", "集", "a"]), ("cafe\u0301s", ["cafe"]), ("\u0301", [])])
def test_words_of_many_scripts(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_han_is_found_by_what_stands_side_by_side(tmp_path: Path) -> None:
    index = WhooshSpoken(tmp_path)
    index.rebuild([document(1, "我很爱你", "他走了", language="zh"), document(2, "你爱我吗", language="zh")])
    best = {hits.track_id: hits.gap for hits in index.find(terms("爱你"))}
    assert best == {1: 0, 2: 2}


@given(some.text(max_size=500), some.text(max_size=30))
def test_marks_keep_the_text_and_show_the_words(text: str, query: str) -> None:
    line, sought = normal(text), frozenset(terms(query))
    parts = marked(line, sought)
    assert "".join(part.text for part in parts).strip("…") in line
    assert all(terms(part.text) and set(terms(part.text)) <= sought for part in parts if part.marked)
    assert sum(len(part.text) for part in parts) <= SHOWN + 2
    if sought & set(terms(line)):
        assert any(part.marked for part in parts)


def test_a_long_line_is_cut_around_the_first_word_sought() -> None:
    parts = marked("word " * 200 + "rosebud" + " word" * 200, frozenset(["rosebud"]))
    text = "".join(part.text for part in parts)
    assert text.startswith("…") and text.endswith("…") and "rosebud" in text and len(text) <= SHOWN + 2


def test_all_but_one_of_the_words(tmp_path: Path) -> None:
    index = WhooshSpoken(tmp_path)
    index.rebuild([document(1, "the mediator between head and hands"), document(2, "head over heels"),
                   document(3, "the hands of the mediator", "the head of the mediator and hands")])
    assert index.find(terms("mediator head feet")) == []
    loose = {hits.track_id: [unpacked(place)[1:] for place in hits.places]
             for hits in index.find(terms("mediator head feet"), loose=True)}
    assert loose == {1: [(0, 0)], 3: [(0, 1)]}  # nearer over two lines than the other way round in one
    assert index.find(["mediat"], loose=True) == []


def test_an_update_replaces_and_removes(tmp_path: Path) -> None:
    index = WhooshSpoken(tmp_path)
    assert index.rebuild([document(1, "night train"), document(2, "night bus")]) == 2
    index.update([1, 2], [document(1, "morning train", state="new")])
    assert index.known() == {1: ("new", 10, 100)}
    assert [hits.track_id for hits in index.find(["train"])] == [1]
    assert index.find(["night"]) == []
    assert index.lines(1, "s1") == ()
    assert [line.text for line in index.lines(1, "new")] == ["morning train"]


def test_many_updates_keep_each_track_once(tmp_path: Path) -> None:
    index = WhooshSpoken(tmp_path)
    index.rebuild([])
    assert index.find(["night"]) == [] and index.known() == {}
    for turn in range(12):
        number = turn % 5
        index.update([number], [document(number, "night", f"turn {turn}", state=f"s{turn}")])
    index._checked = 0.0
    assert sorted(hits.track_id for hits in index.find(["night"])) == [0, 1, 2, 3, 4]
    assert {known.state for known in index.known().values()} == {f"s{n}" for n in range(7, 12)}


@pytest.mark.parametrize(("text", "language"), [("a" * 201, ""), ("a", "klingonish"), ("a", "x" * 500), ("a", "\x00")])
def test_a_query_that_makes_no_sense_is_refused(text: str, language: str) -> None:
    with pytest.raises(Invalid):
        make_query(text, language)


def test_a_language_is_understood_in_other_spellings() -> None:
    assert make_query("a", "rus").language == "ru"
    assert make_query("a", "zh_CN").language == "zh-CN"
