"""A bucket: objects by key on an S3-compatible server, behind one small protocol.

Calls that reach the server block and leave the interpreter's lock; `address` reaches nobody. What goes wrong is one of
three errors, whose text is for operators and holds no key. The library keeps threads of its own, which a forked child
does not inherit: a process that has used a bucket must not fork without `exec` (the web server's parent uses none).
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Protocol
from urllib.parse import urlsplit

import obstore
from flask import Flask, current_app
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from moviepoint.settings import Settings

EXTENSION = "moviepoint.bucket"
FILMS_ORIGIN = "moviepoint.films_origin"  # where players are led to; empty while all comes from the site itself
QUICK, PATIENT = 15.0, 300.0  # seconds for one request: while somebody waits, and for a whole segment on a slow line
CONNECT = 4.0
RETRIES = 2
ONE_PIECE = 64 * 2**20  # bytes; what is larger is sent in parts, and has no MD5 for its tag
KEPT = "private, max-age=86400, immutable"  # by the viewer alone: an object is opened by a signature that ends
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_DETAIL_LENGTH = 300


class BucketError(Exception):
    """The bucket did not do what it was asked; `code` is for machines."""

    code = "away"


class BucketAway(BucketError):
    """It does not answer, or answers that it cannot now."""


class BucketRefused(BucketError):
    """It refuses: the keys are wrong or may not do this, or it is somebody else's."""

    code = "refused"


class Missing(BucketError):
    """It holds no such object, or there is no such bucket."""

    code = "missing"


class Item(NamedTuple):
    """An object: its key, bytes, tag (the MD5 in hex of one sent in one piece, on most servers), and age."""

    key: str
    size: int
    tag: str
    modified: datetime


class Bucket(Protocol):
    """What a bucket can do. Each call but `address` raises BucketError."""

    def put(self, key: str, source: Path | bytes, kind: str) -> None: ...
    def head(self, key: str) -> Item: ...
    def read(self, key: str, start: int, end: int) -> bytes: ...
    def fetch(self, key: str, target: Path) -> None: ...
    def copy(self, source: str, target: str) -> None: ...
    def items(self, folder: str) -> Iterator[Item]: ...
    def folders(self, folder: str) -> list[str]: ...
    def remove(self, keys: Sequence[str]) -> None: ...
    def address(self, key: str, seconds: int, method: str = "GET") -> str: ...


