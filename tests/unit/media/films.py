"""Small films that the tests make themselves, once a session."""
from __future__ import annotations

import struct
import subprocess
from pathlib import Path

from moviepoint.domains.media.encoding.binaries import Tools

X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "28", "-pix_fmt", "yuv420p"]


def make(tools: Tools, path: Path, *arguments: str) -> Path:
    """Run ffmpeg with the arguments, into `path`."""
    subprocess.run([str(tools.ffmpeg), "-hide_banner", "-nostdin", "-y", "-v", "error", *arguments, str(path)],
                   check=True, timeout=120)
    return path


def pattern(size: str = "320x180", rate: str = "24", seconds: float = 8) -> list[str]:
    """Input arguments of a moving test picture, in which every frame differs."""
    return ["-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}"]


def tone(hertz: int, seconds: float = 8) -> list[str]:
    return ["-f", "lavfi", "-i", f"sine=f={hertz}:r=48000:d={seconds}"]


def pgs(path: Path) -> Path:
    """Write one picture of Blu-ray subtitles, from the second second to the third."""
    def part(kind: int, second: float, data: bytes) -> bytes:
        return b"PG" + struct.pack(">IIBH", int(second * 90_000), 0, kind, len(data)) + data

    line = b"\x00\xa0\x01\x00\x00"  # 32 pixels of colour 1
    shown = struct.pack(">HHBHBBBBHBBHH", 320, 180, 0x10, 0, 0x80, 0, 0, 1, 0, 0, 0, 100, 150)
    window = struct.pack(">BBHHHH", 1, 0, 100, 150, 32, 8)
    drawn = struct.pack(">HBB", 0, 0, 0xC0) + struct.pack(">I", 4 + 8 * len(line))[1:] + struct.pack(">HH", 32, 8)
    empty = struct.pack(">HHBHBBBB", 320, 180, 0x10, 1, 0, 0, 0, 0)
    path.write_bytes(part(0x16, 2, shown) + part(0x17, 2, window) + part(0x14, 2, bytes([0, 0, 1, 235, 128, 128, 255]))
                     + part(0x15, 2, drawn + line * 8) + part(0x80, 2, b"")
                     + part(0x16, 3, empty) + part(0x17, 3, window) + part(0x80, 3, b""))
    return path
