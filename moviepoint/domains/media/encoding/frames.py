"""What is read back from a segment, whichever its format: frames with their times, places and kinds."""
from __future__ import annotations

from pathlib import Path

import msgspec

from moviepoint.kernel.sentences import sentence

TICKS = 90_000  # a second


class Frame(msgspec.Struct, frozen=True):
    """`offset` and `end` are the bytes that a player must fetch to decode it, where it is a keyframe."""

    pts: int  # 90 kHz
    offset: int
    end: int
    keyframe: bool
    alone: bool = True  # those bytes are all of it: false within a fragment, whose head stands before its first frame


class Segment(msgspec.Struct, frozen=True):
    """One segment as it lies on disk; frames in the order of the file."""

    size: int
    frames: tuple[Frame, ...]
    tables_end: int  # bytes before the first frame that a decoder needs first; 0 where an init segment has them
    codec: str  # RFC 6381, "" for sound in a transport stream

    @property
    def first_pts(self) -> int:
        return min(frame.pts for frame in self.frames)


class Damaged(Exception):
    """The bytes are not a whole segment; `fault` says why, in a sentence."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def fault_of(error: OSError | Damaged) -> str:
    """Say why a segment cannot be used; the system's own words are English, and name folders that are nobody's."""
    if isinstance(error, Damaged):
        return error.fault
    return sentence("%(name)s cannot be read", name=Path(error.filename or "").name or "?")
