"""Run one step of a plan in a staging folder, and accept only what was measured to be right.

ffmpeg's word counts for nothing here: it ends with success on a truncated source and on a full disk. What
counts are whole segments with the right number of frames at the right times.
"""
from __future__ import annotations

import shutil
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import msgspec

from moviepoint.domains.media.encoding import commands, sidecars, storyboard, subtitles, transport
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.child import GIB, Limits, Outcome, Progress, Sandbox, Watch
from moviepoint.domains.media.encoding.commands import CLOCK_SECONDS
from moviepoint.domains.media.encoding.errors import DiskFull, Refused, Temporary
from moviepoint.domains.media.encoding.plan import Grid, Plan, Profile, Step, SubtitleTarget
from moviepoint.domains.media.encoding.playlists import segment_name
from moviepoint.domains.media.encoding.probe import Probe

PTS_TOLERANCE = 3  # ticks of 90 kHz: rounding of times such as 1001/24000
ENCODE_MEMORY = 12 * GIB


class Workshop(msgspec.Struct, frozen=True):
    """What every step needs: the programs, the source, what is known of it, and what is to be made."""

    tools: Tools
    sandbox: Sandbox
    source: Path
    probe: Probe
    plan: Plan
    profile: Profile

    @property
    def seconds(self) -> Fraction:
        """The picture's length on the grid."""
        return self.plan.grid.seconds(self.plan.frames)


class Result(msgspec.Struct, frozen=True):
    """What a step has made; small enough for a row."""

    command: str = ""
    log: str = ""
    seconds: float = 0.0
    segments: int = 0
    frames: int = 0
    reused: int = 0  # segments that an earlier attempt had finished
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()  # relative to the package, in the order of commit


class VideoProgress:
    """Turns ffmpeg's frame count into a share of the range, the finished part included."""

    def __init__(self, watch: StepWatch, frames: int, done: int) -> None:
        self._watch, self._frames, self._done = watch, max(1, frames), done

    def __call__(self, progress: Progress) -> None:
        self._watch(min(1.0, (self._done + progress.frame) / self._frames), progress.speed)


class StepWatch:
    """What a worker gives to a step: called often with (share, speed); ends the work by raising."""

    def __call__(self, share: float, speed: float | None) -> None:
        """Take a share from 0 to 1, and the speed in seconds of film a second."""

    def began(self, command: str) -> None:
        """Take the command that runs now."""

    def said(self, log: str) -> None:
        """Take the last lines that it has written."""


def run_step(shop: Workshop, step: Step, staging: Path, earlier: Iterable[Path], watch: StepWatch) -> Result:
    """Do one step of the kinds video, audio, subtitles, retime or storyboard into the folder `staging`.

    `earlier` are folders of attempts that were broken off; their finished segments are taken over. Raises the
    errors of `encoding.errors`, and whatever `watch` raises.
    """
    staging.mkdir(parents=True, exist_ok=True)
    if step.kind == "video":
        return _video(shop, step, staging, earlier, watch)
    if step.kind == "audio":
        return _audio(shop, step, staging, watch)
    if step.kind == "subtitles":
        return _subtitles(shop, step, staging, watch)
    if step.kind == "retime":
        return _retime(shop, step, staging)
    if step.kind == "storyboard":
        return _storyboard(shop, staging, watch)
    raise ValueError(f"no such kind of step: {step.kind!r}")


def commit(staging: Path, package: Path, files: Iterable[str]) -> None:
    """Move accepted files from staging into the package by rename; doing it twice does no harm."""
    for name in files:
        source, target = staging / name, package / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
        elif not target.exists():
            raise Temporary("lost", f"{name} is neither staged nor in place.")
    shutil.rmtree(staging, ignore_errors=True)


def segment_fault(segment: transport.Segment, grid: Grid, number: int) -> str:
    """Return what is wrong with a picture's segment, or an empty string. A shorter one may be the film's last."""
    expected = float(CLOCK_SECONDS * transport.TICKS + grid.seconds(number * grid.segment) * transport.TICKS)
    if abs(segment.first_pts - expected) > PTS_TOLERANCE:
        return f"segment {number} begins at {segment.first_pts} and not at {expected:.0f}"
    if len(segment.frames) > grid.segment:
        return f"segment {number} has {len(segment.frames)} frames and not {grid.segment}"
    keys = [position for position, frame in enumerate(segment.frames) if frame.keyframe]
    if keys != list(range(0, len(segment.frames), grid.keyframe)):
        return f"segment {number} has its keyframes at {keys[:5]}"
    return ""


