"""Writes of media: starting, cancelling and retrying the encoding of a source."""
from __future__ import annotations

import msgspec
from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session, aliased

from moviepoint.domains.accounts.models import User
from moviepoint.domains.media import documents, early, storing
from moviepoint.domains.media.encoding.plan import LANES
from moviepoint.domains.media.ledger import LIVE
from moviepoint.domains.media.models import Edition, EncodingJob, EncodingStep, SourceAsset, Upload, public_id
from moviepoint.domains.media.policies import HELD, UPLOAD, require_upload
from moviepoint.domains.media.profiles import Offer, default_profile
from moviepoint.domains.media.queries import JobFilter, filtered
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.sentences import sentence
from moviepoint.kernel.tasks import enqueue_after_commit

WORK = "media.work"
STAGE_INSPECT, STAGE_ENCODE, STAGE_CHECK, STAGE_PUBLISH = range(4)


def new_package() -> str:
    """Return the key of a folder for a package that is yet to be made."""
    return f"{storing.PACKAGES}/{public_id()}"


def source_from_upload(session: Session, actor: Actor, upload_id: int, edition_id: int) -> SourceAsset:
    """Make a stored upload the source of an edition; the file stays where it is.

    Raises NotFound for either, Conflict when the upload is not complete or used already, Forbidden.
    """
    edition = session.get(Edition, edition_id)
    upload = session.get(Upload, upload_id, with_for_update=True, populate_existing=True)
    if edition is None or upload is None:
        require(actor, UPLOAD)
        raise NotFound()
    require_upload(session, actor, edition)
    if upload.state != "stored" or upload.partial:
        raise Conflict(_("This upload is not complete, or is used already."))
    upload.state, upload.edition_id = "used", edition.id
    source = SourceAsset(edition_id=edition.id, key=upload.key, filename=upload.filename or "film", size=upload.size,
                         intent=upload.intent, created_by_id=upload.user_id)
    session.add(source)
    session.flush()
    return source


def start_job(session: Session, actor: Actor, source_id: int, priority: int = 0,
              offer: Offer | None = None) -> EncodingJob:
    """Begin to encode a source, as a film or as tracks of one: the first step inspects it, and plans the others.

    Without an offer a film is encoded as the default profile says; tracks are encoded as their film was. Raises
    NotFound, Forbidden, Invalid when the file was discarded, Conflict when it is being encoded already.
    """
    source = session.get(SourceAsset, source_id)
    if source is None:
        require(actor, UPLOAD)
        raise NotFound()
    require_upload(session, actor, source.edition)
    if not source.kept:
        raise Invalid(_("The source file was discarded after it had been encoded. Upload it again."))
    require_idle(session, source.id)
    kind = "tracks" if source.intent and source.intent.get("use") != "film" else "film"
    name, profile = (offer.name, offer.profile) if offer else default_profile(session)
    job = EncodingJob(edition_id=source.edition_id, source_id=source.id, created_by_id=actor.id, priority=priority,
                      package=new_package(), kind=kind, profile_name=name if kind == "film" else "",
                      profile=msgspec.to_builtins(profile) if kind == "film" else None)
    job.steps.append(EncodingStep(name="inspect", kind="inspect" if kind == "film" else "inspect-tracks", lane="light",
                                  stage=STAGE_INSPECT, position=0, weight=2.0))
    session.add(job)
    session.flush()
    documents.record_job(session, actor, "job_started", job, {}, {"state": job.state})
    enqueue_after_commit(session, WORK, lane="light")
    return job


def require_idle(session: Session, source_id: int, but: int | None = None) -> None:
    """Raise Conflict while a source is being encoded by another job than `but`."""
    busy = session.scalar(select(EncodingJob.id).where(
        EncodingJob.source_id == source_id, EncodingJob.id != (but or 0), EncodingJob.state.in_((*LIVE, "paused"))))
    if busy is not None:
        raise Conflict(_("This file is being encoded already (job %(number)s).", number=busy))


def encode_upload(session: Session, actor: Actor, upload_id: int, edition_id: int, priority: int = 0) -> EncodingJob:
    """Take a stored upload as an edition's source and begin to encode it."""
    return start_job(session, actor, source_from_upload(session, actor, upload_id, edition_id).id, priority)


