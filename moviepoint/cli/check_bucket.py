"""What `./manage.py check` asks of a bucket: a small object written, read, led to and removed, in a few seconds."""
from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TypeVar
from urllib.parse import urlsplit

from flask import current_app
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from moviepoint.domains.media.remote import clearing, work
from moviepoint.domains.media.remote.figures import reason
from moviepoint.domains.media.remote.models import StoredPackage
from moviepoint.kernel.bucket import Bucket, BucketError, BucketRefused, Missing, S3Bucket
from moviepoint.kernel.db import db
from moviepoint.settings import Fault, Settings

T = TypeVar("T")
SECONDS = 4.0
CORS = ('[{"AllowedOrigins": ["%s"], "AllowedMethods": ["GET", "HEAD"], "AllowedHeaders": ["Range"], '
        '"ExposeHeaders": ["Content-Length", "Content-Range", "ETag"], "MaxAgeSeconds": 3600}]')
console = Console(stderr=True)


def bucket_faults() -> Iterator[Fault]:
    """Use the bucket as the site does; and say when films lie in one that is not set, or cannot be moved there."""
    settings: Settings = current_app.extensions["moviepoint.settings"]
    storage = current_app.extensions["moviepoint.storage"]
    if not settings.s3_bucket:
        lying = _ask(lambda session: session.query(StoredPackage.id).filter_by(state="released").count(), 0)
        if lying:
            yield Fault("s3_bucket", f"is not set, and {lying} film(s) lie in a bucket.",
                        "Set it again; `./manage.py media fetch` brings them back to the disk.")
        return
    bucket, key = S3Bucket(settings, quick=SECONDS, retries=0), f"moviepoint-check-{secrets.token_hex(8)}"
    try:
        _try(bucket, key)
        if settings.s3_delivery == "redirect":
            yield from _lead_faults(settings, bucket, key)
        bucket.remove([key])
        if settings.s3_store:
            clearing.claim(bucket, storage)
    except BucketError as error:
        yield _said(settings, error)
    count, code = _ask(work.failing, (0, ""))
    if count:
        yield Fault("s3_bucket", f"{count} film(s) could not be moved there, time and again: {reason(code)}.",
                    "They play from the disk. `./manage.py media store` tries at once, and says more in its log.")


def _ask(query: Callable[[Session], T], otherwise: T) -> T:
    """Ask the database. What is amiss with that, as when it is empty still, is another check's to say."""
    try:
        return query(db.session())
    except SQLAlchemyError:
        return otherwise
    finally:
        db.session.rollback()


def _try(bucket: Bucket, key: str) -> None:
    """Write, read and list a small object. Raises BucketError."""
    body = key.encode()
    bucket.put(key, body, "text/plain")
    if bucket.read(key, 0, len(body)) != body:
        raise BucketError("It gives other bytes back than it was given.")
    bucket.folders("packages")


def _said(settings: Settings, error: BucketError) -> Fault:
    where = settings.s3_endpoint or f"Amazon S3 in {settings.s3_region}"
    if isinstance(error, Missing):
        return Fault("s3_bucket", f"{where} knows no bucket {settings.s3_bucket!r} ({error}).",
                     "Make it there, or mend its name, s3_endpoint or s3_region.")
    if isinstance(error, BucketRefused):
        return Fault("s3_bucket", f"{settings.s3_bucket!r} at {where} refuses: {error}.",
                     "Are both keys right, and may their user read, write, list and delete there?")
    return Fault("s3_bucket", f"{settings.s3_bucket!r} at {where} does not answer: {error}.",
                 "Is s3_endpoint right, and may this server reach it? What is on the disk still plays from there.")


def _lead_faults(settings: Settings, bucket: Bucket, key: str) -> Iterator[Fault]:
    """Fetch the object as a page of the site would; where nobody answers from here, nothing is known of viewers."""
    place, page = urlsplit(bucket.address(key, 30)), urlsplit(settings.base_url)
    origin = f"{page.scheme}://{page.netloc}"
    kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=SECONDS)
    try:
        connection.request("GET", f"{place.path}?{place.query}", headers={"Origin": origin})
        answer = connection.getresponse()
        status, allowed = answer.status, answer.getheader("Access-Control-Allow-Origin")
    except (OSError, HTTPException):
        console.print(f"    {place.netloc} cannot be reached from here: whether viewers can is not known.",
                      highlight=False, markup=False)
        return
    finally:
        connection.close()
    if status != 200:
        yield Fault("s3_public_endpoint" if settings.s3_public_endpoint else "s3_endpoint",
                    f"{place.netloc} answers {status} to the address that a viewer gets.",
                    "Does it lead to the same bucket, and does a proxy in between keep the Host header and the query?")
    elif allowed not in ("*", origin):
        yield Fault("s3_bucket", f"does not let pages of {origin} read from it (CORS).",
                    f"Give the bucket this rule, or set s3_delivery to proxy: {CORS % origin}")
