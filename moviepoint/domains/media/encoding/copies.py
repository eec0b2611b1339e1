"""A source's own picture and sound, taken as they are: what is compliant already is not encoded again.

The plan says what seems fit, from the first minutes and from what the source says of itself. Here every segment is read
back; what turns out otherwise is Unfit, and is encoded after all.
"""
from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import msgspec

from moviepoint.domains.media.encoding import commands, early, fragments
from moviepoint.domains.media.encoding.child import Progress
from moviepoint.domains.media.encoding.errors import Temporary
from moviepoint.domains.media.encoding.fence import held
from moviepoint.domains.media.encoding.frames import TICKS, Damaged, Segment, fault_of
from moviepoint.domains.media.encoding.plan import Plan, Rung, Step
from moviepoint.domains.media.encoding.ranges import segment_fault, uneven
from moviepoint.domains.media.encoding.segments import (
    CLOCK_SECONDS,
    FMP4,
    SUFFIXES,
    opens_clean,
    read_segment,
    segment_name,
)
from moviepoint.domains.media.encoding.workshop import Result, StepWatch, Workshop, limits_for, move, run_ffmpeg
from moviepoint.kernel.sentences import sentence

FIRST_EARLY, FIRST_LATE = 0.1, 0.03  # seconds: an encoder puts up to some frames before the zero, to be thrown away
DECODER, DECODING = "[aac @", "Error while decoding"  # begin what ffmpeg says of damaged sound
GAP, ENDS_APART = 0.005, 0.15  # seconds
HIGHEST = 1100  # bits a second for each kbit/s of a rung's cap: a segment may be a little above it


class Unfit(Temporary):
    """A source's picture or sound is not what its first minutes promised, and must be encoded."""

    def __init__(self, fault: str) -> None:
        super().__init__("unfit", sentence("It cannot be taken as it is: %(fault)s.", fault=fault))


class Delivery(msgspec.Struct):
    """A copied rung on its way from staging into the package."""

    plan: Plan
    rung: Rung
    staging: Path
    package: Path
    watch: StepWatch
    done: int = 0  # segments that are in the package
    frames: int = 0

    def ready(self, ended: bool = False) -> None:
        """Move what is whole: a segment is when the next one is there, or the process has ended. Raises Unfit."""
        while self._path(self.done).exists() and (ended or self._path(self.done + 1).exists()):
            last = not self._path(self.done + 1).exists()
            segment = self._segment(last)
            with held(self.package, self.watch.hold):
                self._move()
                self.frames += len(segment.frames)
                self.done += 1
                early.announce_pictures(self.package, self.plan)
            self.watch.delivered()

    def _path(self, number: int) -> Path:
        return self.staging / self.rung.name / segment_name(number, SUFFIXES[self.plan.profile.segments])

    def _segment(self, last: bool) -> Segment:
        """Read the next segment and ask of it what is asked of one that was encoded, and a little more."""
        path, grid = self._path(self.done), self.plan.grid
        try:
            if self.plan.profile.segments == FMP4:
                fragments.rebase(path, Fraction(CLOCK_SECONDS))
            segment = read_segment(path)
            clean = all(opens_clean(path, frame) for frame in segment.frames if frame.keyframe)
        except (OSError, Damaged) as error:
            raise Unfit(fault_of(error)) from error
        fault = segment_fault(segment, grid, self.done)
        if not fault and not last and len(segment.frames) != grid.segment:
            fault = uneven(segment, grid, self.done)
        if not fault and not clean:
            fault = sentence("segment %(number)s leans on pictures before its keyframes", number=self.done)
        if not fault and segment.size * 8 > HIGHEST * self.rung.max_kbps * grid.segment_seconds:
            fault = sentence("segment %(number)s is above the rung's cap", number=self.done)
        if fault:
            raise Unfit(fault)
        return segment

    def _move(self) -> None:
        name = self.rung.name
        if self.plan.profile.segments == FMP4 and not self.done:
            kept = self.package / name / fragments.INIT
            kept.parent.mkdir(parents=True, exist_ok=True)
            copy = (self.staging / name / fragments.INIT).with_suffix(".copy")  # what follows is read with the other
            copy.write_bytes((self.staging / name / fragments.INIT).read_bytes())
            copy.replace(kept)
        move(self.staging, self.package, [f"{name}/{self._path(self.done).name}"])


def picture(shop: Workshop, step: Step, staging: Path, package: Path, watch: StepWatch) -> Result:
    """Take the source's picture as a rung, whole. Raises Unfit."""
    plan = shop.plan
    rung = next(rung for rung in plan.rungs if rung.name == step.target)
    (staging / rung.name).mkdir(parents=True, exist_ok=True)
    delivery, total = Delivery(plan, rung, staging, package, watch), float(shop.seconds)

    def report(progress: Progress) -> None:
        delivery.ready()
        watch(min(1.0, float(plan.grid.seconds(delivery.frames)) / total), progress.speed)

    outcome, command = run_ffmpeg(shop, lambda name: commands.copied_picture(name, shop.probe, rung, plan), staging,
                                  limits_for(total), report, watch)
    delivery.ready(ended=True)
    if abs(delivery.frames - plan.frames) > Fraction(*plan.grid.rate) / 2:
        raise Unfit(sentence("it has %(frames)s pictures and not %(wanted)s", frames=delivery.frames,
                             wanted=plan.frames))
    return Result(command, outcome.log, outcome.seconds, delivery.done, delivery.frames)


def sound_fault(starts: list[int], lengths: list[Fraction], total: float, log: str = "") -> str:
    """Return what is amiss with a copied sound, or an empty text.

    `starts` are those of its segments in 90 kHz, from the film's zero; `lengths` and `total` are seconds; `log` is what
    was said while it was decoded.
    """
    if DECODER in log or DECODING in log:
        return sentence("the sound is damaged")
    if not starts or not -FIRST_EARLY <= starts[0] / TICKS <= FIRST_LATE:
        return sentence("the sound does not begin with the picture")
    for number, (start, after) in enumerate(pairwise(starts)):
        if abs(after - start - lengths[number] * TICKS) > GAP * TICKS:
            return sentence("the sound has a gap after segment %(number)s", number=number)
    if abs(starts[0] / TICKS + float(sum(lengths)) - total) > ENDS_APART:
        return sentence("the sound does not end with the picture")
    return ""
