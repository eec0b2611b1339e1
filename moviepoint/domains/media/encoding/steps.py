"""Run one step of a plan in a staging folder, and accept only what was measured to be right.

ffmpeg's word counts for nothing here: it ends with success on a truncated source and on a full disk. What
counts are whole segments with the right number of frames at the right times.
"""
from __future__ import annotations

from fractions import Fraction
from functools import partial
from pathlib import Path

from moviepoint.domains.media.encoding import commands, copies, ranges, sidecars, sounds, storyboard, subtitles
from moviepoint.domains.media.encoding.child import Limits
from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.domains.media.encoding.plan import Step, SubtitleTarget
from moviepoint.domains.media.encoding.workshop import (
    Result,
    StepWatch,
    Workshop,
    hand_over,
    limits_for,
    run_ffmpeg,
)
from moviepoint.kernel.sentences import sentence

UNREAD = subtitles.Parsed((), (subtitles.UNREADABLE,))
LEAST_EXTRACTION = 1800.0  # seconds that text inside any film may take
SLOWEST = 10_000_000  # bytes a second of a storage that a source is read from


def run_step(shop: Workshop, step: Step, staging: Path, package: Path, watch: StepWatch) -> Result:
    """Do one step of the kinds copy, video, audio, subtitles, retime or storyboard.

    What is right goes into the package; what an earlier attempt has put there is not made again. Raises the errors of
    `encoding.errors`, and whatever `watch` raises.
    """
    staging.mkdir(parents=True, exist_ok=True)
    package.mkdir(parents=True, exist_ok=True)
    if step.kind == "copy":
        return copies.picture(shop, step, staging, package, watch)
    if step.kind == "video":
        return ranges.encode(shop, step, staging, package, watch)
    if step.kind == "audio":
        return sounds.encode(shop, step, staging, package, watch)
    if step.kind == "subtitles":
        return _subtitles(shop, step, staging, package, watch)
    if step.kind == "retime":
        return _retime(shop, step, staging, package, watch)
    if step.kind == "storyboard":
        return _storyboard(shop, staging, package, watch)
    raise ValueError(f"no such kind of step: {step.kind!r}")


def _subtitles(shop: Workshop, step: Step, staging: Path, package: Path, watch: StepWatch) -> Result:
    target = next(t for t in shop.plan.subtitles if t.name == step.target)
    stream = target.stream
    if stream is None:
        watch.began("read text")
        rate = float(Fraction(*shop.plan.grid.rate))
        return _cues(shop, target, staging, package, sidecars.read_text(shop.source, target.encoding, rate,
                                                                       target.language), "", watch)
    return _embedded(shop, target, stream, staging, package, watch)


def _embedded(shop: Workshop, target: SubtitleTarget, stream: int, staging: Path, package: Path,
              watch: StepWatch) -> Result:
    """Text inside a film: whatever is wrong with it, the film does not fail for it, and an editor is told."""
    watch.began("extract text")
    log = ""
    try:
        outcome = shop.sandbox.run(
            shop.tools.ffmpeg, lambda name: commands.extract_subtitles(name, shop.probe, stream), source=shop.source,
            limits=extraction_limits(shop.probe.size), watch=lambda _progress: watch(0.5, None))
        log = outcome.log
        kind = "ass" if target.source_format in ("ass", "ssa") else "srt"
        parsed = subtitles.parse(outcome.output.decode("utf-8", "replace"), kind) if not outcome.status else UNREAD
        return _cues(shop, target, staging, package, parsed, log, watch)
    except Refused:
        return _cues(shop, target, staging, package, UNREAD, log, watch)


def extraction_limits(size: int) -> Limits:
    """What reading a source of so many bytes from end to end may take; text that is rare gives no word meanwhile."""
    seconds = max(LEAST_EXTRACTION, size / SLOWEST)
    return Limits(seconds=seconds, stall_seconds=seconds)


def _cues(shop: Workshop, target: SubtitleTarget, staging: Path, package: Path, parsed: subtitles.Parsed, log: str,
          watch: StepWatch) -> Result:
    cues = subtitles.shift(parsed.cues, -round(shop.probe.zero * 1000))
    files = subtitles.write_track(cues, staging, target.name or "", shop.plan.grid.segment_seconds, shop.seconds,
                                  target.offset_ms)
    hand_over(staging, package, files, watch)
    return Result("", log, 0.0, len(files) - 2, notes=parsed.faults, encoding=parsed.encoding, sure=parsed.sure)


def _retime(shop: Workshop, step: Step, staging: Path, package: Path, watch: StepWatch) -> Result:
    """Cut a stored track's cues into segments again, at another offset."""
    target = next(t for t in shop.plan.subtitles if t.name == step.target)
    try:
        cues = subtitles.read_track(shop.source)
    except OSError as error:
        raise Refused("track-gone", sentence("The track's files are not on the storage.")) from error
    files = subtitles.write_track(cues, staging, step.target, shop.plan.grid.segment_seconds, shop.seconds,
                                  target.offset_ms)
    hand_over(staging, package, files, watch)
    return Result(segments=len(files) - 2)


def _storyboard(shop: Workshop, staging: Path, package: Path, watch: StepWatch) -> Result:
    layout = storyboard.layout_for(shop.plan, shop.seconds)
    name = shop.plan.board.name
    folder = staging / name
    folder.mkdir(exist_ok=True)
    for every in (False, True):  # an edit list may hide all keyframes of a short film
        outcome, command = run_ffmpeg(
            shop, partial(commands.keyframe_pictures, probe=shop.probe, width=layout.width, height=layout.height,
                          interval=layout.interval, columns=layout.columns, rows=layout.rows, sheets=layout.sheets,
                          every=every),
            folder, limits_for(float(shop.seconds) / 4), lambda _progress: watch(0.5, None), watch)
        if any(folder.iterdir()):
            break
    files = storyboard.finish(staging, name, layout, shop.seconds)
    hand_over(staging, package, files, watch)
    return Result(command, outcome.log, outcome.seconds)
