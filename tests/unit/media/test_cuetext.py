"""What becomes of a cue's text: lines, voices, and characters that are written as numbers."""
from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.media.encoding.cuetext import clean, plain
from moviepoint.domains.media.encoding.harvest import Cue
from moviepoint.domains.media.encoding.previews import previews
from moviepoint.domains.media.encoding.subtitles import parse, read_track, render, write_track

SRT = "1\n00:00:01,000 --> 00:00:02,000\n{}\n"
ENDS = "\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # where Python's own splitlines ends a line, and no reader of subtitles does


@pytest.mark.parametrize(("dirty", "safe"), [
    ("&#" + "1" * 4301 + ";", "\ufffd"), ("&#" + "1" * 4301, "\ufffd"), ("&#" + "0" * 5000 + "65;b", "Ab"),
    ("&#" + "0" * 5000 + "65", "A"), ("&#x" + "f" * 5000 + ";", "\ufffd"), ("&#00000000;", "\ufffd"), ("&#65;", "A")])
def test_a_character_s_number_may_have_any_length(dirty: str, safe: str) -> None:
    assert clean(dirty) == safe


def test_a_number_of_thousands_of_digits_hides_no_file_and_no_preview() -> None:
    text = SRT.format("Hi &#" + "1" * 4400 + ";")
    assert [cue.text for cue in parse(text, "srt").cues] == ["Hi \ufffd"]
    assert previews(text.encode(), "en", "utf-8")[0].lines


@pytest.mark.parametrize(("dirty", "safe"), [
    ("a&#x2028;&#x2028;b", "a\nb"), ("a\u2028b\u2029c", "a\nb\nc"), ("a\x85b\vc\fd", "a\nb\nc\nd"),
    ("\u2028a\u2028", "a"), ("&#x2029;", ""), ("a\x1c\x1eb", "ab"), ("<v Ann\u2028Lee>x", "<v Ann Lee>x</v>")])
def test_other_ends_of_a_line_break_it_within_the_cue(dirty: str, safe: str) -> None:
    assert clean(dirty) == safe


@pytest.mark.parametrize(("text", "kind"), [
    (SRT, "srt"), ("WEBVTT\n\n00:01.000 --> 00:02.000\n{}\n", "vtt"), ("{{25}}{{50}}{}\n", "microdvd"),
    ("[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,{}\n", "ass")])
def test_no_other_end_of_a_line_ends_one_in_a_file(text: str, kind: str) -> None:
    parsed = parse(text.format("one\u2028\u2028two\x85\x85three\f\v\ffour"), kind)
    assert [cue.text for cue in parsed.cues] == ["one\ntwo\nthree\nfour"]
    assert parsed.faults == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_with_any_of_the_three_usual_ends(end: str) -> None:
    parsed = parse((SRT.format("one\ntwo") + "\n" + SRT.format("three")).replace("\n", end), "srt")
    assert [cue.text for cue in parsed.cues] == ["one\ntwo", "three"]


@given(st.text(alphabet=f"ab \n&#;<>/i{ENDS}\u00a0\u3000", max_size=40))
def test_our_own_document_gives_each_text_back_whole(dirty: str) -> None:
    cue = Cue(0, 1000, clean(dirty) or "x")
    assert not set(ENDS) & set(cue.text)
    assert parse(render([cue]), "vtt").cues == (cue,)


def test_a_stored_track_keeps_what_comes_after_a_separator(tmp_path: Path) -> None:
    cues = parse(SRT.format("first&#x2028;&#x2028;last"), "srt").cues
    write_track(cues, tmp_path, "subs", Fraction(6), Fraction(6))
    assert [plain(cue.text) for cue in read_track(tmp_path / "subs")] == ["first\nlast"]


@pytest.mark.parametrize(("dirty", "safe"), [
    ("<v.first.loud Esme>Hi", "<v Esme>Hi</v>"), ("<v.loud Ann Lee>Hi</v>", "<v Ann Lee>Hi</v>"),
    ("<v.loud\tEsme>Hi", "<v Esme>Hi</v>"), ("<v.loud>Hi</v>", "Hi"), ("<v Esme.Lee>Hi", "<v Esme.Lee>Hi</v>"),
    ("<v A>one <v B>two", "<v A>one <v B>two</v></v>"), ("<i.loud>Hi</i>", "<i>Hi</i>"), ("<c.x>Hi</c>", "Hi")])
def test_a_speaker_is_named_without_the_classes_of_the_voice(dirty: str, safe: str) -> None:
    assert clean(dirty) == safe
