"""One range of segments of all rungs that are encoded: made in one process, and delivered segment by segment.

A segment goes into the package as soon as it is whole and right in every rung. So a film can be watched while it is
encoded, and a worker that is killed loses the segment in hand and no other.
"""
from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path

import msgspec

from moviepoint.domains.media.encoding import commands, early, fragments
from moviepoint.domains.media.encoding.child import Progress
from moviepoint.domains.media.encoding.errors import Refused, Temporary
from moviepoint.domains.media.encoding.fence import held
from moviepoint.domains.media.encoding.frames import TICKS, Damaged, Segment
from moviepoint.domains.media.encoding.plan import Grid, Plan, Step
from moviepoint.domains.media.encoding.segments import CLOCK_SECONDS, FMP4, SUFFIXES, read_segment, segment_name
from moviepoint.domains.media.encoding.workshop import (
    Result,
    StepWatch,
    Workshop,
    last_line,
    limits_for,
    move,
    run_ffmpeg,
)
from moviepoint.kernel.sentences import join, sentence

PTS_TOLERANCE = 3  # ticks of 90 kHz: rounding of times such as 1001/24000


class Shelf(msgspec.Struct):
    """A range on its way from staging into the package."""

    plan: Plan
    step: Step
    staging: Path
    package: Path
    watch: StepWatch
    start: int  # the first segment that this process makes
    done: int  # the first segment that is not in the package
    _looked: int = -1  # the segment that was not full when it was looked at

    @property
    def rungs(self) -> list[str]:
        return [rung.name for rung in self.plan.encoded]

    def name(self, number: int) -> str:
        return segment_name(number, SUFFIXES[self.plan.profile.segments])

    def deliver_ready(self) -> None:
        """Move segments that are finished in all rungs; a last one that is not full waits for the end."""
        while all((self.staging / rung / self.name(self.done)).exists() for rung in self.rungs):
            followed = any((self.staging / rung / self.name(self.done + 1)).exists() for rung in self.rungs)
            if self._looked == self.done and not followed:
                return
            self._looked = self.done
            counts = self._frames(self.done)
            if counts != {self.plan.grid.segment}:
                if followed:
                    raise Temporary("uneven", sentence(
                        "Segment %(number)s was not encoded as it should be.", number=self.done))
                return
            self._deliver()

    def deliver_rest(self) -> int:
        """After the process has ended: move what is right; returns the frames of a shorter last segment."""
        self.deliver_ready()
        counts = self._frames(self.done)
        if len(counts) > 1:
            raise Temporary("uneven", sentence("The rungs differ in their segments."))
        (frames,) = counts
        if frames:
            self._deliver()
        return frames

    def _frames(self, number: int) -> set[int]:
        """How many frames the rungs' segments have; 0 for one that is missing or wrong."""
        for path in [self.staging / rung / self.name(number) for rung in self.rungs]:
            self._rebase(path, number)
        return {_frames_in(self.staging / rung / self.name(number), self.plan.grid, number) for rung in self.rungs}

    def _rebase(self, path: Path, number: int) -> None:
        """Bring a segment of fMP4 to the film's clock, once: its process has begun at zero."""
        if self.plan.profile.segments != FMP4:
            return
        grid = self.plan.grid
        raw = grid.seconds((number - self.start) * grid.segment) * TICKS
        with contextlib.suppress(OSError, Damaged):
            if abs(read_segment(path).first_pts - raw) <= PTS_TOLERANCE:
                fragments.rebase(path, CLOCK_SECONDS + grid.seconds(self.start * grid.segment))

    def _deliver(self) -> None:
        with held(self.package, self.watch.hold):
            if self.plan.profile.segments == FMP4:
                self._deliver_inits()
            move(self.staging, self.package, [f"{rung}/{self.name(self.done)}" for rung in self.rungs])
            early.announce_pictures(self.package, self.plan)
        self.done += 1
        self.watch.delivered()

    def _deliver_inits(self) -> None:
        """The package has one init segment a rung; those of all ranges must be the same."""
        for rung in self.rungs:
            made, kept = self.staging / rung / fragments.INIT, self.package / rung / fragments.INIT
            if not kept.exists():
                kept.parent.mkdir(parents=True, exist_ok=True)
                copy = made.with_suffix(".copy")  # what follows is read with the one in staging
                copy.write_bytes(made.read_bytes())
                copy.replace(kept)
            elif kept.read_bytes() != made.read_bytes():
                raise Temporary("uneven", sentence("Two ranges of the film were encoded in different ways."))


