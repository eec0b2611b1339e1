"""How a subtitle file begins in each likely encoding."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.media.encoding.previews import LINES, LONGEST, previews
from tests.unit.media.dialogue import lines, srt


def test_only_lines_that_differ_are_shown_and_they_are_a_dozen_at_most() -> None:
    plain = "".join(f"{number}\n00:01:{number:02d},000 --> 00:01:{number:02d},900\nPlain {number}\n\n"
                    for number in range(20))
    shown = previews((plain + srt("ru", 0, 30)).encode("cp1251"), "ru", "cp1251")
    assert shown[0].encoding == "cp1251"
    assert sorted(set(shown[0].lines)) == sorted(lines("ru"))
    assert len(shown[0].lines) == LINES
    assert len({preview.lines for preview in shown}) == len(shown)


def test_a_file_of_plain_ascii_shows_its_lines() -> None:
    assert previews(b"1\n00:00:01,000 --> 00:00:02,000\nHello\n", "en", "utf-8")[0].lines == ("Hello",)


def test_the_one_asked_for_comes_first_then_the_current_one() -> None:
    shown = previews(srt("pl", 0, 5).encode("cp1250"), "pl", "iso8859-2", "CP437")
    assert [preview.encoding for preview in shown[:3]] == ["cp437", "iso8859-2", "cp1250"]
    assert shown[2].lines[0] == lines("pl")[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_wide_files_are_read_as_they_are(encoding: str) -> None:
    assert previews(srt("ja", 0, 5).encode(encoding), "ja", encoding)[0].lines == tuple(lines("ja")[:5])


def test_ttml_and_what_is_no_subtitle_file_show_their_lines_without_tags() -> None:
    ttml = '<tt xmlns="http://www.w3.org/ns/ttml"><body><div>\n<p begin="1s" end="2s">Ёж</p>\n</div></body></tt>'
    assert ("Ёж",) in [preview.lines for preview in previews(ttml.encode("koi8-r"), "ru", "koi8-r")]
    assert previews("Ёж, и больше ничего".encode("koi8-r"), "ru", "koi8-r")[0].lines == ("Ёж, и больше ничего",)


def test_an_encoding_that_is_none_is_refused() -> None:
    with pytest.raises(LookupError):
        previews(b"x", "und", "utf-8", "klingon")


@given(st.binary(max_size=400), st.sampled_from(["utf-8", "cp932", "utf-16", "koi8-r", "utf-7", "iso2022_jp"]))
def test_whatever_lies_there_what_is_shown_can_stand_on_a_page(data: bytes, current: str) -> None:
    for preview in previews(data, "und", current):
        assert len(preview.lines) <= LINES
        assert all(line.isprintable() and len(line) <= LONGEST for line in preview.lines)
