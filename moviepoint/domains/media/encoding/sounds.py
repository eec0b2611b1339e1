"""One dub: encoded whole, because AAC has no seams, and delivered segment by segment."""
from __future__ import annotations

import re
import shutil
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from moviepoint.domains.media.encoding import commands, early, fragments
from moviepoint.domains.media.encoding.child import Limits, Progress
from moviepoint.domains.media.encoding.errors import Refused, Temporary
from moviepoint.domains.media.encoding.frames import TICKS, Damaged, fault_of
from moviepoint.domains.media.encoding.plan import AudioTarget, Step
from moviepoint.domains.media.encoding.segments import (
    CLOCK_SECONDS,
    FMP4,
    SUFFIXES,
    read_segment,
    segment_name,
    sound_seconds,
)
from moviepoint.domains.media.encoding.workshop import (
    Result,
    StepWatch,
    Workshop,
    hand_over,
    last_line,
    limits_for,
    run_ffmpeg,
)
from moviepoint.kernel.sentences import join, sentence

#: Sound yields to the picture: its first segments are quick all the same.
NICE = 10
_SUMMARY = re.compile(r"^\s*(I|Peak):\s*(-?[\d.]+|-?inf|nan) (LUFS|dBFS)", re.MULTILINE)


class Queue:
    """Segments of a sound on their way into the package, in order."""

    def __init__(self, shop: Workshop, name: str, staging: Path, package: Path, watch: StepWatch) -> None:
        self._form, self._plan = shop.plan.profile.segments, shop.plan
        self._name, self._staging, self._package, self._watch = name, staging, package, watch
        self.durations: list[Fraction] = []

    def deliver_ready(self) -> None:
        """Move what ffmpeg has finished: a segment has its name only when it is whole."""
        while (path := self._path(len(self.durations))).exists():
            if self._form == FMP4:
                fragments.rebase(path, Fraction(CLOCK_SECONDS))
            try:
                length = sound_seconds(path)
            except Damaged as error:
                raise _damaged(error) from error
            if self._form == FMP4 and not self.durations:
                init = path.with_name(fragments.INIT)
                (self._package / self._name).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(init, self._package / self._name / fragments.INIT)
            hand_over(self._staging, self._package, [f"{self._name}/{path.name}"], self._watch)
            self.durations.append(length)
            early.announce_sound(self._package, self._plan, self._name, self.durations)
            self._watch.delivered()

    def _path(self, number: int) -> Path:
        return self._staging / self._name / segment_name(number, SUFFIXES[self._form])


def encode(shop: Workshop, step: Step, staging: Path, package: Path, watch: StepWatch) -> Result:
    """Make a dub, and bring it to the profile's loudness where it names one."""
    target = next(t for t in shop.plan.sounds if t.name == step.target)
    shutil.rmtree(staging / target.name, ignore_errors=True)
    (staging / target.name).mkdir(parents=True)
    gain = _gain(shop, target, staging, watch)
    total, queue = float(shop.seconds), Queue(shop, target.name, staging, package, watch)

    def report(progress: Progress) -> None:
        queue.deliver_ready()
        watch(min(1.0, max(0.0, progress.seconds - CLOCK_SECONDS) / total), progress.speed)

    outcome, command = run_ffmpeg(shop, lambda name: commands.audio_track(
        name, shop.probe, target, shop.plan, shop.seconds, gain), staging, limits_for(total / 2), report, watch, NICE)
    queue.deliver_ready()
    length = float(sum(queue.durations))
    if abs(length - total) > 0.5:
        raise Refused("sound-broken", join((sentence(
            "The sound track %(name)s could not be read to its end: %(length)s s of %(total)s s.",
            name=target.label or target.language, length=round(length, 1), total=round(total, 1)),
            last_line(outcome.log))))
    return Result(command, outcome.log, outcome.seconds, len(queue.durations))


def _gain(shop: Workshop, target: AudioTarget, staging: Path, watch: StepWatch) -> float:
    """Decibels that bring a dub to the wished loudness; its peaks stay below full scale. Silence stays silence."""
    wished = shop.plan.profile.loudness
    if wished is None:
        return 0.0
    lines: list[str] = []

    def hear(progress: Progress) -> None:
        lines[:] = [progress.log]
        watch(0.0, progress.speed)

    outcome, _command = run_ffmpeg(shop, lambda name: commands.loudness(name, shop.probe, target), staging,
                                   Limits(seconds=max(3600.0, float(shop.seconds))), hear, watch, NICE)
    found = {name: float(value) for name, value, _unit in _SUMMARY.findall(outcome.log)}
    return gain_for(found.get("I", float("-inf")), found.get("Peak", 0.0), wished)


def gain_for(loudness: float, peak: float, wished: float) -> float:
    """Return the gain in dB from a measured loudness (LUFS) and true peak (dBTP) to a wished loudness."""
    if not loudness > -70:  # the gate of EBU R128: there is nothing to hear
        return 0.0
    gain = wished - loudness
    return round(min(gain, max(0.0, commands.FULL_SCALE - peak)) if gain > 0 else gain, 2)


def _damaged(error: OSError | Damaged) -> Temporary:
    return Temporary("damaged-segment", sentence("A segment of sound is damaged: %(error)s.", error=fault_of(error)))


def audio_durations(folder: Path) -> list[Fraction]:
    """Return the length of each of a sound rendition's segments, in seconds, measured. Raises Temporary."""
    suffix = "m4s" if (folder / fragments.INIT).exists() else "ts"
    count = len(list(folder.glob(f"data*.{suffix}")))
    if not count:
        raise Temporary("no-sound", sentence("Not one segment of sound was written."))
    try:
        paths = [folder / segment_name(number, suffix) for number in range(count)]
        starts = [read_segment(path).first_pts for path in paths]
        tail = sound_seconds(paths[-1])
    except (OSError, Damaged) as error:
        raise _damaged(error) from error
    return [*(Fraction(b - a, TICKS) for a, b in pairwise(starts)), tail]