def _video(shop: Workshop, step: Step, staging: Path, earlier: Iterable[Path], watch: StepWatch) -> Result:
    plan, grid = shop.plan, shop.plan.grid
    rungs = [rung.name for rung in plan.rungs]
    for rung in rungs:
        (staging / rung).mkdir(exist_ok=True)
    for folder in earlier:
        _take_over(folder, staging, rungs, step)
    done = _whole_prefix(staging, rungs, grid, step)
    reused = done - step.first
    last = grid.segments(plan.frames) if step.end is None else step.end
    frames = (plan.frames if step.end is None else step.end * grid.segment) - step.first * grid.segment
    command, log, seconds = "", "", 0.0
    if done < last:
        outcome, command = _run(shop, lambda name: commands.video_range(
            name, shop.probe, plan, shop.profile, done, step.end, shop.tools.tone_mapping), staging,
            _limits(float(grid.seconds(frames)) * len(rungs)),
            VideoProgress(watch, frames, reused * grid.segment), watch)
        log, seconds = outcome.log, outcome.seconds
    made = _accept(staging, rungs, grid, step, plan, log)
    files = tuple(f"{rung}/{segment_name(number)}" for rung in rungs
                  for number in range(step.first, step.first + made.segments))
    return Result(command, log, seconds, made.segments, made.frames, reused, files=files)


class Made(msgspec.Struct, frozen=True):
    segments: int
    frames: int


def _accept(staging: Path, rungs: list[str], grid: Grid, step: Step, plan: Plan, log: str) -> Made:
    """Count what is whole and equal in all rungs, and compare it with what the step was to make."""
    counts = [[len(s.frames) for s in _good_segments(staging / rung, grid, step.first)] for rung in rungs]
    if any(count != counts[0] for count in counts):
        raise Temporary("uneven", f"The rungs differ in their segments. {_last_line(log)}")
    made = Made(len(counts[0]), sum(counts[0]))
    if any(count != grid.segment for count in counts[0][:-1]):
        raise Temporary("uneven", f"A segment in the middle is too short. {_last_line(log)}")
    wanted = (plan.frames if step.end is None else step.end * grid.segment) - step.first * grid.segment
    allowed = float(Fraction(*grid.rate)) / 2 if step.end is None else 0
    if made.frames < wanted - allowed:
        have = float(grid.seconds(step.first * grid.segment + made.frames))
        raise Refused("truncated", f"The picture ends or breaks after {have:.1f} s; "
                                   f"{float(grid.seconds(wanted - made.frames)):.1f} s are missing. "
                                   f"The file is damaged or cut off. {_last_line(log)}")
    return made


def _good_segments(folder: Path, grid: Grid, first: int) -> list[transport.Segment]:
    """The run of right segments from `first` on."""
    found: list[transport.Segment] = []
    while True:
        try:
            segment = transport.read_segment(folder / segment_name(first + len(found)))
        except (OSError, transport.Damaged):
            return found
        if segment_fault(segment, grid, first + len(found)):
            return found
        found.append(segment)


def _whole_prefix(staging: Path, rungs: list[str], grid: Grid, step: Step) -> int:
    """Return the number of the first segment still to be made; what lies beyond it is removed."""
    runs = []
    for rung in rungs:
        good = [len(s.frames) for s in _good_segments(staging / rung, grid, step.first)]
        runs.append(next((n for n, count in enumerate(good) if count != grid.segment), len(good)))
    first_missing = step.first + min(runs)
    for rung in rungs:
        for path in (staging / rung).iterdir():
            if not path.name.endswith(".ts") or int(path.stem.removeprefix("data") or -1) >= first_missing:
                path.unlink()
    return first_missing


def _take_over(folder: Path, staging: Path, rungs: list[str], step: Step) -> None:
    """Move a range's finished segments of an earlier attempt here; whoever still runs there cannot undo it."""
    for rung in rungs:
        for path in sorted((folder / rung).glob("data*.ts")) if (folder / rung).is_dir() else ():
            number, target = int(path.stem.removeprefix("data")), staging / rung / path.name
            if number >= step.first and (step.end is None or number < step.end) and not target.exists():
                path.replace(target)


def _audio(shop: Workshop, step: Step, staging: Path, watch: StepWatch) -> Result:
    target = next(t for t in shop.plan.audio if t.name == step.target)
    folder = staging / target.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    total = float(shop.seconds)

    def report(progress: Progress) -> None:
        watch(min(1.0, max(0.0, progress.seconds - CLOCK_SECONDS) / total), progress.speed)

    grid = shop.plan.grid
    outcome, command = _run(shop, lambda name: commands.audio_track(
        name, shop.probe, target, grid.segment_seconds, shop.seconds), staging, _limits(total / 2), report, watch)
    durations = audio_durations(folder)
    if abs(float(sum(durations)) - total) > 0.5:
        raise Refused("sound-broken", f"The sound track {target.label or target.language} could not be read to its "
                                      f"end: {float(sum(durations)):.1f} s of {total:.1f} s. {_last_line(outcome.log)}")
    files = tuple(f"{target.name}/{segment_name(number)}" for number in range(len(durations)))
    return Result(command, outcome.log, outcome.seconds, len(durations), files=files)


