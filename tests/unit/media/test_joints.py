"""Random films, cut at random places: what the ranges give together is, frame for frame, what one pass gives.

Every picture carries its number as sixteen black or white bars, so that a decoded frame says which one it is.
"""
from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from moviepoint.domains.media.encoding import measure, playlists, verify
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.frames import Segment
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.encoding.segments import SegmentFormat, read_segment
from moviepoint.domains.media.encoding.workshop import Workshop
from tests.unit.media.films import make
from tests.unit.media.test_steps import WHOLE, make_step, segments

Shops = Callable[..., Workshop]
WIDTH, HEIGHT, BARS = 128, 72, 16
STANDARD = ("24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001")
ODD = ("12", "15", "18", "33", "47952/1001")
#: More are tried by hand: MOVIEPOINT_JOINTS=100 pytest tests/unit/media/test_joints.py
EXAMPLES = int(os.environ.get("MOVIEPOINT_JOINTS", "8"))


class Film(msgspec.Struct, frozen=True):
    """How a random film is made and cut."""

    rate: str
    uneven: int  # only every so many-th frame stands in every other half second
    frames: int
    late: int  # seconds on its clock
    group: int  # frames from keyframe to keyframe
    b_frames: int
    container: str
    form: SegmentFormat
    segment_seconds: int
    range_segments: int
    two_rungs: bool

    @property
    def profile(self) -> Profile:
        return Profile(rungs=(RungSpec(72, 400, 20), RungSpec(64, 300, 20))[:1 + self.two_rungs], preset="ultrafast",
                       segments=self.form, segment_seconds=self.segment_seconds, keyframe_seconds=1,
                       range_segments=self.range_segments)


films_of_any_kind = st.builds(
    Film, rate=st.sampled_from(STANDARD + ODD), uneven=st.sampled_from([1, 1, 3, 6]),
    frames=st.integers(100, 340), late=st.sampled_from([0, 0, 3]), group=st.integers(7, 120),
    b_frames=st.integers(0, 3), container=st.sampled_from(["mkv", "mp4", "mov"]), form=st.sampled_from(["ts", "fmp4"]),
    segment_seconds=st.integers(2, 3), range_segments=st.integers(1, 2), two_rungs=st.booleans())


