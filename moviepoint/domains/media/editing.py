"""Writes that change an edition without encoding: its tracks and its marks, each as a whole table.

A table carries a version, a digest of what it said when it was read. Who saves an older one overwrites nothing.
The master playlist is made from these rows, so that a save is live with the next request for it.
"""
from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.history.services import record
from moviepoint.domains.media.models import AudioTrack, Edition, Mark, SubtitleTrack
from moviepoint.domains.media.schemas import MarkInput, MarksInput, TrackInput, TracksInput
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.text import normalise_language, one_line

AUDIO_KINDS = ("original", "dub", "voice-over", "commentary", "audio-description")
SUBTITLE_ROLES = ("full", "forced", "sdh", "signs", "commentary")
MARK_KINDS = ("chapter", "intro", "recap", "credits")
LANGUAGE_LENGTH, LABEL_LENGTH, MARK_LABEL_LENGTH = 35, 120, 200
LONGEST = 100 * 3600 * 1000  # milliseconds: for an edition whose own length is not known
MOST_MARKS = 500

Faults = dict[str, list[str]]


def tracks_document(edition: Edition) -> dict[str, Any]:
    """Return an edition's tracks as plain data, in the viewers' order."""
    return {"audio": [{"id": row.id, "language": row.language, "kind": row.kind, "label": row.label,
                       "default": row.default, "hidden": row.hidden} for row in edition.audio],
            "subtitles": [{"id": row.id, "language": row.language, "kind": row.role, "label": row.label,
                           "default": row.default, "hidden": row.hidden} for row in edition.subtitles]}


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
    edition = _locked(session, edition_id)
    before = tracks_document(edition)
    _fresh(data.version, before)
    if {row.id for row in data.audio} != {row.id for row in edition.audio} or len(data.audio) != len(edition.audio) \
            or {row.id for row in data.subtitles} != {row.id for row in edition.subtitles} \
            or len(data.subtitles) != len(edition.subtitles):
        raise Conflict(_("The tracks of this edition have changed. Reload the page."))
    faults: Faults = {}
    audio = _checked("audio", data.audio, AUDIO_KINDS, faults)
    subtitles = _checked("subtitles", data.subtitles, SUBTITLE_ROLES, faults)
    if audio and all(row.hidden for row in audio):
        faults.setdefault("audio-0", []).append(_("One audio track at least must be shown."))
    if faults:
        raise Invalid(_("The tracks were not saved. See the sentences beside them."), fields=faults)
    _write(edition.audio, audio)
    _write(edition.subtitles, subtitles)
    session.flush()
    session.expire(edition, ["audio", "subtitles"])
    record(session, actor, "changed tracks", "edition", edition.id, edition_name(session, edition),
           before=before, after=tracks_document(edition))
    return edition


def save_marks(session: Session, actor: Actor, edition_id: int, data: MarksInput) -> Edition:
    """Replace all marks of an edition.

    Raises NotFound, Forbidden, Conflict when the table has changed since it was read, Invalid whose fields are
    rows: `marks-0`.
    """
    require(actor, "media.manage")
    edition = _locked(session, edition_id)
    before = marks_document(edition)
    _fresh(data.version, before)
    faults = _mark_faults(data.marks, edition.duration_ms or LONGEST)
    if faults:
        raise Invalid(_("The marks were not saved. See the sentences beside them."), fields=faults)
    edition.marks = [Mark(kind=mark.kind, label=one_line(mark.label), start_ms=mark.start_ms, end_ms=mark.end_ms)
                     for mark in sorted(data.marks, key=lambda mark: mark.start_ms)]
    session.flush()
    record(session, actor, "changed marks", "edition", edition.id, edition_name(session, edition),
           before=before, after=marks_document(edition))
    return edition


def edition_name(session: Session, edition: Edition) -> str:
    """Return how the back office names an edition: its title's original name, and its own label."""
    if edition.episode_id is None:
        name = session.scalar(select(Title.original_title).where(Title.id == edition.title_id)) or ""
    else:
        row = session.execute(
            select(Title.original_title, Season.number, Episode.number).join(Season, Season.title_id == Title.id)
            .join(Episode, Episode.season_id == Season.id).where(Episode.id == edition.episode_id)).one()
        name = f"{row[0]} {row[1]}×{row[2]}"
    return f"{name} · {edition.label}" if edition.label else name


