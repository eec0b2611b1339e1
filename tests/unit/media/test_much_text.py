"""Files of subtitles that hold far more than any film's: read in one go over them, or refused at once.

None of these measures time. What is read anew for each of its parts would take minutes here, or hours.
"""
from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from moviepoint.domains.media.encoding import charsets, harvest, letters
from moviepoint.domains.media.encoding.cuetext import DEEPEST, clean
from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.domains.media.encoding.subtitles import parse, read_track, write_track

TIME = "00:00:01,000 --> 00:00:02,000\n"
ASS = "[Events]\nFormat: Start, End, Text"
DIALOGUE = "Dialogue: 0:00:01.00,0:00:02.00,{}\n"
TTML = "<tt {}><body><div>{}</div></body></tt>"

#: (the text, its kind, how many cues come of it, and how many faults)
LONG: dict[str, tuple[str, str, int, int]] = {
    "spaces within a frame number": ("{1}{" + " " * 400_000 + "x", "microdvd", 0, 1),
    "a continuation after the other": (TIME + "x\n\n" + "aaaaaaaaaa\n\n" * 300_000, "srt", 1, 0),
    "styles for all lines of a cue": ("{1}{2}" + "{Y:b}" * 100_000 + "|a" * 50_000, "microdvd", 1, 0),
    "fields without a text": (ASS.replace("Text", "x" + ",a" * 500_000) + "\n" + DIALOGUE.format("x") * 30_000,
                              "ass", 0, 0),
    "a long namespace": (TTML.format(f'xmlns="{"a" * 90_000}"', "<a/>" * 300_000), "ttml", 0, 0),
}


@pytest.mark.parametrize("name", LONG)
def test_what_is_long_is_read_once(name: str) -> None:
    text, kind, cues, faults = LONG[name]
    parsed = parse(text, kind)
    assert (len(parsed.cues), len(parsed.faults)) == (cues, faults)


@pytest.mark.parametrize("text", ["<b>" * 200_000 + "x" + "</i>" * 200_000, "<v A>" * 100_000 + "x" + "</b>" * 200_000,
                                  "<i>" + "<b>" * 200_000 + "x" + "</u></i>" * 100_000])
def test_few_tags_are_open_at_once(text: str) -> None:
    depth = deepest = 0
    for tag in re.findall(r"</?\w", clean(text)):
        depth += -1 if "/" in tag else 1
        deepest = max(deepest, depth)
    assert (depth, deepest) == (0, DEEPEST)


#: (the text and its kind): each is refused for what it holds, and not read to its end.
MUCH: dict[str, tuple[str, str]] = {
    "lines": ("\n" * 1_100_000, "srt"),
    "lines of a Mac": ("\r" * 1_100_000, "ass"),
    "bars": ("{1}{2}" + "|" * 1_100_000, "microdvd"),
    "styles of a line": ("{1}{2}" + "{Y:b}" * 1_000_000, "microdvd"),
    "lines that cannot be read": ("x\n" * 60_000, "microdvd"),
    "blocks without a time": ("1\n\n" * 60_000, "srt"),
    "elements": (TTML.format("", "<a/>" * 1_100_000), "ttml"),
    "attributes": (TTML.format(" ".join(f'a{n}="1"' for n in range(20_000)), ""), "ttml"),
    "paragraphs without a time": (TTML.format("", "<p/>" * 60_000), "ttml"),
    "paragraphs without a text": (TTML.format("", '<p begin="1s" end="2s"/>' * 100_000), "ttml"),
    "the same line again and again": (ASS + "\n" + DIALOGUE.format("x") * 110_000, "ass"),
    "text": (TIME + "x" * (harvest.MAX_TEXT + 1), "srt"),
    "tags": (TIME + "<b></b>" * (harvest.MAX_TEXT // 10), "srt"),
    "letters by name": (TIME + "&a" * (harvest.MAX_TEXT // 5), "srt"),
    "text in many cues": ("".join(f"{{{n}}}{{{n + 1}}}{'x' * 1000}\n" for n in range(5000)), "microdvd"),
}


@pytest.mark.parametrize("name", MUCH)
def test_more_than_any_film_has_is_refused(name: str) -> None:
    with pytest.raises(Refused) as raised:
        parse(*MUCH[name])
    assert raised.value.code == "too-large"
    assert raised.value.message.endswith(".")


@pytest.mark.parametrize("sign", ["<", "&", "x", "<i>x</i>", "&amp;"])
def test_what_was_taken_can_be_read_again(sign: str, tmp_path: Path) -> None:
    most = harvest.MAX_TEXT // 10  # what `<` and `&` become is ten times as heavy as a letter
    cues = parse(TIME + sign * (most // len(sign)), "srt").cues
    write_track(cues, tmp_path, "subs", Fraction(6), Fraction(6))
    assert read_track(tmp_path / "subs") == cues


def test_settings_stand_once_each_and_the_last_counts() -> None:
    said = "line:1 size:50% line:0 " + "line:0 " * 300_000
    assert parse(f"WEBVTT\n\n00:01.000 --> 00:02.000 {said}\nx\n", "vtt").cues[0].settings == "line:0 size:50%"


def test_letters_are_guessed_from_a_few_lines_however_long_and_many_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    readings = letters.readings
    monkeypatch.setattr(letters, "readings", lambda data, language: read.append(len(data)) or readings(data, language))
    charsets.decode(b"".join(bytes([128 + n % 128, 128 + n // 128 % 128]) * 200 + b"\n" for n in range(5000)))
    assert 0 < max(read) < 2 * charsets.MOST_BYTES


def test_a_cue_goes_on_after_blank_lines_with_its_tags() -> None:
    parsed = parse(f"1\n{TIME}<i>one\n\ntwo</i> three\n\n2\n{TIME.replace('2,', '3,')}\nfour\n", "srt")
    assert [cue.text for cue in parsed.cues] == ["<i>one\ntwo</i> three", "four"]
