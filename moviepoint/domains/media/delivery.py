"""Serving packages: the master from rows, everything else from storage as it lies there.

One decision for every address: `authorise`. No media process runs here, and no query for a segment: what is
known of an edition is kept for a few seconds, which is how soon a film that is unpublished stops.
"""
from __future__ import annotations

import time
from pathlib import PurePosixPath

import msgspec
from flask import Blueprint, Response, current_app, send_file

from moviepoint.domains.media import access, early, playback
from moviepoint.domains.media.encoding.early import finished
from moviepoint.domains.media.encoding.plan import Plan
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Forbidden, NotFound
from moviepoint.kernel.files import Storage

FRESH_SECONDS = 5.0
YEAR = 365 * 86400
TYPES = {".m3u8": "application/vnd.apple.mpegurl", ".ts": "video/mp2t", ".vtt": "text/vtt; charset=utf-8",
         ".jpg": "image/jpeg", ".m4s": "video/iso.segment", ".mp4": "video/mp4",
         ".mpd": "application/dash+xml"}
_CACHE = "moviepoint.playback_facts"
_CACHE_LIMIT = 10_000

pages = Blueprint("media_files", __name__)


@pages.get("/media/<token>/<edition>/<package>/<path:name>")
def part(token: str, edition: str, package: str, name: str) -> Response:
    """Serve a playlist, segment, cue file or storyboard picture to whoever holds a valid signature."""
    grant = authorise(token, edition, package)
    if name in (playback.MASTER, playback.MANIFEST):
        return _rendered(edition, package, name)
    kind = TYPES.get(PurePosixPath(name).suffix)
    if kind is None or any(piece.startswith(".") for piece in PurePosixPath(name).parts):
        raise NotFound()
    storage: Storage = current_app.extensions["moviepoint.storage"]
    path = storage.path(f"packages/{package}/{name}")
    if not path.is_file():
        raise NotFound()
    if path.suffix == ".m3u8" and not finished(path):  # it grows still
        response = send_file(path, mimetype=kind, conditional=True, etag=True)
        response.headers["Cache-Control"] = "no-cache"
        return response
    response = send_file(path, mimetype=kind, conditional=True, max_age=YEAR, etag=True)
    response.cache_control.immutable = True
    response.cache_control.public = grant.audience == access.PUBLIC
    response.cache_control.private = True if grant.audience != access.PUBLIC else None
    return response


def authorise(token: str, edition: str, package: str) -> access.Grant:
    """Return what a signature allows. Raises Forbidden, also when the edition is not public any more."""
    grant = access.verify(current_app.extensions["moviepoint.settings"].secret_key, token, edition, package)
    found = _facts(edition)
    if found is None or (grant.audience == access.PUBLIC and not found.public):
        raise Forbidden()
    return grant


def _rendered(edition_id: str, package: str, name: str) -> Response:
    """The master playlist or the DASH manifest, from rows; of a film that is still being made, from its plan."""
    edition = playback.load_edition(db.session(), edition_id)
    storage: Storage = current_app.extensions["moviepoint.storage"]
    if edition.package is not None and edition.package.endswith(f"/{package}"):
        text = playback.master_playlist(edition) if name == playback.MASTER else playback.manifest(edition, storage)
    else:
        text = _early(edition.id, package, name)
    response = Response(text, mimetype=TYPES[PurePosixPath(name).suffix])
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response


def _early(edition_id: int, package: str, name: str) -> str:
    job = early.current(db.session(), edition_id)
    if job is None or not job.package.endswith(f"/{package}") or name != playback.MASTER:
        raise NotFound()  # it has been replaced: the page knows the new address
    found = early.progress(current_app.extensions["moviepoint.storage"], job)
    if found is None:
        raise NotFound()
    return early.master(found, msgspec.convert(job.plan, Plan))


def _facts(edition: str) -> playback.EditionFacts | None:
    cache = current_app.extensions.setdefault(_CACHE, {})
    now = time.monotonic()
    kept = cache.get(edition)
    if kept is not None and now < kept[1]:
        found: playback.EditionFacts | None = kept[0]
        return found
    found = playback.facts(db.session(), edition)
    db.session.rollback()
    if len(cache) > _CACHE_LIMIT:
        cache.clear()
    cache[edition] = (found, now + FRESH_SECONDS)
    return found
