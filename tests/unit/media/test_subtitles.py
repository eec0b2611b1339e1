"""Subtitles: six formats in, clean WebVTT out, damage reported by line and the rest kept."""
from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.media.encoding.charsets import decode
from moviepoint.domains.media.encoding.cuetext import clean
from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.domains.media.encoding.harvest import Cue
from moviepoint.domains.media.encoding.subtitles import (
    TIMESTAMP_MAP,
    detect_format,
    parse,
    render,
    segment_durations,
    shift,
    timestamp,
    write_segments,
)

ASS = """[Script Info]
ScriptType: v4.00+
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:04.00,Default,Bob,0,0,0,,One, two,\\N{\\i1}three{\\i0} <4> & five
Dialogue: 0,0:00:0x.00,0:00:04.00,Default,Bob,0,0,0,,Broken
Comment: 0,0:00:01.00,0:00:04.00,Default,,0,0,0,,Not shown
Dialogue: 1,0:00:05.00,0:00:06.50,Default,,0,0,0,,{\\an8\\fad(200,200)}TOP
Dialogue: 1,0:00:05.00,0:00:06.50,Default,,0,0,0,,{\\p1}m 0 0 l 100 0{\\p0}
Dialogue: 1,0:00:09.00,0:00:08.00,Default,,0,0,0,,Backwards
"""
TTML = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml"><body><div>
<p begin="00:00:01.000" end="00:00:02.500">Hello</p><p begin="00:00:03.000" end="00:00:04.000">World</p>
</div></body></tt>"""


@pytest.mark.parametrize(("text", "kind"), [
    ("WEBVTT\n\n00:01.000 --> 00:02.000\nx", "vtt"), ("\ufeffWEBVTT FILE\n", "vtt"), (ASS, "ass"), (TTML, "ttml"),
    ("{1}{25}Hello", "microdvd"),
    ("a line of no use\n{1}{25}Hello", "microdvd"), ("1\n00:00:01,000 --> 00:00:02,000\nx", "srt")])
def test_formats_are_known_by_their_looks(text: str, kind: str) -> None:
    assert detect_format(text) == kind


def test_what_is_no_subtitle_file_is_refused() -> None:
    with pytest.raises(Refused, match="not a subtitle file"):
        detect_format("Dear diary,", "notes.txt")


def test_srt_keeps_what_is_good_and_names_what_is_not() -> None:
    parsed = parse("1\n00:00:01,000 --> 00:00:02,5\nOne\n\n2\nNo time here\n\n3\n00:00:0a,000 --> 00:00:04,000\nBad\n\n"
                   "4\n00:00:09,000 --> 00:00:08,000\nBackwards\n\n5\n00:61:00,000 --> 00:62:00,000\nNo clock\n\n"
                   "6\n0:00:10.000 --> 0:00:12.000\nSix\n", "srt")
    assert [(c.start_ms, c.end_ms, c.text) for c in parsed.cues] == [(1000, 2500, "One"), (10_000, 12_000, "Six")]
    assert [fault.split(":")[0] for fault in parsed.faults] == ["Line 5", "Line 9", "Line 13", "Line 17"]


def test_srt_without_blank_lines_and_with_blank_lines_inside() -> None:
    parsed = parse("1\n00:00:01,000 --> 00:00:02,000\nOne\n2\n00:00:03,000 --> 00:00:04,000\nTwo\n\nstill two\n", "srt")
    assert [c.text for c in parsed.cues] == ["One", "Two\nstill two"]
    assert parsed.faults == ()


def test_srt_place_and_tags() -> None:
    cue = parse('1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<font color="#f00"><i>A</font> & <script>b</script>\n',
                "srt").cues[0]
    assert (cue.text, cue.settings) == ("<i>A &amp; b</i>", "line:0")


def test_ass_overrides_become_tags_and_drawings_vanish() -> None:
    parsed = parse(ASS, "ass")
    assert [(c.start_ms, c.text, c.settings) for c in parsed.cues] == [
        (1000, "One, two,\n<i>three</i> &lt;4&gt; &amp; five", ""), (5000, "TOP", "line:0")]
    assert [fault.split(":")[0] for fault in parsed.faults] == ["Line 6", "Line 10"]


def test_microdvd_counts_frames() -> None:
    cue = parse("{25}{50}Hello|World", "microdvd", 25.0).cues[0]
    assert (cue.start_ms, cue.end_ms, cue.text) == (1000, 2000, "Hello\nWorld")


def test_ttml() -> None:
    assert [(c.start_ms, c.end_ms, c.text) for c in parse(TTML, "ttml").cues] == [
        (1000, 2500, "Hello"), (3000, 4000, "World")]


TIMES = """<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25"
 ttp:tickRate="1000"><head><metadata>not a cue</metadata></head><body begin="10s"><div>
