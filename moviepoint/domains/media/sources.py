"""Writes and reads of source files: what they hold, whether they are kept, and who may have them."""
from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.media import documents, keeping
from moviepoint.domains.media.encoding.probe import Probe
from moviepoint.domains.media.models import Edition, EncodingJob, SourceAsset
from moviepoint.domains.media.queries import user_names
from moviepoint.domains.media.services import require_idle
from moviepoint.kernel import events
from moviepoint.kernel.errors import Conflict, NotFound
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.sentences import sentence

MANAGE = "media.manage"
#: Of subtitles in pictures whose file an editor has deleted.
PICTURES_GONE = sentence("Not text, and its pictures are gone with their file: upload a text version, or remove it.")


class SourceView(msgspec.Struct, frozen=True):
    """A source file: `streams` in words of codecs and languages, `size` in bytes, `job_id` of its newest job."""

    id: int
    filename: str
    size: int
    use: str
    streams: list[str]
    kept: bool
    pinned: bool
    uploaded_by: str
    created_at: datetime
    sha256: str
    job_id: int | None = None
    job_state: str = ""
    needed: list[str] = []  # why it is kept whatever the settings say: `pictures`, `letters`


def source_views(session: Session, actor: Actor, edition: Edition) -> list[SourceView]:
    """Return an edition's sources, the oldest first, in a fixed number of queries. Raises Forbidden."""
    require(actor, MANAGE)
    sources = sorted(edition.sources, key=lambda source: source.id)
    names = user_names(session, [source.created_by_id for source in sources])
    jobs = {row.source_id: row for row in session.execute(
        select(EncodingJob.source_id, EncodingJob.id, EncodingJob.state)
        .where(EncodingJob.edition_id == edition.id).order_by(EncodingJob.id))}
    return [_view(source, names, jobs.get(source.id)) for source in sources]


def find_source(session: Session, actor: Actor, source_id: int) -> SourceAsset:
    """Return a source. Raises NotFound, Forbidden."""
    require(actor, MANAGE)
    source = session.get(SourceAsset, source_id)
    if source is None:
        raise NotFound()
    return source


def source_file(session: Session, actor: Actor, storage: Storage, source_id: int) -> tuple[Path, str]:
    """Return where a source lies and what it is called. Raises NotFound, also when it is not kept, Forbidden."""
    source = find_source(session, actor, source_id)
    path = storage.path(source.key)
    if not source.kept or not path.is_file():
        raise NotFound()
    return path, source.filename


def pin_source(session: Session, actor: Actor, source_id: int, pinned: bool) -> SourceAsset:
    """Keep a source whatever the settings say, or leave it to them again.

    Raises NotFound, Forbidden, Conflict when it is gone already.
    """
    source = find_source(session, actor, source_id)
    if not source.kept:
        raise Conflict(_("This file is gone already."))
    before = {"pinned": source.pinned}
    source.pinned = pinned
    _record(session, actor, "changed_source", source, before, {"pinned": pinned})
    return source


def discard_source(session: Session, actor: Actor, storage: Storage, source_id: int) -> SourceAsset:
    """Delete a source's file; what was made of it stays. Raises NotFound, Forbidden, Conflict while a job needs it."""
    source = find_source(session, actor, source_id)
    if not source.kept:
        raise Conflict(_("This file is gone already."))
    require_idle(session, source.id)
    source.kept = source.pinned = False
    for row in source.edition.subtitles:
        if row.source_id == source.id and row.path is None:
            row.note = PICTURES_GONE
    key = source.key
    events.after_commit(session, lambda: storage.delete(key))
    _record(session, actor, "changed_source", source, {"kept": True}, {"kept": False})
    return source


def streams_of(described: Mapping[str, Any] | None) -> list[str]:
    """Return what a probe has found, a line for each stream."""
    if not described:
        return []
    found = msgspec.convert(described, Probe)
    lines = []
    if found.video is not None:
        rate = found.video.frame_rate[0] / found.video.frame_rate[1]
        width, height = found.video.shown_size
        lines.append(f"{found.video.codec} {width}×{height}, {rate:.6g} fps" + (", HDR" if found.video.hdr else ""))
    lines += [" ".join(part for part in (stream.codec, stream.language, f"{stream.channels}ch", stream.title) if part)
              for stream in found.audio]
    lines += [" ".join(part for part in (text.codec, text.language, text.role, text.title) if part)
              for text in found.subtitles]
    return lines


def _view(source: SourceAsset, names: Mapping[int, str], job: Any) -> SourceView:
    use = (source.intent or {}).get("use", "film")
    return SourceView(source.id, source.filename, source.size, use, streams_of(source.probe), source.kept,
                      source.pinned, names.get(source.created_by_id or 0, ""), source.created_at,
                      source.sha256 or "", job.id if job else None, job.state if job else "",
                      keeping.reasons(source))


def _record(session: Session, actor: Actor, action: str, source: SourceAsset, before: Mapping[str, Any],
            after: Mapping[str, Any]) -> None:
    name = f"{source.filename} #{source.id}"
    documents.record_part(session, actor, action, source.edition, {"sources": {name: before}},
                          {"sources": {name: after}})