class S3Bucket:
    """A bucket of an S3-compatible server; makes no request before it is asked for something."""

    def __init__(self, settings: Settings, quick: float = QUICK, retries: int = RETRIES) -> None:
        here = _server(settings)
        self._quick = _store(settings, here, quick, retries)
        self._patient = _store(settings, here, PATIENT if quick >= QUICK else quick, retries)
        self._signer = _store(settings, _server(settings, public=True), quick, retries)

    def put(self, key: str, source: Path | bytes, kind: str) -> None:
        """Write an object whole. Its body is signed, so that the server takes no other bytes than were sent."""
        large = isinstance(source, Path) and source.stat().st_size > ONE_PIECE
        attributes = {"Content-Type": kind, "Cache-Control": KEPT}
        _asked(lambda: obstore.put(self._patient, key, source, attributes=attributes, use_multipart=large,
                                   max_concurrency=2))

    def head(self, key: str) -> Item:
        return _item(_asked(lambda: obstore.head(self._quick, key)))

    def read(self, key: str, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to `end`, which is not among them."""
        return bytes(_asked(lambda: obstore.get_range(self._quick, key, start=start, end=end)))

    def fetch(self, key: str, target: Path) -> None:
        """Write an object's bytes to a file."""
        def receive() -> None:
            with target.open("wb") as stream:
                for block in obstore.get(self._patient, key).stream(min_chunk_size=2**20):
                    stream.write(block)

        _asked(receive)

    def copy(self, source: str, target: str) -> None:
        """Copy an object within the bucket: its bytes do not leave the server."""
        _asked(lambda: obstore.copy(self._patient, source, target))

    def items(self, folder: str) -> Iterator[Item]:
        """Iterate over all objects below a folder, a request for a thousand."""
        pages = iter(obstore.list(self._quick, folder))
        while page := _asked(lambda: next(pages, None)):
            yield from map(_item, page)

    def folders(self, folder: str) -> list[str]:
        """Return the names of the folders right below a folder."""
        found = _asked(lambda: obstore.list_with_delimiter(self._quick, folder))
        return [prefix.rstrip("/").rpartition("/")[2] for prefix in found["common_prefixes"]]

    def remove(self, keys: Sequence[str]) -> None:
        """Remove objects; removing what is not there is no error."""
        if keys:
            _asked(lambda: obstore.delete(self._patient, list(keys)))

    def address(self, key: str, seconds: int, method: str = "GET") -> str:
        """Return an address that opens one object to whoever has it, for so long and for one method."""
        return str(obstore.sign(self._signer, method, key, timedelta(seconds=seconds)))  # type: ignore[call-overload]


def init_app(app: Flask, settings: Settings) -> None:
    """Keep the bucket that the settings name, or none; no request is made."""
    app.extensions[EXTENSION] = bucket = open_bucket(settings)
    app.extensions[FILMS_ORIGIN] = ""
    if bucket is not None and settings.s3_delivery == "redirect":
        app.extensions[FILMS_ORIGIN] = _server(settings, public=True)


def open_bucket(settings: Settings) -> Bucket | None:
    """Return the bucket that the settings name, or None."""
    return S3Bucket(settings) if settings.s3_bucket else None


def current_bucket() -> Bucket | None:
    """Return the bucket of the current app, or None."""
    bucket: Bucket | None = current_app.extensions[EXTENSION]
    return bucket


def _server(settings: Settings, public: bool = False) -> str:
    """Return the server's address: as viewers reach it, or as we do."""
    address = (settings.s3_public_endpoint if public else "") or settings.s3_endpoint
    return address.rstrip("/") or f"https://s3.{settings.s3_region}.amazonaws.com"


def _store(settings: Settings, server: str, seconds: float, retries: int) -> S3Store:
    """Return a client. A host that begins with the bucket's name is that bucket's own; else it stands in the path.

    The library would take what is not said from variables such as AWS_SESSION_TOKEN and AWS_ENDPOINT_URL: so all that
    could change where it goes and as whom is said.
    """
    def keys() -> dict[str, Any]:
        return {"access_key_id": settings.s3_access_key, "secret_access_key": settings.s3_secret_key, "token": None,
                "expires_at": None}

    return S3Store(
        settings.s3_bucket, prefix=settings.s3_prefix or None, region=settings.s3_region or "us-east-1",
        endpoint=server, credential_provider=keys, skip_signature=False, unsigned_payload=False,  # type: ignore[arg-type]
        virtual_hosted_style_request=(urlsplit(server).hostname or "").startswith(f"{settings.s3_bucket}."),
        client_options={"allow_http": server.startswith("http:"), "timeout": f"{seconds:g}s",
                        "connect_timeout": f"{min(seconds, CONNECT):g}s"},
        retry_config={"max_retries": retries, "retry_timeout": timedelta(seconds=seconds)})


def _asked(ask: Callable[[], Any]) -> Any:
    """Return what the library returns; what it raises becomes an error of ours."""
    try:
        return ask()
    except (BaseError, FileNotFoundError) as error:
        _raise(error)


def _raise(error: Exception) -> NoReturn:
    text = str(error)
    code = match[1] if (match := _CODE.search(text)) else ""
    said = code or text.partition("\n")[0][:_DETAIL_LENGTH]
    if isinstance(error, FileNotFoundError) or code in ("NoSuchBucket", "NoSuchKey"):
        raise Missing(said) from None
    if isinstance(error, (PermissionDeniedError, UnauthenticatedError)) or "403 Forbidden" in text:
        raise BucketRefused(said) from None
    raise BucketAway(said) from None


def _item(found: Any) -> Item:
    return Item(found["path"], found["size"], (found["e_tag"] or "").strip('"'), found["last_modified"])