<p begin="1s" end="2.5s">One</p>
<p begin="1 o'clock" end="4s">Bad</p>
<p begin="00:00:03.000" dur="500ms">Three &lt;b&gt;<br/>and <span>more</span></p>
<p begin="00:00:05:05" end="00:00:06:00">Frames</p>
<p begin="7000t" end="8000t">Ticks</p>
<p begin="9s" end="8s">Backwards</p>
<p>No time</p>
<p begin="00:99:00" end="01:99:00">No clock</p>
<p begin="0.5m" end="31s">Last</p>
</div></body></tt>"""


def test_ttml_keeps_what_is_good_and_names_what_is_not_by_line() -> None:
    parsed = parse(TIMES, "ttml")
    assert [(c.start_ms, c.end_ms, c.text) for c in parsed.cues] == [
        (11_000, 12_500, "One"), (13_000, 13_500, "Three &lt;b&gt;\nand more"), (15_200, 16_000, "Frames"),
        (17_000, 18_000, "Ticks"), (40_000, 41_000, "Last")]
    assert [fault.split(":")[0] for fault in parsed.faults] == ["Line 4", "Line 8", "Line 9", "Line 10"]


def test_broken_ttml_keeps_what_comes_before_and_says_from_where_on_it_is_broken() -> None:
    parsed = parse(TTML.replace("<p begin=\"00:00:03.000\"", "\n<p begin=\"00:00:03.000\" end=oops"), "ttml")
    assert [c.text for c in parsed.cues] == ["Hello"]
    assert [fault.split(":")[0] for fault in parsed.faults] == ["Line 4"]
    assert "the rest cannot be read" in parsed.faults[0]


def test_ttml_whose_first_line_names_an_encoding_is_read_as_it_was_decoded() -> None:
    text = TTML.replace("UTF-8", "windows-1251").replace("Hello", "Привет")
    assert parse(text, "ttml").cues[0].text == "Привет"


def test_a_body_whose_time_cannot_be_read_is_said_and_its_cues_stay() -> None:
    parsed = parse(TIMES.replace('<body begin="10s">', '<body begin="soon">'), "ttml")
    assert parsed.cues[0] == Cue(1000, 2500, "One")
    assert [fault.split(":")[0] for fault in parsed.faults[:2]] == ["Line 2", "Line 4"]


def test_microdvd_keeps_what_is_good_and_names_what_is_not_by_line() -> None:
    parsed = parse("{1}{1}25\n{25}{50}{y:i}One|<two>\n{x}{60}Bad\nnothing\n{100}{75}Backwards\n\n{125}{}Open\n"
                   "{150}{175}{Y:b}{C:$0000ff}All|bold\n{200}{}Last", "microdvd", 50.0)
    assert [(c.start_ms, c.end_ms, c.text) for c in parsed.cues] == [
        (1000, 2000, "<i>One</i>\n&lt;two&gt;"), (5000, 6000, "Open"), (6000, 7000, "<b>All</b>\n<b>bold</b>"),
        (8000, 13_000, "Last")]
    assert [fault.split(":")[0] for fault in parsed.faults] == ["Line 3", "Line 4", "Line 5"]


def test_ttml_with_entities_of_its_own_is_refused() -> None:
    with pytest.raises(Refused):
        parse('<?xml version="1.0"?><!DOCTYPE tt [<!ENTITY a "aaaa">]><tt>&a;</tt>', "ttml")


def test_webvtt_keeps_safe_settings_only() -> None:
    text = ("WEBVTT\n\nSTYLE\n::cue { color: red }\n\nNOTE hello\n\nid\n00:01.000 --> 00:02.000 line:0 align:start "
            "region:fred onload:x\n<v Fred>Hi <00:01.500>there <c.red>you</c>\n")
    cue = parse(text, "vtt").cues[0]
    assert (cue.text, cue.settings) == ("<v Fred>Hi there you</v>", "line:0 align:start")


@pytest.mark.parametrize(("dirty", "safe"), [
    ("<b>x", "<b>x</b>"), ("x</b>", "x"), ("<b><i>x</b></i>", "<b><i>x</i></b>"), ("1 < 2 > 0", "1 &lt; 2 &gt; 0"),
    ("a --> b", "a --&gt; b"), ("&lt;b&gt;", "&lt;b&gt;"), ("<img src=x onerror=alert(1)>hi", "hi"),
    ("a\n\n\nb", "a\nb"), ("<i></i>", ""), ("\x00\x08", ""), ("<v  Ann  Lee >x", "<v Ann Lee>x</v>"), ("&nbsp;", "")])
def test_clean(dirty: str, safe: str) -> None:
    assert clean(dirty) == safe


@given(st.text())
def test_cleaned_text_is_always_a_cue(dirty: str) -> None:
    text = clean(dirty)
    if text:
        parsed = webvtt.from_string(render([Cue(0, 1000, text)]))
        assert len(parsed) == 1
    assert "-->" not in text
    assert "\n\n" not in text
    assert clean(text) == text or "<v" in text or "&" in text


@given(st.text(max_size=300))
def test_no_file_makes_the_reader_fall(text: str) -> None:
    for kind in ("srt", "vtt", "ass", "microdvd", "ttml"):
        try:
            parsed = parse(text, kind)
        except Refused:
            assert kind == "ttml"
            continue
        assert all(cue.end_ms > cue.start_ms >= 0 for cue in parsed.cues)


@given(st.text(alphabet="<>/ptbr&;= 'begindx:.019smfht{}|\n", max_size=300))
def test_no_xml_and_no_frames_make_the_reader_fall(text: str) -> None:
    for wrapped, kind in ((f"<tt><body><div>{text}</div></body></tt>", "ttml"), (text, "microdvd")):
        assert all(cue.end_ms > cue.start_ms >= 0 for cue in parse(wrapped, kind).cues)


@given(st.integers(0, 359_999_999))
def test_timestamps_read_back(milliseconds: int) -> None:
    text = timestamp(milliseconds)
    hours, minutes, rest = text.split(":")
    assert (int(hours) * 60 + int(minutes)) * 60_000 + round(float(rest) * 1000) == milliseconds


def test_shifting_drops_what_ends_before_the_film() -> None:
    cues = (Cue(0, 1000, "a"), Cue(500, 3000, "b"), Cue(5000, 6000, "c"))
    assert [(c.start_ms, c.end_ms) for c in shift(cues, -2000)] == [(0, 1000), (3000, 4000)]


def test_segments_repeat_cues_that_span_them(tmp_path: Path) -> None:
    cues = (Cue(1000, 2000, "first"), Cue(5500, 12_500, "long"), Cue(13_000, 13_500, "last"))
    files = write_segments(cues, tmp_path, "subs_en", Fraction(6), Fraction(14))
    assert files == ("subs_en/data0000.vtt", "subs_en/data0001.vtt", "subs_en/data0002.vtt", "subs_en.m3u8")
    texts = [[c.text for c in webvtt.from_string((tmp_path / name).read_text())] for name in files[:3]]
    assert texts == [["first", "long"], ["long"], ["long", "last"]]
    assert all(TIMESTAMP_MAP in (tmp_path / name).read_text() for name in files[:3])
    assert (tmp_path / "subs_en.m3u8").read_text().splitlines()[2] == "#EXT-X-TARGETDURATION:6"


@given(st.lists(st.tuples(st.integers(0, 40_000), st.integers(1, 20_000)), max_size=20))
def test_every_cue_stands_in_every_segment_that_it_touches(spans: list[tuple[int, int]]) -> None:
    cues = [Cue(start, start + length, f"cue {number}") for number, (start, length) in enumerate(spans)]
    folder = Path(tempfile.mkdtemp())
    files = write_segments(cues, folder, "subs", Fraction(6), Fraction(30))
    for number, name in enumerate(files[:-1]):
        text, last = (folder / name).read_text(), number == len(files) - 2
        for cue in cues:
            touches = cue.end_ms > number * 6000 and (cue.start_ms < (number + 1) * 6000 or last)
            assert (f"{cue.text}\n" in text) == touches


@given(st.integers(1, 10**6))
def test_segment_durations_sum_up(milliseconds: int) -> None:
    seconds = Fraction(milliseconds, 1000)
    durations = segment_durations(Fraction(6006, 1000), seconds)
    assert sum(durations) == seconds
    assert all(d == Fraction(6006, 1000) for d in durations[:-1])


@pytest.mark.parametrize("name", ["elephantsdream_captions.ar.vtt", "elephantsdream_captions.ja.vtt", "cue_tags.vtt",
                                  "elephantsdream_captions.ru.vtt", "regions.vtt", "styles_colours.srt",
                                  "styles_with_comments.vtt", "captions_with_bom.vtt", "invalid_timeframe.vtt",
                                  "missing_timeframe.srt"])
def test_real_files_become_cues_that_another_reader_reads(shared_data: Path, name: str) -> None:
    text = decode((shared_data / "subs" / name).read_bytes()).text
    parsed = parse(text, detect_format(text, name))
    assert parsed.cues
    assert bool(parsed.faults) == (name in ("invalid_timeframe.vtt", "missing_timeframe.srt"))
    assert len(webvtt.from_string(render(parsed.cues))) == len(parsed.cues)
