"""The sweep: finds again what was lost, and removes what belongs to nobody."""
from __future__ import annotations

import shutil
import time
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.media import additions, early, joining, ledger, retiming, room, services, storing
from moviepoint.domains.media.encoding.errors import DiskFull
from moviepoint.domains.media.encoding.orphans import end_orphans
from moviepoint.domains.media.models import Edition, EncodingJob, EncodingStep
from moviepoint.domains.media.policies import HELD
from moviepoint.domains.media.remote import index
from moviepoint.domains.media.storing import PACKAGES
from moviepoint.domains.media.worker import STAGING, Bench
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.tasks import enqueue

log = structlog.get_logger(__name__)
SETTLED_SECONDS = 3600  # a folder that nothing knows of, and that has not changed for so long, belongs to nobody
FAILED_KEPT = timedelta(days=7)  # how long a failed job's finished segments wait for it to be taken up again


def sweep(bench: Bench) -> None:
    """End steps that kill their workers, take up paused jobs, wake workers, remove orphans."""
    with unit_of_work() as session:
        ledger.end_deadly_steps(session)
        resume_paused(session, bench)
        early.withdraw(session)
    wake()
    end_orphans(bench.storage.root.absolute())
    blocked = room.trouble(bench.storage)
    if blocked is not None and not isinstance(blocked, DiskFull):
        return  # what is not seen there now may be there all the same
    remove_orphans(bench)
    forget_failures(bench)
    storing.remove_retired(bench.storage)


def wake() -> None:
    """Send a message for each lane in which something can be done now, and for each upload that lies in parts."""
    lanes = ledger.lanes_with_work(db.session())
    db.session.rollback()
    for lane in sorted(lanes):
        enqueue("media.work", lane=lane)
    parted = joining.waiting(db.session())
    db.session.rollback()
    for upload_id in parted:
        enqueue(joining.JOIN, upload_id=upload_id)


def resume_paused(session: Session, bench: Bench) -> int:
    """Let jobs go on that waited for room, or for the storage, and have it now; returns how many."""
    waiting = session.scalars(select(EncodingJob).where(EncodingJob.state == "paused")
                              .order_by(EncodingJob.priority.desc(), EncodingJob.id)).all()
    resumed = 0
    for job in waiting:
        if job.code == HELD or (job.code == retiming.WAITS and not additions.ready(session, job.edition)):
            continue
        if ledger.still_waits(session, job.id):
            continue
        if room.usable(bench.storage, job) and room.enough(session, bench.storage, bench.settings, job):
            job.state, job.code, job.message = "queued", "", ""
            session.flush()
            resumed += 1
    return resumed


def remove_orphans(bench: Bench) -> int:
    """Remove packages that no edition shows and no job makes, and staging of jobs that are over."""
    folder = bench.storage.path(PACKAGES)
    if not folder.is_dir():
        return 0
    session = db.session()
    live = set(session.scalars(select(Edition.package).where(Edition.package.is_not(None))))
    states = {row.package: row.state for row in session.execute(select(EncodingJob.package, EncodingJob.state))}
    busy = set(session.scalars(select(EncodingJob.package).join(EncodingStep).where(
        EncodingStep.state == "running", EncodingStep.lease_until > utcnow())))
    db.session.rollback()
    removed = 0
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        key = f"{PACKAGES}/{path.name}"
        state = states.get(key)
        if key in live:
            if state == "done":
                shutil.rmtree(path / STAGING, ignore_errors=True)
        elif key not in busy and not index.lent(bench.storage, path.name) and _over(bench, path, state):
            log.info("package removed: it belongs to nobody", package=path.name)
            storing.remove_package(bench.storage, path.name)
            removed += 1
    return removed


def _over(bench: Bench, path: Path, state: str | None) -> bool:
    """Say whether a package can go whose job is in a state (None: it has none), and that nobody shows.

    No job names it any more whose edition was deleted, or whose job makes another: nobody may watch it. One that has
    just been made may have a job that was not seen yet.
    """
    if state is None:
        return _old(path)
    return state == "cancelled" or (state == "done" and storing.outlived(bench.storage, path.name))


def _old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > SETTLED_SECONDS
    except OSError:
        return False


def forget_failures(bench: Bench) -> int:
    """Remove what jobs have left that failed long ago; returns how many. Who takes one up again begins at the front."""
    with unit_of_work() as session:
        gone = session.scalars(select(EncodingJob).where(
            EncodingJob.state == "failed", EncodingJob.package != "",
            EncodingJob.finished_at < utcnow() - FAILED_KEPT)).all()
        packages = [job.package for job in gone if bench.storage.exists(job.package)]
        for job in gone:
            if job.package in packages:
                services.begin_anew(session, job)
    for package in packages:
        storing.remove_package(bench.storage, package.rsplit("/", 1)[-1])
    return len(packages)
