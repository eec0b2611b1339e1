"""Ranges join exactly, resume where they stopped, share one clock, and nothing half-made is accepted."""
from __future__ import annotations

import math
import shutil
import struct
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
import webvtt
from msgspec.structs import replace

from moviepoint.domains.media.encoding import measure, storyboard, subtitles, transport
from moviepoint.domains.media.encoding import segments as formats
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.child import Limits, Outcome
from moviepoint.domains.media.encoding.errors import Refused, Stopped
from moviepoint.domains.media.encoding.plan import Step
from moviepoint.domains.media.encoding.profiles import Profile
from moviepoint.domains.media.encoding.steps import run_step
from moviepoint.domains.media.encoding.workshop import Result, Workshop
from tests.unit.media.conftest import CMAF, SMALL, Quiet
from tests.unit.media.films import X264, make, pattern, tone

Shops = Callable[..., Workshop]
WHOLE = Step("video-0000-end", "video", "heavy", 1.0, "", 0, None)


def make_step(shop: Workshop, step: Step, package: Path, watch: Quiet | None = None) -> Result:
    return run_step(shop, step, package / ".work" / step.name, package, watch or Quiet())


def pictures(tools: Tools, *segments: Path) -> list[bytes]:
    """Decode segments played one after another to small grey frames."""
    data = b"".join(segment.read_bytes() for segment in segments)
    if segments[0].suffix == ".m4s":
        data = segments[0].with_name("init.mp4").read_bytes() + data
    done = subprocess.run([str(tools.ffmpeg), "-v", "error", "-i", "-", "-vf", "scale=64:36",
                           "-pix_fmt", "gray", "-fps_mode", "passthrough", "-f", "rawvideo", "-"],
                          input=data, capture_output=True, check=True, timeout=60)
    size = 64 * 36
    return [done.stdout[at:at + size] for at in range(0, len(done.stdout), size)]


def distance(one: bytes, other: bytes) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)


def segments(folder: Path, rung: str = "stream_0") -> list[Path]:
    return sorted((folder / rung).glob("data*.*"))


def encode_ranges(shop: Workshop, folder: Path) -> list[Path]:
    """Encode each range of the plan on its own; the last first, to show that order does not matter."""
    for step in reversed([step for step in shop.plan.steps if step.kind == "video"]):
        make_step(shop, step, folder)
    return segments(folder)


@pytest.mark.parametrize("profile", [SMALL, CMAF], ids=["ts", "fmp4"])
@pytest.mark.parametrize("which", ["film", "uneven_film"])
def test_ranges_give_the_frames_of_a_single_pass(which: str, profile: Profile, request: pytest.FixtureRequest,
                                                 workshop: Shops, tools: Tools, tmp_path: Path) -> None:
    shop = workshop(request.getfixturevalue(which), profile)
    assert len([s for s in shop.plan.steps if s.kind == "video"]) >= 2
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    make_step(shop, WHOLE, whole)
    joined = encode_ranges(shop, parts)
    single = segments(whole)
    assert [path.name for path in joined] == [path.name for path in single]
    for one, other in zip(single, joined, strict=True):
        a, b = formats.read_segment(one), formats.read_segment(other)
        assert [frame.pts for frame in a.frames] == [frame.pts for frame in b.frames]
        assert [frame.keyframe for frame in a.frames] == [frame.keyframe for frame in b.frames]
    frames, expected = pictures(tools, *joined), pictures(tools, *single)
    assert len(frames) == len(expected) == shop.plan.frames
    joints = [n * shop.plan.grid.segment for n in range(1, len(joined))]
    for joint in joints:
        for number in range(joint - 3, joint + 3):
            own = distance(frames[number], expected[number])
            assert own < 1.2, f"frame {number}"
            for neighbour in (number - 1, number + 1):
                if distance(expected[number], expected[neighbour]) > 1.5:  # a held frame equals its neighbour
                    assert own < distance(frames[number], expected[neighbour]) / 2, f"frame {number}"


@pytest.mark.parametrize(("name", "codec", "exact"), [
    ("open.mp4", ["-c:v", "libx264", "-preset", "fast", "-x264-params", "open-gop=1:keyint=77:bframes=3"], True),
    ("rare.mkv", ["-c:v", "libx264", "-preset", "fast", "-g", "900", "-sc_threshold", "0"], True),
    ("old.mkv", ["-c:v", "mpeg4", "-bf", "2", "-g", "100"], True),
    ("refresh.mp4", ["-c:v", "libx264", "-preset", "fast", "-x264-params", "intra-refresh=1:keyint=60"], False)])
