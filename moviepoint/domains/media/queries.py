"""Reads of media's jobs: take a session and an actor, return values that edges can show as they are."""
from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from moviepoint.domains.media.ledger import LIVE
from moviepoint.domains.media.models import JOB_STATES, EncodingJob, EncodingStep
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.policies import Actor, require

LOG_LINES = 12


class StepView(msgspec.Struct, frozen=True):
    """One step; `progress` from 0 to 1, `speed` in seconds of film a second."""

    name: str
    kind: str
    state: str
    progress: float
    speed: float | None
    attempts: int
    worker: str
    log: str
    command: str


class JobView(msgspec.Struct, frozen=True):
    """A job; `progress` from 0 to 1, `remaining_seconds` an estimate, None while there is nothing to go by."""

    id: int
    edition_id: int
    source_id: int
    filename: str
    state: str
    code: str
    message: str
    priority: int
    progress: float
    speed: float | None
    remaining_seconds: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    notes: list[str]

    @property
    def can_cancel(self) -> bool:
        return self.state in (*LIVE, "paused")

    @property
    def can_retry(self) -> bool:
        return self.state in ("failed", "cancelled", "paused")


class JobDetail(msgspec.Struct, frozen=True):
    job: JobView
    steps: list[StepView]


def jobs(actor: Actor, state: str = "", edition_id: int | None = None) -> Select[EncodingJob]:
    """Return a select of jobs, those at work first, then the newest. Raises Forbidden."""
    require(actor, "media.manage")
    statement = select(EncodingJob).options(joinedload(EncodingJob.source)).order_by(
        EncodingJob.state.in_(LIVE).desc(), EncodingJob.id.desc())
    if state:
        statement = statement.where(EncodingJob.state == state)
    if edition_id is not None:
        statement = statement.where(EncodingJob.edition_id == edition_id)
    return statement


def job_counts(session: Session, actor: Actor) -> dict[str, int]:
    """Return how many jobs there are in each state, those with none too, in the order of a job's life."""
    require(actor, "media.manage")
    rows = session.execute(select(EncodingJob.state, func.count().label("jobs")).group_by(EncodingJob.state))
    found = {row.state: row.jobs for row in rows}
    return {state: found.get(state, 0) for state in JOB_STATES}


def job_views(session: Session, rows: list[EncodingJob], now: datetime | None = None) -> list[JobView]:
    """Turn rows of `jobs()` into views, their steps summed in one query."""
    now = now or utcnow()
    sums = {row.job_id: row for row in session.execute(
        select(EncodingStep.job_id, func.sum(EncodingStep.weight).label("weight"),
               func.sum(EncodingStep.weight * EncodingStep.progress).label("done"),
               func.sum(EncodingStep.speed).label("speed"))
        .where(EncodingStep.job_id.in_([job.id for job in rows])).group_by(EncodingStep.job_id))}
    views = []
    for job in rows:
        total = sums.get(job.id)
        share = min(1.0, float(total.done or 0) / float(total.weight)) if total and total.weight else 0.0
        speed = float(total.speed) if total and total.speed and job.state == "running" else None
        views.append(_view(job, 1.0 if job.state == "done" else share if job.plan else 0.0, speed, now))
    return views


def job_detail(session: Session, actor: Actor, job_id: int) -> JobDetail:
    """Return one job with its steps in order. Raises NotFound, Forbidden."""
    rows = list(session.scalars(jobs(actor).where(EncodingJob.id == job_id)))
    if not rows:
        raise NotFound()
    steps = session.scalars(select(EncodingStep).where(EncodingStep.job_id == job_id).order_by(EncodingStep.position))
    return JobDetail(job_views(session, rows)[0], [
        StepView(step.name, step.kind, step.state, round(step.progress, 4), step.speed, step.attempts, step.worker,
                 "\n".join(step.log.splitlines()[-LOG_LINES:]), step.command) for step in steps])


def _view(job: EncodingJob, share: float, speed: float | None, now: datetime) -> JobView:
    remaining = None
    if job.state == "running" and job.started_at is not None and share > 0.02:
        elapsed = now - job.started_at
        remaining = round(elapsed / timedelta(seconds=1) * (1 - share) / share)
    plan = job.plan or {}
    return JobView(job.id, job.edition_id, job.source_id, job.source.filename, job.state, job.code, job.message,
                   job.priority, round(share, 4), speed, remaining, job.created_at, job.started_at, job.finished_at,
                   list(plan.get("notes", ())))
