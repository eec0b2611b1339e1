"""Ask ffprobe, and measure what a container only claims: duration, frame rate, start, and exact seeking."""
from __future__ import annotations

import re
import statistics
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.child import GIB, MIB, Limits, Outcome, Sandbox, Watch
from moviepoint.domains.media.encoding.containers import Container
from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.domains.media.encoding.together import together
from moviepoint.kernel.sentences import sentence

R = TypeVar("R")
STANDARD_RATES = tuple(Fraction(*r) for r in (
    (24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (48, 1), (50, 1), (60000, 1001), (60, 1)))
FASTEST, SLOWEST = Fraction(60), Fraction(5)
SAMPLE_SECONDS = 20
#: Below this there is only one range anyway, and nobody needs to seek.
SEEK_TEST_FROM_MS = 90_000
SETTLED_SECONDS = 1  # after a keyframe: by then no frame leans on what lies before it
PROBE_LIMITS = Limits(seconds=90, memory=3 * GIB)
SCAN_LIMITS = Limits(seconds=3600, memory=3 * GIB, stall_seconds=600, output=512 * MIB)
MAX_PIXELS = 8192 * 4608
#: More pictures a second than any camera takes: such times are damaged, or meant to do harm.
FASTEST_SOURCE = 1000
BACK, AHEAD = 1, 600  # seconds by which a clock may jump within one recording
OFF_GRID = Fraction(3, 90_000)  # seconds by which rounded times may differ from the grid, as a segment's may


KEY, DISCARD = "K", "D"  # of a packet's flags
_FIRST = re.compile(r"^#tb 0: (\d+/\d+)$.*?^0, *-?\d+, *(-?\d+),", re.MULTILINE | re.DOTALL)


class Timing(msgspec.Struct, frozen=True):
    duration_ms: int
    start: Fraction
    rate: Fraction
    variable: bool
    key_distance: int = 0  # frames from each keyframe to the next, where it is the same throughout


class Packet(msgspec.Struct, frozen=True):
    """Seconds on the source's clock."""

    shown: Fraction
    length: Fraction
    read: Fraction  # when it is decoded
    key: bool = False


class Reader:
    """One source, read by ffprobe and ffmpeg in the sandbox."""

    def __init__(self, tools: Tools, sandbox: Sandbox, source: Path, container: Container, watch: Watch,
                 nice: int = 0) -> None:
        self._tools, self._sandbox, self._source, self._watch = tools, sandbox, source, watch
        self._container, self._nice = container, nice

    def describe(self) -> dict[str, Any]:
        """Return ffprobe's description of format, streams and chapters. Raises Refused."""
        outcome = self._ffprobe(["-show_format", "-show_streams", "-show_chapters", "-of", "json"], PROBE_LIMITS)
        if outcome.status:
            raise Refused("unreadable", sentence(
                "The file cannot be read: it is damaged, or not what its first bytes say."))
        described: dict[str, Any] = msgspec.json.decode(outcome.output)
        return described

    def timing(self, stream: dict[str, Any], claimed_ms: int) -> Timing:
        """Measure a stream from its packets: the first ones, and the last ones. Raises Refused if there are none."""
        index, moving = int(stream["index"]), stream["codec_type"] == "video"
        known = self._container.indexed and claimed_ms > 2 * SAMPLE_SECONDS * 1000
        first, last, pictures = self._side_by_side(
            lambda reader: reader._packets(index, f"%+{SAMPLE_SECONDS}"),
            lambda reader: reader._packets(index, f"{claimed_ms / 1000 - 1:.3f}%") if known else [],
            lambda reader: reader._first_picture(index) if moving else [])
        if not last:
            last = self._packets(index, None)
            if moving:
                _one_clock(last)
        if not first or not last:
            raise Refused("no-packets", sentence(
                "The file names a stream, but holds nothing of it: it is damaged or cut off."))
        times = [packet.shown for packet in first]
        rate, variable = _frame_rate(stream, times)
        if moving and not pictures:
            raise Refused("undecodable", sentence(
                "Not one picture of the film can be decoded: the file is damaged, or in a format that is not known "
                "here."))
        start = pictures[0].shown if moving else min(times)
        final = max(last, key=lambda packet: packet.shown)
        end = final.shown + (final.length if Fraction(0) < final.length < 10 else 1 / rate if moving else 0)
        distance = key_distance(first, start, rate) if moving and not variable else 0
        return Timing(max(1, round((end - start) * 1000)), start, rate, variable, distance)

    def seeks_exactly(self, index: int, start: Fraction, duration_ms: int) -> bool:
        """Whether frames reached from two different keyframes are the same, near a third and near two thirds."""
        points = [float(start) + duration_ms / 3000 * part for part in (1, 2)]
        return all(self._side_by_side(*(partial(Reader._same_frames, index=index, point=point) for point in points)))

    def _same_frames(self, index: int, point: float) -> bool:
        """Compare a moment after a keyframe, decoded from that one and from the one before it."""
        keyframe = self._keyframe_before(index, point - SETTLED_SECONDS)
        if keyframe is None:
            return False
        near, far = self._frames(index, (keyframe + 0.01, keyframe - 0.5), keyframe + SETTLED_SECONDS)
        return bool(near) and near == far

    def _side_by_side(self, *calls: Callable[[Reader], R]) -> list[R]:
        def watched(call: Callable[[Reader], R], watch: Watch) -> R:
            return call(Reader(self._tools, self._sandbox, self._source, self._container, watch, self._nice))
        return together(self._watch, *(partial(watched, call) for call in calls))

    def _keyframe_before(self, index: int, at: float) -> float | None:
        """The time of the packet at which a seek to `at` lands; None if that is no keyframe, or later, or far."""
        outcome = self._ffprobe(["-select_streams", str(index), "-read_intervals", f"{at:.3f}%+#1",
                                 "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0"], PROBE_LIMITS)
        for line in outcome.output.decode("ascii", "replace").splitlines():
            time, _, flags = line.strip(",").partition(",")
            pts = _time(time)
            if pts is not None and "K" in flags and at - 60 < pts <= at:
                return float(pts)
            break
        return None

    def _frames(self, index: int, seeks: tuple[float, float], at: float) -> tuple[list[str], list[str]]:
        """Times and checksums of the frames from `at` on for a quarter of a second, decoded after each seek.

        Both in one process, since the start of a second one takes as long as its decoding.
        """
        def arguments(name: str) -> list[str]:
            inputs = [["-threads", "1", "-noaccurate_seek", "-ss", f"{max(0.0, seek):.3f}", "-seek_timestamp", "1",
                       *self._safe(), *self._input(name)] for seek in seeks]
            return ["-hide_banner", "-nostdin", "-v", "error", "-copyts", *inputs[0], *inputs[1],
                    "-map", f"0:{index}", "-map", f"1:{index}",
                    "-vf", f"trim=start={at:.3f}:end={at + 0.25:.3f},scale=320:-2", "-f", "framemd5", "-"]
        outcome = self._sandbox.run(self._tools.ffmpeg, arguments, source=self._source, limits=PROBE_LIMITS,
                                    watch=self._watch, nice=self._nice)
        lines = [line.split(",", 1) for line in outcome.output.decode("ascii", "replace").splitlines() if "," in line
                 and not line.startswith("#")]
        near, far = ([frame for stream, frame in lines if stream == number] for number in ("0", "1"))
        return near, far

    def _first_picture(self, index: int) -> list[Packet]:
        """The first picture that a decoder gives, if any: a recording may begin between two keyframes, and an edit
        list may hide what lies before its start."""
        def arguments(name: str) -> list[str]:
            return [*self._safe(), "-hide_banner", "-nostdin", "-v", "error", "-copyts", "-max_pixels",
                    str(MAX_PIXELS), *self._input(name), "-map", f"0:{index}", "-frames:v", "1", "-fps_mode",
                    "passthrough", "-enc_time_base", "-1", "-vf", "scale=16:16", "-f", "framemd5", "-"]
        outcome = self._sandbox.run(self._tools.ffmpeg, arguments, source=self._source, limits=PROBE_LIMITS,
                                    watch=self._watch)
        found = _FIRST.search(outcome.output.decode("ascii", "replace"))
        if found is None:
            return []
        time = int(found[2]) * Fraction(found[1])
        return [Packet(time, Fraction(0), time)]

    def _packets(self, index: int, interval: str | None) -> list[Packet]:
        """What is shown of a stream, in the order of the file; an edit list may leave packets out."""
        options = ["-select_streams", str(index), "-show_entries", "packet=pts_time,dts_time,duration_time,flags",
                   "-of", "csv=p=0"]
        if interval is not None:
            options += ["-read_intervals", interval]
        outcome = self._ffprobe(options, SCAN_LIMITS)
        found = []
        for line in outcome.output.decode("ascii", "replace").splitlines():
            parts = [*line.split(","), "", "", "", ""]
            pts, dts, length = (_time(part) for part in parts[:3])
            time = pts if pts is not None else dts
            if time is not None and DISCARD not in parts[3]:
                found.append(Packet(time, length or Fraction(0), time if dts is None else dts, KEY in parts[3]))
        return found

    def _ffprobe(self, options: list[str], limits: Limits) -> Outcome:
        def arguments(name: str) -> list[str]:
            return [*self._safe(), "-hide_banner", "-v", "error", *options, *self._input(name)]
        return self._sandbox.run(self._tools.ffprobe, arguments, source=self._source, limits=limits,
                                 watch=self._watch, nice=self._nice)

    def _input(self, name: str) -> list[str]:
        return ["-f", self._container.demuxer, "-i", name]

    def _safe(self) -> list[str]:
        return ["-protocol_whitelist", "file,pipe", "-format_whitelist", self._container.whitelist]


def _one_clock(packets: list[Packet]) -> None:
    """Recordings that were joined without a new clock would cover each other. Raises Refused."""
    for before, after in pairwise(packets):
        if not -BACK <= after.read - before.read <= AHEAD:
            raise Refused("clock-jumps", sentence(
                "The file's clock jumps from %(before)s s to %(after)s s: it seems to be several recordings in one. "
                "Join them with a program for editing, and upload the result.", before=round(before.read),
                after=round(after.read)))


def key_distance(packets: list[Packet], start: Fraction, rate: Fraction) -> int:
    """Return how many frames there are from each keyframe to the next; 0 where that differs, or there are too few.

    The packets are the first of a stream; a film is only copied if all the others turn out so too.
    """
    ordered = sorted(packets, key=lambda packet: packet.shown)
    places = [(packet.shown - start) * rate for packet in ordered]
    if not ordered or packets[0].shown != start or any(abs(place - round(place)) > OFF_GRID * rate for place in places):
        return 0
    keys = [round(place) for place, packet in zip(places, ordered, strict=True) if packet.key]
    distances = {after - before for before, after in pairwise(keys)}
    return distances.pop() if len(distances) == 1 and keys[0] == 0 else 0


def _frame_rate(stream: dict[str, Any], times: list[Fraction]) -> tuple[Fraction, bool]:
    """Return the rate to encode at, and whether the source's varies; from the distances between real frames."""
    ordered = sorted(set(times))
    steps = [float(b - a) for a, b in pairwise(ordered) if b > a]
    if not steps:
        return _settle(nominal(stream) or Fraction(25)), False
    if len(steps) > (ordered[-1] - ordered[0]) * FASTEST_SOURCE:
        raise Refused("bad-times", sentence(
            "The file claims to show more than %(most)s pictures a second: its times are damaged.",
            most=FASTEST_SOURCE))
    middle = statistics.median(steps)
    usual = statistics.fmean(step for step in steps if abs(step - middle) <= middle * 0.25)
    variable = sum(abs(step - middle) > max(0.0025, middle * 0.25) for step in steps) > len(steps) * 0.02
    mean = float(ordered[-1] - ordered[0]) / len(steps)
    claimed = nominal(stream)
    if claimed is not None and not variable and abs(float(claimed) * mean - 1) < 0.03:
        return _settle(claimed), False
    return _settle(Fraction(1 / (usual if variable else mean)).limit_denominator(1001), variable), variable


def nominal(stream: dict[str, Any]) -> Fraction | None:
    """Return the frame rate that a stream claims, where it is one that a film may have."""
    for name in ("avg_frame_rate", "r_frame_rate"):
        try:
            rate = Fraction(stream.get(name) or "0")
        except (ValueError, ZeroDivisionError):
            continue
        if 1 <= rate <= 240:
            return rate
    return None


def _settle(rate: Fraction, rough: bool = False) -> Fraction:
    """Snap to a standard rate that is very near (a rough one from further), and keep it between 5 and 60."""
    while rate > FASTEST * Fraction(1005, 1000):
        rate /= 2
    near = min(STANDARD_RATES, key=lambda standard: abs(standard - rate))
    if abs(near - rate) <= near * Fraction(150 if rough else 4, 10_000):
        return near
    while rate < SLOWEST:
        rate *= 2
    return rate.limit_denominator(1001)


def _time(text: str) -> Fraction | None:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