def encode(shop: Workshop, step: Step, staging: Path, package: Path, watch: StepWatch) -> Result:
    """Make a range, from the first of its segments that the package does not have."""
    plan, grid = shop.plan, shop.plan.grid
    last = grid.segments(plan.frames) if step.end is None else step.end
    frames = (plan.frames if step.end is None else step.end * grid.segment) - step.first * grid.segment
    start, tail = _in_place(package, plan, step)
    reused = start - step.first + (1 if tail else 0)
    if reused + step.first >= last:
        return Result(segments=reused, frames=(start - step.first) * grid.segment + tail, reused=reused)
    shelf = Shelf(plan, step, staging, package, watch, start, start)
    for rung in shelf.rungs:
        (staging / rung).mkdir(parents=True, exist_ok=True)

    def report(progress: Progress) -> None:
        shelf.deliver_ready()
        made = (start - step.first) * grid.segment + progress.frame
        watch(min(1.0, made / max(1, frames)), progress.speed)

    outcome, command = run_ffmpeg(shop, lambda name: commands.video_range(
        name, shop.probe, plan, start, step.end, shop.threads), staging,
        limits_for(float(grid.seconds(frames)) * len(shelf.rungs)), report, watch)
    rest = shelf.deliver_rest()
    whole = shelf.done - step.first - (1 if rest else 0)
    made = whole * grid.segment + rest
    _accept(plan, step, made, frames, outcome.log)
    return Result(command, outcome.log, outcome.seconds, shelf.done - step.first, made, start - step.first)


def _accept(plan: Plan, step: Step, made: int, wanted: int, log: str) -> None:
    """Compare what is there with what the step was to make; the film's true end may be half a second early."""
    grid = plan.grid
    if not made and wanted:
        raise Refused("no-pictures", join((sentence(
            "Not one picture could be made of this part of the film: the file is damaged."), last_line(log))))
    allowed = float(Fraction(*grid.rate)) / 2 if step.end is None else 0
    if made < wanted - allowed:
        have = float(grid.seconds(step.first * grid.segment + made))
        raise Refused("truncated", join((sentence(
            "The picture ends or breaks after %(seconds)s s; %(missing)s s are missing. The file is damaged or cut "
            "off.", seconds=round(have, 1), missing=round(float(grid.seconds(wanted - made)), 1)), last_line(log))))


def _in_place(package: Path, plan: Plan, step: Step) -> tuple[int, int]:
    """The first segment that some rung lacks or has not whole; and the frames of a shorter last one before it."""
    number, suffix = step.first, SUFFIXES[plan.profile.segments]
    while step.end is None or number < step.end:
        counts = {_frames_in(package / rung.name / segment_name(number, suffix), plan.grid, number)
                  for rung in plan.encoded}
        if counts != {plan.grid.segment}:
            short = counts.pop() if len(counts) == 1 else 0
            ends = short and step.end is None and number == plan.grid.segments(plan.frames) - 1
            return number, short if ends else 0
        number += 1
    return number, 0


def _frames_in(path: Path, grid: Grid, number: int) -> int:
    try:
        segment = read_segment(path)
    except (OSError, Damaged):
        return 0
    return 0 if segment_fault(segment, grid, number) else len(segment.frames)


def segment_fault(segment: Segment, grid: Grid, number: int) -> str:
    """Return what is wrong with a picture's segment, or an empty string. A shorter one may be the film's last."""
    expected = float(CLOCK_SECONDS * TICKS + grid.seconds(number * grid.segment) * TICKS)
    if abs(segment.first_pts - expected) > PTS_TOLERANCE:
        return sentence("segment %(number)s begins at %(begins)s and not at %(expected)s", number=number,
                        begins=segment.first_pts, expected=round(expected))
    if len(segment.frames) > grid.segment:
        return uneven(segment, grid, number)
    keys = [position for position, frame in enumerate(segment.frames) if frame.keyframe]
    if keys != list(range(0, len(segment.frames), grid.keyframe)):
        return sentence("segment %(number)s has its keyframes at %(places)s", number=number,
                        places=", ".join(map(str, keys[:5])))
    return ""


def uneven(segment: Segment, grid: Grid, number: int) -> str:
    """Say that a segment has another number of frames than the grid wants."""
    return sentence("segment %(number)s has %(frames)s frames and not %(wanted)s", number=number,
                    frames=len(segment.frames), wanted=grid.segment)
