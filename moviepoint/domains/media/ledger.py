"""The ledger: which step is whose, for how long, and how it ended. Only the database knows the work.

A worker takes a step by an atomic lease. Each lease raises the step's fence; every later write names the fence
it was given, and changes nothing if somebody else has leased the step since. A lease that is not renewed runs
out, and the step is free again. No function here commits.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, ScalarSelect, Subquery, and_, exists, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session, aliased

from moviepoint.domains.media.clock import Clock
from moviepoint.domains.media.models import EncodingJob, EncodingStep
from moviepoint.kernel import events
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.sentences import join, sentence

LEASE = timedelta(seconds=25)  # with the sweep's ten seconds and the queue's one: taken over within forty
BEAT = timedelta(seconds=5)
MAX_FAILURES = 5
MAX_LOST = 40  # leases lost before a step counts as one that kills its workers
PAUSES = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
LIVE = ("queued", "running")
LOG_BYTES = 8_000
CLOCK = Clock()  # this process's


class Lease(msgspec.Struct, frozen=True):
    """What a worker holds: a step of a job, under a fence."""

    step_id: int
    job_id: int
    fence: int
    name: str
    kind: str
    parameters: dict[str, Any]


def take(session: Session, lane: str, worker: str, now: datetime | None = None) -> Lease | None:
    """Lease the next step of a lane, or return None when there is none to do now.

    Jobs with a higher priority first; among equals whoever was served longest ago, so that one person's fifty films
    do not keep all others waiting; then the front of each job, so that a short film is not stuck behind a long one.
    While the clock has just jumped, nobody's lease counts as lost.
    """
    given, now = now is not None, now or utcnow()
    free = _free(now, given or CLOCK.steady(now, LEASE))
    for step_id, fence, _job in _queue(session, lane, free):
        taken = session.execute(
            update(EncodingStep).where(EncodingStep.id == step_id, EncodingStep.fence == fence, free)
            .values(state="running", worker=worker, fence=fence + 1, lease_until=now + LEASE, not_before=None,
                    started_at=func.coalesce(EncodingStep.started_at, now), served=_next_turn())
            .execution_options(synchronize_session=False))
        if _changed(taken):
            return _lease(session, step_id, now)
    return None


def give_way(session: Session, lease: Lease) -> bool:
    """Give a step back half done, where another job's would be taken before it; where none would, nothing changes.

    It steps back a place for each turn, and so stands where a film's second, third, … range does: behind what its own
    job has planned before those.
    """
    step, now = session.get_one(EncodingStep, lease.step_id, populate_existing=True), utcnow()
    planned = select(func.count()).where(EncodingStep.job_id == step.job_id, EncodingStep.stage == step.stage,
                                         EncodingStep.position > step.position)
    places = step.yielded + 1 if step.yielded else 1 + (session.scalar(planned) or 0)
    with session.begin_nested() as attempt:
        given = _write(session, lease, {"state": "queued", "lease_until": None, "speed": None, "yielded": places})
        before = takewhile(lambda row: row.id != step.id, _queue(session, step.lane,
                                                                 _free(now, CLOCK.steady(now, LEASE))))
        given = given and any(row.job_id != step.job_id for row in before)
        if not given:
            attempt.rollback()
    return given


def _queue(session: Session, lane: str, free: ColumnElement[bool]) -> Sequence[Row[int, int, int]]:
    """The next steps of a lane, in the order in which they are to be taken: id, fence and job of each."""
    served = _served(lane)
    return session.execute(
        select(EncodingStep.id, EncodingStep.fence, EncodingStep.job_id).join(EncodingJob)
        .outerjoin(served, served.c.owner == func.coalesce(EncodingJob.created_by_id, 0))
        .where(EncodingStep.lane == lane, EncodingJob.state.in_(LIVE), free, _ready())
        .order_by(EncodingJob.priority.desc(), func.coalesce(served.c.last, 0),
                  EncodingStep.position + EncodingStep.yielded, EncodingJob.id)
        .limit(8)).all()


def _served(lane: str) -> Subquery:
    """The newest lease of a lane by whose job it was; leases are numbered by a counter of each live job's owner."""
    owner = func.coalesce(EncodingJob.created_by_id, 0)
    return (select(owner.label("owner"), func.max(EncodingStep.served).label("last")).join(EncodingJob)
            .where(EncodingStep.lane == lane, EncodingJob.state.in_(LIVE), EncodingStep.served > 0)
            .group_by(owner).subquery())


