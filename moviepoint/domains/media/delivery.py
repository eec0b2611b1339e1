"""Serving packages: the master from rows, everything else from storage as it lies there.

One decision for every address: `authorise`. No media process runs here, and no query for a segment: what is
known of an edition is kept for a few seconds, which is how soon a film that is unpublished stops.
"""
from __future__ import annotations

import time
from pathlib import PurePosixPath

from flask import Blueprint, Response, current_app, send_file

from moviepoint.domains.media import access, playback
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Forbidden, NotFound
from moviepoint.kernel.files import Storage

FRESH_SECONDS = 5.0
YEAR = 365 * 86400
TYPES = {".m3u8": "application/vnd.apple.mpegurl", ".ts": "video/mp2t", ".vtt": "text/vtt; charset=utf-8",
         ".jpg": "image/jpeg", ".m4s": "video/iso.segment", ".mp4": "video/mp4"}
_CACHE = "moviepoint.playback_facts"
_CACHE_LIMIT = 10_000

pages = Blueprint("media_files", __name__)


@pages.get("/media/<token>/<edition>/<package>/<path:name>")
def part(token: str, edition: str, package: str, name: str) -> Response:
    """Serve a playlist, segment, cue file or storyboard picture to whoever holds a valid signature."""
    grant = authorise(token, edition, package)
    if name == playback.MASTER:
        return _master(edition, package)
    kind = TYPES.get(PurePosixPath(name).suffix)
    if kind is None or any(piece.startswith(".") for piece in PurePosixPath(name).parts):
        raise NotFound()
    storage: Storage = current_app.extensions["moviepoint.storage"]
    path = storage.path(f"packages/{package}/{name}")
    if not path.is_file():
        raise NotFound()
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


def _master(edition_id: str, package: str) -> Response:
    edition = playback.load_edition(db.session(), edition_id)
    if edition.package is None or not edition.package.endswith(f"/{package}"):
        raise NotFound()  # it has been replaced: the page knows the new address
    response = Response(playback.master_playlist(edition), mimetype=TYPES[".m3u8"])
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response


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
