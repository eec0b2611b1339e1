"""Subtitle segments: they can be read, lie on the film's clock, and each holds all cues of its time.

RFC 8216bis, 3.1.4.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import webvtt
from webvtt.errors import MalformedFileError

from moviepoint.domains.media.encoding.conformance.syntax import Entry, Say
from moviepoint.domains.media.encoding.frames import TICKS
from moviepoint.domains.media.encoding.segments import CLOCK_SECONDS

ROUNDING = 0.01  # seconds by which a cue may reach over a boundary
_TIMING = re.compile(r"^(?:\d+:)?\d\d:\d\d\.\d{3} --> ", re.MULTILINE)
_MAP = re.compile(r"^X-TIMESTAMP-MAP=(.*)$", re.MULTILINE)
_WHERE = re.compile(r"LOCAL:00:00:00\.000,MPEGTS:(\d+)|MPEGTS:(\d+),LOCAL:00:00:00\.000")


class Cue(msgspec.Struct, frozen=True):
    start: float  # seconds of the film
    end: float
    text: str


def check_texts(package: Path, entries: list[Entry], says: Callable[[str], Say], tick: Callable[[], None]) -> None:
    """Say what is amiss in the segments of one subtitle rendition."""
    found: list[list[Cue]] = []
    for entry in entries:
        tick()
        found.append(_read(package / entry.uri, says(entry.uri)))
    start, every = 0.0, {cue for cues in found for cue in cues}
    for number, (entry, cues) in enumerate(zip(entries, found, strict=True)):
        end = start + entry.seconds
        missing = [cue for cue in every - set(cues) if cue.start < end - ROUNDING and cue.end > start + ROUNDING]
        astray = [cue for cue in cues if cue.end < start - ROUNDING or (
            cue.start > end + ROUNDING and number < len(entries) - 1)]
        if missing:
            says(entry.uri)("cues", f"lacks a cue of its time, at {missing[0].start:.3f} s")
        if astray:
            says(entry.uri)("cues", f"holds a cue of another time, at {astray[0].start:.3f} s")
        start = end


def _read(path: Path, say: Say) -> list[Cue]:
    try:
        text = path.read_text(encoding="utf-8")
        cues = [Cue(_seconds(cue.start), _seconds(cue.end), cue.raw_text) for cue in webvtt.from_string(text).captions]
    except (OSError, UnicodeDecodeError, MalformedFileError) as error:
        say("webvtt", f"cannot be read: {error}")
        return []
    if len(cues) != len(_TIMING.findall(text)):
        say("webvtt", "has cues that cannot be read")
    where = _MAP.search(text)
    if where is None:
        say("webvtt", "lacks X-TIMESTAMP-MAP")
    elif (clock := _WHERE.fullmatch(where[1].strip())) is None or int(clock[1] or clock[2]) != CLOCK_SECONDS * TICKS:
        say("webvtt", f"has an X-TIMESTAMP-MAP that is not the picture's clock: {where[1].strip()}")
    return cues


def _seconds(stamp: str) -> float:
    hours, minutes, seconds = stamp.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