def numbered(number: int) -> bytes:
    """A picture with its number in bars, the highest bit at the left."""
    line = b"".join((b"\xeb" if number >> bit & 1 else b"\x10") * (WIDTH // BARS) for bit in reversed(range(BARS)))
    return line * HEIGHT


def make_film(tools: Tools, film: Film, path: Path) -> Path:
    select = f"select='if(lt(mod(t,1),.5),1,not(mod(n,{film.uneven})))'," if film.uneven > 1 else ""
    pictures = b"".join(numbered(n) for n in range(film.frames))
    subprocess.run([
        str(tools.ffmpeg), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}", "-r",
        film.rate, "-i", "-", "-vf", f"{select}setpts=PTS+{film.late}/TB", "-fps_mode", "vfr", "-c:v", "libx264",
        "-preset", "ultrafast", "-crf", "16", "-pix_fmt", "yuv420p", "-g", str(film.group), "-bf",
        str(film.b_frames), "-sc_threshold", "0", str(path)], input=pictures, check=True, timeout=60)
    return path


def numbers(tools: Tools, paths: list[Path]) -> list[int]:
    """The numbers that the pictures of segments carry."""
    data = b"".join(path.read_bytes() for path in paths)
    if paths[0].suffix == ".m4s":
        data = paths[0].with_name("init.mp4").read_bytes() + data
    done = subprocess.run([str(tools.ffmpeg), "-v", "error", "-i", "-", "-vf", f"scale={BARS}:1:flags=area", "-pix_fmt",
                           "gray", "-fps_mode", "passthrough", "-f", "rawvideo", "-"], input=data, capture_output=True,
                          check=True, timeout=60)
    pictures = [done.stdout[at:at + BARS] for at in range(0, len(done.stdout), BARS)]
    return [sum(1 << (BARS - 1 - place) for place, light in enumerate(picture) if light > 128) for picture in pictures]


def same_times(one: list[Path], other: list[Path]) -> bool:
    """Whether segments have the same frames at the same times; a range rounds to its own ticks of 90 kHz."""
    pairs = [zip(a, b, strict=True) for a, b in zip(times(one), times(other), strict=True)]
    return all(key == other_key and abs(pts - other_pts) <= 1
               for pair in pairs for (pts, key), (other_pts, other_key) in pair)


def times(paths: list[Path]) -> list[list[tuple[int, bool]]]:
    return [sorted((frame.pts, frame.keyframe) for frame in read_segment(path).frames) for path in paths]


@pytest.fixture(autouse=True)
def every_film_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a film can be sought is tried for short ones too, so that their ranges are reached by seeking."""
    monkeypatch.setattr(measure, "SEEK_TEST_FROM_MS", 0)


@given(film=films_of_any_kind)
@settings(max_examples=EXAMPLES, derandomize=EXAMPLES <= 8, database=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_ranges_of_any_film_join_exactly(film: Film, tools: Tools, workshop: Shops, tmp_path: Path) -> None:
    """No frame is lost or doubled at a joint, and all rungs have the same boundaries."""
    folder = tmp_path / "example"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shop = workshop(make_film(tools, film, folder / f"film.{film.container}"), film.profile)
    ranges = [step for step in shop.plan.steps if step.kind == "video"]
    note(f"{len(ranges)} ranges at {shop.plan.grid.rate}, {shop.probe.picture}")
    make_step(shop, WHOLE, folder / "whole")
    for step in reversed(ranges):
        make_step(shop, step, folder / "parts")
    single, joined = segments(folder / "whole"), segments(folder / "parts")
    shown = numbers(tools, joined)
    assert shown == numbers(tools, single)
    assert same_times(joined, single)
    for rung in shop.plan.rungs[1:]:
        assert times(segments(folder / "parts", rung.name)) == times(joined)
        assert numbers(tools, segments(folder / "parts", rung.name)) == shown
    assert shown == sorted(shown)
    if film.uneven == 1 and film.rate in STANDARD:
        assert shown == list(range(film.frames))
    else:  # on another grid than its own, a film of uneven steps may hold or drop a frame, but none within a second
        assert shown[0] == 0
        assert film.frames - 1 - shown[-1] <= 12


@pytest.mark.parametrize(("name", "codec"), [
    ("mpeg2.ts", ["-c:v", "mpeg2video", "-bf", "2", "-g", "100", "-q:v", "2"]),
    ("mpeg2.mpg", ["-c:v", "mpeg2video", "-bf", "2", "-g", "40", "-q:v", "2"]),
    ("open.ts", ["-c:v", "libx264", "-preset", "fast", "-x264-params", "open-gop=1:keyint=77:bframes=3"]),
    ("hevc.ts", ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=90:log-level=error"]),
    ("old.avi", ["-c:v", "mpeg4", "-bf", "2", "-g", "100", "-q:v", "2"])])
def test_a_film_that_cannot_be_sought_goes_on_exactly_after_a_kill(tools: Tools, workshop: Shops, tmp_path: Path,
                                                                  name: str, codec: list[str]) -> None:
    """Its one range is gone on with from any segment, and no picture differs from those of a single pass."""
    film = Film("24", 1, 24 * 10, 0, 60, 2, "mkv", "ts", 2, 20, False)
    source = make(tools, tmp_path / name, "-i", str(make_film(tools, film, tmp_path / "film.mkv")), *codec, "-pix_fmt",
                  "yuv420p")
    shop = workshop(source, film.profile)
    assert not shop.probe.sought
    make_step(shop, WHOLE, tmp_path / "whole")
    shown = numbers(tools, segments(tmp_path / "whole"))
    assert shown == list(range(film.frames))
    for place in range(1, len(segments(tmp_path / "whole"))):
        left = tmp_path / f"killed-{place}"
        shutil.copytree(tmp_path / "whole", left)
        for path in segments(left)[place:]:
            path.unlink()
        assert make_step(shop, WHOLE, left).reused == place
        assert numbers(tools, segments(left)) == shown


@pytest.mark.parametrize("form", ["ts", "fmp4"])
def test_declared_bandwidths_are_those_of_the_segments(form: SegmentFormat, tools: Tools, workshop: Shops,
                                                       tmp_path: Path) -> None:
    """Within five per cent, the greatest of any segment and the mean of all; counted here from the bytes on disk."""
    film = Film("25", 1, 25 * 13, 0, 60, 2, "mkv", form, 2, 2, True)
    shop = workshop(make_film(tools, film, tmp_path / "film.mkv"), film.profile)
    for step in shop.plan.steps:
        if step.kind in ("video", "storyboard"):
            make_step(shop, step, tmp_path / "p")
    facts = verify.finish_package(tmp_path / "p", shop.plan, shop.tools, shop.sandbox, lambda _share: None)
    for rung in facts.video:
        paths = segments(tmp_path / "p", rung.name)
        bits = [path.stat().st_size * 8 / seconds(read_segment(path)) for path in paths]
        whole = [path.stat().st_size * 8 for path in paths]
        assert rung.bandwidth.peak == pytest.approx(max(bits), rel=0.05)
        assert rung.bandwidth.average == pytest.approx(sum(whole) / 13, rel=0.05)


def seconds(segment: Segment) -> float:
    found = sorted(frame.pts for frame in segment.frames)
    return float(Fraction(found[-1] - found[0], 90_000) + Fraction(1, 25))


@pytest.mark.parametrize(("sizes", "lengths", "peak"), [
    ([1000, 900, 900], [6, 6, 6], 1333), ([1000, 900, 500], [6, 6, 3], 1333), ([1000, 900, 500], [6, 6, 2], 1400),
    ([1000, 900, 900], [6, 6, 1], 2057), ([100], [0.04], 20000)])
def test_the_peak_is_that_of_any_run_near_the_target(sizes: list[int], lengths: list[float], peak: int) -> None:
    """A short tail counts with the segment before it, and not by itself."""
    assert playlists.bandwidth(sizes, [Fraction(length) for length in lengths]).peak == peak
