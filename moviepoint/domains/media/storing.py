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

from moviepoint.domains.media import access
from moviepoint.domains.media.models import AudioTrack, Edition, SubtitleTrack
from moviepoint.domains.media.remote import clearing, index
from moviepoint.kernel import events
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.files import LocalStorage

PACKAGES = "packages"
STILLS = "stills"  # in a package: single pictures that were cut out of a storyboard
RETIRED = f"{PACKAGES}/.retired"  # an empty file for each track that was replaced or removed, as old as that is
REPLACED = f"{PACKAGES}/.replaced"  # the same for packages
GRACE_SECONDS = access.LIFETIME  # what was replaced may still be watched: by addresses that were signed for so long


def locked_edition(session: Session, edition_id: int) -> Edition:
    """Return an edition that nobody else can save before this transaction ends. Raises NotFound."""
    edition = session.scalar(select(Edition).where(Edition.id == edition_id).with_for_update()
                             .execution_options(populate_existing=True))
    if edition is None:
        raise NotFound()
    return edition


def carry(storage: LocalStorage, old: str, new: str, name: str, *lists: str) -> bool:
    """Give a package what another one has of a name, as links to the same bytes; False where it is not there.

    That is a folder and the lists of what is in it: a track's or a rung's playlist, if none is named. What the bucket
    has of it is played from where it lies, until a task has copied it there: nothing is asked of the bucket here. Doing
    it twice does no harm, and the other package keeps what it has.
    """
    lists = lists or (f"{name}.m3u8",)
    source = storage.path(f"{old}/{name}")
    if not source.is_dir() or not all(storage.path(f"{old}/{path}").is_file() for path in lists):
        return False
    storage.delete(f"{RETIRED}/{new.rsplit('/', 1)[-1]}.{name}")  # what is brought in is wanted, whatever was thought
    target = storage.path(f"{new}/{name}")
    target.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        _link(path, target / path.name)
    index.lend(storage, old.rpartition("/")[2], new.rpartition("/")[2], name)
    for listed in lists:
        _link(storage.path(f"{old}/{listed}"), storage.path(f"{new}/{listed}"))
    return True


def retire(session: Session, storage: LocalStorage, package: str | None, names: Sequence[str]) -> None:
    """Have what a package has of some names removed some time after the commit."""
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
        if name and index.lent(storage, package, name):
            continue  # until the package that it was carried to has a copy of its own
        if name:
            clearing.forget_track(storage, package, name)
            for place in (name, f"{name}.m3u8", f"{name}.vtt", f"{STILLS}/{name}"):
                storage.delete(f"{PACKAGES}/{package}/{place}")
        marker.unlink(missing_ok=True)
        removed += 1
    return removed


def outlived(storage: LocalStorage, package: str) -> bool:
    """Say whether a package that no edition shows any more was replaced so long ago that nobody watches it still.

    The time begins when it is first asked for, so that nothing need be written at the moment of the replacement.
    """
    marker = f"{REPLACED}/{package}"
    try:
        age = time.time() - storage.path(marker).stat().st_mtime
    except FileNotFoundError:
        storage.put(marker, b"")
        age = 0.0
    return age > GRACE_SECONDS


def remove_package(storage: LocalStorage, package: str) -> None:
    """Remove a package, and what says since when nobody shows it; what the bucket has of it goes when that answers."""
    clearing.forget_package(storage, package)
    storage.delete(f"{PACKAGES}/{package}")
    storage.delete(f"{REPLACED}/{package}")


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
