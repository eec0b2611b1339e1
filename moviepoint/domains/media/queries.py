"""Reads of media's jobs: take a session and an actor, return values that edges can show as they are."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import JSON, Row, Select, case, func, literal, null, or_, select, type_coerce, union_all
from sqlalchemy.orm import Session, joinedload

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Episode, Season, Title, TitleText
from moviepoint.domains.media.documents import edition_names
from moviepoint.domains.media.ledger import LIVE
from moviepoint.domains.media.models import (
    JOB_STATES,
    AudioTrack,
    Edition,
    EncodingJob,
    EncodingStep,
    SourceAsset,
    SubtitleTrack,
    VideoRendition,
)
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.policies import SYSTEM, Actor, require
from moviepoint.kernel.sentences import SentenceText, unpack

LOG_LINES = 12
Sort = Literal["", "newest", "oldest", "priority", "finished"]


class JobFilter(msgspec.Struct, frozen=True):
    """What a list of jobs shows. `text` is in a title or a file's name, `who` in the name of who began the job.

    Days are UTC, both included. Without `sort`, those at work come first, then the newest.
    """

    state: str = ""
    text: str = ""
    who: str = ""
    since: date | None = None
    until: date | None = None
    edition_id: int | None = None
    sort: Sort = ""


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
    """A job; `progress` from 0 to 1, `remaining_seconds` an estimate, None while there is nothing to go by.

    `kind` is film, tracks or retime; `title` names its edition, `step` and `log` what runs now and its last lines.
    """

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
    kind: str = "film"
    title: str = ""
    created_by: str = ""
    step: str = ""
    log: str = ""
    profile: str = ""

    @property
    def can_cancel(self) -> bool:
        return self.state in (*LIVE, "paused")

    @property
    def can_retry(self) -> bool:
        return self.state in ("failed", "cancelled", "paused")


class JobDetail(msgspec.Struct, frozen=True):
    job: JobView
    steps: list[StepView]


def jobs(actor: Actor, wanted: JobFilter = JobFilter()) -> Select[EncodingJob]:
    """Return a select of jobs as filtered and sorted. Raises Forbidden."""
    require(actor, "media.manage")
    orders: Mapping[str, Any] = {
        "newest": (EncodingJob.id.desc(),), "oldest": (EncodingJob.id,),
        "priority": (EncodingJob.priority.desc(), EncodingJob.id.desc()),
        "finished": (EncodingJob.finished_at.is_(None), EncodingJob.finished_at.desc(), EncodingJob.id.desc())}
    usual = (case((EncodingJob.state.in_(LIVE), 0), else_=1), EncodingJob.id.desc())
    statement = select(EncodingJob).options(joinedload(EncodingJob.source), joinedload(EncodingJob.edition)).order_by(
        *orders.get(wanted.sort, usual))
    narrowed: Select[EncodingJob] = filtered(statement, wanted)
    return narrowed


def filtered(statement: Any, wanted: JobFilter) -> Any:
    """Return a statement about jobs, narrowed to what a filter asks for."""
    if wanted.state:
        statement = statement.where(EncodingJob.state == wanted.state)
    if wanted.edition_id is not None:
        statement = statement.where(EncodingJob.edition_id == wanted.edition_id)
    if wanted.since is not None:
        statement = statement.where(EncodingJob.created_at >= _midnight(wanted.since))
    if wanted.until is not None:
        statement = statement.where(EncodingJob.created_at < _midnight(wanted.until) + timedelta(days=1))
    if wanted.who:
        statement = statement.where(EncodingJob.created_by_id.in_(select(User.id).where(or_(
            User.name.icontains(wanted.who, autoescape=True), User.email.icontains(wanted.who, autoescape=True)))))
    if wanted.text:
        statement = statement.where(_about(wanted.text))
    return statement


def job_counts(session: Session, actor: Actor, wanted: JobFilter = JobFilter()) -> dict[str, int]:
    """Return how many jobs there are in each state, whatever state the filter names; in the order of a job's life."""
    require(actor, "media.manage")
    statement = select(EncodingJob.state, func.count().label("jobs")).group_by(EncodingJob.state)
    rows = session.execute(filtered(statement, msgspec.structs.replace(wanted, state="")))
    found = {row.state: row.jobs for row in rows}
    return {state: found.get(state, 0) for state in JOB_STATES}


