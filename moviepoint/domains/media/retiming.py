"""Making one track anew with another offset: no byte of the picture changes, nor of any other track."""
from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.media import storing
from moviepoint.domains.media.encoding import sidecars
from moviepoint.domains.media.encoding.plan import LANES, AudioTarget, Plan, SubtitleTarget
from moviepoint.domains.media.encoding.probe import Probe
from moviepoint.domains.media.encoding.sidecars import Film
from moviepoint.domains.media.ledger import LIVE
from moviepoint.domains.media.matching import Row
from moviepoint.domains.media.models import (
    AudioTrack,
    Edition,
    EncodingJob,
    EncodingStep,
    SourceAsset,
    SubtitleTrack,
    public_id,
)
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import SYSTEM, Actor
from moviepoint.kernel.sentences import stored
from moviepoint.kernel.tasks import enqueue_after_commit

OTHER_FORMAT = "other-format"  # a track's note, as `player.note_words` says it
WAITS = "waits-for-film"  # why a track's job pauses before there is a film to add it to
STAGES = {"check-tracks": 2, "publish-tracks": 3, "check-pictures": 2, "publish-pictures": 3}


def film_job(session: Session, edition: Edition) -> EncodingJob | None:
    """Return the job that has made an edition's live package."""
    return session.scalar(select(EncodingJob).where(
        EncodingJob.package == edition.package, EncodingJob.kind == "film")) if edition.package else None


def film_of(session: Session, edition: Edition) -> Film | None:
    """Return the grid and the length of an edition's live package; None where no job of ours made it."""
    job = film_job(session, edition)
    if job is None or job.plan is None or edition.duration_ms is None:
        return None
    made = msgspec.convert(job.plan, Plan)
    frames = round(edition.duration_ms * made.grid.rate[0] / made.grid.rate[1] / 1000)
    return Film(made.grid, max(1, frames), made.profile)


def obstacle(session: Session, edition: Edition, row: Row) -> str:
    """Return why a track cannot be made anew, as a sentence; empty when it can."""
    if not row.path:
        return _("This track is not text, and has no times to move.")
    source = session.get(SourceAsset, row.source_id) if row.source_id else None
    if source is None or film_of(session, edition) is None:
        return _("This track was not made here. Upload it again, then it can be moved.")
    if isinstance(row, AudioTrack) and not source.kept:
        return _("The file of this sound was not kept. Upload the track again, then it can be moved.")
    return ""


def start(session: Session, actor: Actor, edition: Edition, row: Row) -> EncodingJob:
    """Begin to make a track anew at its row's offset. The caller has asked for an obstacle, and may do this."""
    film = film_of(session, edition)
    if film is None or row.source_id is None:
        raise ValueError(f"track {row.id} has an obstacle")
    job = EncodingJob(edition_id=edition.id, source_id=row.source_id, created_by_id=actor.id, kind="retime",
                      package=f"{storing.PACKAGES}/{public_id()}")
    session.add(job)
    session.flush()
    described = session.get_one(SourceAsset, row.source_id).probe
    found = msgspec.convert(described, Probe) if described else None
    plan = sidecars.retime_plan(film, _target(row, found, film, f"j{job.id}"), found)
    job.plan = stored(plan)
    add_steps(session, job, plan)
    for lane in LANES:
        enqueue_after_commit(session, "media.work", lane=lane)
    return job


def add_steps(session: Session, job: EncodingJob, plan: Plan) -> None:
    """Write the steps of a plan that adds to a film into the ledger."""
    for position, step in enumerate(plan.steps, start=1):
        session.add(EncodingStep(job_id=job.id, position=position, name=step.name, kind=step.kind, lane=step.lane,
                                 stage=STAGES.get(step.kind, 1), weight=step.weight,
                                 parameters=msgspec.to_builtins(step)))


def catch_up(session: Session, edition: Edition, otherwise: Collection[int] = ()) -> None:
    """After a film was encoded again: make tracks anew whose offset was changed while that went on.

    Dubs too whose segments are of another format than the film's now (`otherwise`, by id): HLS plays them, DASH does
    not.
    """
    for row in edition.tracks:
        apart = isinstance(row, AudioTrack) and row.id in otherwise
        if (not apart and row.offset_ms == row.made_offset_ms) or busy(session, edition, row):
            continue
        if not obstacle(session, edition, row):
            start(session, SYSTEM, edition, row)
        elif apart and not row.note:
            row.note = OTHER_FORMAT


def busy(session: Session, edition: Edition, row: Row) -> bool:
    """Say whether the track is being made anew already, at the offset that it is to have."""
    plans = session.scalars(select(EncodingJob.plan).where(
        EncodingJob.edition_id == edition.id, EncodingJob.kind == "retime",
        EncodingJob.state.in_((*LIVE, "paused"))))
    table = "audio" if isinstance(row, AudioTrack) else "subtitles"
    return any(target["track_id"] == row.id and target["offset_ms"] == row.offset_ms
               for plan in plans if plan for target in plan[table])


def _target(row: Row, found: Probe | None, film: Film, mark: str) -> AudioTarget | SubtitleTarget:
    stream = (row.origin or {}).get("stream")
    if isinstance(row, SubtitleTrack):
        return SubtitleTarget(f"subs_{row.language}-{mark}", stream, row.language, row.role, row.label,
                              row.source_format, row.default, offset_ms=row.offset_ms, track_id=row.id)
    streams = found.audio if found else ()
    made = next(t for t in sidecars.audio_targets(streams, film.profile) if t.stream == stream)
    return msgspec.structs.replace(made, name=f"audio_{row.language}-{mark}", language=row.language,
                                   offset_ms=row.offset_ms, track_id=row.id)
