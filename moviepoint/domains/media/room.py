"""The place where files lie: what is free there, what is promised, whether more fits, and what is wrong with it."""
from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Subquery, and_, func, or_, select
from sqlalchemy.orm import Session

from moviepoint.domains.media import ledger
from moviepoint.domains.media.encoding.errors import Blocked, DiskFull
from moviepoint.domains.media.ledger import LIVE
from moviepoint.domains.media.models import EncodingJob, EncodingStep, Upload
from moviepoint.kernel.files import LocalStorage, Storage
from moviepoint.kernel.sentences import sentence
from moviepoint.settings import Settings

SPARE = 1.2  # the estimate and a fifth more
BLOCK = 4 * 2**20
WRITING = ("video", "audio")  # steps whose progress says how much of a job's bytes is there
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


def free(storage: LocalStorage) -> int:
    """Bytes that can be written to the storage now."""
    return storage.free_bytes()


def left(session: Session, storage: Storage, settings: Settings, but: int = 0) -> int:
    """Return the bytes that nobody has been promised, and that are no reserve; below 0 where there are too few.

    The one account: uploads ask it before a byte is taken, jobs before they start. `but` is a job that asks for itself.
    """
    return (storage.free_bytes() - settings.free_disk_reserve_bytes - _promised_to_jobs(session, but)
            - _promised_to_uploads(session, storage))


def enough(session: Session, storage: LocalStorage, settings: Settings, job: EncodingJob) -> bool:
    """Whether a planned job fits beside what others have still to write."""
    return left(session, storage, settings, job.id) >= to_write(session, job)


def pause_if_short(session: Session, storage: LocalStorage, settings: Settings, job: EncodingJob) -> None:
    """Have a job that has just been planned wait until there is room for it."""
    if job.plan and not enough(session, storage, settings, job):
        ledger.pause_job(session, job.id, "disk-full", message(job.plan["bytes_needed"]))


def to_write(session: Session, job: EncodingJob) -> int:
    """An upper estimate of the bytes that a job will still write."""
    if not job.plan:
        return 0
    written = _written()
    share = session.scalar(select(written.c.share).where(written.c.job_id == job.id))
    return _rest(job.plan["bytes_needed"], share)


def received(storage: Storage, upload: Upload) -> int:
    """Return how many bytes of an upload have arrived."""
    try:
        return storage.path(upload.key).stat().st_size
    except FileNotFoundError:
        return 0


def usable(storage: LocalStorage, job: EncodingJob) -> bool:
    """Whether a paused job finds what it reads, and can write."""
    source = storage.path(job.source.key) if job.source.kept else None
    return trouble(storage, source, film_of(storage, job)) is None


def film_of(storage: LocalStorage, job: EncodingJob) -> Path | None:
    """Return the folder of the live film that a job adds to; None for a film's own job."""
    return storage.path(job.edition.package) if job.kind != "film" and job.edition.package else None


def trouble(storage: LocalStorage, source: Path | None = None, film: Path | None = None,
            write: bool = True) -> Blocked | None:
    """Return what is wrong with the storage, a source file on it or a film's folder; None while all is well.

    A byte is really written, unless `write` says otherwise: a disk that is broken may still call itself writable.
    """
    try:
        if not storage.root.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if write:
            touch(storage.root)
        elif not os.access(storage.root, os.W_OK):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        if source is not None and not os.access(source, os.R_OK):
            return gone(source)
        if film is not None and not film.is_dir():
            return Blocked("package-gone", sentence(
                "The film's files are not on the storage. The job goes on when they are there again."))
    except OSError as error:
        return blocked_by(error)
    return None


def gone(source: Path) -> Blocked:
    """Return what is said of a source that cannot be read; raises what the storage says if it does not answer."""
    with contextlib.suppress(FileNotFoundError):
        source.stat()
    return Blocked("source-gone", sentence(
        "The uploaded file is not on the storage. The job goes on when it is there again."))


def touch(folder: Path) -> None:
    """Write a small file and remove it. Raises OSError."""
    path = folder / f".touch-{os.getpid()}-{threading.get_ident()}"
    try:
        path.write_bytes(b"x")
    finally:
        path.unlink(missing_ok=True)


def message(needed: int) -> str:
    return sentence("There is not enough room on the disk: about %(size)s MB are needed. The job begins by itself when "
                    "there is room.", size=max(1, round(needed * SPARE / 2**20)))


def blocked_by(error: OSError) -> Blocked:
    """Return what a failing storage waits for: room, permission to write, or to be there again."""
    if error.errno in FULL:
        return DiskFull()
    if error.errno in READ_ONLY:
        return Blocked("storage-read-only", sentence(
            "The storage cannot be written to. The job goes on when it can."))
    return Blocked("storage-away", sentence(
        "The storage does not answer (%(error)s). The job goes on by itself when it does.",
        error=error.strerror or str(error)))


def sha256(path: Path, tick: Callable[[float], None]) -> str:
    """Return a file's SHA-256 in hex; `tick` gets the share done after each block."""
    digest, size, done = hashlib.sha256(), max(1, path.stat().st_size), 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            done += len(block)
            tick(done / size)
    return digest.hexdigest()


def _rest(needed: int | float | None, share: float | None) -> int:
    return max(0, int((needed or 0) * SPARE * (1 - min(1.0, share or 0.0))))


def _written() -> Subquery:
    """The share of its picture and sound that each job has made: 0 to 1."""
    return (select(EncodingStep.job_id, (func.sum(EncodingStep.weight * EncodingStep.progress)
                                         / func.sum(EncodingStep.weight)).label("share"))
            .where(EncodingStep.kind.in_(WRITING), EncodingStep.weight > 0).group_by(EncodingStep.job_id).subquery())


def _promised_to_jobs(session: Session, but: int) -> int:
    """What live jobs have still to write. One that waits is promised nothing: it asks again before it goes on."""
    written = _written()
    rows = session.execute(
        select(EncodingJob.plan["bytes_needed"].as_float(), written.c.share)
        .outerjoin(written, written.c.job_id == EncodingJob.id)
        .where(EncodingJob.state.in_(LIVE), EncodingJob.id != but, EncodingJob.plan.is_not(None)))
    return sum(_rest(needed, share) for needed, share in rows)


def _promised_to_uploads(session: Session, storage: Storage) -> int:
    """What is still to come of announced files, and what joining parts takes beside them: the largest once more."""
    rows = session.scalars(select(Upload).where(or_(
        Upload.state.in_(("receiving", "joining")), and_(Upload.partial, Upload.state == "used")))).all()
    sizes = {row.public_id: row.size for row in rows if row.partial}
    coming = 0
    for row in rows:
        if row.state == "receiving":
            coming += max(0, row.size - received(storage, row))
        elif row.state == "joining":
            largest = max((sizes.get(part, 0) for part in row.parts or ()), default=0)
            coming += max(0, min(row.size - received(storage, row), largest))
    return coming
