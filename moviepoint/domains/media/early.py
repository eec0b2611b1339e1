"""A film that is watched while it is encoded: by editors always, by everybody where a setting says so.

Its playlists are written by the engine and grow (EVENT); here they get a master, which is made from the plan, since
there are no rows yet. The same addresses lead to the finished playlists later.
"""
from __future__ import annotations

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from moviepoint.domains.media.encoding.early import Begun, begun
from moviepoint.domains.media.encoding.plan import SEEK_TEST, Plan
from moviepoint.domains.media.ledger import LIVE
from moviepoint.domains.media.matching import origin_of
from moviepoint.domains.media.models import AudioTrack, Edition, EncodingJob, SubtitleTrack, VideoRendition
from moviepoint.domains.media.packaging import Sound, Text, Variant, render_master
from moviepoint.domains.media.playback import track_name
from moviepoint.domains.media.policies import trusted
from moviepoint.domains.media.storing import locked_edition
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.files import LocalStorage

ENOUGH_SECONDS = 18  # of picture, before viewers may begin: three segments, as players want them
KBPS = 1100  # bits a second that are declared for each kbit/s of a cap: segments may be a little above it


def current(session: Session, edition_id: int) -> EncodingJob | None:
    """Return the job that encodes a film for an edition now, if one does."""
    return session.scalar(select(EncodingJob).where(
        EncodingJob.edition_id == edition_id, EncodingJob.kind == "film", EncodingJob.plan.is_not(None),
        EncodingJob.state.in_((*LIVE, "paused"))).order_by(EncodingJob.id.desc()).limit(1))


def progress(storage: LocalStorage, job: EncodingJob) -> Begun | None:
    """Return what can be played of a job's film; None while that is nothing."""
    try:
        found = begun(storage.path(job.package), msgspec.convert(job.plan, Plan))
    except OSError:
        return None
    return found if found.playable else None


def master(found: Begun, plan: Plan) -> str:
    """Return a master playlist of what has begun; its bandwidths are the profile's caps."""
    rate = round(plan.grid.rate[0] / plan.grid.rate[1], 3)
    return render_master(
        [Variant(rung.name, rung.width, rung.height, codec, rate, rung.max_kbps * KBPS, rung.max_kbps * KBPS)
         for rung, codec in found.pictures],
        [Sound(target.name, target.language, target.label or track_name(target.language, target.kind, ""),
               target.kind, target.default, codec, target.channels, target.kbps * KBPS, target.kbps * KBPS)
         for target, codec in found.sounds],
        [Text(target.name or "", target.language, target.label or track_name(target.language, target.role, ""),
              target.role, target.default) for target in found.texts])


def publish(storage: LocalStorage, job_id: int) -> bool:
    """Let viewers begin a film of which enough is there, if the edition has none yet; returns whether it was done.

    A film of which it is not known yet whether it can be cut into ranges may still be planned anew, and waits. What a
    member has sent is reviewed whole.
    """
    with unit_of_work() as session:
        job = session.get_one(EncodingJob, job_id)
        if job.kind != "film" or job.plan is None or job.edition.package is not None:
            return False
        if any(step.kind == SEEK_TEST and step.state != "done" for step in job.steps) or not trusted(session, job):
            return False
        found = progress(storage, job)
        if found is None or found.seconds < ENOUGH_SECONDS:
            return False
        edition, package = locked_edition(session, job.edition_id), job.package
        session.refresh(job)
        if edition.package is not None or job.package != package:
            return False
        _show(session, edition, job, found)
    return True


def withdraw(session: Session) -> int:
    """Take back films that were shown early and whose jobs have ended without finishing them; returns how many."""
    gone = session.scalars(select(Edition).join(EncodingJob, EncodingJob.package == Edition.package).where(
        EncodingJob.kind == "film", EncodingJob.state.in_(("failed", "cancelled")))).all()
    for edition in gone:
        _take_back(session, edition)
    return len(gone)


def unfinished(session: Session, edition: Edition) -> bool:
    """Whether what an edition shows is a film that its job has not finished, and may still take back."""
    return edition.package is not None and session.scalar(select(EncodingJob.id).where(
        EncodingJob.package == edition.package, EncodingJob.kind == "film", EncodingJob.state != "done")) is not None


def make_elsewhere(session: Session, job: EncodingJob, package: str) -> None:
    """Have a job make its package under another key: whoever still works at the old one must not touch the new one.

    What viewers had begun of the old one grows no more, and is taken back: they may begin again when enough of the new
    one is there.
    """
    if job.kind == "film" and job.package:
        edition = locked_edition(session, job.edition_id)
        if edition.package == job.package:
            _take_back(session, edition)
    job.package = package


def _take_back(session: Session, edition: Edition) -> None:
    edition.package, edition.published_at = None, None
    for table in (VideoRendition, AudioTrack, SubtitleTrack):
        session.execute(delete(table).where(table.edition_id == edition.id))


def _show(session: Session, edition: Edition, job: EncodingJob, found: Begun) -> None:
    """Write rows with caps for bandwidths; publishing replaces them by what was measured."""
    plan = msgspec.convert(job.plan, Plan)
    rate = round(plan.grid.rate[0] / plan.grid.rate[1], 3)
    edition.package, edition.duration_ms, edition.published_at = job.package, plan.duration_ms, utcnow()
    edition.segment_format = plan.profile.segments
    for position, (rung, codec) in enumerate(found.pictures):
        session.add(VideoRendition(
            edition_id=edition.id, position=position, path=rung.name, width=rung.width, height=rung.height, codec=codec,
            frame_rate=rate, average_bandwidth=rung.max_kbps * KBPS, peak_bandwidth=rung.max_kbps * KBPS))
    for position, (target, codec) in enumerate(found.sounds):
        session.add(AudioTrack(
            edition_id=edition.id, position=position, path=target.name, language=target.language, kind=target.kind,
            label=target.label, default=target.default, codec=codec, channels=target.channels,
            average_bandwidth=target.kbps * KBPS, peak_bandwidth=target.kbps * KBPS, source_id=job.source_id,
            origin=origin_of(target)))
    for position, text in enumerate(found.texts, len(found.sounds)):
        session.add(SubtitleTrack(
            edition_id=edition.id, position=position, path=text.name, language=text.language, role=text.role,
            label=text.label, default=text.default, source_format=text.source_format[:20], source_id=job.source_id,
            origin=origin_of(text)))