def audio_durations(folder: Path) -> list[Fraction]:
    """Return the length of each of a sound rendition's segments, in seconds, measured. Raises Temporary."""
    count = len(list(folder.glob("data*.ts")))
    if not count:
        raise Temporary("no-sound", "Not one segment of sound was written.")
    try:
        paths = [folder / segment_name(number) for number in range(count)]
        starts = [transport.read_segment(path).first_pts for path in paths]
        tail = transport.audio_ticks(paths[-1])
    except (OSError, transport.Damaged) as error:
        raise Temporary("damaged-segment", f"A segment of sound is damaged: {error}.") from error
    lengths = [b - a for a, b in pairwise(starts)] + [tail]
    return [Fraction(length, transport.TICKS) for length in lengths]


def _subtitles(shop: Workshop, step: Step, staging: Path, watch: StepWatch) -> Result:
    target = next(t for t in shop.plan.subtitles if t.name == step.target)
    stream = target.stream
    if stream is None:
        watch.began("read text")
        rate = float(Fraction(*shop.plan.grid.rate))
        return _cues(shop, target, staging, sidecars.read_text(shop.source, target.encoding, rate), "")
    watch.began("extract text")
    outcome = shop.sandbox.run(shop.tools.ffmpeg, lambda name: commands.extract_subtitles(name, shop.probe, stream),
                               source=shop.source, limits=Limits(seconds=1800, stall_seconds=600),
                               watch=lambda _progress: watch(0.5, None))
    if outcome.status:
        raise Refused("subtitles-unreadable", f"The subtitles in {target.language} cannot be read. "
                                              f"{_last_line(outcome.log)}")
    kind = "ass" if target.source_format in ("ass", "ssa") else "srt"
    parsed = subtitles.parse(outcome.output.decode("utf-8", "replace"), kind)
    return _cues(shop, target, staging, parsed, outcome.log)


def _cues(shop: Workshop, target: SubtitleTarget, staging: Path, parsed: subtitles.Parsed, log: str) -> Result:
    cues = subtitles.shift(parsed.cues, -round(shop.probe.zero * 1000))
    files = subtitles.write_track(cues, staging, target.name or "", shop.plan.grid.segment_seconds, shop.seconds,
                                  target.offset_ms)
    return Result("", log, 0.0, len(files) - 2, notes=parsed.faults, files=files)


def _retime(shop: Workshop, step: Step, staging: Path) -> Result:
    """Cut a stored track's cues into segments again, at another offset."""
    target = next(t for t in shop.plan.subtitles if t.name == step.target)
    try:
        cues = subtitles.read_track(shop.source)
    except OSError as error:
        raise Refused("track-gone", "The track's files are not on the storage.") from error
    files = subtitles.write_track(cues, staging, step.target, shop.plan.grid.segment_seconds, shop.seconds,
                                  target.offset_ms)
    return Result(segments=len(files) - 2, files=files)


def _storyboard(shop: Workshop, staging: Path, watch: StepWatch) -> Result:
    layout = storyboard.layout_for(shop.plan, shop.seconds)
    folder = staging / storyboard.FOLDER
    folder.mkdir(exist_ok=True)
    outcome, command = _run(shop, lambda name: commands.keyframe_pictures(
        name, shop.probe, layout.width, layout.height, layout.interval, layout.columns, layout.rows, layout.sheets,
        shop.tools.tone_mapping), folder, _limits(float(shop.seconds) / 4), lambda _progress: watch(0.5, None), watch)
    files = storyboard.finish(staging, layout, shop.seconds)
    return Result(command, outcome.log, outcome.seconds, files=files)


def _run(shop: Workshop, build: commands.Builder, folder: Path, limits: Limits, report: Watch,
         watch: StepWatch) -> tuple[Outcome, str]:
    """Run ffmpeg; a failing status is temporary unless ffmpeg says that it is the source."""
    command = " ".join(["ffmpeg", *build("SOURCE")])
    watch.began(command)

    def hear(progress: Progress) -> None:
        watch.said(progress.log)
        report(progress)

    outcome = shop.sandbox.run(shop.tools.ffmpeg, build, source=shop.source, limits=limits, output=folder,
                               watch=hear, keep_output=False)
    if outcome.status:
        if "Invalid data found" in outcome.log or "Decoder not found" in outcome.log or "not found for" in outcome.log:
            raise Refused("undecodable", f"The file cannot be decoded. {_last_line(outcome.log)}")
        if "Cannot allocate memory" in outcome.log:
            raise Temporary("memory", "There was not enough memory for this step.")
        raise Temporary("ffmpeg-failed", f"ffmpeg ended with {outcome.status}. {_last_line(outcome.log)}")
    if "No space left on device" in outcome.log:
        raise DiskFull()
    return outcome, command


def _limits(work_seconds: float) -> Limits:
    """A generous bound: twenty times the work's own length, an hour at least."""
    return Limits(seconds=max(3600.0, work_seconds * 20), memory=ENCODE_MEMORY)


def _last_line(log: str) -> str:
    line = log.strip().rsplit("\n", 1)[-1]
    return f"ffmpeg's last words: {line[:200]}" if line else ""
