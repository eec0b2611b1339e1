"""Writes that change an edition without encoding: its tracks and its marks, each as a whole table.

A table carries a version, a digest of what it said when it was read. Who saves an older one overwrites nothing.
The master playlist is made from these rows, so that a save is live with the next request for it.
"""
from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from moviepoint.domains.media import documents, lettering, retiming
from moviepoint.domains.media.checking import AUDIO_KINDS, SUBTITLE_ROLES, Faults, checked_tracks, mark_faults
from moviepoint.domains.media.models import AudioTrack, Edition, Mark, SubtitleTrack
from moviepoint.domains.media.schemas import MarksInput, TrackInput, TracksInput
from moviepoint.domains.media.storing import locked_edition, retire, size_of
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.text import one_line

LONGEST = 100 * 3600 * 1000  # milliseconds: for an edition whose own length is not known


def tracks_document(edition: Edition) -> dict[str, Any]:
    """Return an edition's tracks as plain data, in the viewers' order."""
    return {"audio": [_track(row) for row in edition.audio], "subtitles": [_track(row) for row in edition.subtitles]}


def _track(row: AudioTrack | SubtitleTrack) -> dict[str, Any]:
    return {"id": row.id, "language": row.language, "kind": documents.kind_of(row), "label": row.label,
            "labels": dict(sorted(row.labels.items())), "studio": row.studio, "default": row.default,
            "hidden": row.hidden, "offset_ms": row.offset_ms}


def marks_document(edition: Edition) -> dict[str, Any]:
    """Return an edition's marks as plain data, in the film's order."""
    return {"marks": [{"kind": mark.kind, "label": mark.label, "start_ms": mark.start_ms, "end_ms": mark.end_ms}
                      for mark in sorted(edition.marks, key=lambda mark: (mark.start_ms, mark.kind))]}


def version_of(document: Mapping[str, Any]) -> str:
    """Return a table's version: the same for the same contents."""
    return hashlib.sha256(msgspec.json.encode(document)).hexdigest()[:16]


def save_tracks(session: Session, actor: Actor, edition_id: int, data: TracksInput) -> Edition:
    """Write all tracks of an edition: their order is the order given.

    Raises NotFound, Forbidden, Conflict when the table has changed since it was read, Invalid whose fields are
    rows: `audio-0`, `subtitles-2`.
    """
    require(actor, "media.manage")
    edition = locked_edition(session, edition_id)
    before = tracks_document(edition)
    _fresh(data.version, before)
    if {row.id for row in data.audio} != {row.id for row in edition.audio} or len(data.audio) != len(edition.audio) \
            or {row.id for row in data.subtitles} != {row.id for row in edition.subtitles} \
            or len(data.subtitles) != len(edition.subtitles):
        raise Conflict(_("The tracks of this edition have changed. Reload the page."))
    faults: Faults = {}
    audio = checked_tracks("audio", data.audio, AUDIO_KINDS, faults)
    subtitles = checked_tracks("subtitles", data.subtitles, SUBTITLE_ROLES, faults)
    if audio and all(row.hidden for row in audio):
        faults.setdefault("audio-0", []).append(_("One audio track at least must be shown."))
    _movable(session, edition, "audio", edition.audio, audio, faults)
    _movable(session, edition, "subtitles", edition.subtitles, subtitles, faults)
    if faults:
        raise Invalid(_("The tracks were not saved. See the sentences beside them."), fields=faults)
    state = documents.edition_document(edition)
    _write(edition.audio, audio)
    _write(edition.subtitles, subtitles)
    session.flush()
    session.expire(edition, ["audio", "subtitles"])
    documents.record_edit(session, actor, edition, state)
    _retime(session, actor, edition)
    return edition


def remove_track(session: Session, actor: Actor, storage: LocalStorage, edition_id: int, track_id: int,
                 table: str) -> Edition:
    """Take a track (`table` audio or subtitles) out of an edition; its files go half a day later.

    Raises NotFound, Forbidden, Invalid for the last audio track that is shown.
    """
    require(actor, "media.manage")
    edition = locked_edition(session, edition_id)
    rows: list[Any] = edition.audio if table == "audio" else edition.subtitles
    row = next((row for row in rows if row.id == track_id), None)
    if row is None:
        raise NotFound()
    if table == "audio" and not row.hidden and sum(not other.hidden for other in edition.audio) == 1:
        raise Invalid(_("One audio track at least must be shown."))
    state = documents.edition_document(edition)
    retire(session, storage, edition.package, row.paths)
    edition.package_bytes = max(0, edition.package_bytes - size_of(edition, row))
    rows.remove(row)
    session.flush()
    documents.record_edit(session, actor, edition, state)
    return edition


def save_marks(session: Session, actor: Actor, edition_id: int, data: MarksInput) -> Edition:
    """Replace all marks of an edition.

    Raises NotFound, Forbidden, Conflict when the table has changed since it was read, Invalid whose fields are
    rows: `marks-0`.
    """
    require(actor, "media.manage")
    edition = locked_edition(session, edition_id)
    before = marks_document(edition)
    _fresh(data.version, before)
    faults = mark_faults(data.marks, edition.duration_ms or LONGEST)
    if faults:
        raise Invalid(_("The marks were not saved. See the sentences beside them."), fields=faults)
    state = documents.edition_document(edition)
    edition.marks = [Mark(kind=mark.kind, label=one_line(mark.label), start_ms=mark.start_ms, end_ms=mark.end_ms)
                     for mark in sorted(data.marks, key=lambda mark: mark.start_ms)]
    session.flush()
    documents.record_edit(session, actor, edition, state)
    return edition


def _fresh(version: str, document: Mapping[str, Any]) -> None:
    if version and version != version_of(document):
        raise Conflict(_("Somebody else has saved this since you opened it. Reload the page to see it."))


def _write(rows: Sequence[AudioTrack | SubtitleTrack], wanted: Sequence[TrackInput]) -> None:
    by_id = {row.id: row for row in rows}
    for position, data in enumerate(wanted):
        row = by_id[data.id]
        if isinstance(row, SubtitleTrack) and row.guessed and not data.hidden:  # who shows it has looked at it
            lettering.confirm(row, alone=False)
        row.position, row.language, row.label, row.labels = position, data.language, data.label, data.labels
        row.studio, row.default, row.hidden, row.offset_ms = data.studio, data.default, data.hidden, data.offset_ms
        if isinstance(row, AudioTrack):
            row.kind = data.kind
        else:
            row.role = data.kind


def _movable(session: Session, edition: Edition, table: str, rows: Sequence[AudioTrack | SubtitleTrack],
             wanted: Sequence[TrackInput], faults: Faults) -> None:
    """Add a fault for each track whose offset is to change and cannot."""
    by_id = {row.id: row for row in rows}
    for place, data in enumerate(wanted):
        row = by_id[data.id]
        sentence = retiming.obstacle(session, edition, row) if data.offset_ms != row.offset_ms else ""
        if sentence:
            faults.setdefault(f"{table}-{place}", []).append(sentence)


def _retime(session: Session, actor: Actor, edition: Edition) -> None:
    """Begin to make anew what has not the offset that it is to have, also where an earlier try has failed."""
    for row in edition.tracks:
        if row.offset_ms != row.made_offset_ms and not retiming.busy(session, edition, row) \
                and not retiming.obstacle(session, edition, row):
            retiming.start(session, actor, edition, row)
