"""What every step of a plan works with: programs, source, plan, and somebody who watches."""
from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import msgspec

from moviepoint.domains.media.encoding import commands
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.child import DISK_FULL, GIB, Limits, Outcome, Progress, Sandbox, Watch
from moviepoint.domains.media.encoding.errors import DiskFull, Refused, Temporary
from moviepoint.domains.media.encoding.fence import held
from moviepoint.domains.media.encoding.plan import Plan
from moviepoint.domains.media.encoding.probe import Probe
from moviepoint.kernel.sentences import join, sentence

ENCODE_MEMORY = 12 * GIB


class Workshop(msgspec.Struct, frozen=True):
    """What every step needs: the programs, the source, what is known of it, and what is to be made.

    `threads` are the encoder's; 0 leaves their number to it.
    """

    tools: Tools
    sandbox: Sandbox
    source: Path
    probe: Probe
    plan: Plan
    threads: int = 0

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
    encoding: str = ""  # what the letters of a file of subtitles were taken as, and whether that is sure
    sure: bool = True


class StepWatch:
    """What a worker gives to a step: called often with (share, speed); ends the work by raising."""

    def __call__(self, share: float, speed: float | None) -> None:
        """Take a share from 0 to 1, and the speed in seconds of film a second."""

    def began(self, command: str) -> None:
        """Take the command that runs now."""

    def said(self, log: str) -> None:
        """Take the last lines that it has written."""

    def hold(self) -> None:
        """Raise Stopped unless the work is still this worker's: asked right before files go into the package."""

    def delivered(self) -> None:
        """Hear that whole segments have gone into the package."""


def hand_over(staging: Path, package: Path, files: Iterable[str], watch: StepWatch) -> None:
    """Move accepted files from staging into the package by rename, if the work is still wanted."""
    with held(package, watch.hold):
        move(staging, package, files)


def move(staging: Path, package: Path, files: Iterable[str]) -> None:
    """Move files by rename, for who holds the package."""
    for name in files:
        target = package / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (staging / name).replace(target)


def run_ffmpeg(shop: Workshop, build: commands.Builder, folder: Path, limits: Limits, report: Watch, watch: StepWatch,
               nice: int = 0) -> tuple[Outcome, str]:
    """Run ffmpeg; a failing status is temporary unless ffmpeg says that it is the source."""
    command = " ".join(["ffmpeg", *build("SOURCE")])
    watch.began(command)

    def hear(progress: Progress) -> None:
        watch.said(progress.log)
        report(progress)

    hardware = shop.plan.profile.hardware
    outcome = shop.sandbox.run(shop.tools.ffmpeg, build, source=shop.source, limits=limits, output=folder,
                               watch=hear, keep_output=False, nice=nice, devices=hardware.devices if hardware else ())
    if outcome.status:
        if "Invalid data found" in outcome.log or "Decoder not found" in outcome.log or "not found for" in outcome.log:
            raise Refused("undecodable", join((sentence("The file cannot be decoded."), last_line(outcome.log))))
        if "Cannot allocate memory" in outcome.log:
            raise Temporary("memory", sentence("There was not enough memory for this step."))
        raise Temporary("ffmpeg-failed", join((
            sentence("ffmpeg ended with %(status)s.", status=outcome.status), last_line(outcome.log))))
    if any(sign in outcome.log for sign in DISK_FULL):
        raise DiskFull()
    return outcome, command


def limits_for(work_seconds: float) -> Limits:
    """A generous bound: twenty times the work's own length, an hour at least."""
    return Limits(seconds=max(3600.0, work_seconds * 20), memory=ENCODE_MEMORY)


def last_line(log: str) -> str:
    """Return a sentence of what ffmpeg has said last; empty where it has said nothing."""
    lines = [line for line in log.strip().split("\n") if "Last message repeated" not in line]
    line = lines[-1].strip() if lines else ""
    return sentence("ffmpeg's last words: %(words)s", words=line[:200]) if line else ""
