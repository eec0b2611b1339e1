"""The two formats of segments: MPEG transport stream, and fragmented MP4 (CMAF)."""
from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Literal

from moviepoint.domains.media.encoding import fragments, transport
from moviepoint.domains.media.encoding.frames import TICKS, Frame, Segment

SegmentFormat = Literal["ts", "fmp4"]
TS: SegmentFormat = "ts"
FMP4: SegmentFormat = "fmp4"
SUFFIXES = {TS: "ts", FMP4: "m4s"}
DEMUXERS = {TS: "mpegts", FMP4: "mov"}
IDR, SLICES = 5, (1, 2, 5)  # types of H.264 units that hold a picture (ISO/IEC 14496-10, table 7-1)
AAC_LC = "mp4a.40.2"  # RFC 6381; a transport stream's sound does not say it by itself
#: The film's zero lies here on the clock of every segment, of either format.
CLOCK_SECONDS = 10


def segment_name(number: int, suffix: str = "ts") -> str:
    return f"data{number:04d}.{suffix}"


def read_segment(path: Path) -> Segment:
    """Read a segment by its format. Raises Damaged, and OSError."""
    return fragments.read_segment(path) if path.suffix == ".m4s" else transport.read_segment(path)


def opens_clean(path: Path, frame: Frame) -> bool:
    """Whether a keyframe of H.264 is one that nothing after it looks back beyond (IDR). Raises Damaged, and OSError."""
    with path.open("rb") as stream:
        stream.seek(frame.offset)
        data = stream.read(frame.end - frame.offset)
    types = fragments.unit_types(data, frame) if path.suffix == ".m4s" else transport.unit_types(data)
    return next((kind for kind in types if kind in SLICES), None) == IDR


def sound_seconds(path: Path) -> Fraction:
    """Return how long a segment of sound lasts, by its frames. Raises Damaged, and OSError."""
    return fragments.seconds(path) if path.suffix == ".m4s" else Fraction(transport.audio_ticks(path), TICKS)


@contextmanager
def decodable(path: Path) -> Iterator[Path]:
    """Give a file that a decoder can read by itself: the segment, behind its init segment where it has one."""
    if path.suffix != ".m4s":
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="segment-", suffix=".mp4") as joined:
        joined.write(path.with_name(fragments.INIT).read_bytes() + path.read_bytes())
        joined.flush()
        yield Path(joined.name)
