"""A package's file that lies in the bucket, on its way to a viewer whom `delivery.authorise` has let through.

By `redirect` the viewer gets an address that opens this one object for less than a minute, made without asking anybody.
By `proxy` the bytes pass through this process, a block at a time: no connection to the bucket waits for a slow viewer,
and none takes more memory than a block.
"""
from __future__ import annotations

from collections.abc import Iterator
from threading import BoundedSemaphore

import structlog
from flask import Response, current_app, request

from moviepoint.domains.media.remote import index
from moviepoint.domains.media.remote.index import Place
from moviepoint.kernel.bucket import Bucket, BucketError, Missing, current_bucket
from moviepoint.kernel.errors import NotFound, Unavailable
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.settings import Settings

log = structlog.get_logger(__name__)
LEAD_SECONDS = 45  # an address opens its object so long; with what `delivery` remembers, under a minute
LEAD_KEPT = 20  # seconds that a player may use the same address again, for another range of the file
BLOCK = 2 * 2**20


def leads() -> bool:
    """Say whether viewers are led to the bucket."""
    settings: Settings = current_app.extensions["moviepoint.settings"]
    return settings.s3_delivery == "redirect"


def sent(storage: Storage, seats: BoundedSemaphore, package: str, name: str, kind: str) -> Response:
    """Answer with a file from the bucket. Raises NotFound for what it has not, Unavailable when it cannot be had."""
    place = index.find(storage, package, name)
    if place is None:
        raise NotFound()
    bucket = _bucket()
    if leads():
        return _led(bucket, place)
    return _passed(bucket, place, kind, seats)


def read(storage: Storage, package: str, name: str) -> bytes:
    """Return a small file's bytes from the bucket. Raises NotFound, Unavailable."""
    place = index.find(storage, package, name)
    if place is None:
        raise NotFound()
    return _block(_bucket(), place, 0, place.size)


def _bucket() -> Bucket:
    bucket = current_bucket()
    if bucket is None:
        log.error("a film lies in a bucket, and s3_bucket is not set")
        raise Unavailable(_away())
    return bucket


def _led(bucket: Bucket, place: Place) -> Response:
    method = "HEAD" if request.method == "HEAD" else "GET"  # a signature is for one method
    response = Response(status=302, headers={"Location": bucket.address(place.key, LEAD_SECONDS, method)})
    response.headers["Cache-Control"] = f"private, max-age={LEAD_KEPT}"
    return response


def _passed(bucket: Bucket, place: Place, kind: str, seats: BoundedSemaphore) -> Response:
    """Answer with the bytes: whole, in a range, or not at all when the viewer has them already."""
    response = Response(mimetype=kind)
    response.content_length = place.size
    response.set_etag(place.tag or f"{place.size:x}")
    response.make_conditional(request.environ, accept_ranges=True, complete_length=place.size)
    wanted = response.content_range
    response.response = ()
    if request.method == "HEAD" or response.status_code not in (200, 206):
        return response
    if not seats.acquire(blocking=False):
        raise Unavailable(_("Too many people are watching at the moment. Wait a little and try again."))
    start, end = (wanted.start, wanted.stop) if wanted.start is not None else (0, place.size)
    response.response = body = Body(bucket, place, start or 0, end or place.size, seats)
    response.direct_passthrough = True
    try:
        body.begin()
    except BaseException:
        body.close()
        raise
    return response


class Body:
    """An object's bytes from `start` up to `end`, in blocks; its seat is free again once it is closed."""

    def __init__(self, bucket: Bucket, place: Place, start: int, end: int, seats: BoundedSemaphore) -> None:
        self._bucket, self._place, self._at, self._end = bucket, place, start, end
        self._first: bytes | None = None
        self._seats: BoundedSemaphore | None = seats

    def begin(self) -> None:
        """Fetch the first block, while an error can still be said. Raises NotFound, Unavailable."""
        self._first = self._next()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        block, self._first = (self._next() if self._first is None else self._first), None
        if not block:
            raise StopIteration
        self._at += len(block)
        return block

    def _next(self) -> bytes:
        stop = min(self._end, self._at + BLOCK)
        return _block(self._bucket, self._place, self._at, stop) if self._at < stop else b""

    def close(self) -> None:
        seats, self._seats = self._seats, None
        if seats is not None:
            seats.release()


def _block(bucket: Bucket, place: Place, start: int, end: int) -> bytes:
    try:
        return bucket.read(place.key, start, end)
    except Missing:
        log.error("the bucket has lost a file", key=place.key)
        raise NotFound(_("This part of the film is missing where it should lie.")) from None
    except BucketError as error:
        log.warning("the bucket cannot be read", key=place.key, code=error.code, error=str(error))
        raise Unavailable(_away()) from None


def _away() -> str:
    return _("The place where this film lies does not answer. Try again in a little while.")
