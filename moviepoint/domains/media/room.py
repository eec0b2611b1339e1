"""Room on the disk: what is free, what is promised to running jobs, and whether another one fits."""
from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.media.encoding.errors import Blocked, DiskFull
from moviepoint.domains.media.ledger import LIVE
from moviepoint.domains.media.models import EncodingJob
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.sentences import sentence
from moviepoint.settings import Settings

SPARE = 1.2  # the estimate and a fifth more
BLOCK = 4 * 2**20
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


def free(storage: LocalStorage) -> int:
    """Bytes that can be written to the storage now."""
    return storage.free_bytes()


def enough(session: Session, storage: LocalStorage, settings: Settings, job: EncodingJob) -> bool:
    """Whether a planned job fits beside what other live jobs have still to write."""
    others = session.scalars(select(EncodingJob).where(EncodingJob.state.in_(LIVE), EncodingJob.id != job.id))
    promised = sum(to_write(storage, other) for other in others)
    return free(storage) - settings.free_disk_reserve_bytes - promised >= to_write(storage, job)


def to_write(storage: LocalStorage, job: EncodingJob) -> int:
    """An upper estimate of the bytes that a job will still write."""
    if not job.plan:
        return 0
    written = folder_size(storage.path(job.package))
    return max(0, int(job.plan["bytes_needed"] * SPARE) - written)


def usable(storage: LocalStorage, job: EncodingJob) -> bool:
    """Whether a job's source can be read, and its package's place written to."""
    return os.access(storage.path(job.source.key), os.R_OK) and os.access(storage.root, os.W_OK)


def folder_size(folder: Path) -> int:
    """Bytes below a folder; what vanishes while it is counted counts for nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return total


def message(needed: int) -> str:
    return sentence("There is not enough room on the disk: about %(size)s MB are needed. The job begins by itself when "
                    "there is room.", size=max(1, round(needed * SPARE / 2**20)))


def blocked_by(error: OSError) -> Blocked | None:
    """Return what a failing storage waits for: room, or permission to write; None if trying again may do."""
    if error.errno in FULL:
        return DiskFull()
    if error.errno in READ_ONLY:
        return Blocked("storage-read-only", sentence(
            "The storage cannot be written to. The job goes on when it can."))
    return None


def sha256(path: Path, tick: Callable[[float], None]) -> str:
    """Return a file's SHA-256 in hex; `tick` gets the share done after each block."""
    digest, size, done = hashlib.sha256(), max(1, path.stat().st_size), 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            done += len(block)
            tick(done / size)
    return digest.hexdigest()
