"""A film's plan in the ledger: written when it was inspected, and again where it is not as it had seemed."""
from __future__ import annotations

import msgspec
from sqlalchemy import delete
from sqlalchemy.orm import Session

from moviepoint.domains.media import early, ledger, matching, profiles
from moviepoint.domains.media.encoding.plan import Plan, make_plan
from moviepoint.domains.media.encoding.probe import Probe
from moviepoint.domains.media.ledger import Lease
from moviepoint.domains.media.models import EncodingJob, EncodingStep
from moviepoint.domains.media.services import STAGE_CHECK, STAGE_ENCODE, STAGE_INSPECT, STAGE_PUBLISH
from moviepoint.kernel.sentences import join, sentence, stored

STAGES = {"check": STAGE_CHECK, "publish": STAGE_PUBLISH}


def write(session: Session, job: EncodingJob, made: Plan) -> None:
    """Write a film's plan and its steps; tracks have the offsets that an editor gave to them before."""
    plan = matching.with_offsets(made, job.edition)
    job.plan = stored(plan)
    for position, step in enumerate(plan.steps, start=1):
        session.add(EncodingStep(job_id=job.id, position=position, name=step.name, kind=step.kind, lane=step.lane,
                                 stage=STAGES.get(step.kind, STAGE_ENCODE), weight=step.weight,
                                 parameters=msgspec.to_builtins(step)))


def copies(job: EncodingJob) -> bool:
    """Say whether a job's plan takes the source's own picture."""
    return bool(job.plan) and any(rung.copied for rung in msgspec.convert(job.plan, Plan).rungs)


def encode_instead(session: Session, lease: Lease, package: str, message: str) -> bool:
    """Plan a film anew with all rungs encoded, in another package: its own picture was not what it had seemed.

    Other workers at the film's steps lose them. Does nothing when the lease is lost.
    """
    if not ledger.release(session, lease):
        return False
    job = session.get_one(EncodingJob, lease.job_id, populate_existing=True)
    note = join((sentence("The film's own picture is encoded, and not taken as it is."), message))
    _write_again(session, job, package, (note,), copy=False)
    return True


def keep_whole(session: Session, lease: Lease, package: str) -> bool:
    """Plan a film anew in one range, in another package: it was not found exactly where it was sought.

    Other workers at the film's steps lose them. Does nothing when the lease is lost.
    """
    if not ledger.release(session, lease):
        return False
    job = session.get_one(EncodingJob, lease.job_id, populate_existing=True)
    job.source.probe = stored(msgspec.structs.replace(msgspec.convert(job.source.probe, Probe), seekable=False))
    _write_again(session, job, package, (), copy=copies(job))
    return True


def remake(session: Session, lease: Lease, package: str, code: str, message: str) -> bool:
    """After a check that failed: have all of a package made again, under another key; the second time, fail."""
    if session.get_one(EncodingStep, lease.step_id, populate_existing=True).attempts:
        return ledger.fail(session, lease, code, message)
    if not ledger.begin_again(session, lease, message):
        return False
    early.make_elsewhere(session, session.get_one(EncodingJob, lease.job_id, populate_existing=True), package)
    return True


def _write_again(session: Session, job: EncodingJob, package: str, notes: tuple[str, ...], copy: bool) -> None:
    made = make_plan(msgspec.convert(job.source.probe, Probe), profiles.of_job(job), copy=copy)
    session.execute(delete(EncodingStep).where(EncodingStep.job_id == job.id, EncodingStep.stage > STAGE_INSPECT))
    session.flush()
    session.expire(job, ["steps"])
    write(session, job, msgspec.structs.replace(made, notes=(*made.notes, *notes)))
    early.make_elsewhere(session, job, package)