def _lease(session: Session, step_id: int, now: datetime) -> Lease:
    step = session.get_one(EncodingStep, step_id, populate_existing=True)
    others = exists().where(EncodingStep.job_id == step.job_id, EncodingStep.state == "queued",
                            EncodingStep.not_before.is_not(None))
    session.execute(update(EncodingJob).where(EncodingJob.id == step.job_id, EncodingJob.state.in_(LIVE),
                                              EncodingJob.code != "", ~others).values(code="", message=""))
    session.execute(update(EncodingJob).where(EncodingJob.id == step.job_id, EncodingJob.state == "queued")
                    .values(state="running", started_at=func.coalesce(EncodingJob.started_at, now)))
    return Lease(step.id, step.job_id, step.fence, step.name, step.kind, dict(step.parameters))


def _next_turn() -> ScalarSelect[int]:
    """One more than the newest turn: a counter, since clocks jump."""
    step = aliased(EncodingStep)
    return select(func.coalesce(func.max(step.served), 0) + 1).scalar_subquery()


def _free(now: datetime, steady: bool = True) -> ColumnElement[bool]:
    """Waiting and due, or leased by somebody who has not renewed it in time, while the clock can be believed.

    A lease or a pause that ends later than any can was made before the clock was set back: it is over.
    """
    due = or_(EncodingStep.not_before.is_(None), EncodingStep.not_before <= now,
              EncodingStep.not_before > now + 2 * PAUSES[-1])
    lost = and_(EncodingStep.state == "running", or_(EncodingStep.lease_until < now,
                                                     EncodingStep.lease_until > now + 2 * LEASE))
    waiting = and_(EncodingStep.state == "queued", due)
    return or_(waiting, lost) if steady else waiting


def _ready() -> ColumnElement[bool]:
    """No step of the same job and a lower stage is still to be done."""
    before = aliased(EncodingStep)
    return ~exists().where(before.job_id == EncodingStep.job_id, before.stage < EncodingStep.stage,
                           before.state != "done")


def holds(session: Session, lease: Lease) -> bool:
    """Whether the lease is still its worker's, and its job still wanted."""
    return session.scalar(select(EncodingStep.id).join(EncodingJob).where(
        _fenced(lease), EncodingJob.state.in_(LIVE))) is not None


def renew(session: Session, lease: Lease, share: float, speed: float | None, command: str = "",
          log: str = "") -> bool:
    """Renew a lease and report progress (0 to 1; seconds of film a second); False when it is lost."""
    values: dict[str, Any] = {"lease_until": utcnow() + LEASE, "progress": min(1.0, max(0.0, share)), "speed": speed}
    if command:
        values["command"] = command
    if log:
        values["log"] = log[-LOG_BYTES:]
    return holds(session, lease) and _write(session, lease, values)


def complete(session: Session, lease: Lease, result: Mapping[str, Any], command: str = "", log: str = "") -> bool:
    """Mark a step as done; False when the lease is lost, and then nothing is written."""
    return _write(session, lease, {"state": "done", "progress": 1.0, "lease_until": None, "finished_at": utcnow(),
                                   "result": dict(result), "command": command, "log": log[-LOG_BYTES:]})


def release(session: Session, lease: Lease, state: str = "queued") -> bool:
    """Give a step back unfinished; the next worker takes it from where it stands."""
    return _write(session, lease, {"state": state, "lease_until": None, "speed": None})


def fail_for_now(session: Session, lease: Lease, code: str, message: str, log: str = "") -> bool:
    """Note a temporary failure: try again after a growing pause, and give up after the fifth.

    Until then the job says what happened, and when it is tried again.
    """
    step = session.get_one(EncodingStep, lease.step_id, populate_existing=True)
    attempts = step.attempts + 1
    if attempts >= MAX_FAILURES:
        return fail(session, lease, code, message, log)
    again = utcnow() + PAUSES[min(attempts, len(PAUSES)) - 1]
    if not _write(session, lease, {"state": "queued", "attempts": attempts, "lease_until": None, "not_before": again,
                                   "log": (log or message)[-LOG_BYTES:]}):
        return False
    session.execute(update(EncodingJob).where(EncodingJob.id == lease.job_id, EncodingJob.state.in_(LIVE)).values(
        code=code, message=join((message, sentence("It is tried again at %(time)s UTC.", time=f"{again:%H:%M:%S}")))))
    return True


