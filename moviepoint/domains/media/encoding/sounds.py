"""One dub: encoded whole, because AAC has no seams, and delivered segment by segment."""
from __future__ import annotations

import contextlib
import re
import shutil
import time
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from moviepoint.domains.media.encoding import commands, copies, early, fragments
from moviepoint.domains.media.encoding.child import NICE, Limits, Progress
from moviepoint.domains.media.encoding.errors import Refused, Temporary
from moviepoint.domains.media.encoding.fence import held
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
    last_line,
    limits_for,
    move,
    run_ffmpeg,
)
from moviepoint.kernel.sentences import join, sentence

LOT_SECONDS = 1.0  # at least, between two deliveries of finished segments
_SUMMARY = re.compile(r"^\s*(I|Peak):\s*(-?[\d.]+|-?inf|nan) (LUFS|dBFS)", re.MULTILINE)


class Queue:
    """Segments of a sound on their way into the package, in order."""

    def __init__(self, shop: Workshop, name: str, staging: Path, package: Path, watch: StepWatch) -> None:
        self._form, self._plan = shop.plan.profile.segments, shop.plan
        self._name, self._staging, self._package, self._watch = name, staging, package, watch
        self.durations: list[Fraction] = []
        self.starts: list[int] = []  # 90 kHz, from the film's zero
        self._delivered = -LOT_SECONDS  # when the last lot went; the first goes at once

    def deliver_ready(self) -> None:
        """Move what ffmpeg has finished, but not too often: each lot asks the database and writes the playlist anew."""
        if time.monotonic() - self._delivered >= LOT_SECONDS:
            self.deliver_rest()

    def deliver_rest(self) -> None:
        """Move all that ffmpeg has finished: a segment has its name only when it is whole."""
        first, lot = len(self.durations), list[str]()
        while (path := self._path(first + len(lot))).exists():
            self._measure(path)
            lot.append(f"{self._name}/{path.name}")
        if not lot:
            return
        with held(self._package, self._watch.hold):
            if self._form == FMP4 and not first:
                self._deliver_init(self._path(0).with_name(fragments.INIT))
            move(self._staging, self._package, lot)
            early.announce_sound(self._package, self._plan, self._name, self.durations)
        self._delivered = time.monotonic()
        self._watch.delivered()

    def _measure(self, path: Path) -> None:
        """Note where a segment begins and how long it lasts. Raises Temporary for one that is damaged."""
        if self._form == FMP4:
            fragments.rebase(path, Fraction(CLOCK_SECONDS))
        try:
            length, start = sound_seconds(path), read_segment(path).first_pts - CLOCK_SECONDS * TICKS
        except Damaged as error:
            raise _damaged(error) from error
        self.durations.append(length)
        self.starts.append(start)

    def _deliver_init(self, init: Path) -> None:
        """What follows is read with the one in staging, so a copy goes."""
        copy = init.with_suffix(".copy")
        shutil.copyfile(init, copy)
        (self._package / self._name).mkdir(parents=True, exist_ok=True)
        copy.replace(self._package / self._name / init.name)

    def _path(self, number: int) -> Path:
        return self._staging / self._name / segment_name(number, SUFFIXES[self._form])


def encode(shop: Workshop, step: Step, staging: Path, package: Path, watch: StepWatch) -> Result:
    """Make a dub: copy it where it may be, else encode it, at the profile's loudness where it names one."""
    target = next(t for t in shop.plan.sounds if t.name == step.target)
    if target.copied and not target.offset_ms:
        with contextlib.suppress(Temporary, Refused):
            return _make(shop, target, staging, package, watch, lambda name: commands.copied_sound(
                name, shop.probe, target, shop.plan, shop.seconds), copied=True)
        with held(package, watch.hold):
            shutil.rmtree(package / target.name, ignore_errors=True)  # it would not be of one piece with the rest
    (staging / target.name).mkdir(parents=True, exist_ok=True)
    gain = _gain(shop, target, staging, watch)
    return _make(shop, target, staging, package, watch, lambda name: commands.audio_track(
        name, shop.probe, target, shop.plan, shop.seconds, gain))


def _make(shop: Workshop, target: AudioTarget, staging: Path, package: Path, watch: StepWatch,
          build: commands.Builder, copied: bool = False) -> Result:
    """Run a command that makes a dub, and deliver its segments. Raises Unfit for a copied one that has a fault."""
    shutil.rmtree(staging / target.name, ignore_errors=True)
    (staging / target.name).mkdir(parents=True)
    total, queue = float(shop.seconds), Queue(shop, target.name, staging, package, watch)

    def report(progress: Progress) -> None:
        queue.deliver_ready()
        watch(min(1.0, max(0.0, progress.seconds - CLOCK_SECONDS) / total), progress.speed)

    outcome, command = run_ffmpeg(shop, build, staging, limits_for(total / 2), report, watch, NICE)
    queue.deliver_rest()
    if copied and (fault := copies.sound_fault(queue.starts, queue.durations, total, outcome.log)):
        raise copies.Unfit(fault)
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
