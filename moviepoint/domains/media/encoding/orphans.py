"""Sandboxes whose worker was killed in the very moment of their start.

bubblewrap asks to die with its parent only once it has been told to begin. One that was never told waits for ever, and
does nothing; whoever sweeps ends it.
"""
from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

INIT = 1


def end_orphans(folder: Path) -> int:
    """End bubblewraps that belong to nobody and name a file below `folder`; returns how many."""
    if os.getpid() == INIT:  # our own children have no other parent either
        return 0
    ended = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):  # it has just ended, or is somebody else's
            words = (process / "cmdline").read_bytes().split(b"\0")
            if not words[0].endswith(b"bwrap") or not any(word.startswith(bytes(folder) + b"/") for word in words):
                continue
            if f"\nPPid:\t{INIT}\n" in (process / "status").read_text():
                os.kill(int(process.name), signal.SIGKILL)
                ended += 1
    return ended
