"""Publishing a checked package: the edition's rows and the package's name change in one transaction."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from moviepoint.domains.media import documents, keeping, ledger, retiming
from moviepoint.domains.media.encoding import playlists, storyboard
from moviepoint.domains.media.encoding.errors import Blocked, Stopped
from moviepoint.domains.media.encoding.plan import Plan
from moviepoint.domains.media.encoding.subtitles import UNREADABLE
from moviepoint.domains.media.encoding.verify import AudioFacts, PackageFacts, VideoFacts
from moviepoint.domains.media.ledger import Lease
from moviepoint.domains.media.matching import R, T, added_apart, match, origin_of, replaced
from moviepoint.domains.media.models import (
    AudioRendition,
    AudioTrack,
    Edition,
    EncodingJob,
    EncodingStep,
    Mark,
    Storyboard,
    SubtitleTrack,
    VideoRendition,
)
from moviepoint.domains.media.policies import HELD, may_publish
from moviepoint.domains.media.remote import work
from moviepoint.domains.media.storing import carry, locked_edition
from moviepoint.kernel import events
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.sentences import join, sentence, unpack

OTHER_LENGTH, GONE = "other-length", "gone"  # what an editor should know of a track, as `player.note_words` says it
UNFIT = (OTHER_LENGTH, GONE)  # such a track stands in for no other
APART_MS = 1_000


def publish(session: Session, storage: LocalStorage, lease: Lease, keep_source: bool) -> str | None:
    """Replace what an edition shows by a job's checked package; an editor's words and order stay.

    Returns the key of the source file if it is to be discarded. Raises Stopped when the work is not wanted any more,
    Blocked when it has to wait for an editor.
    """
    job = last_step(session, lease)
    edition = locked_edition(session, job.edition_id)
    before = documents.edition_document(edition)
    plan = msgspec.convert(job.plan, Plan)
    facts = msgspec.convert(check_result(session, job.id)["facts"], PackageFacts)
    otherwise = _carry_over(storage, edition, job, plan, facts.duration_ms)
    _pictures(session, edition, plan, facts)
    _tracks(session, edition, job, plan, facts)
    _chapters(session, edition, plan)
    now = utcnow()
    edition.package, edition.duration_ms, edition.published_at = job.package, facts.duration_ms, now
    edition.package_bytes, edition.segment_format = facts.size, plan.profile.segments
    finish(session, job)
    session.execute(update(EncodingJob).where(
        EncodingJob.edition_id == edition.id, EncodingJob.state == "paused", EncodingJob.code == retiming.WAITS)
        .values(state="queued", code="", message=""))
    events.record(session, "on_encoding_finished", job_id=job.id, edition_id=edition.id)
    session.flush()
    session.expire(edition)
    documents.record_change(session, job, edition, before)
    retiming.catch_up(session, edition, otherwise)
    return discarded(session, job, keep_source)


def last_step(session: Session, lease: Lease) -> EncodingJob:
    """End the step that publishes, and return its job, which nobody can call off until this transaction has ended.

    Raises Stopped when it was called off before or the lease is lost, and Blocked when whoever has started the job may
    change the film no more.
    """
    job = session.get_one(EncodingJob, lease.job_id, populate_existing=True, with_for_update=True)
    if job.state not in ledger.LIVE or not ledger.complete(session, lease, {}):
        raise Stopped()
    if not may_publish(session, job):
        raise Blocked(HELD, sentence(
            "The title was approved before this was ready, so that nobody has reviewed it. Watch it, then try the job "
            "again: it is published in your name."))
    return job


def finish(session: Session, job: EncodingJob) -> None:
    """Mark a job as done."""
    job.state, job.code, job.message, job.finished_at = "done", "", "", utcnow()


def conclude(session: Session, job: EncodingJob, edition: Edition, before: documents.Document,
             keep_source: bool) -> str | None:
    """End a job that has added to a live film; return the key of its source if that is to be deleted now."""
    finish(session, job)
    work.touch(session, edition.package)
    session.flush()
    session.expire(edition)
    documents.record_change(session, job, edition, before)
    return discarded(session, job, keep_source)


def discarded(session: Session, job: EncodingJob, keep_source: bool) -> str | None:
    """Return the key of a job's source if it is to be deleted now, and note that it is; another job may need it.

    What exists nowhere else stays (`keeping`). The rows that tell of it have been flushed.
    """
    needed = session.scalar(select(EncodingJob.id).where(
        EncodingJob.source_id == job.source_id, EncodingJob.id != job.id,
        EncodingJob.state.in_((*ledger.LIVE, "paused"))).limit(1))
    if keep_source or job.source.pinned or needed is not None or keeping.needed(session, job.source_id):
        return None
    job.source.kept = False
    return job.source.key


def check_result(session: Session, job_id: int) -> dict[str, Any]:
    """Return what the job's check has found."""
    return session.scalars(select(EncodingStep.result).where(
        EncodingStep.job_id == job_id, EncodingStep.name == "check")).one() or {}


def notes_of(session: Session, job_id: int) -> dict[str, str]:
    """Return what was found amiss in a track, by the step's name."""
    rows = session.execute(select(EncodingStep.name, EncodingStep.result).where(
        EncodingStep.job_id == job_id, EncodingStep.kind == "subtitles"))
    return {name: join(map(unpack, (result or {}).get("notes", ()))) for name, result in rows}


