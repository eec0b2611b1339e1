"""Publishing a checked package: the edition's rows and the package's name change in one transaction."""
from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from moviepoint.domains.media import ledger
from moviepoint.domains.media.encoding import storyboard
from moviepoint.domains.media.encoding.plan import Plan
from moviepoint.domains.media.encoding.verify import PackageFacts
from moviepoint.domains.media.ledger import Lease
from moviepoint.domains.media.models import (
    AudioTrack,
    Edition,
    EncodingJob,
    EncodingStep,
    Mark,
    Storyboard,
    SubtitleTrack,
    VideoRendition,
)
from moviepoint.kernel import events
from moviepoint.kernel.db import utcnow


def publish(session: Session, lease: Lease, keep_source: bool) -> str | None:
    """Replace what an edition shows by a job's checked package.

    Returns the key of the source file if it is to be discarded. Does nothing when the lease is lost.
    """
    if not ledger.complete(session, lease, {}):
        return None
    job = session.get_one(EncodingJob, lease.job_id, populate_existing=True)
    edition = session.get_one(Edition, job.edition_id, populate_existing=True)
    plan = msgspec.convert(job.plan, Plan)
    checked = session.scalars(select(EncodingStep.result).where(
        EncodingStep.job_id == job.id, EncodingStep.kind == "check")).one()
    facts = msgspec.convert((checked or {})["facts"], PackageFacts)
    notes = _notes(session, job.id)
    for table in (VideoRendition, AudioTrack, SubtitleTrack, Storyboard):
        session.execute(delete(table).where(table.edition_id == edition.id))
    session.execute(delete(Mark).where(Mark.edition_id == edition.id, Mark.kind == "chapter"))
    session.add_all(_rows(edition.id, plan, facts, notes))
    now = utcnow()
    edition.package, edition.duration_ms, edition.published_at = job.package, facts.duration_ms, now
    job.state, job.code, job.message, job.finished_at = "done", "", "", now
    events.record(session, "on_encoding_finished", job_id=job.id, edition_id=edition.id)
    session.flush()
    session.expire(edition)
    if keep_source:
        return None
    job.source.kept = False
    return job.source.key


def _notes(session: Session, job_id: int) -> dict[str, str]:
    """What was found amiss in a track, by the step's name."""
    rows = session.execute(select(EncodingStep.name, EncodingStep.result).where(
        EncodingStep.job_id == job_id, EncodingStep.kind == "subtitles"))
    return {name: " ".join((result or {}).get("notes", ())) for name, result in rows}


def _rows(edition_id: int, plan: Plan, facts: PackageFacts, notes: dict[str, str]) -> list[Any]:
    rows: list[Any] = []
    for position, video in enumerate(facts.video):
        rows.append(VideoRendition(
            edition_id=edition_id, position=position, path=video.name, width=video.width, height=video.height,
            codec=video.codec, frame_rate=video.frame_rate, average_bandwidth=video.bandwidth.average,
            peak_bandwidth=video.bandwidth.peak, iframe_bandwidth=video.iframes.peak))
    for position, (target, sound) in enumerate(zip(plan.audio, facts.audio, strict=True)):
        rows.append(AudioTrack(
            edition_id=edition_id, position=position, path=target.name, language=target.language, kind=target.kind,
            label=target.label, default=target.default, codec=sound.codec, channels=sound.channels,
            average_bandwidth=sound.bandwidth.average, peak_bandwidth=sound.bandwidth.peak))
    for position, text in enumerate(plan.subtitles):
        rows.append(SubtitleTrack(
            edition_id=edition_id, position=position, path=text.name, language=text.language, role=text.role,
            label=text.label, source_format=text.source_format[:20], note=notes.get(text.name or "", "") or text.note,
            default=text.default))
    if facts.storyboard is not None:
        rows.append(Storyboard(edition_id=edition_id, path=storyboard.INDEX, width=facts.storyboard.width,
                               height=facts.storyboard.height, interval_ms=facts.storyboard.interval * 1000))
    rows += [Mark(edition_id=edition_id, kind="chapter", label=chapter.title, start_ms=chapter.start_ms,
                  end_ms=chapter.end_ms) for chapter in plan.chapters]
    return rows
