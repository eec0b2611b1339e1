"""What is compliant already is copied: bit for bit, on the grid that its own keyframes make, and never on trust."""
from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from msgspec.structs import replace

from moviepoint.domains.media.encoding import copies, verify
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.plan import audio_targets, copied_grid, ladder, make_plan
from moviepoint.domains.media.encoding.probe import AudioStream, VideoStream
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.encoding.segments import read_segment, sound_seconds
from moviepoint.domains.media.encoding.workshop import Workshop
from tests.unit.media.films import make, pattern, tone
from tests.unit.media.test_plan import PROBE
from tests.unit.media.test_steps import make_step, segments

Shops = Callable[..., Workshop]
TWO = Profile(rungs=(RungSpec(180, 3000, 26), RungSpec(90, 200, 28)), preset="ultrafast", range_segments=1)
PLACE = "+59.9-030.3"  # as cameras write it
REGULAR = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-sc_threshold", "0", "-bf", "2"]
FIT = VideoStream(index=0, codec="h264", width=1920, height=1080, rotation=0, sample_aspect=(1, 1), frame_rate=(25, 1),
                  variable=False, interlaced=False, hdr=False, bit_depth=8, start=(0, 1), plain=True, key_distance=50,
                  bit_rate=5_000_000)
STEREO = AudioStream(1, "aac", 2, 48000, "en", profile="LC", bit_rate=128_000)


@pytest.mark.parametrize(("changed", "profile", "grid"), [
    ({}, {}, (50, 150)), ({"key_distance": 25}, {}, (25, 150)), ({"key_distance": 48}, {}, (48, 144)),
    ({"key_distance": 40}, {}, (40, 160)), ({"frame_rate": (30000, 1001), "key_distance": 60}, {}, (60, 180)),
    ({"key_distance": 250}, {}, None), ({"key_distance": 0}, {}, None), ({"plain": False}, {}, None),
    ({"codec": "hevc"}, {}, None), ({"bit_rate": 9_000_000}, {}, None), ({"width": 1918}, {}, (50, 150)),
    ({"width": 3840, "height": 2160}, {}, None), ({"width": 1921}, {}, None), ({}, {"codec": "hevc"}, None),
    ({}, {"segment_seconds": 4}, (50, 100)), ({}, {"keyframe_seconds": 1}, None)])
def test_a_picture_is_copied_only_where_its_keyframes_make_a_grid(changed: dict[str, object],
                                                                  profile: dict[str, object],
                                                                  grid: tuple[int, int] | None) -> None:
    video, wanted = replace(FIT, **changed), replace(Profile(), **profile)
    made = copied_grid(video, ladder(video.shown_size, wanted)[0], wanted)
    assert (made and (made.keyframe, made.segment)) == grid


def test_the_plan_copies_the_highest_rung_and_encodes_the_others() -> None:
    probe = replace(PROBE, video=FIT, audio=(STEREO,))
    plan = make_plan(probe, Profile())
    assert [rung.copied for rung in plan.rungs] == [True, False, False, False]
    assert [step.name for step in plan.steps][:4] == ["seek-test", "audio_en", "copy-stream_0", "video-0000-0019"]
    assert len(plan.encoded) == 3
    encoded = make_plan(probe, Profile(), copy=False)
    assert not any(rung.copied for rung in encoded.rungs)
    alone = make_plan(probe, Profile(rungs=(RungSpec(1080, 6000, 22),)))
    assert [step.kind for step in alone.steps] == ["seek-test", "audio", "copy", "checksum", "storyboard", "check",
                                                      "publish"]


@pytest.mark.parametrize(("changed", "profile", "copied"), [
    ({}, {}, True), ({"sample_rate": 44100}, {}, True), ({"sample_rate": 22050}, {}, False),
    ({"profile": "HE-AAC"}, {}, False), ({"codec": "ac3"}, {}, False), ({"bit_rate": 0}, {}, False),
    ({"bit_rate": 320_000}, {}, False), ({"channels": 6}, {}, False), ({}, {"loudness": -23.0}, False),
    ({"channels": 1, "bit_rate": 64_000}, {}, True)])
def test_a_sound_is_copied_only_where_it_is_what_would_be_made(changed: dict[str, object], profile: dict[str, object],
                                                               copied: bool) -> None:
    (target,) = audio_targets((replace(STEREO, **changed),), replace(Profile(), **profile))
    assert target.copied is copied


@pytest.mark.parametrize(("starts", "lengths", "fault"), [
    ([-1920, 540_000 - 1920], [6, 6], ""), ([0, 540_000], [6, 6], ""),
    ([90_000, 630_000], [6, 6], "does not begin"), ([0, 540_900], [6, 6], "gap"),
    ([0, 540_000], [6, 5], "does not end"), ([], [], "does not begin")])
def test_a_sound_with_a_gap_or_another_length_is_unfit(starts: list[int], lengths: list[int], fault: str) -> None:
    found = copies.sound_fault(starts, [Fraction(length) for length in lengths], 12.0)
    assert (fault in found) if fault else not found


@pytest.mark.parametrize("form", ["ts", "fmp4"])
@pytest.mark.parametrize(("name", "rate"), [
    ("film.mp4", "24000/1001"), ("film.mkv", "25"), ("film.mov", "30000/1001"), ("late.mp4", "24")])