def _carry_over(storage: LocalStorage, edition: Edition, job: EncodingJob, plan: Plan, duration_ms: int) -> set[int]:
    """Bring the tracks that came in files of their own into the new package, and say where they may not fit.

    Returns the ids of dubs whose segments are of another format than the new package's.
    """
    otherwise: set[int] = set()
    if edition.package is None or edition.package == job.package:
        return otherwise
    fits = edition.duration_ms is None or abs(edition.duration_ms - duration_ms) <= APART_MS
    for row in edition.tracks:
        if not added_apart(edition, row) or not row.path:
            continue
        there = min(carry(storage, edition.package, job.package, path) for path in row.paths)
        if not there or not fits:
            row.hidden, row.default, row.note = True, False, OTHER_LENGTH if there else GONE
        if there and isinstance(row, AudioTrack):
            listed = storage.path(f"{job.package}/{row.path}.m3u8").read_text(encoding="utf-8")
            if playlists.format_of(listed) != plan.profile.segments:
                otherwise.add(row.id)
            elif row.note == retiming.OTHER_FORMAT:
                row.note = ""
    return otherwise


def _pictures(session: Session, edition: Edition, plan: Plan, facts: PackageFacts) -> None:
    for table in (VideoRendition, Storyboard):
        session.execute(delete(table).where(table.edition_id == edition.id))
    for position, video in enumerate(facts.video):
        row = rendition_of(video)
        row.edition_id, row.position = edition.id, position
        session.add(row)
    if facts.storyboard is not None:
        board = Storyboard(edition_id=edition.id)
        describe(board, plan.board.name, facts.storyboard)
        session.add(board)


def describe(board: Storyboard, name: str, layout: storyboard.Layout) -> None:
    """Let a storyboard's row say what was made."""
    board.path, board.interval_ms = storyboard.index_name(name), layout.interval * 1000
    board.width, board.height = layout.width, layout.height


def rendition_of(facts: VideoFacts) -> VideoRendition:
    """Return the row of a rung that was checked."""
    return VideoRendition(
        path=facts.name, width=facts.width, height=facts.height, codec=facts.codec, frame_rate=facts.frame_rate,
        average_bandwidth=facts.bandwidth.average, peak_bandwidth=facts.bandwidth.peak,
        iframe_bandwidth=facts.iframes.peak)


class Continued(NamedTuple, Generic[R]):
    """What becomes of an edition's tracks of one kind, by the targets of a new plan."""

    rows: list[R | None]  # for each target the row that it goes on with, or None
    gone: list[bool]  # whether a track from a file of its own has taken its place
    chosen: bool  # whether a track that stays is the default


def _continued(session: Session, edition: Edition, rows: Sequence[R], targets: Sequence[T]) -> Continued[R]:
    """Remove tracks that the new file does not have, and free the others' paths, which are unique at each moment."""
    own: list[R] = [row for row in rows if not added_apart(edition, row)]
    apart: list[R] = [row for row in rows if row not in own]
    known: list[R | None] = match(own, targets)
    for row in own:
        if row in known:
            row.path = f"~{row.id}"
        else:
            session.delete(row)
    return Continued(known, replaced([row for row in apart if row.note not in UNFIT], targets),
                     any(row.default for row in [*filter(None, known), *apart]))


def _tracks(session: Session, edition: Edition, job: EncodingJob, plan: Plan, facts: PackageFacts) -> None:
    notes = notes_of(session, job.id)
    place = 1 + max((row.position for row in edition.tracks), default=-1)
    sounds = _continued(session, edition, edition.audio, plan.audio)
    lines = _continued(session, edition, edition.subtitles, plan.subtitles)
    session.flush()
    for position, (target, sound, row, gone) in enumerate(
            zip(plan.audio, facts.audio, sounds.rows, sounds.gone, strict=True), place):
        if row is None and gone:
            continue
        if row is None:
            row = AudioTrack(edition_id=edition.id, position=position, language=target.language, kind=target.kind,
                             label=target.label, default=target.default and not sounds.chosen)
            session.add(row)
        row.path, row.codec, row.channels, row.note = target.name, sound.codec, sound.channels, ""
        row.average_bandwidth, row.peak_bandwidth = sound.bandwidth.average, sound.bandwidth.peak
        row.made_offset_ms, row.source_id, row.origin = target.offset_ms, job.source_id, origin_of(target)
        row.renditions = renditions_of(plan, facts.surround, target.name)
    for position, (text, line, gone) in enumerate(zip(plan.subtitles, lines.rows, lines.gone, strict=True), place):
        if line is None and gone:
            continue
        note = notes.get(text.name or "", "")
        if line is None:
            line = SubtitleTrack(edition_id=edition.id, position=position, language=text.language, role=text.role,
                                 label=text.label, default=text.default and not lines.chosen)
            if note.startswith(UNREADABLE):
                line.default, line.hidden = False, True
            session.add(line)
        line.path, line.source_format, line.note = text.name, text.source_format[:20], note or unpack(text.note)
        line.made_offset_ms, line.source_id, line.origin = text.offset_ms, job.source_id, origin_of(text)


def renditions_of(plan: Plan, surround: Sequence[AudioFacts], name: str) -> list[AudioRendition]:
    """Return what was made beside a dub's stereo, with more channels."""
    return [AudioRendition(path=facts.name, codec=facts.codec, channels=facts.channels,
                           average_bandwidth=facts.bandwidth.average, peak_bandwidth=facts.bandwidth.peak)
            for target, facts in zip(plan.surround, surround, strict=True) if target.beside == name]


def _chapters(session: Session, edition: Edition, plan: Plan) -> None:
    """Replace chapters that were read from a file; an editor's stay."""
    if any(mark.kind == "chapter" and not mark.found for mark in edition.marks):
        return
    session.execute(delete(Mark).where(Mark.edition_id == edition.id, Mark.kind == "chapter"))
    session.add_all([Mark(edition_id=edition.id, kind="chapter", label=chapter.title, start_ms=chapter.start_ms,
                          end_ms=chapter.end_ms, found=True) for chapter in plan.chapters])
