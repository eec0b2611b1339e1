"""Playlists of a film that is still being encoded: EVENT playlists over the segments that are there.

They grow by whole segments, and the check replaces them by finished ones of the same names: a player that has begun
early comes to the end by itself. Several workers may add to one film, so each looks at the package anew; who calls this
holds the package (`fence.held`), so that an older list is not written over a newer one.
"""
from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import msgspec

from moviepoint.domains.media.encoding import playlists
from moviepoint.domains.media.encoding.plan import AudioTarget, Plan, Rung, SubtitleTarget
from moviepoint.domains.media.encoding.segments import AAC_LC, SUFFIXES, read_segment, segment_name


def announce_pictures(package: Path, plan: Plan) -> None:
    """Write the rungs' playlists over the run of segments from the film's front; the last one waits for the check."""
    suffix, last = SUFFIXES[plan.profile.segments], plan.grid.segments(plan.frames) - 1
    count = 0
    while count < last and all((package / rung.name / segment_name(count, suffix)).exists() for rung in plan.rungs):
        count += 1
    for rung in plan.rungs:
        if count and not finished(package / f"{rung.name}.m3u8"):
            _write(package, plan, rung.name, [plan.grid.segment_seconds] * count)


def announce_sound(package: Path, plan: Plan, name: str, durations: Sequence[Fraction]) -> None:
    """Write a dub's playlist over its first segments; one that is made again after a kill does not shrink it."""
    path = package / f"{name}.m3u8"
    if not finished(path) and (not path.exists() or path.read_text().count("#EXTINF") < len(durations)):
        _write(package, plan, name, durations)


class Begun(msgspec.Struct, frozen=True):
    """What of a plan can be played already: rungs with their codec strings, dubs and subtitles with their playlists."""

    pictures: tuple[tuple[Rung, str], ...]
    sounds: tuple[tuple[AudioTarget, str], ...]
    texts: tuple[SubtitleTarget, ...]
    seconds: Fraction  # of picture
    expects_sound: bool = True

    @property
    def playable(self) -> bool:
        """Whether there is a picture, and sound where the film has any."""
        return bool(self.pictures) and (bool(self.sounds) or not self.expects_sound)


def begun(package: Path, plan: Plan) -> Begun:
    """Return what can be played of a package that is being made."""
    suffix = SUFFIXES[plan.profile.segments]

    def codec(name: str) -> str:
        return read_segment(package / name / segment_name(0, suffix)).codec or AAC_LC

    rungs = [rung for rung in plan.rungs if (package / f"{rung.name}.m3u8").exists()]
    count = (package / f"{rungs[0].name}.m3u8").read_text(encoding="utf-8").count("#EXTINF") if rungs else 0
    return Begun(tuple((rung, codec(rung.name)) for rung in rungs),
                 tuple((t, codec(t.name)) for t in plan.audio if (package / f"{t.name}.m3u8").exists()),
                 tuple(t for t in plan.subtitles if t.name and (package / f"{t.name}.m3u8").exists()),
                 plan.grid.segment_seconds * count, bool(plan.audio))


def finished(path: Path) -> bool:
    """Whether a playlist is there and has come to its end."""
    return path.exists() and path.read_text(encoding="utf-8").rstrip().endswith(playlists.END)


def _write(package: Path, plan: Plan, name: str, durations: Sequence[Fraction]) -> None:
    text = playlists.media_playlist(name, durations, plan.profile.segments, live=plan.grid.segment_seconds)
    staged = package / f".{name}.m3u8.early"
    staged.write_text(text, encoding="utf-8", newline="\n")
    staged.replace(package / f"{name}.m3u8")