def test_a_compliant_film_is_copied_bit_for_bit(tools: Tools, workshop: Shops, tmp_path: Path, name: str, rate: str,
                                                form: str) -> None:
    keyframe = round(Fraction(rate) * 2)
    film = make(tools, tmp_path / name, *pattern(rate=rate, seconds=14), *tone(440, 14), *REGULAR, "-g", str(keyframe),
                "-keyint_min", str(keyframe), "-c:a", "aac", "-b:a", "64k", "-metadata", f"location={PLACE}/", "-bsf:v",
                f"h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+{PLACE}",
                *(["-output_ts_offset", "3"] if name == "late.mp4" else []))
    shop = workshop(film, replace(TWO, segments=form), copy=True)
    assert film.read_bytes().count(PLACE.encode()) >= 2, "in its header, and in the picture itself"
    assert [rung.copied for rung in shop.plan.rungs] == [True, False]
    package = tmp_path / "package"
    for step in shop.plan.steps:
        if step.kind in ("copy", "video", "audio", "storyboard"):
            make_step(shop, step, package)
    facts = verify.finish_package(package, shop.plan, shop.tools, shop.sandbox, lambda _share: None)
    assert facts.video[0].frames == facts.video[1].frames == shop.plan.frames
    assert pictures(tools, package / "stream_0") == pictures(tools, film)
    assert [path for path in package.rglob("*.*") if path.is_file() and PLACE.encode() in path.read_bytes()] == []
    large, small = (segments(package, rung) for rung in ("stream_0", "stream_1"))
    for one, other in zip(large, small, strict=True):
        ours, theirs = (sorted(read_segment(path).frames, key=lambda f: f.pts) for path in (one, other))
        assert [f.keyframe for f in ours] == [f.keyframe for f in theirs]
        assert all(abs(a.pts - b.pts) <= 1 for a, b in zip(ours, theirs, strict=True))
    if name != "film.mkv":  # which does not say how much its sound takes
        assert shop.plan.audio[0].copied
        sound = segments(package, shop.plan.audio[0].name)
        assert decoded(tools, film, "-vn", "-f", "s16le")[20_000:60_000] in decoded(
            tools, package / shop.plan.audio[0].name, "-vn", "-f", "s16le")
        assert sum(map(sound_seconds, sound)) == pytest.approx(14, abs=0.1)


def test_a_film_that_only_begins_well_is_unfit(tools: Tools, workshop: Shops, tmp_path: Path) -> None:
    """Its first twenty seconds have a keyframe every two; then one comes where the scene changes."""
    film = make(tools, tmp_path / "film.mp4", *pattern(rate="24", seconds=30), *REGULAR, "-g", "48",
                "-force_key_frames", "25.5")
    shop = workshop(film, TWO, copy=True)
    assert shop.plan.rungs[0].copied
    step = next(step for step in shop.plan.steps if step.kind == "copy")
    with pytest.raises(copies.Unfit):
        make_step(shop, step, tmp_path / "package")


@pytest.mark.parametrize("codec", [
    [*REGULAR, "-g", "48", "-x264-params", "open-gop=1"], [*REGULAR, "-g", "250", "-sc_threshold", "40"],
    ["-c:v", "libx264", "-pix_fmt", "yuv444p", "-g", "48", "-sc_threshold", "0"],
    ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "48", "-sc_threshold", "0", "-flags", "+ildct", "-x264-params",
     "tff=1"], [*REGULAR, "-g", "48", "-vf", "setsar=4/3"], [*REGULAR, "-g", "48", "-color_range", "pc"]])
def test_what_is_not_compliant_is_encoded_or_found_out(tools: Tools, workshop: Shops, tmp_path: Path,
                                                       codec: list[str]) -> None:
    film = make(tools, tmp_path / "film.mkv", *pattern(rate="24", seconds=14), *codec)
    shop = workshop(film, TWO, copy=True)
    step = next((step for step in shop.plan.steps if step.kind == "copy"), None)
    if step is not None:
        with pytest.raises(copies.Unfit):
            make_step(shop, step, tmp_path / "package")


def pictures(tools: Tools, source: Path) -> list[str]:
    """Checksums of all pictures of a film, or of a folder of segments."""
    return [line.rsplit(",", 1)[-1] for line in decoded(tools, source, "-an", "-f", "framemd5").decode().splitlines()
            if not line.startswith("#")]


def decoded(tools: Tools, source: Path, *arguments: str) -> bytes:
    data = source.read_bytes() if source.is_file() else b"".join(
        path.read_bytes() for path in [*source.glob("init.mp4"), *sorted(source.glob("data*"))])
    joined = source.parent / f"joined-{source.name}"
    joined.write_bytes(data)
    return subprocess.run([str(tools.ffmpeg), "-v", "error", "-i", str(joined), "-fps_mode", "passthrough", *arguments,
                           "-"], capture_output=True, check=True, timeout=60).stdout


def test_a_damaged_sound_is_encoded(tools: Tools, workshop: Shops, tmp_path: Path) -> None:
    """A recording that has lost packets on its way: its length is right, and what is left does not decode."""
    whole = make(tools, tmp_path / "whole.ts", *pattern(rate="25", seconds=13), *tone(440, 13), *REGULAR, "-g", "50",
                 "-c:a", "aac", "-b:a", "64k")
    data = bytearray(whole.read_bytes())
    sound = [at for at in range(0, len(data), 188) if (data[at + 1] & 0x1F) << 8 | data[at + 2] == 0x101
             and not data[at + 1] & 0x40]
    for at in sound[10::40]:
        data[at + 20:at + 120] = bytes(100)
    damaged = tmp_path / "film.ts"
    damaged.write_bytes(data)
    for film, copied in ((whole, True), (damaged, False)):
        shop = workshop(film, TWO)
        assert shop.plan.audio[0].copied
        step = next(step for step in shop.plan.steps if step.kind == "audio")
        result = make_step(shop, step, tmp_path / f"package-{copied}")
        assert ("-c:a copy" in result.command) is copied
