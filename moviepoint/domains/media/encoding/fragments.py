"""Read fragmented MP4 (CMAF) segments, and move them on the clock.

ffmpeg writes each range of a film as if it began at zero; so the times in `tfdt` are moved to where the range
stands. That keeps one init segment for all ranges, and asks nothing of ffmpeg's version. Boxes as in ISO/IEC
14496-12; codec strings as in RFC 6381 and the AV1 and HEVC bindings.
"""
from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import msgspec

from moviepoint.domains.media.encoding.frames import TICKS, Damaged, Frame, Segment
from moviepoint.kernel.sentences import sentence

INIT = "init.mp4"
CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"mvex", b"moof", b"traf"})
#: Bytes of a sample entry before its first child box (ISO/IEC 14496-12, 12.1.3 and 12.2.3).
ENTRY_HEAD = {b"avc1": 78, b"hvc1": 78, b"hev1": 78, b"av01": 78, b"mp4a": 28}
NOT_SYNC = 0x0001_0000  # of a sample's flags
DATA_OFFSET, FIRST_FLAGS, DURATION, SIZE, FLAGS, COMPOSITION = 0x1, 0x4, 0x100, 0x200, 0x400, 0x800
TFHD_FIELDS = ((0x1, 8), (0x2, 4), (0x8, 4), (0x10, 4), (0x20, 4))


class Box(msgspec.Struct, frozen=True):
    kind: bytes
    start: int  # of its header, in the file
    body: int
    end: int


class Init(msgspec.Struct, frozen=True):
    """What an init segment says of its only track."""

    codec: str
    timescale: int
    skipped: int  # units of the timescale before what is shown: an encoder's priming


class Sample(msgspec.Struct, frozen=True):
    time: int  # when it is shown, in the timescale
    length: int
    size: int
    keyframe: bool


def read_init(path: Path) -> Init:
    """Read an init segment. Raises Damaged, and OSError."""
    data = path.read_bytes()
    try:
        found = {box.kind: box for box in _walk(data, 0, len(data))}
        header, table = found[b"mdhd"], found[b"stsd"]
        timescale: int = struct.unpack_from(">I", data, header.body + (20 if data[header.body] else 12))[0]
        entry = next(_boxes(data, table.body + 8, table.end))
        return Init(_codec(data, entry), timescale, _skipped(data, found.get(b"elst")))
    except (KeyError, StopIteration, struct.error, IndexError, UnicodeDecodeError) as error:
        raise Damaged(sentence("%(name)s is no init segment", name=path.name)) from error


def read_segment(path: Path) -> Segment:
    """Read one segment of one stream; its init segment lies beside it. Raises Damaged, and OSError."""
    init = read_init(path.with_name(INIT))
    data = path.read_bytes()
    frames: list[Frame] = []
    try:
        for moof, end, samples in _fragments(data, path.name):
            offset = end - sum(sample.size for sample in samples)
            for number, sample in enumerate(samples):
                pts = round(Fraction((sample.time - init.skipped) * TICKS, init.timescale))
                frames.append(Frame(pts, offset if number else moof.start, offset + sample.size, sample.keyframe,
                                    alone=not number))
                offset += sample.size
    except (struct.error, IndexError) as error:
        raise Damaged(sentence("%(name)s is cut off", name=path.name)) from error
    if not frames:
        raise Damaged(sentence("%(name)s holds no frame", name=path.name))
    return Segment(len(data), tuple(frames), 0, init.codec)


def unit_types(data: bytes, frame: Frame) -> Iterator[int]:
    """Iterate over the types of H.264 units in a frame's bytes, each with its length before it. Raises Damaged."""
    try:
        start = 0
        if frame.alone:  # the fragment's head stands before it, and that of the media
            head = struct.unpack_from(">I", data)[0]
            start = head + (16 if struct.unpack_from(">I", data, head)[0] == 1 else 8)
        while start < len(data):
            size = struct.unpack_from(">I", data, start)[0]
            yield data[start + 4] & 0x1F
            start += 4 + size
    except (struct.error, IndexError) as error:
        raise Damaged(sentence("%(name)s holds no frame", name=INIT)) from error


def seconds(path: Path) -> Fraction:
    """Return how long a segment lasts, by its samples. Raises Damaged, and OSError."""
    data = path.read_bytes()
    timescale = read_init(path.with_name(INIT)).timescale
    try:
        return Fraction(sum(s.length for _, _, samples in _fragments(data, path.name) for s in samples), timescale)
    except (struct.error, IndexError) as error:
        raise Damaged(sentence("%(name)s is cut off", name=path.name)) from error


def rebase(path: Path, by: Fraction) -> None:
    """Move all times of a segment on by so many seconds, and write it anew. Raises Damaged, and OSError."""
    timescale = read_init(path.with_name(INIT)).timescale
    data = bytearray(path.read_bytes())
    ticks = round(by * timescale)
    try:
        for box in _walk(data, 0, len(data)):
            if box.kind in (b"tfdt", b"sidx"):
                at = box.body + (4 if box.kind == b"tfdt" else 12)
                form = ">Q" if data[box.body] else ">I"
                struct.pack_into(form, data, at, struct.unpack_from(form, data, at)[0] + ticks)
    except struct.error as error:
        raise Damaged(sentence("%(name)s is cut off, or its times do not fit", name=path.name)) from error
    staged = path.with_name(f".{path.name}.part")
    staged.write_bytes(data)
    staged.replace(path)


