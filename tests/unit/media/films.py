"""Small films that the tests make themselves, once a session."""
from __future__ import annotations

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
