"""The sweep: finds again what was lost, and removes what belongs to nobody."""
from __future__ import annotations

import shutil
import time
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.media import early, joining, ledger, retiming, room, storing
from moviepoint.domains.media.encoding.orphans import end_orphans
from moviepoint.domains.media.models import Edition, EncodingJob, EncodingStep
from moviepoint.domains.media.storing import GRACE_SECONDS, PACKAGES
from moviepoint.domains.media.worker import STAGING, Bench
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.tasks import enqueue

log = structlog.get_logger(__name__)


def sweep(bench: Bench) -> None:
    """End steps that kill their workers, take up paused jobs, wake workers, remove orphans."""
    with unit_of_work() as session:
        ledger.end_deadly_steps(session)
        resume_paused(session, bench)
        early.withdraw(session)
    wake()
    remove_orphans(bench)
    end_orphans(bench.storage.root.absolute())
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
        if job.code == retiming.WAITS and job.edition.package is None:
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
        elif key not in busy and (state == "cancelled" or (state in (None, "done") and _old(path))):
            log.info("package removed: it belongs to nobody", package=path.name)
            bench.storage.delete(key)
            removed += 1
    return removed


def _old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > GRACE_SECONDS
    except OSError:
        return False
