"""What a file is, by its bytes; and what it holds, by measure."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.media.encoding import containers, probe, steps
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.child import Sandbox
from moviepoint.domains.media.encoding.errors import Refused
from tests.unit.media.films import X264, make, pattern, tone


def refusal(path: Path, data: bytes, name: str = "film.mp4") -> Refused:
    file = path / name
    file.write_bytes(data)
    with pytest.raises(Refused) as raised:
        containers.recognise(file)
    return raised.value


@pytest.mark.parametrize(("data", "code", "word"), [
    (b"", "empty", "empty"),
    (b"#EXTM3U\n#EXTINF:1,\nother.ts\n", "playlist", "HLS"),
    (b"\xef\xbb\xbf#EXTM3U\n", "playlist", "HLS"),
    (b"\n\n  #EXTM3U8\n", "playlist", "HLS"),
    ("#EXTM3U\nx.ts\n".encode("utf-16"), "playlist", "HLS"),
    (b"ffconcat version 1.0\nfile ../x\n", "playlist", "list of files"),
    (b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n", "playlist", "SDP"),
    (b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>', "playlist", "DASH"),
    (b"<!DOCTYPE html><html></html>", "web-page", "web page"),
    (b"1\n00:00:01,000 --> 00:00:02,000\nHi\n", "text", "text file"),
    (bytes(range(256)) * 9, "unknown-format", "We take"),
    (b"\x89PNG\r\n\x1a\n" + bytes(64), "unknown-format", "not a film"),
    (b"MZ\x90\0" + bytes(64), "unknown-format", "not a film"),
    (b"\0\0\0\x18ftypisom" + bytes(12) + b"\0\0\1\0mdat" + bytes(248), "truncated", "table of contents"),
])
def test_what_is_no_film_is_named(tmp_path: Path, data: bytes, code: str, word: str) -> None:
    found = refusal(tmp_path, data)
    assert found.code == code
    assert word in found.message


@given(st.binary(max_size=600))
def test_no_bytes_make_the_reader_fall(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any"
    file.write_bytes(data)
    try:
        found = containers.recognise(file)
    except Refused as refused:
        assert refused.message.endswith(".")
    else:
        assert found.size == len(data)
        assert found.missing_bytes >= 0


@given(st.sampled_from(["#EXTM3U\n", "ffconcat version 1.0\n", "<?xml version='1.0'?><MPD>", "<html>"]),
       st.text(alphabet=" \t\r\n", max_size=20), st.text(max_size=100))
def test_a_list_is_a_list_behind_any_white_space(tmp_path_factory: pytest.TempPathFactory, start: str, space: str,
                                                 rest: str) -> None:
    file = tmp_path_factory.getbasetemp() / "list.mkv"
    file.write_bytes((space + start + rest).encode("utf-8", "ignore"))
    with pytest.raises(Refused) as raised:
        containers.recognise(file)
    assert raised.value.code in ("playlist", "web-page", "text", "unknown-format")


@pytest.mark.parametrize(("extension", "codec", "container"), [
    ("mp4", X264, "mp4"), ("mov", X264, "mp4"), ("mkv", X264, "matroska"), ("webm", ["-c:v", "libvpx"], "matroska"),
    ("avi", ["-c:v", "mpeg4"], "avi"), ("ts", X264, "mpegts"), ("m2ts", X264, "mpegts"),
    ("mpg", ["-c:v", "mpeg2video"], "mpegps"), ("flv", ["-c:v", "flv1"], "flv"), ("wmv", ["-c:v", "wmv2"], "asf")])
def test_every_container_is_known_whatever_its_name(tools: Tools, sandbox: Sandbox, tmp_path: Path, extension: str,
                                                    codec: list[str], container: str) -> None:
    rate = "25"
    film = make(tools, tmp_path / f"film.{extension}", *pattern(rate=rate, seconds=1), *codec)
    film = film.rename(tmp_path / "film.txt")
    found = probe.inspect(tools, sandbox, film)
    assert found.container == container
    assert found.video is not None
    assert found.video.frame_rate == (25, 1)
    assert abs(found.duration_ms - 1000) <= 80


def test_half_a_film_says_so(film: Path, tools: Tools, sandbox: Sandbox, tmp_path: Path) -> None:
    half = tmp_path / "half.mkv"
    half.write_bytes(film.read_bytes()[:film.stat().st_size // 2])
    with pytest.raises(Refused, match="cut off") as raised:
        probe.inspect(tools, sandbox, half)
    assert raised.value.code == "truncated"


def test_a_disguised_list_never_reaches_ffmpeg(tools: Tools, sandbox: Sandbox, film: Path, tmp_path: Path) -> None:
    """The header is a container's and the body a list: the demuxer is forced, so the list is not followed."""
    trap = tmp_path / "trap.mkv"
    trap.write_bytes(b"\x1a\x45\xdf\xa3" + f"\nffconcat version 1.0\nfile {film}\n".encode() * 50)
    with pytest.raises(Refused):
        probe.inspect(tools, sandbox, trap)


def test_a_probe_of_a_film(workshop: Callable[..., steps.Workshop], film: Path) -> None:
    found = workshop(film).probe
    assert found.video is not None
    assert (found.video.frame_rate, found.video.variable, found.video.shown_size) == ((24000, 1001), False, (320, 180))
    assert [(a.language, a.title, a.channels) for a in found.audio] == [("ru", "Дубляж", 1), ("en", "", 1)]
    assert [(s.language, s.codec, s.text) for s in found.subtitles] == [("ru", "subrip", True)]
    assert abs(found.duration_ms - 13_013) < 60
    assert found.seekable


