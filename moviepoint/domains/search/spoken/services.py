"""Keeping the index of what is said in step with the database: by message, by reconciliation, by rebuilding.

What is compared is each track's state, which is known from its row: a file is read only when something has changed.
"""
from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy.orm import Session

from moviepoint.domains.media import spoken
from moviepoint.domains.media.spoken import SpokenTrack
from moviepoint.domains.search.index import IndexMissing
from moviepoint.domains.search.spoken.index import Known, SpokenDocument, SpokenIndex, SpokenLine
from moviepoint.domains.search.spoken.words import normal
from moviepoint.kernel.files import Storage

BATCH = 50  # tracks in one commit of the engine
TITLE, EDITION = "title", "edition"
_Row = TypeVar("_Row")


def index_tracks(session: Session, storage: Storage, index: SpokenIndex, owner: str, ids: Collection[int]) -> int:
    """Bring the subtitles of titles or of editions (`owner`) up to date; returns how many were not.

    Raises IndexMissing where there is no index yet; a rebuild will hold them.
    """
    wanted = set(ids)
    tracks = spoken.tracks(session, **{f"{owner}_ids": wanted})
    present = {track_id: known for track_id, known in index.known().items()
               if (known.title_id if owner == TITLE else known.edition_id) in wanted}
    return _bring_up(session, storage, index, list(tracks), present)


def reconcile(session: Session, storage: Storage, index: SpokenIndex) -> int:
    """Mend what lost messages have left behind; returns how many tracks were out of date.

    Without a readable index it is rebuilt, and all its tracks count.
    """
    try:
        present = dict(index.known())
    except IndexMissing:
        return rebuild(session, storage, index)
    return _bring_up(session, storage, index, list(spoken.tracks(session)), present)


def rebuild(session: Session, storage: Storage, index: SpokenIndex) -> int:
    """Make the index anew from the files of all subtitles; the old one serves until the new one is whole."""
    return index.rebuild(_documents(session, storage, list(spoken.tracks(session))))


def stale_tracks(session: Session, index: SpokenIndex) -> tuple[int, int, int]:
    """Return how many tracks are indexed, how many are missing or old there, and how many are too many."""
    wanted, present = {track.id: track.state for track in spoken.tracks(session)}, index.known()
    old = sum(track_id not in present or present[track_id].state != state for track_id, state in wanted.items())
    return len(present), old, len(present.keys() - wanted.keys())


def _bring_up(session: Session, storage: Storage, index: SpokenIndex, tracks: Sequence[SpokenTrack],
              present: dict[int, Known]) -> int:
    states = {track.id: track.state for track in tracks}
    gone = [track_id for track_id in present if track_id not in states]
    new = [track for track in tracks if track.id not in present or present[track.id].state != track.state]
    for part in _batches(gone):
        index.update(part, ())
    for batch in _batches(new):
        index.update([track.id for track in batch], list(_documents(session, storage, batch)))
    return len(gone) + len(new)


def _documents(session: Session, storage: Storage, tracks: Iterable[SpokenTrack]) -> Iterator[SpokenDocument]:
    """Yield the documents of tracks that can be read; the next reconciliation asks again for the others."""
    for track in tracks:
        lines = tuple(SpokenLine(cue.start_ms, cue.end_ms, normal(cue.text))
                      for cue in spoken.lines(session, storage, track.id))
        session.expunge_all()  # a thousand films must not all stay in memory
        if lines:
            yield SpokenDocument(track.id, track.title_id, track.edition_id, track.language, track.state, lines)


def _batches(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start:start + BATCH]