def _locked(session: Session, edition_id: int) -> Edition:
    """Return an edition that nobody else can save before this transaction ends."""
    edition = session.scalar(select(Edition).where(Edition.id == edition_id).with_for_update()
                             .execution_options(populate_existing=True))
    if edition is None:
        raise NotFound()
    return edition


def _fresh(version: str, document: Mapping[str, Any]) -> None:
    if version and version != version_of(document):
        raise Conflict(_("Somebody else has saved this since you opened it. Reload the page to see it."))


def _checked(table: str, rows: Sequence[TrackInput], kinds: Sequence[str], faults: Faults) -> list[TrackInput]:
    """Return rows in their clean form; what is wrong with one is added to `faults` under its place."""
    clean: list[TrackInput] = []
    seen: dict[tuple[str, str, str], int] = {}
    for place, row in enumerate(rows):
        said = faults.setdefault(f"{table}-{place}", [])
        label, language = one_line(row.label), row.language
        try:
            language = normalise_language(row.language[:LANGUAGE_LENGTH + 1])
            if len(language) > LANGUAGE_LENGTH:
                raise ValueError(language)
        except ValueError:
            said.append(_("“%(tag)s” is no language. Write a tag such as en, pt-BR or zh-Hans.", tag=language[:40]))
        if len(label) > LABEL_LENGTH:
            said.append(_("A label has at most %(count)s characters.", count=LABEL_LENGTH))
        if row.kind not in kinds:
            said.append(_("This is no kind of track."))
        if row.default and row.hidden:
            said.append(_("A hidden track cannot be the default."))
        seen_as = (language, row.kind, label.casefold())
        if not row.hidden and seen.setdefault(seen_as, place) != place:
            said.append(_("Viewers cannot tell this track from number %(number)s: give it a label.",
                          number=seen[seen_as] + 1))
        clean.append(msgspec.structs.replace(row, language=language, label=label))
    if Counter(row.default for row in rows)[True] > 1:
        last = max(place for place, row in enumerate(rows) if row.default)
        faults[f"{table}-{last}"].append(_("Only one track can be the default."))
    for place in range(len(rows)):
        if not faults[f"{table}-{place}"]:
            del faults[f"{table}-{place}"]
    return clean


def _write(rows: Sequence[AudioTrack | SubtitleTrack], wanted: Sequence[TrackInput]) -> None:
    by_id = {row.id: row for row in rows}
    for position, data in enumerate(wanted):
        row = by_id[data.id]
        row.position, row.language, row.label = position, data.language, data.label
        row.default, row.hidden = data.default, data.hidden
        if isinstance(row, AudioTrack):
            row.kind = data.kind
        else:
            row.role = data.kind


def _mark_faults(marks: Sequence[MarkInput], duration: int) -> Faults:
    """Return what is wrong with marks by row. Chapters lie beside chapters, all other marks beside each other."""
    if len(marks) > MOST_MARKS:
        return {"marks-0": [_("An edition has at most %(count)s marks.", count=MOST_MARKS)]}
    faults: Faults = {}
    lanes: dict[bool, list[tuple[int, int | None, int]]] = {True: [], False: []}
    for place, mark in enumerate(marks):
        sentence = _mark_fault(mark, duration)
        if sentence:
            faults[f"marks-{place}"] = [sentence]
        else:
            lanes[mark.kind == "chapter"].append((mark.start_ms, mark.end_ms, place))
    for lane in lanes.values():
        lane.sort(key=lambda item: (item[0], item[2]))
        for (start, end, before), (following, _end, place) in pairwise(lane):
            if following < (start + 1 if end is None else end):
                faults.setdefault(f"marks-{place}", []).append(
                    _("This begins before number %(number)s has ended.", number=before + 1))
    return faults


def _mark_fault(mark: MarkInput, duration: int) -> str:
    if mark.kind not in MARK_KINDS:
        return _("This is no kind of mark.")
    if len(one_line(mark.label)) > MARK_LABEL_LENGTH:
        return _("A label has at most %(count)s characters.", count=MARK_LABEL_LENGTH)
    if mark.start_ms < 0 or mark.start_ms >= duration or (mark.end_ms is not None and mark.end_ms > duration):
        return _("This lies outside the film.")
    if mark.end_ms is None:
        return "" if mark.kind == "chapter" else _("Say when this ends.")
    return "" if mark.end_ms > mark.start_ms else _("This ends before it begins.")