def test_only_what_can_be_sought_exactly_is_cut(tools: Tools, workshop: Shops, tmp_path: Path, name: str,
                                                codec: list[str], exact: bool,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """A film of rolling refresh has 'keyframes' that give a broken picture: decoding shows it, no flag does."""
    monkeypatch.setattr(measure, "SEEK_TEST_FROM_MS", 0)
    film = make(tools, tmp_path / name, *pattern(rate="30000/1001", seconds=14), *codec, "-pix_fmt", "yuv420p")
    shop = workshop(film)
    assert shop.probe.seekable is exact
    assert len([s for s in shop.plan.steps if s.kind == "video"]) == (3 if exact else 1)
    make_step(shop, WHOLE, tmp_path / "whole")
    frames = pictures(tools, *encode_ranges(shop, tmp_path / "parts"))
    expected = pictures(tools, *segments(tmp_path / "whole"))
    assert len(frames) == len(expected) == shop.plan.frames
    for number in range(177, 184):
        assert distance(frames[number], expected[number]) < distance(frames[number], expected[number - 1]) / 2


def test_segments_begin_where_the_grid_says_in_all_rungs(package: tuple[Path, Workshop]) -> None:
    folder, shop = package
    grid = shop.plan.grid
    for rung in shop.plan.rungs:
        total = 0
        for number, path in enumerate(segments(folder, rung.name)):
            segment = transport.read_segment(path)
            assert abs(segment.first_pts - (900_000 + grid.seconds(number * grid.segment) * 90_000)) <= 1
            assert [n for n, f in enumerate(segment.frames) if f.keyframe] == list(
                range(0, len(segment.frames), grid.keyframe))
            total += len(segment.frames)
        assert total == shop.plan.frames
        assert transport.read_segment(segments(folder, rung.name)[0]).codec.startswith("avc1.")


@pytest.mark.parametrize("profile", [SMALL, CMAF], ids=["ts", "fmp4"])
def test_a_range_goes_on_after_its_last_whole_segment(workshop: Shops, film: Path, tmp_path: Path,
                                                      profile: Profile) -> None:
    shop = workshop(film, profile)
    make_step(shop, WHOLE, tmp_path)
    for rung in shop.plan.rungs:  # as a kill leaves it: one whole, one cut, one that is not there
        paths = segments(tmp_path, rung.name)
        paths[1].write_bytes(paths[1].read_bytes()[:-1880])
        paths[2].unlink()
    kept = segments(tmp_path)[0].stat().st_mtime_ns
    result = make_step(shop, WHOLE, tmp_path)
    assert (result.reused, result.segments, result.frames) == (1, 3, shop.plan.frames)
    assert segments(tmp_path)[0].stat().st_mtime_ns == kept
    made = [formats.read_segment(path) for path in segments(tmp_path)]
    assert [len(segment.frames) for segment in made] == [144, 144, shop.plan.frames - 288]
    assert [segment.first_pts for segment in made] == [900_000, 1_440_540, 1_981_080]


def test_a_finished_range_is_not_encoded_again(workshop: Shops, film: Path, tmp_path: Path) -> None:
    shop = workshop(film)
    for step in (Step("video-0000-0000", "video", "heavy", 1.0, "", 0, 1), WHOLE):
        make_step(shop, step, tmp_path)
        watch = Quiet()
        result = make_step(shop, step, tmp_path, watch)
        assert result.reused == result.segments
        assert result.segments == (1 if step.end else 3)
        assert watch.commands == []
    assert result.frames == shop.plan.frames


def test_segments_of_other_ranges_are_left_alone(workshop: Shops, film: Path, tmp_path: Path) -> None:
    shop = workshop(film)
    make_step(shop, WHOLE, tmp_path)
    first, second, third = segments(tmp_path)
    kept = [path.stat().st_mtime_ns for path in (first, third)]
    second.unlink()
    result = make_step(shop, Step("video-0001-0001", "video", "heavy", 1.0, "", 1, 2), tmp_path)
    assert (result.reused, result.segments) == (0, 1)
    assert [path.stat().st_mtime_ns for path in (first, third)] == kept
    assert len(transport.read_segment(second).frames) == 144


def test_uneven_rungs_resume_at_the_shorter_one(workshop: Shops, film: Path, tmp_path: Path) -> None:
    shop = workshop(film)
    make_step(shop, WHOLE, tmp_path)
    segments(tmp_path, "stream_1")[1].unlink()
    assert make_step(shop, WHOLE, tmp_path).reused == 1


def test_a_step_called_off_leaves_no_file_in_the_package(workshop: Shops, film: Path, tmp_path: Path) -> None:
    class Impatient(Quiet):
        def __call__(self, share: float, speed: float | None) -> None:
            raise Stopped

        def hold(self) -> None:
            raise Stopped

    with pytest.raises(Stopped):
        make_step(workshop(film), WHOLE, tmp_path, Impatient())
    assert not list(tmp_path.glob("stream_*/*"))


@pytest.mark.parametrize("profile", [SMALL, CMAF], ids=["ts", "fmp4"])
def test_whole_segments_are_in_the_package_before_the_range_is_done(workshop: Shops, tools: Tools, tmp_path: Path,
                                                                    profile: Profile) -> None:
    """And its playlists grow with them, so that an editor can begin to watch."""
    film = make(tools, tmp_path / "film.mp4", *pattern("640x360", "24", 20), *tone(440, 20), *X264, "-c:a", "aac")
    shop = workshop(film, replace(profile, preset="slower"))
    seen: list[str] = []

    class Curious(Quiet):
        def delivered(self) -> None:
            seen.append((tmp_path / "p/stream_0.m3u8").read_text())
            assert len(list((tmp_path / "p/stream_0").glob("data*"))) == len(
                list((tmp_path / "p/stream_1").glob("data*")))

    make_step(shop, WHOLE, tmp_path / "p", Curious())
    assert [text.count("#EXTINF") for text in seen] == [1, 2, 3, 3]  # the last one waits for the check
    assert all("PLAYLIST-TYPE:EVENT" in text and "ENDLIST" not in text for text in seen)
    assert seen[1].startswith(seen[0])
    assert ("EXT-X-MAP" in seen[0]) == (profile is CMAF)


def test_a_film_that_breaks_in_the_middle_is_named_truncated(workshop: Shops, film: Path, tmp_path: Path) -> None:
    """ffmpeg ends with success when the data end early; the count of frames does not believe it."""
    shop = workshop(film)
    longer = replace(shop.plan, frames=shop.plan.frames + 480)
    with pytest.raises(Refused) as raised:
        make_step(replace(shop, plan=longer), WHOLE, tmp_path)
    assert raised.value.code == "truncated"
    assert "20.0 s are missing" in raised.value.message


def test_a_short_film_without_one_picture_is_refused(workshop: Shops, tools: Tools, tmp_path: Path) -> None:
    """The half second that may be missing at a film's end must not be all of it."""
    shop = workshop(make(tools, tmp_path / "short.mp4", *pattern(seconds=0.4), *X264))
    lost = replace(shop.probe, video=replace(shop.probe.picture, start=(100, 1)))
    with pytest.raises(Refused) as raised:
        make_step(replace(shop, probe=lost), WHOLE, tmp_path / "p")
    assert raised.value.code == "no-pictures"


def test_progress_grows_to_the_whole(workshop: Shops, film: Path, tmp_path: Path) -> None:
    watch = Quiet()
    make_step(workshop(film), WHOLE, tmp_path, watch)
    assert watch.shares == sorted(watch.shares)
    assert watch.shares[-1] == pytest.approx(1.0)
    assert "-fps_mode passthrough" in watch.commands[0]
    assert "SOURCE" in watch.commands[0]


def samples(tools: Tools, path: Path, stream: str, seconds: float = 8) -> list[float]:
    """The loudness of each millisecond of a segment's sound, from ten seconds of its clock on."""
    done = subprocess.run([str(tools.ffmpeg), "-v", "error", "-copyts", "-i", str(path), "-map", stream, "-af",
                           "atrim=start=10,asetpts=PTS-10/TB,aresample=48000:async=1:first_pts=0", "-ac", "1",
                           "-f", "f32le", "-"], capture_output=True, check=True, timeout=60)
    values = struct.unpack(f"<{len(done.stdout) // 4}f", done.stdout)
    return [max(abs(v) for v in values[at:at + 48]) for at in range(0, len(values) - 48, 48)]


@pytest.mark.parametrize("profile", [SMALL, CMAF], ids=["ts", "fmp4"])
def test_picture_and_sound_share_one_clock(tools: Tools, workshop: Shops, tmp_path: Path, profile: Profile) -> None:
    """A flash and a beep at three seconds of the film come at three seconds in both renditions."""
    film = make(tools, tmp_path / "flash.mkv", "-f", "lavfi", "-i", "color=black:s=320x180:r=25:d=7", "-f", "lavfi",
                "-i", "sine=f=1000:r=48000:d=7", "-vf", "drawbox=t=fill:color=white:enable='between(t,3,3.2)'",
                "-af", "volume='between(t,3,3.2)':eval=frame:precision=float", *X264, "-bf", "2", "-c:a", "pcm_s16le")
    shop = workshop(film, profile)
    for step in shop.plan.steps:
        if step.kind in ("video", "audio"):
            make_step(shop, step, tmp_path / "p")
    frames = pictures(tools, segments(tmp_path / "p")[0])
    flash = next(n for n, frame in enumerate(frames) if sum(frame) / len(frame) > 128) / 25
    with formats.decodable(segments(tmp_path / "p", "audio_und")[0]) as first:
        loud = samples(tools, first, "0:a")
    beep = next(n for n, level in enumerate(loud) if level > 0.02) / 1000
    assert flash == pytest.approx(3.0, abs=0.001)
    assert beep == pytest.approx(3.0, abs=0.03)


def test_each_dub_is_the_one_its_name_says(package: tuple[Path, Workshop], tools: Tools) -> None:
    folder, _shop = package
    for name, hertz in (("audio_ru", 440), ("audio_en", 660)):
        levels = {tested: level(tools, folder / name / "data0000.ts", tested) for tested in (440, 660)}
        assert max(levels, key=lambda key: levels[key]) == hertz


def level(tools: Tools, path: Path, hertz: int) -> float:
    done = subprocess.run([str(tools.ffmpeg), "-v", "error", "-i", str(path), "-af",
                           f"bandpass=f={hertz}:width_type=h:w=8", "-ac", "1", "-f", "f32le", "-"],
                          capture_output=True, check=True, timeout=60)
    values = struct.unpack(f"<{len(done.stdout) // 4}f", done.stdout)
    return math.sqrt(sum(v * v for v in values) / len(values))


def test_sound_lasts_as_long_as_the_picture(package: tuple[Path, Workshop]) -> None:
    folder, shop = package
    paths = segments(folder, "audio_ru")
    last = transport.read_segment(paths[-1])
    end = last.first_pts + transport.audio_ticks(paths[-1])
    assert abs((end - 900_000) / 90_000 - float(shop.seconds)) < 0.05
    assert transport.read_segment(paths[0]).codec == ""


def test_a_short_dub_is_filled_with_silence(tools: Tools, workshop: Shops, tmp_path: Path) -> None:
    film = make(tools, tmp_path / "film.mkv", *pattern(seconds=8), *tone(440, 3), *X264, "-c:a", "aac")
    shop = workshop(film)
    step = next(step for step in shop.plan.steps if step.kind == "audio")
    result = make_step(shop, step, tmp_path)
    assert result.segments == 2


def test_embedded_subtitles_become_segments(package: tuple[Path, Workshop]) -> None:
    folder, _shop = package
    texts = [webvtt.from_string(path.read_text(encoding="utf-8")) for path in
             sorted((folder / "subs_ru").glob("data*.vtt"))]
    assert [len(text) for text in texts] == [2, 1, 0]
    assert texts[0][0].raw_text == "Раз, два, <i>три</i> &amp; четыре"
    assert texts[0][1].raw_text == texts[1][0].raw_text == "Через границу"


class Saying:
    """Instead of a sandbox: its programs say what a test wants, or fail as it wants; `limits` were asked for."""

    def __init__(self, said: bytes | Refused) -> None:
        self.said = said

    def run(self, *_arguments: object, limits: Limits, **_values: object) -> Outcome:
        self.limits = limits
        if isinstance(self.said, Refused):
            raise self.said
        return Outcome(0, self.said, "", 0.0, 0.0)


def embedded(shop: Workshop, folder: Path, sandbox: Saying, size: int = 1) -> Result:
    """Do the step of a film's embedded subtitles."""
    step = next(step for step in shop.plan.steps if step.kind == "subtitles")
    return make_step(replace(shop, sandbox=sandbox, probe=replace(shop.probe, size=size)), step, folder)


LONG_CUES = b"".join(b"%d\n00:00:00,%03d --> 02:00:00,000\nx\n\n" % (n, n) for n in range(1000))


@pytest.mark.parametrize("said", [LONG_CUES, b"0:1,1-->0:1,2\nx\n\n" * 60_000, b"x" * 100,
                                  Refused("too-large", "What is to be read is larger than any film needs.")],
                         ids=["in too many segments", "too many", "none", "too much to keep"])
def test_a_film_does_not_fail_for_subtitles_inside_it(workshop: Shops, film: Path, tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch, said: bytes | Refused) -> None:
    monkeypatch.setattr(subtitles, "MAX_WRITTEN", 50_000)
    shop = workshop(film)
    result = embedded(shop, tmp_path, Saying(said))
    assert result.segments == 3
    assert len(result.notes) == 1
    assert subtitles.read_track(tmp_path / "subs_ru") == ()
    assert not any("-->" in path.read_text() for path in tmp_path.rglob("*.vtt"))


def test_a_letter_s_number_of_any_length_costs_one_letter(workshop: Shops, film: Path, tmp_path: Path) -> None:
    said = b"1\n00:00:01,000 --> 00:00:02,000\nHi &#" + b"1" * 4400 + b";\n"
    assert embedded(workshop(film), tmp_path, Saying(said)).notes == ()
    assert [cue.text for cue in subtitles.read_track(tmp_path / "subs_ru")] == ["Hi \ufffd"]


@pytest.mark.parametrize(("size", "seconds"), [(1, 1800), (18 * 10**9, 1800), (200 * 2**30, 21_474)])
def test_a_large_film_may_take_longer_to_be_looked_through_for_text(workshop: Shops, film: Path, tmp_path: Path,
                                                                    size: int, seconds: int) -> None:
    sandbox = Saying(b"")
    embedded(workshop(film), tmp_path, sandbox, size)
    assert (int(sandbox.limits.seconds), int(sandbox.limits.stall_seconds)) == (seconds, seconds)


def test_the_storyboard_has_a_picture_for_every_second(package: tuple[Path, Workshop]) -> None:
    folder, shop = package
    layout = storyboard.layout_for(shop.plan, shop.seconds)
    index = webvtt.from_string((folder / "storyboard.vtt").read_text())
    assert (layout.interval, layout.pictures, layout.sheets, len(index)) == (1, 14, 1, 14)
    assert index[13].text.startswith("storyboard/0000.jpg#xywh=")
    assert (folder / "storyboard" / "0000.jpg").stat().st_size > 1000


@pytest.mark.parametrize(("seconds", "interval"), [(1, 1), (60, 1), (300, 5), (600, 10), (7200, 10)])
def test_storyboard_intervals(workshop: Shops, film: Path, seconds: int, interval: int) -> None:
    layout = storyboard.layout_for(workshop(film).plan, Fraction(seconds))
    assert layout.interval == interval
    assert layout.sheets * 25 >= layout.pictures


def test_a_turned_and_stretched_picture_comes_out_upright(tools: Tools, workshop: Shops, tmp_path: Path) -> None:
    flat = make(tools, tmp_path / "flat.mp4", *pattern("320x240", "25", 1), "-vf", "setsar=4/3", *X264)
    turned = make(tools, tmp_path / "turned.mp4", "-i", str(flat), "-c", "copy", "-metadata:s:v:0", "rotate=90")
    for film, shown in ((flat, (426, 240)), (turned, (240, 426))):
        shop = workshop(film)
        assert (shop.plan.rungs[0].width, shop.plan.rungs[0].height) in (
            (320, 180), (180, 320), shown), shop.plan.rungs
        make_step(shop, WHOLE, tmp_path / film.stem)
        assert segments(tmp_path / film.stem)


@pytest.mark.parametrize("name", ["ae_coverart_png.mkv", "ax_sample_h265.ts", "ax_bear-vp9-odd-dimensions.webm",
                                  "ax_sample.avi", "tc_h265_10bits.mp4"])
def test_real_clips_encode(shared_data: Path, workshop: Shops, tmp_path: Path, name: str) -> None:
    shop = workshop(shared_data / "media" / name)
    result = make_step(shop, WHOLE, tmp_path)
    assert abs(result.frames - shop.plan.frames) <= Fraction(*shop.plan.grid.rate) / 2
    shutil.rmtree(tmp_path)
