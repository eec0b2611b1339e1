"""Editions as plain documents: what history compares, shows and restores."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.history.services import record
from moviepoint.domains.media.models import AudioTrack, Edition, EncodingJob, SubtitleTrack
from moviepoint.kernel import events
from moviepoint.kernel.policies import SYSTEM, Actor

Document = Mapping[str, Any]
ENTITY = "edition"


class TrackState(msgspec.Struct, forbid_unknown_fields=True):
    """A track in an edition's document; its place is that among its own kind, from 1."""

    place: int
    language: str
    kind: str
    label: str = ""
    labels: dict[str, str] = {}
    studio: str = ""
    default: bool = False
    hidden: bool = False
    offset_ms: int = 0


class MarkState(msgspec.Struct, forbid_unknown_fields=True):
    """A mark in an edition's document, its times as people write them."""

    kind: str
    start: str
    end: str
    label: str


class EditionDocument(msgspec.Struct, forbid_unknown_fields=True):
    """An edition: tracks by name, which ends in their id (`ru dub #12`), and marks."""

    audio: dict[str, TrackState] = {}
    subtitles: dict[str, TrackState] = {}
    marks: list[MarkState] = []


def edition_document(edition: Edition, like: Document | None = None) -> Document:
    """Return an edition's tracks and marks; tracks that are in `like` have the names that they have there."""
    tables: tuple[tuple[str, Sequence[AudioTrack | SubtitleTrack]], ...] = (
        ("audio", edition.audio), ("subtitles", edition.subtitles))
    document = {}
    for table, rows in tables:
        known = {track_id(name): name for name in (like or {}).get(table, {})}
        document[table] = {known.get(row.id) or f"{row.language} {kind_of(row)} #{row.id}": _track(row, place)
                           for place, row in enumerate(rows, start=1)}
    marks = [MarkState(mark.kind, stamp(mark.start_ms), stamp(mark.end_ms), mark.label)
             for mark in sorted(edition.marks, key=lambda mark: (mark.start_ms, mark.kind))]
    return {**document, "marks": msgspec.to_builtins(marks)}


def record_edit(session: Session, actor: Actor, edition: Edition, before: Document) -> None:
    """Write down that an edition was changed, with its whole state, which can be restored."""
    record(session, actor, "changed", ENTITY, edition.id, edition_name(session, edition), before=before,
           after=edition_document(edition, before))
    events.record(session, "on_edition_changed", edition_id=edition.id)
    tell(session, edition)


def record_change(session: Session, job: EncodingJob, edition: Edition, before: Document) -> None:
    """Write down what a job has changed in its edition."""
    record(session, SYSTEM, "encoded", ENTITY, edition.id, edition_name(session, edition), before=before,
           after=edition_document(edition, before))
    events.record(session, "on_edition_changed", edition_id=edition.id)
    tell(session, edition)


def record_job(session: Session, actor: Actor, action: str, job: EncodingJob, before: Document,
               after: Document) -> None:
    """Write down a verb on a job, in the history of its edition."""
    name = f"{job.source.filename} #{job.id}"
    record_part(session, actor, action, job.edition, {"jobs": {name: before}}, {"jobs": {name: after}})


def record_part(session: Session, actor: Actor, action: str, edition: Edition, before: Document,
                after: Document) -> None:
    """Write down a change of something that belongs to an edition, and is not in its document."""
    record(session, actor, action, ENTITY, edition.id, edition_name(session, edition), before=before, after=after)


def tell(session: Session, edition: Edition) -> None:
    """Let whoever knows titles by their films, as search does, hear that this one's has changed."""
    events.record(session, "on_title_saved", title_id=title_of(session, edition))


def title_of(session: Session, edition: Edition) -> int:
    """Return the id of the film or series that an edition belongs to."""
    if edition.title_id is not None:
        return edition.title_id
    found: int = session.scalars(select(Title.id).join(Season, Season.title_id == Title.id)
                                 .join(Episode, Episode.season_id == Season.id)
                                 .where(Episode.id == edition.episode_id)).one()
    return found


def edition_name(session: Session, edition: Edition) -> str:
    """Return how the back office names an edition: its title's original name, and its own label."""
    return edition_names(session, [edition])[edition.id]


def edition_names(session: Session, editions: list[Edition]) -> dict[int, str]:
    """Return the back office's names of editions by id, in two queries."""
    titles = [edition.title_id for edition in editions if edition.title_id]
    episodes = [edition.episode_id for edition in editions if edition.episode_id]
    films = {row[0]: row[1] for row in session.execute(
        select(Title.id, Title.original_title).where(Title.id.in_(titles)))} if titles else {}
    parts = {row[0]: f"{row[1]} {row[2]}×{row[3]}" for row in session.execute(
        select(Episode.id, Title.original_title, Season.number, Episode.number)
        .join(Season, Season.title_id == Title.id).join(Episode, Episode.season_id == Season.id)
        .where(Episode.id.in_(episodes)))} if episodes else {}
    names = {}
    for edition in editions:
        name = films.get(edition.title_id or 0) or parts.get(edition.episode_id or 0) or ""
        names[edition.id] = f"{name} · {edition.label}" if edition.label else name
    return names


def kind_of(row: AudioTrack | SubtitleTrack) -> str:
    """Return a dub's kind or a subtitle's role."""
    return row.kind if isinstance(row, AudioTrack) else row.role


def track_id(name: str) -> int:
    """Return the id in a track's name in a document; 0 where there is none."""
    digits = name.rpartition("#")[2]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0


def stamp(value: int | None) -> str:
    """Write milliseconds as `h:mm:ss.mmm`; nothing for None."""
    if value is None:
        return ""
    seconds, rest = divmod(value, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def _track(row: AudioTrack | SubtitleTrack, place: int) -> dict[str, Any]:
    return {"place": place, "language": row.language, "kind": kind_of(row), "label": row.label,
            "labels": dict(row.labels), "studio": row.studio, "default": row.default, "hidden": row.hidden,
            "offset_ms": row.offset_ms}
