"""Reads of a subtitle track's text, as it is shown: beside the picture, and in it as a second line."""
from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.media import playback, watching
from moviepoint.domains.media.encoding import subtitles
from moviepoint.domains.media.encoding.cuetext import plain
from moviepoint.domains.media.models import Edition, SubtitleTrack
from moviepoint.domains.media.watch_models import WatchLink
from moviepoint.hooks.manager import HookManager
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.files import Storage
from moviepoint.kernel.policies import Actor, require


class CueView(msgspec.Struct, frozen=True):
    """A cue: milliseconds of the film, and its text without tags."""

    start_ms: int
    end_ms: int
    text: str


def track_cues(session: Session, actor: Actor, storage: Storage, edition: Edition, track_id: int) -> Sequence[CueView]:
    """Return all cues of an edition's subtitle track in order. Raises Forbidden, NotFound, also where it is no text."""
    require(actor, "media.manage")
    row = session.scalar(select(SubtitleTrack).where(
        SubtitleTrack.id == track_id, SubtitleTrack.edition_id == edition.id))
    if row is None:
        raise NotFound()
    return read_cues(storage, edition, row)


def shown_cues(session: Session, hooks: HookManager, viewer: Actor | None, storage: Storage, edition: Edition,
               track_id: int, link: WatchLink | None = None) -> Sequence[CueView]:
    """Return all cues of a track that viewers may choose, to whoever may watch the edition.

    Raises NotFound, also for a hidden track and while there is no package, Unauthenticated, Forbidden.
    """
    found = watching.facts(session, edition.public_id)
    row = next((row for row in playback.shown_subtitles(edition) if row.id == track_id), None)
    if found is None or row is None:
        raise NotFound()
    watching.decide(session, hooks, found, viewer, link)
    return read_cues(storage, edition, row)


def read_cues(storage: Storage, edition: Edition, row: SubtitleTrack) -> Sequence[CueView]:
    """Return a track's cues at the times that they are shown at, whoever asks. Raises NotFound, OSError."""
    if not row.path or not edition.package:
        raise NotFound()
    folder = storage.path(f"{edition.package}/{row.path}")
    if not folder.is_dir():
        raise NotFound()
    cues = subtitles.read_track(folder)
    if (folder / subtitles.WHOLE).is_file():  # without it the segments were read, which are moved already
        cues = subtitles.shift(cues, row.made_offset_ms)
    return [CueView(cue.start_ms, cue.end_ms, plain(cue.text)) for cue in cues]
