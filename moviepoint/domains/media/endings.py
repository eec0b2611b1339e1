"""How a step that failed is written down: whose fault it was decides whether its job waits, tries again or ends."""
from __future__ import annotations

import errno
from collections.abc import Callable

import structlog
from sqlalchemy.orm import Session

from moviepoint.domains.media import ledger, planning, room
from moviepoint.domains.media.bench import Bench, LeaseWatch
from moviepoint.domains.media.encoding.binaries import ToolsMissing
from moviepoint.domains.media.encoding.errors import Blocked, DiskFull, EncodingError, Refused
from moviepoint.domains.media.encoding.verify import BadPackage
from moviepoint.domains.media.ledger import Lease
from moviepoint.domains.media.models import EncodingJob
from moviepoint.domains.media.outage import read
from moviepoint.domains.media.services import new_package
from moviepoint.kernel.sentences import sentence

log = structlog.get_logger(__name__)
Ending = Callable[[Session], object]


def of_work(bench: Bench, lease: Lease, watch: LeaseWatch, error: EncodingError) -> Ending:
    """Sort a failure: of the storage, in the package, in the source, or one that may pass.

    ffmpeg may write half a segment on a full disk and call that a success, and calls a file damaged whose disk went
    away: no source is blamed while something is wrong with the place where it lies.
    """
    code, message = error.code, error.message
    log.warning("step failed", job=lease.job_id, step=lease.name, code=code, message=message)
    try:
        blocked = DiskFull() if bench.full else room.trouble(bench.storage, watch.source, watch.film)
    except OSError as fault:
        blocked = room.blocked_by(fault)
    if blocked is not None:
        return waits(lease, blocked)
    if lease.kind == "copy" or (isinstance(error, BadPackage) and read(lambda session: planning.copies(
            session.get_one(EncodingJob, lease.job_id)))):
        return lambda session: planning.encode_instead(session, lease, new_package(), message)
    if isinstance(error, BadPackage):
        return lambda session: planning.remake(session, lease, new_package(), code, message)
    if isinstance(error, (Refused, ToolsMissing)):
        return lambda session: ledger.fail(session, lease, code, message)
    return lambda session: ledger.fail_for_now(session, lease, code, message)


def of_storage(bench: Bench, lease: Lease, watch: LeaseWatch, error: OSError) -> Ending:
    """Name what the storage said; the job waits until it can be used, and is never failed for it.

    Where it looks well a moment later, the job waits longer each time, so as not to run into the same fault again and
    again. For room it waits by its size. Only a name that is too long for it never becomes shorter.
    """
    log.warning("storage failed", step=lease.name, error=str(error))
    if error.errno == errno.ENAMETOOLONG:
        unnamed = sentence("A file would get a name that is longer than the storage takes.")
        return lambda session: ledger.fail(session, lease, "name-too-long", unnamed)
    blocked = room.trouble(bench.storage, watch.source, watch.film)
    if blocked is not None:
        return waits(lease, blocked)
    said = room.blocked_by(error)
    if isinstance(said, DiskFull):
        return waits(lease, said)
    code, message = said.code, said.message
    return lambda session: ledger.pause_for_now(session, lease, code, message)


def waits(lease: Lease, blocked: Blocked) -> Ending:
    """Return how a job is written down that waits for what it is blocked by."""
    code, message = blocked.code, blocked.message
    return lambda session: ledger.pause(session, lease, code, message)
