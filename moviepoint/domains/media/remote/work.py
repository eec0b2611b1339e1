"""The task that keeps the bucket up to date: what is live is moved there, what is over is removed there.

It runs each minute, on one worker of a machine at a time, and each package is one worker's by its lease. A bucket that
does not answer costs nothing but a pause, which grows: films play from the disk meanwhile.
"""
from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from sqlalchemy import exists, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from moviepoint.domains.media.models import Edition, EncodingJob
from moviepoint.domains.media.remote import clearing, index, moving
from moviepoint.domains.media.remote.models import StoredPackage
from moviepoint.domains.media.slots import slot
from moviepoint.kernel.bucket import Bucket, BucketError
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.leases import Lease, Stopped, claim, is_silent
from moviepoint.kernel.tasks import drain
from moviepoint.settings import Settings

log = structlog.get_logger(__name__)
STORE, TIDY = "media.store", "media.tidy_bucket"
GRACE = timedelta(hours=1)  # a package lies in both places so long; so old are the files that leave the disk
BEAT_SECONDS = 5.0
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
FAILING = 3  # tries that failed one after the other, before people are told
PREFIX = "packages/"


def run(settings: Settings, storage: LocalStorage, bucket: Bucket | None) -> None:
    """Do all that is due; returns at once where another thread of this machine is at it."""
    if bucket is None or not settings.s3_store:
        return
    with slot(settings.instance / "slots", "bucket", 1) as number:
        if number is None:
            return
        note(storage)
        ids = due()
        if not ids and not clearing.waits(storage):
            return
        try:
            clearing.claim(bucket, storage)
            clearing.clear(bucket, storage, live(), _told_to_stop)
        except Stopped:
            return
        except BucketError as error:
            log.warning("the bucket cannot be used", code=error.code, error=str(error))
            if ids:
                fail(ids[0], error)
            return
        for row_id in ids:
            if drain.begun or not advance(storage, bucket, row_id):
                return


def tidy(settings: Settings, storage: LocalStorage, bucket: Bucket | None) -> None:
    """Mark what the bucket has of packages that are nobody's: of a disk that was lost, of a move that was cut off."""
    moving.remove_looked_at(storage)
    if bucket is None or not settings.s3_store:
        return
    try:
        clearing.claim(bucket, storage)
        for package in clearing.mark_forgotten(bucket, storage, live()):
            log.info("the bucket has a package that belongs to nobody", package=package)
    except BucketError as error:
        log.warning("the bucket cannot be used", code=error.code, error=str(error))


def live() -> set[str]:
    """Return the keys of all packages that editions play or jobs make."""
    session = db.session()
    found = set(session.scalars(select(Edition.package).where(Edition.package.is_not(None))))
    made = set(session.scalars(select(EncodingJob.package).where(EncodingJob.state.not_in(("done", "cancelled")))))
    db.session.rollback()
    return {key for key in found | made if key}


def note(storage: LocalStorage) -> None:
    """Write a row for each package that has gone live, and drop those of packages that are gone.

    A package whose film is still being made, which viewers may see already, is noted when that is done.
    """
    unfinished = exists().where(EncodingJob.package == Edition.package, EncodingJob.state != "done")
    known = exists().where(StoredPackage.package == Edition.package)
    played = exists().where(Edition.package == StoredPackage.package)
    with suppress(IntegrityError), unit_of_work() as session:  # another machine's worker has just done it
        for package in session.scalars(select(Edition.package).distinct().where(
                Edition.package.is_not(None), ~unfinished, ~known).order_by(Edition.package)):
            session.add(StoredPackage(package=package))
        for row in session.scalars(select(StoredPackage).where(~played)):
            if not storage.exists(row.package):
                session.delete(row)


def touch(session: Session, package: str | None) -> None:
    """Say that a live package has got files that the bucket has not."""
    session.execute(update(StoredPackage).where(StoredPackage.package == package).values(
        state="waiting", tries=0, fault="", not_before=None, beat_at=None))


def due() -> list[int]:
    """Return the rows of live packages that something can be done for now."""
    played = exists().where(Edition.package == StoredPackage.package)
    session = db.session()
    found = session.scalars(select(StoredPackage.id).where(
        played, StoredPackage.state != "released", is_silent(StoredPackage),
        or_(StoredPackage.not_before.is_(None), StoredPackage.not_before <= utcnow())).order_by(StoredPackage.id))
    ids = list(found)
    db.session.rollback()
    return ids


def advance(storage: LocalStorage, bucket: Bucket, row_id: int, grace: timedelta = GRACE) -> bool:
    """Move one package on: into the bucket, or off the disk. False when it failed, and its pause has begun."""
    taken = claim(StoredPackage, row_id, ("waiting", "moving", "stored", "releasing"), _begin)
    if taken is None:
        return True
    row, lease = taken
    package, letting_go = row.package.removeprefix(PREFIX), row.state == "releasing"
    db.session.rollback()
    beat = _Beat(lease)
    try:
        if letting_go:
            left, lost = moving.release(bucket, storage, package, grace.total_seconds(), beat)
            state = "waiting" if lost else "stored" if left else "released"
            with lease.beat() as (_session, row):
                _finish(row, state, utcnow() + grace if state == "stored" else None)
        else:
            moving.store(bucket, storage, package, beat)
            files, size = index.totals(storage, package)
            with lease.beat() as (_session, row):
                _finish(row, "stored", utcnow() + grace)
                row.stored_at, row.files, row.bytes = utcnow(), files, size
            log.info("package stored in the bucket", package=package, files=files)
    except Stopped:
        return True
    except (BucketError, OSError) as error:
        log.warning("package not moved", package=package, error=str(error))
        fail(row_id, error)
        return False
    return True


def fail(row_id: int, error: Exception) -> None:
    """Write down that a try failed, and when the next one may begin."""
    with unit_of_work() as session:
        row = session.get(StoredPackage, row_id, with_for_update=True, populate_existing=True)
        if row is None:
            return
        pause = min(FIRST_PAUSE * 2 ** min(row.tries, 10), LONGEST_PAUSE)
        back = {"moving": "waiting", "releasing": "stored"}
        row.state, row.tries, row.not_before = back.get(row.state, row.state), row.tries + 1, utcnow() + pause
        row.fault, row.beat_at = error.code if isinstance(error, BucketError) else "disk", None


def failing(session: Session) -> tuple[int, str]:
    """Return how many packages have failed to be moved for a while, and the code of the latest fault."""
    rows = session.execute(select(StoredPackage.fault).where(StoredPackage.tries >= FAILING)
                           .order_by(StoredPackage.not_before.desc())).all()
    return len(rows), rows[0].fault if rows else ""


def _begin(row: StoredPackage) -> None:
    row.state = "releasing" if row.state in ("stored", "releasing") else "moving"


def _finish(row: StoredPackage, state: str, not_before: datetime | None) -> None:
    row.state, row.not_before, row.tries, row.fault = state, not_before, 0, ""
    row.beat_at = None  # nobody is at it any more


class _Beat:
    """Renews a lease now and then while files go their way; raises Stopped once it is lost."""

    def __init__(self, lease: Lease[StoredPackage]) -> None:
        self._lease, self._last = lease, time.monotonic()

    def __call__(self) -> None:
        _told_to_stop()
        if time.monotonic() - self._last >= BEAT_SECONDS:
            with self._lease.beat():
                pass
            self._last = time.monotonic()


def _told_to_stop() -> None:
    if drain.begun:
        raise Stopped
