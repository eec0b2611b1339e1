"""Sentences that are made by workers and read in any language: what is stored is what was said."""
from __future__ import annotations

import copy
import json
import sqlite3

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Text, select, type_coerce, update
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media.models import Edition, SubtitleTrack
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.i18n import use_locale
from moviepoint.kernel.sentences import MARK, Sentence, join, pack, said, sentence, shown, stored, unpack

HOSTILE = ("100 %", "%s %(name)s %%", "<script>alert(1)</script>", '["%(text)s", {"text": "x"}]', '{"a": [1]}', MARK,
           f'{MARK}["%(text)s", {{"text": "x"}}]', "\0", "Ёж\u202e", "")
VALUES = st.one_of(st.text(), st.integers(), st.floats(allow_nan=False), st.sampled_from(HOSTILE))
NAMES = st.text("abcdefgh", min_size=1, max_size=4)


@st.composite
def sentences(draw: st.DrawFn, depth: int = 2) -> Sentence:
    """Any sentence: words with per cent signs, places between them, values and sentences in the places."""
    inner = VALUES if depth == 0 else st.one_of(VALUES, sentences(depth=depth - 1))
    values = draw(st.dictionaries(NAMES, inner, max_size=3))
    words = [draw(st.text()).replace("%", "%%") for _ in range(len(values) + 1)]
    places = [f"%({name})s" for name in values] + [""]
    return Sentence("".join(word + place for word, place in zip(words, places, strict=True)), values)


@given(sentences())
def test_what_is_stored_comes_back_whole(made: Sentence) -> None:
    found = unpack(json.loads(json.dumps(pack(made))))
    assert isinstance(found, Sentence)
    assert found == made
    assert pack(found) == pack(made)
    assert unpack(found) is found


@given(st.one_of(st.text(), st.sampled_from(HOSTILE), st.text().map(lambda text: MARK + text)))
def test_a_plain_text_stays_plain(text: str) -> None:
    found = unpack(pack(text))
    assert (found, type(found)) == (text, str)
    assert said(text) == text


@pytest.mark.parametrize("damaged", [
    MARK, f"{MARK}[", f"{MARK}[]", f'{MARK}["%(a)s", {{}}]', f'{MARK}["%q", {{}}]', f"{MARK}{'[' * 9999}", f"{MARK}3",
    f'{MARK}[null, {{}}]', f'{MARK}["x", 3]', "The file is empty."])
def test_what_cannot_be_read_is_shown_as_it_is(damaged: str) -> None:
    assert unpack(damaged) == damaged


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.usefixtures("session")
def test_values_stay_text_in_every_language(hostile: str) -> None:
    made = sentence("There is no text encoding called %(name)s.", name=hostile)
    assert made == f"There is no text encoding called {hostile}."
    with use_locale("ru"):
        assert said(unpack(pack(made))) == f"Кодировки с именем {hostile} нет."


@pytest.mark.usefixtures("session")
def test_a_sentence_is_said_with_those_inside_it_and_numbers_as_the_language_has_them() -> None:
    ends = sentence("The picture ends or breaks after %(seconds)s s; %(missing)s s are missing. The file is damaged or "
                    "cut off.", seconds=6.5, missing=120)
    whole = join((ends, "", sentence("ffmpeg's last words: %(words)s", words="moov atom not found")))
    assert whole.endswith("cut off. ffmpeg's last words: moov atom not found")
    assert said(whole) == whole
    with use_locale("ru"):
        assert said(whole) == ("Изображение кончается или прерывается через 6,5 с; не хватает 120 с. Файл повреждён "
                               "или обрывается. Последнее, что сказал ffmpeg: moov atom not found")
        assert said(sentence("The file is cut off: only %(share)s %% of it has arrived. Upload it again.", share=40)) \
            == "Файл обрывается: дошло только 40 %. Загрузите его ещё раз."
        assert said(Sentence("Nobody has translated %(this)s.", {"this": "%"})) == "Nobody has translated %."


def test_none_or_one_joined_are_themselves() -> None:
    made = sentence("The film has no sound.")
    assert join(("", made)) is made
    assert join(()) == ""


class Notes(msgspec.Struct):
    notes: tuple[str, ...]
    number: int = 3


@pytest.mark.usefixtures("session")
def test_structs_hold_sentences_in_json() -> None:
    value = Notes(("plain", sentence("The film has no sound.")))
    packed = stored(value)
    again = msgspec.convert(json.loads(json.dumps(packed)), Notes)
    assert [unpack(note) for note in again.notes] == list(value.notes)
    assert isinstance(unpack(again.notes[1]), Sentence)
    with use_locale("ru"):
        assert shown(value) == {"notes": ("plain", "В фильме нет звука."), "number": 3}
    with pytest.raises(NotImplementedError):
        stored([object()])


def test_copies_are_sentences_too() -> None:
    made = sentence("The film has no sound.")
    for again in (copy.copy(made), copy.deepcopy(made)):
        assert (again, again.template, again.values) == (made, made.template, made.values)


def test_a_column_keeps_sentences_plain_texts_and_what_was_there_before(session: Session) -> None:
    name = f"{MARK}%s<b>"
    with unit_of_work() as work:
        title = Title(kind="film", original_title="Film", slug="sentences")
        work.add(title)
        work.flush()
        edition = Edition(title_id=title.id)
        edition.subtitles = [SubtitleTrack(note=note) for note in (
            sentence("There is no text encoding called %(name)s.", name=name), name, MARK, "gone", "")]
        work.add(edition)
        work.flush()
        old = SubtitleTrack(edition_id=edition.id)
        work.add(old)
        work.flush()
        work.execute(update(SubtitleTrack).where(SubtitleTrack.id == old.id).values(
            note=type_coerce("Line 4: a cue without a time.", Text)))
        number = edition.id
    session.expire_all()
    found = session.scalars(select(SubtitleTrack.note).where(SubtitleTrack.edition_id == number)
                            .order_by(SubtitleTrack.id)).all()
    assert found[0] == f"There is no text encoding called {name}."
    assert [type(note) for note in found] == [Sentence, str, str, str, str, str]
    assert list(found[1:]) == [name, MARK, "gone", "", "Line 4: a cue without a time."]
    assert session.scalar(select(SubtitleTrack.id).where(SubtitleTrack.note == name)) is not None


def test_drivers_see_plain_text() -> None:
    """A driver that does not know the class must never meet it."""
    with sqlite3.connect(":memory:") as connection:
        (kind,) = connection.execute("SELECT typeof(?)", (pack(sentence("The film has no sound.")),)).fetchone()
    assert (kind, type(pack(sentence("The film has no sound.")))) == ("text", str)
