"""Files of tracks: what they are, and the plan that adds them, as a table."""
from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import pytest

from moviepoint.domains.media.encoding import containers, sidecars, subtitles
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.child import Sandbox
from moviepoint.domains.media.encoding.cuetext import plain
from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.encoding.plan import AudioTarget, Grid, SubtitleTarget
from moviepoint.domains.media.encoding.probe import AudioStream, Probe, SubtitleStream
from moviepoint.domains.media.encoding.sidecars import Film
from tests.unit.media.films import make, tone

FILM = Film(Grid((24, 1), 48, 144), 240)  # ten seconds
SRT = "1\n00:00:01,000 --> 00:00:02,000\nПривет\n"


def probe(*, audio: tuple[AudioStream, ...] = (), texts: tuple[SubtitleStream, ...] = (),
          duration_ms: int = 10_000, container: str = "mp4") -> Probe:
    return Probe(container, 1, duration_ms, duration_ms, 1, audio=audio, subtitles=texts)


def sound(index: int, language: str = "und", kind: str = "original", title: str = "") -> AudioStream:
    return AudioStream(index, "aac", 2, 48000, language, title, True, kind)


def names(found: Probe, intent: Intent) -> list[tuple[str | None, str, str, str]]:
    plan = sidecars.make_plan(found, intent, FILM, "j7")
    return [(t.name, t.language, t.kind, t.label) for t in plan.audio] + [
        (t.name, t.language, t.role, t.label) for t in plan.subtitles]


def test_what_the_editor_says_wins_for_a_single_track() -> None:
    found = probe(audio=(sound(0, "en", title="Stereo"),))
    assert names(found, Intent("audio", "de", "voice-over", "Film AG")) == [
        ("audio_de-j7", "de", "voice-over", "Film AG")]
    assert names(found, Intent("audio")) == [("audio_en-j7", "en", "dub", "Stereo")]


def test_several_tracks_keep_what_the_file_says_of_each() -> None:
    found = probe(audio=(sound(0, "en"), sound(1, "fr", "commentary"), sound(2, "en", "dub")))
    assert names(found, Intent("audio", "de", "voice-over", "x")) == [
        ("audio_en-j7", "en", "dub", ""), ("audio_fr-j7", "fr", "commentary", ""), ("audio_en-2-j7", "en", "dub", "")]


def test_images_get_no_name_and_no_step() -> None:
    found = probe(texts=(SubtitleStream(3, "hdmv_pgs_subtitle", False, "en"),), container="matroska")
    plan = sidecars.make_plan(found, Intent("subtitles"), FILM, "j7")
    assert plan.subtitles[0].name is None
    assert plan.subtitles[0].note
    assert [step.kind for step in plan.steps] == ["checksum", "check-tracks", "publish-tracks"]


@pytest.mark.parametrize(("duration_ms", "held"), [(10_000, False), (10_990, False), (9_001, False), (11_002, True),
                                                   (8_000, True)])
def test_a_sound_of_another_length_is_held(duration_ms: int, held: bool) -> None:
    plan = sidecars.make_plan(probe(audio=(sound(0),), duration_ms=duration_ms), Intent("audio"), FILM, "j1")
    assert (plan.audio[0].hidden, bool(plan.audio[0].note)) == (held, held)


def test_the_plan_has_the_films_grid_and_nothing_of_its_picture() -> None:
    plan = sidecars.make_plan(probe(audio=(sound(0),)), Intent("audio"), FILM, "j1")
    assert (plan.grid, plan.frames, plan.rungs, plan.duration_ms) == (FILM.grid, 240, (), 10_000)
    assert [(step.kind, step.lane) for step in plan.steps] == [
        ("checksum", "light"), ("audio", "sound"), ("check-tracks", "light"), ("publish-tracks", "light")]
    assert plan.bytes_needed < 2 * 2**20