def test_a_late_start_and_a_variable_rate_are_measured(workshop: Callable[..., steps.Workshop],
                                                       uneven_film: Path) -> None:
    found = workshop(uneven_film).probe
    assert found.video is not None
    assert found.video.variable
    assert found.video.frame_rate == (30, 1)
    assert abs(float(found.zero) - 3) < 0.1
    assert abs(found.duration_ms - 13_000) < 300


def test_cover_art_is_no_film(tools: Tools, sandbox: Sandbox, tmp_path: Path) -> None:
    cover = make(tools, tmp_path / "cover.jpg", *pattern(seconds=0.04), "-frames:v", "1")
    song = make(tools, tmp_path / "song.m4a", *tone(440, 2), "-i", str(cover), "-map", "0:a", "-map", "1:v", "-c:a",
                "aac", "-c:v", "mjpeg", "-disposition:v", "attached_pic")
    found = probe.inspect(tools, sandbox, song)
    assert found.video is None
    assert "no moving picture" in found.notes[0]


def test_titles_and_languages_are_tamed(tools: Tools, sandbox: Sandbox, tmp_path: Path) -> None:
    film = make(tools, tmp_path / "film.mkv", *pattern(seconds=1), *tone(440, 1), *X264, "-c:a", "aac",
                "-metadata:s:a:0", "language=qqq", "-metadata:s:a:0", "title=Line one\nLine\ttwo")
    sound = probe.inspect(tools, sandbox, film).audio[0]
    assert sound.language == "und"
    assert sound.title == "Line one Line two"


@pytest.mark.parametrize(("said", "language"), [
    ("ru-" + "-".join(["abcdefgh"] * 32), "ru"), ("rus_" + "_".join(["abcdefgh"] * 32), "ru"),
    ("pob-abcdefgh-abcdefgh-abcdefgh-abcd", "pt-BR"), ("qqq-" + "-".join(["abcdefgh"] * 32), "und"), ("x" * 300, "und"),
    ("de-CH-1996", "de-CH-1996")])
def test_a_language_s_tag_is_no_longer_than_what_is_kept_of_it(tools: Tools, sandbox: Sandbox, tmp_path: Path,
                                                               said: str, language: str) -> None:
    film = make(tools, tmp_path / "film.mkv", *pattern("64x36", seconds=0.5), *tone(440, 0.5), *X264, "-c:a", "aac",
                "-metadata:s:a:0", f"language={said}")
    assert probe.inspect(tools, sandbox, film).audio[0].language == language


def test_chapters_are_read(tools: Tools, sandbox: Sandbox, tmp_path: Path) -> None:
    chapters = tmp_path / "chapters.txt"
    chapters.write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=Глава\n"
                        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\n")
    film = make(tools, tmp_path / "film.mkv", *pattern(seconds=2), "-i", str(chapters), "-map_metadata", "1", *X264)
    chapters_found = probe.inspect(tools, sandbox, film).chapters
    assert [(c.start_ms, c.title) for c in chapters_found] == [(0, "Глава"), (1000, "2")]
    assert [c.end_ms for c in chapters_found] == pytest.approx([1000, 2000], abs=50)


def test_a_picture_too_large_is_refused(tools: Tools, sandbox: Sandbox, tmp_path: Path,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    film = make(tools, tmp_path / "film.mp4", *pattern(seconds=0.2), *X264)
    monkeypatch.setattr(probe, "MAX_PIXELS", 100)
    with pytest.raises(Refused) as raised:
        probe.inspect(tools, sandbox, film)
    assert raised.value.code == "too-many-pixels"


CLIPS = {
    "ae_coverart_mjpeg.mp4": (640, 360), "ae_coverart_png.mkv": (640, 360), "ae_sar_2by3.mp4": (427, 360),
    "ax_internal_emulator_transformer_output_270_rotated.mp4": (720, 1280), "ax_sample_portrait.mp4": (720, 1080),
    "ax_bear-vp9-odd-dimensions.webm": (161, 121), "ax_sample.avi": (960, 400), "ax_sample_av1.mp4": (1080, 720),
    "ax_sample_h265.ts": (854, 480), "tc_h264_10bits.mp4": (200, 200), "rabbit320.webm": (320, 240),
}


@pytest.mark.parametrize("name", CLIPS)
def test_real_clips_are_understood(shared_data: Path, tools: Tools, sandbox: Sandbox, name: str) -> None:
    found = probe.inspect(tools, sandbox, shared_data / "media" / name)
    assert found.video is not None
    assert found.video.shown_size == CLIPS[name]
    assert 5 <= found.video.frame_rate[0] / found.video.frame_rate[1] <= 60
    assert found.duration_ms > 900


@pytest.mark.parametrize(("name", "fact"), [
    ("ax_sample_ac3_aac.mp4", lambda p: [a.channels for a in p.audio] == [6, 2]),
    ("mm_subs_jpn_eng_rus.mkv", lambda p: [s.language for s in p.subtitles] == ["ja", "en", "ru"]),
    ("ax_sample_with_chapters.mp4", lambda p: len(p.chapters) == 3),
    ("ae_attachment.mkv", lambda p: len(p.audio) == 1),
    ("tc_h265_10bits.mp4", lambda p: p.video.bit_depth == 10),
    ("ax_sample.avi", lambda p: p.video.frame_rate == (24000, 1001) and not p.seekable),
])
def test_facts_of_real_clips(shared_data: Path, tools: Tools, sandbox: Sandbox, name: str,
                             fact: Callable[[probe.Probe], bool]) -> None:
    assert fact(probe.inspect(tools, sandbox, shared_data / "media" / name))
