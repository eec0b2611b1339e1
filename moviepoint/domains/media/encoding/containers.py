"""Recognise a file by its bytes, before any media program sees it.

A name proves nothing: an HLS playlist or a list of files called `.mp4` would make ffmpeg open a neighbour's
upload. What is not one of the containers below is refused here, and ffmpeg is told which demuxer to use.
"""
from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

import msgspec

from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.kernel.sentences import sentence

HEAD_BYTES = 64 * 1024
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
MP4_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})
MP3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MP3_KBPS_LOW = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\0", b"BZh",
            b"\x28\xb5\x2f\xfd")
ACCEPTED = "MP4, MOV, Matroska, WebM, AVI, MPEG-TS, MPEG-PS, FLV, ASF/WMV, Ogg"


class Container(msgspec.Struct, frozen=True):
    """A container that we take: the demuxer that ffmpeg must use, and whether a seek lands where its clock says."""

    name: str
    demuxer: str
    whitelist: str  # as ffmpeg's -format_whitelist compares names
    indexed: bool


CONTAINERS = {c.name: c for c in (
    Container("mp4", "mov", "mov,mp4,m4a,3gp,3g2,mj2", True),
    Container("matroska", "matroska", "matroska,webm", True),
    Container("avi", "avi", "avi", False),
    Container("mpegts", "mpegts", "mpegts", False),
    Container("mpegps", "mpeg", "mpeg", False),
    Container("flv", "flv", "flv", False),
    Container("asf", "asf", "asf", False),
    Container("ogg", "ogg", "ogg", False),
    Container("wav", "wav", "wav", True),
    Container("flac", "flac", "flac", True),
    Container("mp3", "mp3", "mp3", False),
)}


class Recognised(msgspec.Struct, frozen=True):
    container: Container
    size: int
    missing_bytes: int  # how many bytes the file's own structure says are not there


def recognise(path: Path) -> Recognised:
    """Return what a file is. Raises Refused for what is empty, a list, a page, a text, or unknown."""
    size = path.stat().st_size
    if size == 0:
        raise Refused("empty", sentence("The file is empty. Upload it again."))
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        name = container_name(head)
        if name is None:
            raise _refusal(head)
        missing = _missing(stream, name, size)
    return Recognised(CONTAINERS[name], size, missing)


def container_name(head: bytes) -> str | None:
    """Return which of the containers a file's first bytes are of, or None."""
    if len(head) >= 8 and head[4:8] in MP4_BOXES:
        return "mp4"
    for signature, name in ((b"\x1a\x45\xdf\xa3", "matroska"), (b"FLV\x01", "flv"), (b"OggS", "ogg"), (ASF, "asf"),
                            (b"\x00\x00\x01\xba", "mpegps"), (b"fLaC", "flac"), (b"ID3", "mp3")):
        if head.startswith(signature):
            return name
    if head[:4] in (b"RIFF", b"ON2 ") and head[8:12] in (b"AVI ", b"ON2f"):
        return "avi"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    for stride, first in ((188, 0), (192, 4), (204, 0)):
        marks = head[first::stride]
        if len(marks) >= 5 and marks[:5] == b"\x47" * 5:
            return "mpegts"
    return "mp3" if _mpeg_frames(head) else None


def _mpeg_frames(head: bytes) -> bool:
    """Whether three frames of MPEG sound (layer III) follow each other from the first byte on."""
    position = 0
    for _frame in range(3):
        header = head[position:position + 4]
        if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2 or header[2] >> 4 in (0, 15) \
                or header[2] >> 2 & 3 == 3:
            return False
        first = header[1] & 0x18 == 0x18  # MPEG 1: else 2 or 2.5, with half as many samples
        rate = (44100, 48000, 32000)[header[2] >> 2 & 3] >> {0x18: 0, 0x10: 1, 0x00: 2}.get(header[1] & 0x18, 0)
        kbps = (MP3_KBPS if first else MP3_KBPS_LOW)[(header[2] >> 4) - 1]
        position += (144 if first else 72) * kbps * 1000 // rate + (header[2] >> 1 & 1)
    return True