def test_a_retime_makes_one_track() -> None:
    text = SubtitleTarget("subs_ru-j1", 2, "ru", "full", "", "srt", False, offset_ms=5, track_id=4)
    heard = AudioTarget("audio_ru-j1", 1, "ru", "dub", "", 2, 160, False, offset_ms=5, track_id=4)
    assert [step.kind for step in sidecars.retime_plan(FILM, text).steps] == [
        "retime", "check-tracks", "publish-tracks"]
    assert [step.kind for step in sidecars.retime_plan(FILM, heard).steps] == [
        "audio", "check-tracks", "publish-tracks"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1251"])
def test_subtitle_files_are_known_in_any_encoding(tools: Tools, sandbox: Sandbox, tmp_path: Path,
                                                  encoding: str) -> None:
    path = tmp_path / "x"
    path.write_bytes((SRT * 5).encode(encoding))
    found = sidecars.inspect(tools, sandbox, path, Intent("subtitles"))
    assert (found.container, found.subtitles[0].codec) == ("text", "srt")
    assert sidecars.read_text(path, "", 25).cues[0].text == "Привет"


@pytest.mark.parametrize(("encoder", "suffix", "container"), [
    ("libmp3lame", "mp3", "mp3"), ("pcm_s16le", "wav", "wav"), ("flac", "flac", "flac"), ("aac", "m4a", "mp4"),
    ("libopus", "ogg", "ogg")])
def test_sound_files_are_recognised_by_their_bytes(tools: Tools, sandbox: Sandbox, tmp_path: Path, encoder: str,
                                                   suffix: str, container: str) -> None:
    path = make(tools, tmp_path / f"sound.{suffix}", *tone(500, 3), "-c:a", encoder).rename(tmp_path / "neutral")
    found = sidecars.inspect(tools, sandbox, path, Intent("audio"))
    assert (found.container, len(found.audio)) == (container, 1)
    assert found.duration_ms == pytest.approx(3000, abs=60)
    with pytest.raises(Refused, match="subtitle"):
        sidecars.inspect(tools, sandbox, path, Intent("subtitles"))


def claiming(path: Path, samples: int) -> None:
    """Make a file of stereo sound in 16 bits claim another length, as one that is still recorded does."""
    data = bytearray(path.read_bytes())
    if path.suffix == ".flac":
        head = int.from_bytes(data[18:26], "big")
        data[18:26] = (head >> 36 << 36 | samples).to_bytes(8, "big")
    else:
        struct.pack_into("<I", data, data.index(b"data") + 4, min(samples * 4, 2**32 - 1))
    path.write_bytes(data)


@pytest.mark.parametrize("kept", [1.0, 0.7])
@pytest.mark.parametrize(("encoder", "suffix"), [("pcm_s16le", "wav"), ("flac", "flac")])
@pytest.mark.parametrize("claimed", [0, 45, 60, 70, 36_000])
def test_a_sound_is_as_long_as_what_is_there(tools: Tools, sandbox: Sandbox, tmp_path: Path, encoder: str, suffix: str,
                                             claimed: int, kept: float) -> None:
    path = make(tools, tmp_path / f"sound.{suffix}", *tone(500, 60), "-ac", "2", "-c:a", encoder)
    claiming(path, claimed * 48_000)
    with path.open("r+b") as stream:
        stream.truncate(int(path.stat().st_size * kept))
    there = 60_000 * kept
    if suffix == "wav" and claimed:  # what follows it is no sound
        there = min(there, claimed * 1000)
    assert sidecars.inspect(tools, sandbox, path, Intent("audio")).duration_ms == pytest.approx(there, rel=0.02)


def test_a_bare_mp3_is_known_by_three_frames_in_a_row(tools: Tools, tmp_path: Path) -> None:
    path = make(tools, tmp_path / "bare.mp3", *tone(500, 2), "-c:a", "libmp3lame", "-id3v2_version", "0",
                "-write_xing", "0")
    assert path.read_bytes()[0] == 0xFF
    assert containers.recognise(path).container.name == "mp3"
    data = bytearray(path.read_bytes())
    data[300:] = bytes(len(data) - 300)
    path.write_bytes(data)
    with pytest.raises(Refused):
        containers.recognise(path)


def test_a_transport_streams_own_clock_is_not_an_offset(tools: Tools, sandbox: Sandbox, tmp_path: Path) -> None:
    path = make(tools, tmp_path / "sound.ts", *tone(500, 3), "-c:a", "aac", "-output_ts_offset", "500")
    found = sidecars.inspect(tools, sandbox, path, Intent("audio"))
    assert found.zero > 499
    assert found.duration_ms == pytest.approx(3000, abs=60)


def test_a_tracks_document_gives_its_cues_back(tmp_path: Path) -> None:
    cues = subtitles.parse("1\n00:00:01,000 --> 00:00:09,000\n<i>Long</i> & bright\n\n"
                           "2\n00:00:08,000 --> 00:00:09,500\n{\\an8}Top\n", "srt").cues
    names = subtitles.write_track(cues, tmp_path, "subs_en", Fraction(3), Fraction(10), offset_ms=-1500)
    assert names[-1] == f"subs_en/{subtitles.WHOLE}"
    assert subtitles.read_track(tmp_path / "subs_en") == cues
    (tmp_path / "subs_en" / subtitles.WHOLE).unlink()
    old = subtitles.read_track(tmp_path / "subs_en")  # a package of before: at the times of its segments, each cue once
    assert [(cue.start_ms, cue.end_ms) for cue in old] == [(0, 7500), (6500, 8000)]
    assert plain(old[0].text) == "Long & bright"
    with pytest.raises(Refused):
        sidecars.read_text(_written(tmp_path, b"\xff" * 50), "", 25)


def _written(folder: Path, data: bytes) -> Path:
    path = folder / "bytes"
    path.write_bytes(data)
    return path