def fail(session: Session, lease: Lease, code: str, message: str, log: str = "") -> bool:
    """Fail a step and its job for good, with a sentence for the editor."""
    if not _write(session, lease, {"state": "failed", "lease_until": None, "finished_at": utcnow(),
                                   "attempts": EncodingStep.attempts + 1, "log": (log or message)[-LOG_BYTES:]}):
        return False
    fail_job(session, lease.job_id, code, message)
    return True


def fail_job(session: Session, job_id: int, code: str, message: str) -> None:
    """End a live job as failed and say so to whoever listens."""
    job = session.get_one(EncodingJob, job_id, populate_existing=True)
    if job.state not in LIVE:
        return
    job.state, job.code, job.message, job.finished_at = "failed", code, message, utcnow()
    events.record(session, "on_encoding_failed", job_id=job.id, edition_id=job.edition_id)


def begin_again(session: Session, lease: Lease, message: str) -> bool:
    """Give a check back as failed once, and have all that it looked at made again; False when the lease is lost."""
    stage = session.get_one(EncodingStep, lease.step_id, populate_existing=True).stage
    if not _write(session, lease, {"state": "queued", "attempts": 1, "lease_until": None, "log": str(message)}):
        return False
    session.execute(update(EncodingStep).where(EncodingStep.job_id == lease.job_id, EncodingStep.stage < stage,
                                               EncodingStep.name != "inspect")
                    .values(state="queued", progress=0.0, result=None, attempts=0, yielded=0,
                            fence=EncodingStep.fence + 1)
                    .execution_options(synchronize_session=False))
    return True


def pause(session: Session, lease: Lease, code: str, message: str) -> bool:
    """Give a step back, and stop its whole job until the reason is gone."""
    if not release(session, lease):
        return False
    pause_job(session, lease.job_id, code, message)
    return True


def pause_for_now(session: Session, lease: Lease, code: str, message: str) -> bool:
    """Stop a step's whole job for a growing time, and until its reason is gone; it is never given up for that."""
    step = session.get_one(EncodingStep, lease.step_id, populate_existing=True)
    attempts = min(step.attempts + 1, len(PAUSES))
    if not _write(session, lease, {"state": "queued", "attempts": attempts, "lease_until": None, "speed": None,
                                   "not_before": utcnow() + PAUSES[attempts - 1]}):
        return False
    pause_job(session, lease.job_id, code, message)
    return True


def still_waits(session: Session, job_id: int) -> bool:
    """Whether a paused job has a step whose time has not come yet."""
    now = utcnow()
    return session.scalar(select(EncodingStep.id).where(
        EncodingStep.job_id == job_id, EncodingStep.state == "queued",
        EncodingStep.not_before.between(now, now + 2 * PAUSES[-1])).limit(1)) is not None


def pause_job(session: Session, job_id: int, code: str, message: str) -> None:
    session.execute(update(EncodingJob).where(EncodingJob.id == job_id, EncodingJob.state.in_(LIVE))
                    .values(state="paused", code=code, message=message))


def end_deadly_steps(session: Session) -> int:
    """Fail jobs one of whose steps has lost its worker again and again; returns how many."""
    if not CLOCK.steady(utcnow(), LEASE):
        return 0
    deadly = session.execute(select(EncodingStep.job_id, EncodingStep.name).join(EncodingJob).where(
        EncodingJob.state.in_(LIVE), EncodingStep.state == "running", EncodingStep.lease_until < utcnow(),
        EncodingStep.fence >= MAX_LOST + EncodingStep.attempts + EncodingStep.yielded)).all()
    for job_id, name in deadly:
        fail_job(session, job_id, "worker-lost", sentence(
            "The step %(name)s ended its worker %(count)s times.", name=name, count=MAX_LOST))
    return len(deadly)


def lanes_with_work(session: Session, now: datetime | None = None) -> set[str]:
    """Return the lanes in which a step could be taken now."""
    given, now = now is not None, now or utcnow()
    free = _free(now, given or CLOCK.steady(now, LEASE))
    return set(session.scalars(select(EncodingStep.lane).join(EncodingJob).where(
        EncodingJob.state.in_(LIVE), free, _ready()).distinct()))


def _fenced(lease: Lease) -> ColumnElement[bool]:
    return and_(EncodingStep.id == lease.step_id, EncodingStep.fence == lease.fence, EncodingStep.state == "running")


def _write(session: Session, lease: Lease, values: dict[str, Any]) -> bool:
    done = session.execute(update(EncodingStep).where(_fenced(lease)).values(**values)
                           .execution_options(synchronize_session=False))
    return _changed(done)


def _changed(result: Any) -> bool:
    return isinstance(result, CursorResult) and result.rowcount == 1
