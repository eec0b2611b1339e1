"""The encoding of a subtitle file: right in every language, or said to be a guess; never wrong and sure."""
from __future__ import annotations

import codecs
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moviepoint.domains.media.encoding import charsets, letters
from moviepoint.domains.media.encoding.charsets import decode, known, ranked
from tests.unit.media.dialogue import ENCODINGS, lines, srt

PAIRS = [(language, encoding) for language, encodings in ENCODINGS.items() for encoding in encodings]
#: Where forty cues are right, and still said to be a guess.
UNSURE_WHEN_LONG = {("vi", "cp1258")}
RUSSIAN = "Съешь ещё этих мягких французских булок, да выпей чаю. Ёлки-палки! В чащах юга жил бы цитрус?"
STRAYS = ("\x00", "\x08", "\x1b", "\x7f", "\x85", "\x9f")


def written(language: str, encoding: str, first: int, count: int) -> tuple[str, bytes]:
    """Return cues as they can be written in an encoding, and their bytes; what it has not is written otherwise."""
    text = srt(language, first, count).replace("oe\u0301", "œ")
    if encoding == "cp1258":
        text = "".join(_stacked(character) for character in text)
    if encoding in ("iso8859-1", "iso8859-2"):
        text = text.replace("œ", "oe")
    data = text.encode(encoding)
    return text, data


def _stacked(character: str) -> str:
    """Vietnamese letters as code page 1258 has them: the tone is a character of its own."""
    if len(character.encode("cp1258", "ignore")) == 1:
        return character
    base, *marks = unicodedata.normalize("NFD", character)
    for mark in marks:
        shaped = unicodedata.normalize("NFC", base + mark)
        if len(shaped) == 1 and shaped.encode("cp1258", "ignore"):
            return shaped + "".join(other for other in marks if other != mark)
    return base + "".join(marks)


@pytest.mark.parametrize("language", LANGUAGES := list(ENCODINGS))
def test_there_is_a_dozen_of_lines(language: str) -> None:
    assert len(set(lines(language))) == 12


@pytest.mark.parametrize(("language", "encoding"), PAIRS)
def test_forty_cues_are_read_right_and_sure(language: str, encoding: str) -> None:
    text, data = written(language, encoding, 0, 40)
    found = decode(data)
    assert found.text == text
    assert found.sure != ((language, encoding) in UNSURE_WHEN_LONG)


@pytest.mark.parametrize(("language", "encoding"), PAIRS)
def test_five_cues_are_read_right_whatever_the_file_is_said_to_be(language: str, encoding: str) -> None:
    """A name may say the wrong language: it is a hint that breaks ties, and overrules no letters."""
    wrong = "fr" if language == "ru" else "ru"
    for first, hint in ((0, "und"), (4, language), (8, wrong), (2, "pl")):
        text, data = written(language, encoding, first, 5)
        assert decode(data, "", hint).text == text


def test_most_short_files_are_sure() -> None:
    """95 % of five cues, so that editors are asked seldom. The rest are right too, and wait for a look."""
    found = [decode(written(language, encoding, first, 5)[1]).sure for language, encoding in PAIRS for first in (0, 6)]
    assert sum(found) / len(found) > 0.92


def test_a_hint_breaks_a_tie() -> None:
    read = {language: decode(b"- \xe9", "", language) for language in ("fr", "he", "el")}
    assert {language: found.text[2:] for language, found in read.items()} == {"fr": "é", "he": "י", "el": "ι"}
    assert not any(found.sure for found in read.values())


@pytest.mark.parametrize(("language", "encoding"), [
    ("el", "cp869"), ("pl", "iso8859-16"), ("ar", "cp864"), ("he", "cp424"), ("pl", "cp1257"), ("tr", "cp1026"),
    ("ru", "utf-7"), ("th", "iso8859-11"), ("fr", "mac_roman"), ("hu", "cp852"), ("lt", "cp775")])
def test_an_encoding_that_is_rare_is_right_or_not_sure(language: str, encoding: str) -> None:
    for first in range(12):
        data = srt(language, first, 5).encode(encoding, "replace")
        found = decode(data)
        assert found.text == data.decode(encoding) or not found.sure or encoding == "utf-7"


