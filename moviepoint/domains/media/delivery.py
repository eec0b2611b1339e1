"""Serving packages: the master from rows, everything else from storage as it lies there.

One decision for every address: `authorise`. No media process runs here, and no query for a segment: what is
known of an edition is kept for a few seconds, which is how soon a film that is unpublished stops. With the setting
`accelerate` a web server in front sends the bytes, after the same decision; without it this process does, for so
many viewers at once that pages always have threads left. What lies in a bucket is found there after it is not found
here, by the same decision too: `remote.sending`.
"""
from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path, PurePosixPath
from threading import BoundedSemaphore
from urllib.parse import quote

import msgspec
from flask import Blueprint, Response, current_app, request
from sqlalchemy import select
from werkzeug.wsgi import wrap_file

from moviepoint.domains.media import access, early, playback, watching
from moviepoint.domains.media.encoding.early import finished
from moviepoint.domains.media.encoding.plan import Plan
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.remote import sending
from moviepoint.domains.media.seats import EXTENSION as SEATS
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Forbidden, NotFound, Unavailable
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.settings import Settings

FRESH_SECONDS = 5.0
SHARED_SECONDS = 30
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
    if kind is None or any(piece.startswith(".") for piece in PurePosixPath(name).parts) \
            or PurePosixPath(name).as_posix() != name:  # one file has one name: no slash at its end, none doubled
        raise NotFound()
    try:
        path = inside(package, name)
        response = sent(path, f"{package}/{name}", kind)
    except NotFound:
        return _from_bucket(grant, package, name, kind)
    growing = path.suffix == ".m3u8" and not finished(path)
    response.headers["Cache-Control"] = "no-cache" if growing else caching(grant)
    return response


def _from_bucket(grant: access.Grant, package: str, name: str, kind: str) -> Response:
    """Send what lies on the disk no more, or never did. Raises NotFound for that, Unavailable."""
    response = sending.sent(current_app.extensions["moviepoint.storage"], seats_of_media(), package, name, kind)
    if response.status_code != 302:
        response.headers["Cache-Control"] = caching(grant)
    return response


@pages.get("/media/open/<edition>/master.m3u8")
def open_to_all(edition: str) -> Response:
    """Lead whoever comes by a lasting address to the playlist of a film that anybody may watch.

    Pages of other sites get it only where their players may show the film.
    """
    session = db.session()
    hooks, secret = current_app.extensions["moviepoint.hooks"], current_app.extensions["moviepoint.settings"].secret_key
    found = watching.facts(session, edition)
    if found is None or not watching.open_to_all(session, hooks, found):
        raise NotFound()
    if request.headers.get("Sec-Fetch-Site") == "cross-site" and not found.may_be_embedded:
        raise Forbidden(_("This film may not be shown on other sites."), code="not-embeddable")
    row = session.scalars(select(Edition).where(Edition.public_id == edition)).one()
    response = Response(status=302, headers={"Location": playback.addresses(hooks, secret, session, row, None).master})
    response.headers["Cache-Control"] = "no-cache"
    return response


def inside(package: str, name: str) -> Path:
    """Return a file of a package. Raises NotFound for all that is none, or is a link out of it."""
    storage: Storage = current_app.extensions["moviepoint.storage"]
    path = storage.path(f"packages/{package}/{name}")
    try:
        within = path.resolve(strict=True).is_relative_to(storage.path(f"packages/{package}").resolve())
    except (OSError, ValueError):
        raise NotFound() from None
    if not within or not path.is_file():
        raise NotFound()
    return path


def sent(path: Path, key: str, kind: str) -> Response:
    """Send a file, or have it sent by the web server in front."""
    settings: Settings = current_app.extensions["moviepoint.settings"]
    if settings.accelerate:
        return Response(mimetype=kind, headers={"X-Accel-Redirect": f"{settings.accelerate}{quote(key)}"})
    seats = seats_of_media()
    if not seats.acquire(blocking=False):
        raise Unavailable(_("Too many people are watching at the moment. Wait a little and try again."))
    try:
        file = SeatedFile(path, seats)
    except OSError:
        seats.release()
        raise NotFound() from None
    return _file_response(file, kind)


def seats_of_media() -> BoundedSemaphore:
    """Return the seats of this process: so many viewers are sent media at once."""
    settings: Settings = current_app.extensions["moviepoint.settings"]
    seats: BoundedSemaphore = current_app.extensions.setdefault(SEATS, BoundedSemaphore(settings.media_streams))
    return seats


class SeatedFile(FileIO):
    """A file whose seat is free again once it is closed, by whoever has sent it or given up on it.

    A response that a server sends by itself (`wsgi.file_wrapper`) calls nobody but the file when it is over.
    """

    def __init__(self, path: Path, seats: BoundedSemaphore) -> None:
        self.seats: BoundedSemaphore | None = None
        super().__init__(path)
        self.seats = seats

    def close(self) -> None:
        seats, self.seats = self.seats, None
        super().close()
        if seats is not None:
            seats.release()


def _file_response(file: SeatedFile, kind: str) -> Response:
    """Answer with a file as it lies there: whole, in ranges, or not at all when the viewer has it already."""
    facts = os.fstat(file.fileno())
    try:
        response = Response(wrap_file(request.environ, file), mimetype=kind, direct_passthrough=True)
        response.content_length = facts.st_size
        response.last_modified = datetime.fromtimestamp(int(facts.st_mtime), UTC)
        response.set_etag(f"{facts.st_mtime_ns:x}-{facts.st_size:x}")
        response.make_conditional(request.environ, accept_ranges=True, complete_length=facts.st_size)
    except BaseException:
        file.close()
        raise
    return response


def caching(grant: access.Grant) -> str:
    """Return how a part may be kept: by the viewer while the address lasts, by a CDN for as long as a film that is
    unpublished may go on."""
    left = max(0, grant.expires - int(time.time()))
    if grant.audience == access.PUBLIC:
        return f"public, max-age={left}, s-maxage={SHARED_SECONDS}, immutable"
    return f"private, max-age={left}, immutable"


def authorise(token: str, edition: str, package: str) -> access.Grant:
    """Return what a signature allows. Raises Forbidden, also when who it was made for may not watch any more."""
    grant = access.verify(current_app.extensions["moviepoint.settings"].secret_key, token, edition, package)
    if not _still(edition, grant):
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


def _still(edition: str, grant: access.Grant) -> bool:
    """Ask `watching.holds`, or remember its answer of the last few seconds."""
    cache: dict[tuple[str, str], tuple[bool, float]] = current_app.extensions.setdefault(_CACHE, {})
    now = time.monotonic()
    kept = cache.get((edition, grant.audience))
    if kept is not None and now < kept[1]:
        return kept[0]
    found = watching.holds(db.session(), current_app.extensions["moviepoint.hooks"], edition, grant)
    db.session.rollback()
    if len(cache) > _CACHE_LIMIT:
        cache.clear()
    cache[edition, grant.audience] = (found, now + FRESH_SECONDS)
    return found
