"""The master playlist: what it must say, and what no name can make it say."""
from __future__ import annotations

import re

import m3u8
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from moviepoint.domains.media.packaging import Sound, Text, Variant, quoted, render_master, unique_names

TOP = Variant("stream_0", 1920, 1080, "avc1.640028", 24000 / 1001, 4_000_000, 6_000_000, "iframes_0", 400_000)
LOW = Variant("stream_1", 640, 360, "avc1.64001e", 24000 / 1001, 600_000, 800_000)
RU = Sound("audio_ru", "ru", "Дубляж", "dub", True, "mp4a.40.2", 2, 160_000, 170_000)
EN = Sound("audio_en", "en", "Original", "original", False, "mp4a.40.2", 2, 150_000, 190_000)
SUBS = Text("subs_ru", "ru", "Русские", "full", False)


def media(text: str, kind: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(f"#EXT-X-MEDIA:TYPE={kind}")]


def test_a_whole_master() -> None:
    assert render_master([TOP, LOW], [RU, EN], [SUBS]) == """#EXTM3U
#EXT-X-VERSION:4
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",LANGUAGE="ru",NAME="Дубляж",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",\
URI="audio_ru.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",LANGUAGE="en",NAME="Original",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",\
URI="audio_en.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",LANGUAGE="ru",NAME="Русские",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,\
URI="subs_ru.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=6190000,AVERAGE-BANDWIDTH=4160000,CODECS="avc1.640028,mp4a.40.2",RESOLUTION=1920x1080,\
FRAME-RATE=23.976,CLOSED-CAPTIONS=NONE,AUDIO="audio",SUBTITLES="subtitles"
stream_0.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=990000,AVERAGE-BANDWIDTH=760000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,\
FRAME-RATE=23.976,CLOSED-CAPTIONS=NONE,AUDIO="audio",SUBTITLES="subtitles"
stream_1.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=400000,CODECS="avc1.640028",RESOLUTION=1920x1080,URI="iframes_0.m3u8"
"""


def test_a_silent_film_names_no_groups() -> None:
    text = render_master([LOW])
    assert "AUDIO" not in text
    assert "SUBTITLES" not in text
    assert 'CODECS="avc1.64001e"' in text


def test_nothing_to_play_is_an_error() -> None:
    with pytest.raises(ValueError, match="needs a variant"):
        render_master([])


@pytest.mark.parametrize(("sounds", "default"), [
    ([RU, EN], 0), ([EN, RU], 1), ([replace(EN, default=True), RU], 0),
    ([replace(RU, default=False, kind="commentary"), EN], 1), ([replace(RU, default=False, kind="commentary")], 0)])
def test_exactly_one_sound_is_default(sounds: list[Sound], default: int) -> None:
    lines = media(render_master([TOP], sounds), "AUDIO")
    assert [n for n, line in enumerate(lines) if "DEFAULT=YES" in line] == [default]
    assert "AUTOSELECT=YES" in lines[default]


def test_roles_become_attributes() -> None:
    text = render_master([TOP], [EN, replace(EN, path="audio_en-2", kind="audio-description", name="AD"),
                                 replace(EN, path="audio_en-3", kind="commentary", name="C")],
                         [replace(SUBS, role="forced"), replace(SUBS, path="subs_ru-2", role="sdh"),
                          replace(SUBS, path="subs_ru-3", role="signs", default=True),
                          replace(SUBS, path="subs_ru-4", default=True)])
    sounds, texts = media(text, "AUDIO"), media(text, "SUBTITLES")
    assert 'CHARACTERISTICS="public.accessibility.describes-video"' in sounds[1]
    assert "AUTOSELECT=NO" in sounds[2]
    assert "FORCED=YES" in texts[0]
    assert "transcribes-spoken-dialog" in texts[1]
    assert [line.count("DEFAULT=YES") for line in texts] == [0, 0, 1, 0]


def test_an_unknown_language_is_said_to_be_one() -> None:
    assert 'LANGUAGE="und"' in render_master([TOP], [replace(EN, language="und")])


def test_names_in_a_group_differ() -> None:
    assert unique_names(["A", "A", "", "A", "A (2)", ""]) == ["A", "A (2)", "Track 3", "A (3)", "A (2) (2)", "Track 6"]


@given(st.lists(st.text(max_size=40), max_size=8))
def test_unique_names_are_unique_and_never_empty(names: list[str]) -> None:
    found = unique_names(names)
    assert len(set(found)) == len(names) == len(found)
    assert all(found)


@given(st.text())
def test_a_quoted_string_is_one_line_between_two_quotes(value: str) -> None:
    text = quoted(value)
    assert text[0] == text[-1] == '"'
    assert '"' not in text[1:-1]
    assert len(text.splitlines()) == 1
    assert not re.search(r"[\x00-\x1f\x7f]", text)


@given(st.text(), st.text())
def test_no_name_can_write_a_line_or_an_attribute(sound: str, subtitle: str) -> None:
    text = render_master([TOP, LOW], [replace(RU, name=sound), EN], [replace(SUBS, name=subtitle)])
    assert len(text.splitlines()) == 11
    parsed = m3u8.loads(text)
    assert [item.uri for item in parsed.media] == ["audio_ru.m3u8", "audio_en.m3u8", "subs_ru.m3u8"]
    assert [item.default for item in parsed.media] == ["YES", "NO", "NO"]
    assert [item.uri for item in parsed.playlists] == ["stream_0.m3u8", "stream_1.m3u8"]


@pytest.mark.parametrize("name", ['a"\n#EXT-X-ENDLIST', 'x",URI="http://elsewhere/', "\u2028#EXTINF", "\x85\x0b\x0c"])
def test_hostile_names_stay_names(name: str) -> None:
    text = render_master([TOP], [replace(EN, name=name)])
    assert len(media(text, "AUDIO")) == 1
    assert m3u8.loads(text).media[0].uri == "audio_en.m3u8"
    assert len(text.splitlines()) == 7