@pytest.mark.parametrize("encoding", ["cp1251", "koi8_r", "cp866", "iso8859_5", "utf-8", "utf-8-sig", "utf-16"])
def test_russian_is_read_whatever_its_encoding(encoding: str) -> None:
    found = decode(f"1\n00:00:01,000 --> 00:00:02,000\n{RUSSIAN}\n".encode(encoding))
    assert RUSSIAN in found.text
    assert found.sure


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "iso2022_jp"])
def test_what_says_itself_what_it_is(encoding: str) -> None:
    text = srt("ja", 0, 5)
    found = decode(text.encode(encoding))
    assert (found.text, found.sure) == (text, True)


def test_an_xml_file_says_what_it_is_written_in() -> None:
    text = '<?xml version="1.0" encoding="koi8-r"?><tt><p>Ёж</p></tt>'
    assert decode(text.encode("koi8-r")) == charsets.Decoded(text, "koi8-r", True)
    lying = text.replace("koi8-r", "no-such-thing").encode("utf-8")
    assert decode(lying).text == lying.decode()


def test_utf_8_with_a_damaged_byte_stays_utf_8_and_is_not_sure() -> None:
    data = srt("ru", 0, 5).encode()
    found = decode(data[:60] + b"\xff" + data[60:])
    assert (found.encoding, found.sure) == ("utf-8", False)
    assert "Подожди меня у входа" in found.text


def test_dos_ends_a_text_with_a_control_character() -> None:
    text = srt("ru", 0, 5)
    assert decode(text.encode("cp866") + b"\x1a\x1a") == charsets.Decoded(text, "cp866", True)


def test_an_editor_s_choice_wins() -> None:
    assert decode("Ёж".encode("cp866"), "cp866").text == "Ёж"


@pytest.mark.parametrize("name", ["klingon", "", "rot13", "base64", "hex", "zip", "undefined", "idna", "punycode",
                                  "unicode_escape", "raw_unicode_escape", "mbcs", "\0", "utf 8", "x" * 1000, "кои8"])
def test_what_is_no_encoding_of_text_is_not_taken(name: str) -> None:
    with pytest.raises(LookupError):
        known(name)
    if name:
        with pytest.raises(LookupError):
            decode(b"x", name)


def test_all_that_can_be_chosen_is_known_and_named_once() -> None:
    names = [known(name) for name in charsets.KNOWN]
    assert len(set(names)) == len(names)


def test_likely_encodings_are_ranked_and_read_differently() -> None:
    data = srt("pl", 0, 5).encode("iso8859-2")
    names = ranked(data, "pl")
    assert names[0] == "iso8859-2"
    assert 3 <= len(names) <= 8
    assert len({data.decode(name, "replace") for name in names}) == len(names)


@given(st.binary(max_size=200))
@example(b"\xff\xfe\x00")
@example(b"\x1b$B")
@example(b"<?xml encoding='hex'?>")
def test_any_bytes_become_some_text_and_control_characters_are_never_sure(data: bytes) -> None:
    found = decode(data)
    assert isinstance(found.text, str)
    assert codecs.lookup(found.encoding)
    if any(stray in found.text for stray in STRAYS) or ("\ufffd" in found.text and found.encoding != "utf-8"):
        assert not found.sure
    if found.encoding not in ("utf-8", "ascii") and letters.odd(found.text):
        assert not found.sure


@given(st.sampled_from(PAIRS), st.integers(0, 11), st.integers(1, 6), st.binary(min_size=1, max_size=3))
def test_damage_in_a_real_file_never_makes_it_wrong_and_sure_of_control_characters(
        pair: tuple[str, str], first: int, count: int, junk: bytes) -> None:
    data = written(*pair, first, count)[1]
    found = decode(data[:len(data) // 2] + junk + data[len(data) // 2:], "", pair[0])
    if found.sure:
        assert not letters.odd(found.text) or found.encoding == "utf-8"


@given(st.text(min_size=1))
def test_utf_8_always_comes_back(text: str) -> None:
    data = text.encode("utf-8")
    if not data.startswith((codecs.BOM_UTF8, *(mark for mark, _ in charsets.MARKS))) and "\0" not in text \
            and "\x1b" not in text:
        assert decode(data).text == text.rstrip("\x1a")
    assert decode(b"\xef\xbb\xbf" + data).text == text.lstrip("\ufeff")
