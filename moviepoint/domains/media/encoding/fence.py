"""Who may write into a package: one worker at a time, and only while it has its lease.

Between the question whether a lease is held and the rename that follows, the lease may be lost. A lock spans both: who
takes the step over makes the same file, so that it has to wait until the late rename is over, and what it writes is
last. A worker that is stopped just there holds others up until it goes on or is killed; the kernel frees its lock.
"""
from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = ".write.lock"


@contextmanager
def held(package: Path, hold: Callable[[], object]) -> Iterator[None]:
    """Let the block write into a package; `hold` raises where the work is not this worker's any more.

    Raises what `hold` raises, and OSError. It must not be entered again inside.
    """
    try:
        descriptor = os.open(package / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        hold()  # of a job that was called off, the package is gone
        raise
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        hold()
        yield
    finally:
        os.close(descriptor)


def free() -> None:
    """A hold for who writes alone."""
