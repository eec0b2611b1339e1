"""Tracks that are added to a film later, from the worker's side: planned when the film is there, then published."""
from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy.orm import Session

from moviepoint.domains.media import documents, early, ledger, lettering, publishing, retiming, room, storing
from moviepoint.domains.media.encoding import sidecars
from moviepoint.domains.media.encoding.errors import Blocked, Refused, Temporary
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.encoding.plan import AudioTarget, Plan, SubtitleTarget
from moviepoint.domains.media.encoding.probe import Probe
from moviepoint.domains.media.encoding.verify import AudioFacts, TrackFacts
from moviepoint.domains.media.ledger import Lease
from moviepoint.domains.media.matching import Row, origin_of, succession
from moviepoint.domains.media.models import AudioRendition, AudioTrack, Edition, EncodingJob, SourceAsset, SubtitleTrack
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.sentences import sentence, stored, unpack
from moviepoint.settings import Settings


def intent_of(source: SourceAsset) -> Intent:
    """Return what a source is to become."""
    return msgspec.convert(source.intent, Intent) if source.intent else Intent()


def plan_tracks(session: Session, storage: LocalStorage, settings: Settings, lease: Lease, found: Probe) -> None:
    """Write the plan of a job that adds tracks. Raises Blocked while there is no film, Refused if it is not ours."""
    job = session.get_one(EncodingJob, lease.job_id, populate_existing=True)
    edition = storing.locked_edition(session, job.edition_id)
    if not ready(session, edition):
        raise Blocked(retiming.WAITS, sentence(
            "Waits for the film: it begins by itself when the film is encoded."))
    film = retiming.film_of(session, edition)
    if film is None:
        raise Refused("no-plan", sentence(
            "The film of this edition was not encoded here. Encode it again, then add tracks."))
    plan = sidecars.make_plan(found, _completed(edition, intent_of(job.source)), film, f"j{job.id}")
    if not ledger.complete(session, lease, {"notes": stored(plan.notes)}):
        return
    job.source.probe, job.plan = stored(found), stored(plan)
    retiming.add_steps(session, job, plan)
    room.pause_if_short(session, storage, settings, job)


def ready(session: Session, edition: Edition) -> bool:
    """Whether an edition has a film that tracks can be added to: one that is not finished may be taken back."""
    return edition.package is not None and not early.unfinished(session, edition)


def _completed(edition: Edition, intent: Intent) -> Intent:
    """Return an intent that says what is known of the track that it replaces. Raises Refused where there is none."""
    if not intent.replaces:
        return intent
    row = row_of(edition, intent.use, intent.replaces)
    if row is None:
        raise Refused("track-gone", sentence("The track was removed."))
    return msgspec.structs.replace(intent, language=row.language, kind=documents.kind_of(row), label=row.label,
                                   studio=row.studio)


def row_of(edition: Edition, use: str, track_id: int | None) -> Row | None:
    """Return a track of an edition by its id; `use` says whether it is heard or read."""
    rows: Sequence[Row] = edition.audio if use == "audio" else edition.subtitles
    return next((row for row in rows if row.id == track_id), None)


def publish_tracks(session: Session, storage: LocalStorage, lease: Lease, keep_source: bool) -> str | None:
    """Put a job's checked tracks into the live package and its rows; no other file is touched.

    Returns the key of the source file if it is to be discarded. Raises Stopped when the work is not wanted any more,
    Blocked when it has to wait for an editor.
    """
    job = publishing.last_step(session, lease)
    edition = storing.locked_edition(session, job.edition_id)
    before = documents.edition_document(edition)
    plan = msgspec.convert(job.plan, Plan)
    facts = msgspec.convert(publishing.check_result(session, job.id)["facts"], TrackFacts)
    notes, letters = publishing.notes_of(session, job.id), lettering.found(session, job.id)
    for target, sound in zip(plan.audio, facts.audio, strict=True):
        row = _sound(edition, job, target, sound)
        made = publishing.renditions_of(plan, facts.surround, target.name)
        _bring_in(session, storage, job, edition, row, plan, target, made)
    for text in plan.subtitles:
        line = _text(edition, job, text, notes.get(text.name or "", ""), letters.get(text.name or ""))
        _bring_in(session, storage, job, edition, line, plan, text)
    if job.kind == "tracks":  # a track that was made anew takes the place of as much
        edition.package_bytes += facts.size
    return publishing.conclude(session, job, edition, before, keep_source)


