"""Letters of a subtitle file: what encoding they were taken as, whether that is a guess, and an editor's choice.

A row whose letters are a guess is hidden until an editor has looked. It says so in its origin: `letters` has the
encoding, whether it is sure, and whether the row was to be shown and to be the default when it was hidden for this.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.media import documents, retiming, storing
from moviepoint.domains.media.encoding import charsets, previews, sidecars, subtitles
from moviepoint.domains.media.encoding.plan import LANES, SubtitleTarget
from moviepoint.domains.media.encoding.previews import Preview
from moviepoint.domains.media.ledger import LIVE
from moviepoint.domains.media.models import Edition, EncodingJob, EncodingStep, SourceAsset, SubtitleTrack, public_id
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.sentences import stored
from moviepoint.kernel.tasks import enqueue_after_commit

MANAGE = "media.manage"


class Letters(msgspec.Struct, frozen=True):
    """What a track's letters were taken as, whether an editor should look, and how its file reads in encodings."""

    encoding: str
    guessed: bool
    previews: list[Preview]


def found(session: Session, job_id: int) -> Mapping[str, tuple[str, bool]]:
    """Return what a job's files of text were read as, by the name of the step: (encoding, whether that is sure)."""
    rows = session.execute(select(EncodingStep.name, EncodingStep.result).where(
        EncodingStep.job_id == job_id, EncodingStep.kind == "subtitles"))
    return {name: (result["encoding"], result["sure"]) for name, result in rows if (result or {}).get("encoding")}


def take(row: SubtitleTrack, read: tuple[str, bool] | None, before: Mapping[str, Any], alone: bool) -> None:
    """Note in a row what its new file was read as: a guess hides it, and what is sure shows it where a guess had not.

    `before` is what the row's `letters` said; `alone` that no other subtitles are the default.
    """
    waited = bool(before) and not before.get("sure", True)
    shown, default = (before["shown"], before["default"]) if waited else (not row.hidden, row.default)
    encoding, sure = read or ("", True)
    if encoding:
        row.origin = {**(row.origin or {}), "letters": {
            "encoding": encoding, "sure": sure, "shown": shown, "default": default}}
    if not sure:
        row.hidden, row.default = True, False
    elif waited:
        row.hidden, row.default = not shown, bool(shown and default and alone)


def confirm(row: SubtitleTrack, alone: bool) -> None:
    """An editor has looked, and the guess is right: the note of it goes, and the row is shown if it was to be."""
    letters = row.letters
    row.origin = {**(row.origin or {}), "letters": {**letters, "sure": True}}
    row.note = sidecars.without_guess(row.note)
    row.hidden = not letters.get("shown", True)
    row.default = bool(not row.hidden and letters.get("default") and alone)


def look(session: Session, actor: Actor, storage: Storage, edition: Edition, track_id: int, asked: str = "") -> Letters:
    """Return how a track's file reads in likely encodings, and in the one asked for.

    Raises Forbidden, NotFound, Invalid where there is no such file, or no such encoding.
    """
    require(actor, MANAGE)
    row = _row(edition, track_id)
    data = _data(session, storage, row)
    try:
        shown = previews.previews(data, row.language, row.letters.get("encoding", ""), asked)
    except LookupError:
        raise _unknown(asked) from None
    return Letters(row.letters.get("encoding", ""), row.guessed, shown)


def choose(session: Session, actor: Actor, storage: Storage, edition_id: int, track_id: int,
           encoding: str) -> EncodingJob | None:
    """Make a track anew from its file in another encoding, or confirm the one that it has; that needs no job: None.

    Words, order and offset stay; the row is shown when that is done. Raises Forbidden, NotFound, Invalid where the file
    is not there or the encoding is none, Conflict while another job has the file.
    """
    require(actor, MANAGE)
    edition = storing.locked_edition(session, edition_id)
    row = _row(edition, track_id)
    try:
        name = charsets.known(encoding)
    except LookupError:
        raise _unknown(encoding) from None
    if name == row.letters.get("encoding"):
        if row.guessed:
            state = documents.edition_document(edition)
            confirm(row, alone_without(edition, row))
            session.flush()
            documents.record_edit(session, actor, edition, state)
        return None
    source = _source(session, storage, row)
    busy = session.scalar(select(EncodingJob.id).where(
        EncodingJob.source_id == source.id, EncodingJob.state.in_((*LIVE, "paused"))))
    if busy is not None:
        raise Conflict(_("This file is being encoded already (job %(number)s).", number=busy))
    return _start(session, actor, edition, row, name)


def alone_without(edition: Edition, row: SubtitleTrack) -> bool:
    """Say whether no other subtitles of an edition are the default."""
    return not any(other.default for other in edition.subtitles if other is not row)


def _start(session: Session, actor: Actor, edition: Edition, row: SubtitleTrack, encoding: str) -> EncodingJob:
    film = retiming.film_of(session, edition)
    if film is None or row.source_id is None:
        raise Invalid(_("The film of this edition was not encoded here. Encode it again, then choose."))
    job = EncodingJob(edition_id=edition.id, source_id=row.source_id, created_by_id=actor.id, kind="tracks",
                      package=f"{storing.PACKAGES}/{public_id()}")
    session.add(job)
    session.flush()
    target = SubtitleTarget(f"subs_{row.language}-j{job.id}", None, row.language, row.role, row.label,
                            row.source_format, False, studio=row.studio, encoding=encoding, offset_ms=row.offset_ms,
                            track_id=row.id)
    plan = sidecars.reading_plan(film, target)
    job.plan = stored(plan)
    retiming.add_steps(session, job, plan)
    documents.record_job(session, actor, "job_started", job, {}, {"state": "queued"})
    for lane in LANES:
        enqueue_after_commit(session, "media.work", lane=lane)
    return job


def _row(edition: Edition, track_id: int) -> SubtitleTrack:
    row = next((row for row in edition.subtitles if row.id == track_id), None)
    if row is None:
        raise NotFound()
    return row


def _source(session: Session, storage: Storage, row: SubtitleTrack) -> SourceAsset:
    """The file of text that a track came in. Raises Invalid, in words that say what to do."""
    source = session.get(SourceAsset, row.source_id) if row.source_id else None
    if not row.path or source is None or (source.probe or {}).get("container") != sidecars.TEXT:
        raise Invalid(_("This track did not come in a text file of its own: its letters are those of its film."))
    if not source.kept or not storage.path(source.key).is_file():
        raise Invalid(_("The file of this track is not there any more. Upload it again, instead of this track."))
    return source


def _data(session: Session, storage: Storage, row: SubtitleTrack) -> bytes:
    """The beginning of a track's file. Raises Invalid, also where what lies there is no file of subtitles."""
    path = storage.path(_source(session, storage, row).key)
    if path.stat().st_size > subtitles.MAX_BYTES:
        raise Invalid(_("This is too large for a subtitle file (20 MB at most)."))
    with path.open("rb") as stream:
        return stream.read(previews.SAMPLE)


def _unknown(encoding: str) -> Invalid:
    said = _("There is no text encoding called %(name)s.", name=encoding[:40])
    return Invalid(said, fields={"encoding": [said]})