def refuse_archive(head: bytes) -> None:
    """Nothing is unpacked here: a small archive may hold more than any disk. Raises Refused."""
    if head.startswith(ARCHIVES):
        raise Refused("archive", sentence(
            "This is a compressed file (ZIP, gzip or the like). Unpack it, and upload what is in it."))


def _refusal(head: bytes) -> Refused:
    refuse_archive(head)
    text = _as_text(head)
    if text is None:
        return Refused("unknown-format", sentence(
            "This is not a film in a format we know. We take %(formats)s.", formats=ACCEPTED))
    start = text.lstrip("\ufeff \t\r\n").lower()
    if start.startswith("#extm3u"):
        return Refused("playlist", sentence(
            "This is an HLS playlist, that is a list of addresses and not a film. Upload the film itself."))
    if start.startswith("ffconcat"):
        return Refused("playlist", sentence(
            "This is a list of files for ffmpeg and not a film. Upload the film itself."))
    if start.startswith("v=0") and "\nm=" in text:
        return Refused("playlist", sentence(
            "This describes a live stream (SDP) and holds no film. Upload the film itself."))
    if "<mpd" in start[:4096] or "<smil" in start[:4096]:
        return Refused("playlist", sentence(
            "This is a DASH or SMIL list and not a film. Upload the film itself."))
    if "<html" in start[:4096] or start.startswith("<!doctype html"):
        return Refused("web-page", sentence(
            "This is a web page and not a film: perhaps a page with an error was saved in place of the file."))
    return Refused("text", sentence(
        "This is a text file and not a film. Subtitles are added to a film as subtitles."))


def _as_text(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    if b"\0" in head:
        return None
    control = sum(1 for byte in head if byte < 32 and byte not in b"\t\n\r\f\x1b")
    return None if control > len(head) // 100 else head.decode("utf-8", "replace")


def _missing(stream: BinaryIO, name: str, size: int) -> int:
    """Return how many bytes are missing at the end, going by the container's own outermost sizes."""
    if name == "mp4":
        return _missing_mp4(stream, size)
    if name == "matroska":
        return _missing_matroska(stream, size)
    if name == "avi":
        stream.seek(4)
        return max(0, struct.unpack("<I", stream.read(4))[0] + 8 - size) if size >= 8 else 0
    return 0


def _missing_mp4(stream: BinaryIO, size: int) -> int:
    """Walk the top-level boxes. A movie without its `moov` cannot be read at all. Raises Refused then."""
    position, movie, missing = 0, False, 0
    while position + 8 <= size:
        stream.seek(position)
        length, kind = struct.unpack(">I4s", stream.read(8))
        if length == 1:
            length = struct.unpack(">Q", stream.read(8).ljust(8, b"\0"))[0]
        elif length == 0:
            length = size - position
        if length < 8:
            break
        movie = movie or kind == b"moov"
        missing = max(0, position + length - size)
        position += length
    if not movie:
        raise Refused("truncated", sentence(
            "The file is cut off: its table of contents, which stands at the end, is missing. Upload it again."))
    return missing


def _missing_matroska(stream: BinaryIO, size: int) -> int:
    """Compare the Segment's size with the file's; an unknown size (a recording that was cut short) says nothing."""
    position = 0
    for _element in range(4):
        stream.seek(position)
        data = stream.read(16)
        if not data or data[0] == 0:
            return 0
        identifier = _vint_length(data[0])
        if len(data) <= identifier or data[identifier] == 0:
            return 0
        width = _vint_length(data[identifier])
        value = int.from_bytes(data[identifier:identifier + width], "big") & ((1 << (7 * width)) - 1)
        if data[:identifier] == b"\x18\x53\x80\x67":
            unknown = value == (1 << (7 * width)) - 1
            return 0 if unknown else max(0, position + identifier + width + value - size)
        position += identifier + width + value
    return 0


def _vint_length(first: int) -> int:
    return 9 - first.bit_length()