def _bring_in(session: Session, storage: LocalStorage, job: EncodingJob, edition: Edition, row: Row | None,
              plan: Plan, target: AudioTarget | SubtitleTarget, renditions: Sequence[AudioRendition] = ()) -> None:
    """Bring a track's files in and name them in its row; a row that an editor has removed meanwhile stays removed."""
    if row is None or edition.package is None:
        return
    if _overtaken(job, row, target):
        return
    if target.name:
        for name in (target.name, *(rendition.path for rendition in renditions)):
            if not storing.carry(storage, job.package, edition.package, name):
                raise Temporary("lost", sentence("%(name)s is not where it was made.", name=name))
        if row.path != target.name:
            storing.retire(session, storage, edition.package, row.paths)
        row.path = target.name
        if isinstance(row, AudioTrack):
            row.renditions = list(renditions)
    film = retiming.film_of(session, edition)
    if film is not None and abs(round(float(film.seconds) * 1000) - plan.duration_ms) > sidecars.APART_MS:
        row.hidden, row.default, row.note = True, False, publishing.OTHER_LENGTH
    row.made_offset_ms = target.offset_ms


def _sound(edition: Edition, job: EncodingJob, target: AudioTarget, sound: AudioFacts) -> AudioTrack | None:
    row = next((row for row in edition.audio if row.id == target.track_id), None)
    if target.track_id is None:
        row = AudioTrack(position=_end(edition), language=target.language, kind=target.kind, label=target.label,
                         studio=target.studio, hidden=target.hidden, note=unpack(target.note),
                         default=not edition.audio, source_id=job.source_id, origin=origin_of(target), path=target.name)
        edition.audio.append(row)
    elif row is not None and job.kind == "tracks":
        _succeed(edition, job, row, target)
    if row is not None and not _overtaken(job, row, target):
        row.codec, row.channels = sound.codec, sound.channels
        row.average_bandwidth, row.peak_bandwidth = sound.bandwidth.average, sound.bandwidth.peak
    return row


def _text(edition: Edition, job: EncodingJob, target: SubtitleTarget, note: str,
          letters: tuple[str, bool] | None) -> SubtitleTrack | None:
    row = next((row for row in edition.subtitles if row.id == target.track_id), None)
    if target.track_id is None:
        row = SubtitleTrack(position=_end(edition), language=target.language, role=target.role, label=target.label,
                            studio=target.studio, source_format=target.source_format[:20],
                            note=note or unpack(target.note), source_id=job.source_id, origin=origin_of(target),
                            path=target.name, hidden=False, default=False)
        edition.subtitles.append(row)
        lettering.take(row, letters, {}, alone=False)
    elif row is not None and job.kind == "tracks":
        before = row.letters
        _succeed(edition, job, row, target)
        row.source_format, row.note = target.source_format[:20], note or unpack(target.note)
        lettering.take(row, letters, before, lettering.alone_without(edition, row))
    if target.encoding and job.kind == "tracks":  # so that encoding the file again reads it so too
        job.source.intent = {**(job.source.intent or {}), "encoding": target.encoding}
    return row


def _succeed(edition: Edition, job: EncodingJob, row: Row, target: AudioTarget | SubtitleTarget) -> None:
    """Let a track's row tell of the file that takes its place; the offset was the old one's."""
    edition.package_bytes = max(0, edition.package_bytes - storing.size_of(edition, row))
    row.origin = succession(edition, row, target)
    row.source_id, row.note, row.offset_ms = job.source_id, "", target.offset_ms


def _overtaken(job: EncodingJob, row: Row, target: AudioTarget | SubtitleTarget) -> bool:
    """Say whether a track that was made anew has been given another offset since, or another file."""
    return job.kind == "retime" and (row.offset_ms != target.offset_ms or row.source_id != job.source_id)


def _end(edition: Edition) -> int:
    return 1 + max((row.position for row in edition.tracks), default=-1)
