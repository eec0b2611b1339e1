"""Generations of an index in a folder: each is a folder of its own, and a file names the one in use.

So a rebuild swaps the index at once, and whoever reads the old one may go on for a while.
"""
from __future__ import annotations

import shutil
import time
import uuid
from pathlib import Path

from moviepoint.kernel.files import write_whole

KEEP_SECONDS = 120  # a reader may still hold a generation that was replaced


class Generations:
    """A folder of generations; those of another `version` are not opened."""

    def __init__(self, folder: Path, version: int) -> None:
        self.folder = folder
        self.version = version

    def current(self) -> str:
        """Return the name of the generation in use, or nothing."""
        try:
            return (self.folder / "current").read_text(errors="replace").strip()
        except OSError:
            return ""

    def path(self) -> Path | None:
        """Return the folder of the generation in use; None without one that this version can read."""
        name = self.current()
        return self.folder / name if name.startswith(f"v{self.version}-") else None

    def fresh(self) -> Path:
        """Make the folder of a new generation, which is not in use yet."""
        path = self.folder / f"v{self.version}-{uuid.uuid4().hex[:12]}"
        path.mkdir(parents=True)
        return path

    def use(self, path: Path) -> None:
        """Put a generation in the place of the one in use, and remove older ones that nobody reads any more."""
        write_whole(self.folder / "current", path.name.encode())
        for old in self.folder.glob("v*-*"):
            if old.name != path.name and time.time() - old.stat().st_mtime > KEEP_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
