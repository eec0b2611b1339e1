"""What death at the wrong moment leaves on storage and no row names: files of uploads, and tracks in live packages.

Looked for once an hour. Nothing goes that is young, that a row names, or whose film is being worked at.
"""
from __future__ import annotations

import re
import time
from pathlib import Path

import structlog
from sqlalchemy import ColumnElement, and_, not_, select
from sqlalchemy.orm import Session

from moviepoint.domains.media import room, storing
from moviepoint.domains.media.bench import Bench
from moviepoint.domains.media.encoding.verify import iframes_name
from moviepoint.domains.media.ledger import LIVE
from moviepoint.domains.media.models import (
    AudioRendition,
    AudioTrack,
    Edition,
    EncodingJob,
    SourceAsset,
    Storyboard,
    SubtitleTrack,
    Upload,
    VideoRendition,
)
from moviepoint.domains.media.outage import read

log = structlog.get_logger(__name__)
UPLOADS = "uploads"
UPLOAD_SECONDS = 24 * 3600  # since its last byte, or since it was brought there
TRACK_SECONDS = 3600  # before a track is marked; it goes `storing.GRACE_SECONDS` after that
PARTS = re.compile(r"(stream|iframes|audio|subs)_.|storyboard")
SUFFIXES = (".m3u8", ".vtt")


def remove_leftovers(bench: Bench) -> int:
    """Remove files of uploads, and mark tracks, that belong to nobody; returns how many. Does nothing on a bad disk."""
    if room.trouble(bench.storage) is not None:
        return 0
    return remove_uploads(bench) + mark_tracks(bench)


def remove_uploads(bench: Bench) -> int:
    """Remove files below `uploads/` that no upload and no kept source names, a day after they came."""
    folder = bench.storage.path(UPLOADS)
    found = [path for path in sorted(folder.iterdir()) if path.is_file()] if folder.is_dir() else []
    named = read(_named_uploads)  # after the look: a row that has come meanwhile is seen
    removed = 0
    for path in found:
        if path.name not in named and _age(path) > UPLOAD_SECONDS:
            log.info("upload removed: it belongs to nobody", file=path.name)
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def mark_tracks(bench: Bench) -> int:
    """Have tracks, rungs and storyboards removed half a day from now that are in a live package and in no row.

    Marks of what rows do name are taken back. Films that a job works at are left alone: it brings tracks in before
    their rows are committed, and has the playlists of a film that is watched early grow.
    """
    packages, named = read(_idle_packages), read(_named_parts)
    retired = bench.storage.path(storing.RETIRED)
    marks = {path.name for path in retired.iterdir()} if retired.is_dir() else set()
    marked = 0
    for edition_id, key in packages.items():
        package, known = key.rsplit("/", 1)[-1], named.get(edition_id, set())
        for mark in marks & {f"{package}.{name}" for name in known}:
            bench.storage.delete(f"{storing.RETIRED}/{mark}")
        for name in _parts_in(bench.storage.path(key)) - known:
            if f"{package}.{name}" not in marks:
                log.info("track goes half a day from now: no row names it", package=package, name=name)
                bench.storage.put(f"{storing.RETIRED}/{package}.{name}", b"")
                marked += 1
    return marked


def _parts_in(package: Path) -> set[str]:
    """Return the names of what a package holds that has been there for a while: folders, and lists of them."""
    names: dict[str, float] = {}
    for path in package.iterdir() if package.is_dir() else ():
        if PARTS.match(path.name) and (path.suffix in SUFFIXES or path.is_dir()):
            name = path.name if path.is_dir() else path.stem
            names[name] = min(_age(path), names.get(name, float("inf")))
    return {name for name, age in names.items() if age > TRACK_SECONDS}


def _age(path: Path) -> float:
    """Seconds since a file was written or brought to its place: a link keeps the time of its bytes. 0 if it is gone."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return 0.0
    return time.time() - max(facts.st_mtime, facts.st_ctime)


def _named_uploads(session: Session) -> set[str]:
    """An upload that became a source leaves it to that row to say whether the file is kept."""
    over: ColumnElement[bool] = and_(Upload.state == "used", not_(Upload.partial))
    named = set(session.scalars(select(Upload.public_id).where(not_(over))))
    return named | {key.rsplit("/", 1)[-1] for key in session.scalars(select(SourceAsset.key).where(SourceAsset.kept))}


def _idle_packages(session: Session) -> dict[int, str]:
    """The live packages by edition, without those of films that somebody works at."""
    busy = select(EncodingJob.edition_id).where(EncodingJob.state.in_((*LIVE, "paused")))
    rows = session.execute(select(Edition.id, Edition.package).where(
        Edition.package.is_not(None), Edition.id.not_in(busy)))
    return {row.id: row.package or "" for row in rows}


def _named_parts(session: Session) -> dict[int, set[str]]:
    """What rows name in each edition's package."""
    named: dict[int, set[str]] = {}

    def add(edition_id: int, *names: str | None) -> None:
        named.setdefault(edition_id, set()).update(name for name in names if name)

    for row in session.execute(select(VideoRendition.edition_id, VideoRendition.path)):
        add(row.edition_id, row.path, iframes_name(row.path))
    for table in (AudioTrack, SubtitleTrack):
        for track in session.execute(select(table.edition_id, table.path)):
            add(track.edition_id, track.path)
    for row in session.execute(select(AudioTrack.edition_id, AudioRendition.path).join(AudioRendition.track)):
        add(row.edition_id, row.path)
    for board in session.scalars(select(Storyboard)):
        add(board.edition_id, board.name)
    return named