def cancel_job(session: Session, actor: Actor, job_id: int) -> EncodingJob:
    """Call a job off; its running children end within two seconds. Raises NotFound, Forbidden, Conflict."""
    require(actor, "media.manage")
    job = _job(session, job_id)
    if job.state not in (*LIVE, "paused"):
        raise Conflict(_("This job is over already."))
    before = {"state": job.state}
    job.state, job.code, job.message, job.finished_at = "cancelled", "cancelled", "", utcnow()
    session.flush()
    early.withdraw(session)
    documents.record_job(session, actor, "job_cancelled", job, before, {"state": job.state})
    session.execute(update(EncodingStep).where(EncodingStep.job_id == job.id, EncodingStep.state == "queued")
                    .values(state="cancelled"))
    enqueue_after_commit(session, "media.sweep")
    return job


def retry_job(session: Session, actor: Actor, job_id: int) -> EncodingJob:
    """Take up a failed, cancelled or paused job again; what is finished stays finished.

    Raises NotFound, Forbidden, Invalid when the source is gone, Conflict when the job runs or another one does.
    """
    require(actor, "media.manage")
    job = _job(session, job_id)
    if job.state not in ("failed", "cancelled", "paused"):
        raise Conflict(_("Only a job that failed, was cancelled or waits can be tried again."))
    if not job.source.kept:
        raise Invalid(_("The source file was discarded after it had been encoded. Upload it again."))
    require_idle(session, job.source_id, but=job.id)
    if job.state == "cancelled":
        begin_anew(session, job)  # its files are gone
    before = {"state": job.state, "message": str(job.message)}
    if job.code == HELD:  # what it has made comes out in the name of who has looked at it
        job.created_by_id = actor.id
    job.state, job.code, job.message, job.finished_at = "queued", "", "", None
    for step in job.steps:
        if step.state != "done":
            _again(step)
    documents.record_job(session, actor, "job_retried", job, before, {"state": job.state})
    for lane in LANES:
        enqueue_after_commit(session, WORK, lane=lane)
    return job


def retry_failed(session: Session, actor: Actor, wanted: JobFilter = JobFilter()) -> int:
    """Take up all failed jobs of a filter again that no later job has overtaken; return how many.

    Those whose source is gone, or which another job of the same source stands in for, stay failed.
    """
    require(actor, "media.manage")
    later = aliased(EncodingJob)
    asked = select(EncodingJob.id).join(SourceAsset, SourceAsset.id == EncodingJob.source_id)
    failed = session.scalars(filtered(asked, msgspec.structs.replace(wanted, state="failed")).where(
        SourceAsset.kept,
        ~select(later.id).where(later.id > EncodingJob.id, or_(
            later.source_id == EncodingJob.source_id, and_(later.kind == "film", EncodingJob.kind == "film",
                                                           later.edition_id == EncodingJob.edition_id))).exists())
        .order_by(EncodingJob.id)).all()
    for job_id in failed:
        retry_job(session, actor, job_id)
    return len(failed)


def set_priority(session: Session, actor: Actor, job_id: int, priority: int) -> EncodingJob:
    """Move a job before (higher) or behind others; running steps are not disturbed."""
    require(actor, "media.manage")
    if not -100 <= priority <= 100:
        raise Invalid(_("A priority lies between -100 and 100."), fields={"priority": ["-100..100"]})
    job = _job(session, job_id)
    before = {"priority": job.priority}
    job.priority = priority
    documents.record_job(session, actor, "job_moved", job, before, {"priority": priority})
    return job


def hold_jobs(session: Session, user: User) -> None:
    """Have an editor look at what somebody who leaves has sent: when they are gone, no job knows any more whose it was.

    What who may upload to everything has sent goes on by itself.
    """
    if not user.may(UPLOAD):
        session.execute(update(EncodingJob).where(
            EncodingJob.created_by_id == user.id, EncodingJob.state.in_((*LIVE, "paused"))).values(
                state="paused", code=HELD, message=sentence(
                    "Who has sent this has left. Watch it, then try the job again: it is published in your name.")))


def begin_anew(session: Session, job: EncodingJob) -> None:
    """Have all steps of a job done again whose files are gone, if it is taken up again."""
    if job.package:
        early.make_elsewhere(session, job, new_package())
    for step in job.steps:
        if step.stage > STAGE_INSPECT:
            _again(step)


def _again(step: EncodingStep) -> None:
    step.state, step.attempts, step.not_before, step.lease_until = "queued", 0, None, None
    step.progress, step.speed, step.finished_at, step.result = 0.0, None, None, None
    step.fence += 1


def _job(session: Session, job_id: int) -> EncodingJob:
    """Return a job that nobody else can publish or change before this transaction ends. Raises NotFound."""
    job = session.get(EncodingJob, job_id, populate_existing=True, with_for_update=True)
    if job is None:
        raise NotFound()
    return job
