"""What is read of a transport stream's segments."""
from __future__ import annotations

from pathlib import Path

from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.transport import PACKET, read_segment
from tests.unit.media.films import make, pattern, tone

SPS = b"\0\0\1\x67\x2b\x5a\xa5"


def test_bytes_of_sound_that_look_like_a_picture_name_no_codec(tools: Tools, tmp_path: Path) -> None:
    path = make(tools, tmp_path / "data0000.ts", *tone(440, 2), "-c:a", "aac", "-b:a", "128k")
    data = bytearray(path.read_bytes())
    at = read_segment(path).frames[0].offset + PACKET + 60
    data[at:at + len(SPS)] = SPS
    path.write_bytes(data)
    assert read_segment(path).codec == ""
    picture = make(tools, tmp_path / "data0001.ts", *pattern(seconds=1), "-c:v", "libx264", "-pix_fmt", "yuv420p")
    assert read_segment(picture).codec.startswith("avc1.64")
