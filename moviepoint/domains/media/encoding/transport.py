"""Read MPEG-TS segments: frame counts, times, keyframes and codec parameters, from the packets themselves.

A whole film's segments are read back before anybody sees them, so this must be quick: headers are looked at in
strides over the file's bytes, and only packets that begin a frame are opened.
"""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from moviepoint.domains.media.encoding.frames import TICKS, Damaged, Frame, Segment
from moviepoint.kernel.sentences import sentence

PACKET = 188
SYNC = 0x47
WRAP = 1 << 33
#: Maps a header's second byte to 1 where a payload unit starts.
_STARTS = bytes(1 if value & 0x40 else 0 for value in range(256))
PSI_PIDS = frozenset({0, 17})
SPS = 7
PICTURE = 0xE0  # begins the stream ids of pictures (ISO/IEC 13818-1, table 2-22)
ADTS_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
              48000, 48000, 48000)


def read_segment(path: Path) -> Segment:
    """Read one segment of one stream. Raises Damaged, and OSError."""
    data = path.read_bytes()
    if not data or len(data) % PACKET:
        raise Damaged(sentence("%(name)s is empty or ends within a packet", name=path.name))
    if data[::PACKET].count(SYNC) * PACKET != len(data):
        raise Damaged(sentence("%(name)s is not in packets of 188 bytes", name=path.name))
    starts = data[1::PACKET].translate(_STARTS)
    tables = _table_pids(data, starts)
    opened: list[tuple[int, int, bool, bytes]] = []
    number = starts.find(1)
    while number >= 0:
        offset = number * PACKET
        pid = (data[offset + 1] & 0x1F) << 8 | data[offset + 2]
        if pid not in tables:
            pts, key, payload = _frame_start(data[offset:offset + PACKET])
            if pts is not None:
                opened.append((offset, pts, key, payload))
        number = starts.find(1, number + 1)
    if not opened:
        raise Damaged(sentence("%(name)s holds no frame", name=path.name))
    ends = [*(entry[0] for entry in opened[1:]), len(data)]
    frames = tuple(Frame(pts, offset, end, key) for (offset, pts, key, _), end in zip(opened, ends, strict=True))
    codec = _codec(data, frames[0], opened[0][3]) if _is_picture(data, opened[0][0]) else ""
    return Segment(len(data), frames, opened[0][0], codec)


def _is_picture(data: bytes, offset: int) -> bool:
    """Whether the PES packet at an offset is one of a picture: bytes of sound may look like a picture's parameters."""
    return _payload(data[offset:offset + PACKET])[3] & 0xF0 == PICTURE


def _table_pids(data: bytes, starts: bytes) -> frozenset[int]:
    """The PIDs of PAT, SDT and the program map that the first PAT names."""
    number = starts.find(1)
    while number >= 0:
        packet = data[number * PACKET:(number + 1) * PACKET]
        if packet[1] & 0x1F == 0 and packet[2] == 0:
            body = _payload(packet)
            return PSI_PIDS | {(body[11] & 0x1F) << 8 | body[12]} if len(body) > 12 else PSI_PIDS
        number = starts.find(1, number + 1)
    return PSI_PIDS


def _payload(packet: bytes) -> bytes:
    control = packet[3] >> 4 & 3
    if not control & 1:
        return b""
    return packet[5 + packet[4]:] if control & 2 else packet[4:]


def _frame_start(packet: bytes) -> tuple[int | None, bool, bytes]:
    """(PTS, random access, elementary bytes) of a packet that begins a PES packet."""
    adaptation = packet[3] & 0x20 and packet[4] > 0
    key = bool(adaptation and packet[5] & 0x40)
    body = _payload(packet)
    if body[:3] != b"\0\0\1" or len(body) < 14 or not body[7] & 0x80:
        return None, key, b""
    p = body[9:14]
    pts = (p[0] & 0x0E) << 29 | p[1] << 22 | (p[2] & 0xFE) << 14 | p[3] << 7 | p[4] >> 1
    return pts, key, body[9 + body[8]:]


def _codec(data: bytes, frame: Frame, start: bytes) -> str:
    """`avc1.PPCCLL` from the sequence parameter set of the first frame; "" where there is none."""
    stream = bytearray(start)
    for offset in range(frame.offset + PACKET, min(frame.end, frame.offset + 12 * PACKET), PACKET):
        stream += _payload(data[offset:offset + PACKET])
    position = stream.find(b"\0\0\1")
    while 0 <= position < len(stream) - 6:
        if stream[position + 3] & 0x1F == SPS:
            return "avc1." + stream[position + 4:position + 7].hex()
        position = stream.find(b"\0\0\1", position + 3)
    return ""


def unit_types(data: bytes) -> Iterator[int]:
    """Iterate over the types of H.264 units in the packets of a frame."""
    stream = b"".join(_elementary(data[offset:offset + PACKET]) for offset in range(0, len(data), PACKET))
    position = stream.find(b"\0\0\1")
    while 0 <= position < len(stream) - 3:
        yield stream[position + 3] & 0x1F
        position = stream.find(b"\0\0\1", position + 3)


def audio_ticks(path: Path) -> int:
    """Return how long an AAC segment lasts, in 90 kHz ticks, by counting its ADTS frames. Raises Damaged."""
    data = path.read_bytes()
    segment = read_segment(path)
    ticks = 0
    for frame in segment.frames:
        stream = b"".join(_elementary(data[offset:offset + PACKET])
                          for offset in range(frame.offset, frame.end, PACKET))
        position = 0
        while position + 7 <= len(stream) and stream[position] == 0xFF and stream[position + 1] & 0xF0 == 0xF0:
            rate = ADTS_RATES[stream[position + 2] >> 2 & 0x0F]
            ticks += 1024 * TICKS // rate
            position += max(7, (stream[position + 3] & 3) << 11 | stream[position + 4] << 3 | stream[position + 5] >> 5)
    if not ticks:
        raise Damaged(sentence("%(name)s holds no AAC", name=path.name))
    return ticks


def _elementary(packet: bytes) -> bytes:
    """A packet's share of the elementary stream; tables that stand between are left out."""
    if packet[1] & 0x40:
        return _frame_start(packet)[2]
    return _payload(packet)
