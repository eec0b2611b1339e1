"""Tracks as files: brought into a live package and to the next one, and removed when nobody can play them still.

A track is a folder of segments and a playlist of its name. A name is never used twice in a package, for what it
names may be kept by players and proxies for a year.
"""
from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.media.models import AudioTrack, Edition, SubtitleTrack
from moviepoint.kernel import events
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.files import LocalStorage

PACKAGES = "packages"
RETIRED = f"{PACKAGES}/.retired"  # an empty file for each track that was replaced or removed, as old as that is
GRACE_SECONDS = 3600  # what was replaced may still be watched


def locked_edition(session: Session, edition_id: int) -> Edition:
    """Return an edition that nobody else can save before this transaction ends. Raises NotFound."""
    edition = session.scalar(select(Edition).where(Edition.id == edition_id).with_for_update()
                             .execution_options(populate_existing=True))
    if edition is None:
        raise NotFound()
    return edition


def carry(storage: LocalStorage, old: str, new: str, name: str) -> bool:
    """Give a package a track of another one, as links to the same bytes; False where it is not there.

    Doing it twice does no harm, and the other package keeps what it has.
    """
    source = storage.path(f"{old}/{name}")
    playlist = storage.path(f"{old}/{name}.m3u8")
    if not source.is_dir() or not playlist.is_file():
        return False
    target = storage.path(f"{new}/{name}")
    target.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        _link(path, target / path.name)
    _link(playlist, storage.path(f"{new}/{name}.m3u8"))
    return True


def retire(session: Session, storage: LocalStorage, package: str | None, names: Sequence[str]) -> None:
    """Have a track's files removed some time after the commit."""
    markers = [f"{RETIRED}/{package.rsplit('/', 1)[-1]}.{name}" for name in names if package]

    def mark() -> None:
        for marker in markers:
            storage.put(marker, b"")

    if markers:
        events.after_commit(session, mark)


def size_of(edition: Edition, row: AudioTrack | SubtitleTrack) -> int:
    """Return about how many bytes a track has on storage; of text, which is small, nothing is known."""
    if isinstance(row, SubtitleTrack):
        return 0
    rate = row.average_bandwidth + sum(rendition.average_bandwidth for rendition in row.renditions)
    return rate * (edition.duration_ms or 0) // 8000


def remove_retired(storage: LocalStorage) -> int:
    """Remove the files of tracks that were retired long enough ago; returns how many tracks."""
    folder = storage.path(RETIRED)
    removed = 0
    for marker in sorted(folder.iterdir()) if folder.is_dir() else ():
        if time.time() - marker.stat().st_mtime < GRACE_SECONDS:
            continue
        package, _, name = marker.name.partition(".")
        if name:
            storage.delete(f"{PACKAGES}/{package}/{name}")
            storage.delete(f"{PACKAGES}/{package}/{name}.m3u8")
        marker.unlink(missing_ok=True)
        removed += 1
    return removed


def _link(source: Path, target: Path) -> None:
    """Link, or copy where the disk has no links."""
    if target.exists():
        return
    try:
        os.link(source, target)
    except OSError:
        staged = target.with_name(f".{target.name}.part")
        staged.write_bytes(source.read_bytes())
        staged.replace(target)