def _boxes(data: bytes | bytearray, start: int, end: int) -> Iterator[Box]:
    while start < end:
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, start + 8)[0], 16
        if size < head or start + size > end:
            raise struct.error("a box reaches beyond its place")
        yield Box(kind, start, start + head, start + size)
        start += size


def _walk(data: bytes | bytearray, start: int, end: int) -> Iterator[Box]:
    for box in _boxes(data, start, end):
        yield box
        if box.kind in CONTAINERS:
            yield from _walk(data, box.body, box.end)


def _fragments(data: bytes, name: str) -> Iterator[tuple[Box, int, list[Sample]]]:
    """Each fragment: its `moof`, the end of its `mdat`, its samples in the order of the file."""
    moof: Box | None = None
    for box in _boxes(data, 0, len(data)):
        if box.kind == b"moof":
            moof = box
        elif box.kind == b"mdat":
            if moof is None:
                raise Damaged(sentence("%(name)s has data without a fragment", name=name))
            samples = _samples(data, moof)
            if sum(sample.size for sample in samples) != box.end - box.body:
                raise Damaged(sentence("%(name)s is shorter than it says", name=name))
            yield moof, box.end, samples
            moof = None
    if moof is not None:
        raise Damaged(sentence("%(name)s has a fragment without data", name=name))


def _samples(data: bytes, moof: Box) -> list[Sample]:
    found: list[Sample] = []
    defaults = {0x8: 0, 0x10: 0, 0x20: 0}
    time = 0
    for box in _walk(data, moof.body, moof.end):
        if box.kind == b"tfhd":
            flags, at = struct.unpack_from(">I", data, box.body)[0] & 0xFFFFFF, box.body + 8
            for flag, size in TFHD_FIELDS:
                if flags & flag:
                    if flag in defaults:
                        defaults[flag] = struct.unpack_from(">I", data, at)[0]
                    at += size
        elif box.kind == b"tfdt":
            time = struct.unpack_from(">Q" if data[box.body] else ">I", data, box.body + 4)[0]
        elif box.kind == b"trun":
            run = _run(data, box, defaults, time)
            time += sum(sample.length for sample in run)
            found += run
    return found


def _run(data: bytes, box: Box, defaults: dict[int, int], time: int) -> list[Sample]:
    """The samples of a `trun`; its composition offsets are signed from version 1 on."""
    flags, count = struct.unpack_from(">II", data, box.body)
    at = box.body + 8 + (4 if flags & DATA_OFFSET else 0)
    first = None
    if flags & FIRST_FLAGS:
        first, at = struct.unpack_from(">I", data, at)[0], at + 4
    signed = "i" if data[box.body] else "I"
    present = [flag for flag in (DURATION, SIZE, FLAGS, COMPOSITION) if flags & flag]
    layout = struct.Struct(">" + "".join(signed if flag == COMPOSITION else "I" for flag in present))
    samples = []
    for number in range(count):
        values = dict(zip(present, layout.unpack_from(data, at), strict=True))
        at += layout.size
        length, marks = values.get(DURATION, defaults[0x8]), values.get(FLAGS, defaults[0x20])
        if number == 0 and first is not None:
            marks = first
        samples.append(Sample(time + values.get(COMPOSITION, 0), length, values.get(SIZE, defaults[0x10]),
                              not marks & NOT_SYNC))
        time += length
    return samples


def _skipped(data: bytes, box: Box | None) -> int:
    """What the first real edit leaves out at the front."""
    if box is None:
        return 0
    wide, count = data[box.body], struct.unpack_from(">I", data, box.body + 4)[0]
    layout = struct.Struct(">Qqi" if wide else ">Iii")
    times = [layout.unpack_from(data, box.body + 8 + number * layout.size)[1] for number in range(count)]
    return next((time for time in times if time >= 0), 0)


def _codec(data: bytes, entry: Box) -> str:
    """The codec string of a sample entry."""
    if entry.kind not in ENTRY_HEAD:
        raise KeyError(entry.kind)
    parts = {box.kind: data[box.body:box.end] for box in _boxes(data, entry.body + ENTRY_HEAD[entry.kind], entry.end)}
    kind = entry.kind.decode("ascii")
    if kind == "avc1":
        return f"avc1.{parts[b'avcC'][1:4].hex()}"
    if kind == "av01":
        return _av1(parts[b"av1C"])
    if kind == "mp4a":
        return "mp4a.40.2"
    return _hevc(kind, parts[b"hvcC"])


def _av1(record: bytes) -> str:
    """`av01.P.LLT.DD` of an `av1C` (AV1 in ISOBMFF, section 5)."""
    depth = 12 if record[2] & 0x20 else 10 if record[2] & 0x40 else 8
    return f"av01.{record[1] >> 5}.{record[1] & 0x1F:02d}{'H' if record[2] & 0x80 else 'M'}.{depth:02d}"


def _hevc(kind: str, record: bytes) -> str:
    """`hvc1.P.C.TL.B…` of an `hvcC` (ISO/IEC 14496-15, annex E.3)."""
    space = ("", "A", "B", "C")[record[1] >> 6]
    compatible = int(f"{struct.unpack_from('>I', record, 2)[0]:032b}"[::-1], 2)
    constraints = record[6:12].rstrip(b"\0")
    tail = "".join(f".{byte:X}" for byte in constraints)
    return f"{kind}.{space}{record[1] & 0x1F}.{compatible:X}.{'H' if record[1] & 0x20 else 'L'}{record[12]}{tail}"