def job_views(session: Session, rows: list[EncodingJob], now: datetime | None = None) -> list[JobView]:
    """Turn rows of `jobs()` into views, in a fixed number of queries."""
    if not rows:
        return []
    now = now or utcnow()
    ids = [job.id for job in rows]
    sums = {row.job_id: row for row in session.execute(
        select(EncodingStep.job_id, func.sum(EncodingStep.weight).label("weight"),
               func.sum(EncodingStep.weight * EncodingStep.progress).label("done"),
               func.sum(case((EncodingStep.state == "running", EncodingStep.speed))).label("speed"))
        .where(EncodingStep.job_id.in_(ids)).group_by(EncodingStep.job_id))}
    running: dict[int, Any] = {row.job_id: row for row in session.execute(
        select(EncodingStep.job_id, EncodingStep.name, EncodingStep.log)
        .where(EncodingStep.job_id.in_(ids), EncodingStep.state == "running").order_by(EncodingStep.position.desc()))}
    names = edition_names(session, [job.edition for job in rows])
    users = user_names(session, [job.created_by_id for job in rows])
    views = []
    for job in rows:
        total = sums.get(job.id)
        share = min(1.0, float(total.done or 0) / float(total.weight)) if total and total.weight else 0.0
        speed = float(total.speed) if total and total.speed and job.state == "running" else None
        view = _view(job, 1.0 if job.state == "done" else share if job.plan else 0.0, speed, now)
        step = running.get(job.id) if job.state in LIVE else None
        views.append(msgspec.structs.replace(
            view, title=names[job.edition_id], created_by=users.get(job.created_by_id or 0, ""),
            step=step.name if step else "", log=_tail(step.log) if step else ""))
    return views


def job_detail(session: Session, actor: Actor, job_id: int) -> JobDetail:
    """Return one job with its steps in order; who has started it by an upload of their own sees how far it is.

    Raises NotFound, Forbidden.
    """
    whole = actor.may("media.manage")
    started_by = session.scalar(select(EncodingJob.created_by_id).where(EncodingJob.id == job_id))
    own = not whole and actor.id is not None and started_by == actor.id and actor.may_in_part("media.upload")
    rows = list(session.scalars(jobs(SYSTEM if own else actor).where(EncodingJob.id == job_id)))
    if not rows:
        raise NotFound()
    steps = session.scalars(select(EncodingStep).where(EncodingStep.job_id == job_id).order_by(EncodingStep.position))
    return JobDetail(job_views(session, rows)[0], [
        StepView(step.name, step.kind, step.state, round(step.progress, 4), step.speed, step.attempts, step.worker,
                 _tail(step.log) if whole else "", step.command if whole else "") for step in steps])


def user_names(session: Session, ids: list[int | None]) -> dict[int, str]:
    """Return users' names by id, or their addresses where they have none, in one query."""
    rows = session.execute(select(User.id, User.name, User.email).where(User.id.in_({i for i in ids if i})))
    return {row.id: row.name or row.email for row in rows}


def _about(text: str) -> Any:
    """Match jobs whose title (by any of its names), or file, has a text in it."""
    titles = select(Title.id).where(or_(
        Title.original_title.icontains(text, autoescape=True),
        Title.texts.any(TitleText.name.icontains(text, autoescape=True))))
    editions = select(Edition.id).outerjoin(Episode, Episode.id == Edition.episode_id).outerjoin(
        Season, Season.id == Episode.season_id).where(or_(Edition.title_id.in_(titles), Season.title_id.in_(titles)))
    files = select(SourceAsset.id).where(SourceAsset.filename.icontains(text, autoescape=True))
    return or_(EncodingJob.edition_id.in_(editions), EncodingJob.source_id.in_(files))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), utcnow().tzinfo)


def _tail(log: str) -> str:
    return "\n".join(log.splitlines()[-LOG_LINES:])


def _view(job: EncodingJob, share: float, speed: float | None, now: datetime) -> JobView:
    remaining = None
    if job.state == "running" and job.started_at is not None and share > 0.02:
        elapsed = now - job.started_at
        remaining = round(elapsed / timedelta(seconds=1) * (1 - share) / share)
    plan = job.plan or {}
    return JobView(job.id, job.edition_id, job.source_id, job.source.filename, job.state, job.code, job.message,
                   job.priority, round(share, 4), speed, remaining, job.created_at, job.started_at, job.finished_at,
                   [unpack(note) for note in plan.get("notes", ())], job.kind, profile=job.profile_name)


def track_lines(session: Session, edition_ids: Sequence[int]) -> Sequence[Row[Any]]:
    """Return what editions hold in one query: rows with edition_id, type ("video", "audio", "subtitles") and its words.

    In the order of each table; `kind` is a subtitle's role, and width and height are a picture's, in pixels.
    """
    video = select(VideoRendition.edition_id, literal("video").label("type"), VideoRendition.position,
                   VideoRendition.width, VideoRendition.height, literal("").label("language"),
                   literal("").label("kind"), literal("").label("label"), type_coerce(null(), JSON).label("labels"),
                   literal("").label("studio"), literal("", SentenceText).label("note"))
    audio, subtitles = (
        select(model.edition_id, literal(name), model.position, literal(0), literal(0), model.language, kind,
               model.label, model.labels, model.studio, model.note)
        for name, model, kind in (("audio", AudioTrack, AudioTrack.kind),
                                  ("subtitles", SubtitleTrack, SubtitleTrack.role)))
    parts = (part.where(part.selected_columns[0].in_(edition_ids)) for part in (video, audio, subtitles))
    found: Any = session.execute(union_all(*parts).order_by("position")).all()
    return list(found)
