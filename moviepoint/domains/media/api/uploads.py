"""Resumable uploads by the tus protocol, version 1.0.0 (https://tus.io/protocols/resumable-upload).

Extensions: creation, expiration, checksum, termination, concatenation. Metadata: `filename`, and `edition` (an
edition's public id) where the file is to be encoded as soon as it is whole. `use` (film, audio, subtitles),
`language`, `kind`, `label`, `studio`, `encoding` and `replaces` (the id of the track whose place it takes) say what it
is to become; without `use` the name does.
"""
from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import format_datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from flask import Response, current_app, request, url_for
from msgspec import UNSET
from spectree import Response as Shapes
from sqlalchemy import select
from werkzeug.exceptions import ClientDisconnected

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.media import allowance, joining, playback, queries, services, uploads
from moviepoint.domains.media.allowance import Allowance
from moviepoint.domains.media.encoding.naming import Intent, guess
from moviepoint.domains.media.models import Edition, Upload
from moviepoint.domains.media.schemas import (
    EncodeInput,
    Guess,
    GuessInput,
    JobWithSteps,
    UploadInfo,
    UploadsQuery,
    job_with_steps,
    upload_info,
)
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, MoviePointError, NotFound
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor
from moviepoint.settings import Settings
from moviepoint.shells.api import blueprint, spec

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,checksum,termination,concatenation"
CHECKSUMS = ("sha1", "sha256", "md5")
BLOCK = 2**20  # bytes read at a time: what a request holds in memory
RENEW_SECONDS = 600.0  # after which an upload is said to be gone on with, however long its chunk takes
PARTIAL, FINAL = "partial", "final"
OFFSET_TYPE = "application/offset+octet-stream"

resource = blueprint("uploads", __name__)


class Locked(MoviePointError):
    """Another request is writing to this upload."""

    status = HTTPStatus.LOCKED
    code = "locked"


class ChecksumMismatch(MoviePointError):
    """The chunk is not what the client has sent: tus gives this the status 460, which HTTP does not know."""

    status = HTTPStatus.BAD_REQUEST
    code = "checksum-mismatch"

    def problem(self) -> dict[str, object]:
        return super().problem() | {"status": 460, "title": "Checksum Mismatch"}


@resource.url_value_preprocessor
def take_chunks(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a chunk have any size, before anything looks at its body: it goes to disk block by block."""
    if endpoint == f"{resource.name}.{append.__name__}" and request.mimetype == OFFSET_TYPE:
        request.max_content_length = sys.maxsize


@resource.after_request
def say_version(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    response.headers["Cache-Control"] = "no-store"
    return response


@resource.route("/uploads", methods=["OPTIONS"], provide_automatic_options=False)
def describe() -> Response:
    """Say what this server can do, and how large a file whoever asks may send."""
    viewer, largest = current_viewer(), _settings().upload_max_bytes
    if viewer is not None and viewer.may_in_part(allowance.UPLOAD):
        largest = allowance.allowance(db.session(), viewer, _settings()).file
    return Response(status=204, headers={
        "Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(largest),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS)})


@resource.post("/uploads")
def create() -> Response:
    """Announce a file, one part of it, or that parts which have arrived are one; answers with its address."""
    actor = signed_in()
    _require_version()
    kind, parts = concatenation(request.headers.get("Upload-Concat", ""))
    size = 0 if kind == FINAL else _number("Upload-Length")
    metadata = parse_metadata(request.headers.get("Upload-Metadata", ""))
    with unit_of_work() as session:
        edition = None
        if metadata.get("edition"):
            edition = session.scalar(select(Edition).where(Edition.public_id == metadata["edition"]))
            if edition is None:
                raise NotFound()
        name, intent = metadata.get("filename", ""), intent_in(metadata)
        if kind == FINAL:
            upload = joining.create_joined(session, actor, _storage(), _settings(), parts=parts, filename=name,
                                           edition=edition, intent=intent)
        else:
            whole = kind != PARTIAL  # of a part, only the whole file's announcement says what it is to become
            upload = uploads.create_upload(
                session, actor, _storage(), _settings(), size=size, filename=name, partial=not whole,
                edition=edition if whole else None, intent=intent if whole else None)
        upload_id, expires = upload.public_id, upload.expires_at
    offset = {} if kind == FINAL else {"Upload-Offset": "0"}
    return Response(status=201, headers=offset | {
        "Location": url_for("api_uploads.status", public_id=upload_id, _external=True),
        "Upload-Expires": format_datetime(expires, usegmt=True)})


@resource.get("/uploads/allowance")
@spec.validate(resp=Shapes(HTTP_200=Allowance), tags=["uploads"])
def show_allowance() -> Allowance:
    """Say how many bytes one may send in a file and altogether (0: no limit), and how many of those are used."""
    return allowance.allowance(db.session(), signed_in(), _settings())


@resource.get("/uploads")
@spec.validate(resp=Shapes(HTTP_200=list[UploadInfo]), tags=["uploads"])
def list_uploads(query: UploadsQuery) -> list[UploadInfo]:
    """List one's own uploads to an edition that are not whole yet: whoever has the files can go on with them."""
    session = db.session()
    found = uploads.on_the_way(session, signed_in(), playback.load_edition(session, query.edition))
    return [upload_info(upload, uploads.received(_storage(), upload)) for upload in found]


@resource.post("/uploads/guess")
@spec.validate(resp=Shapes(HTTP_200=list[Guess]), tags=["uploads"])
def guess_uploads(json: GuessInput) -> list[Guess]:
    """Say what files would become by their names, in the order asked; nothing is written."""
    signed_in()
    return [Guess(filename, guess(filename)) for filename in json.filenames]


@resource.route("/uploads/<public_id>", methods=["HEAD"])
def offset_of(public_id: str) -> Response:
    """Say how much of a file has arrived, in tus's headers."""
    upload = uploads.own_upload(db.session(), signed_in(), public_id)
    shown = upload_info(upload, uploads.received(_storage(), upload))
    headers = {"Upload-Length": str(shown.size), "Upload-Expires": format_datetime(upload.expires_at, usegmt=True)}
    if upload.state not in ("joining", "failed"):  # while it is not whole the protocol has it left out
        headers["Upload-Offset"] = str(shown.offset)
    if upload.partial:
        headers["Upload-Concat"] = PARTIAL
    elif upload.parts:
        addresses = (url_for("api_uploads.status", public_id=part) for part in upload.parts)
        headers["Upload-Concat"] = f"{FINAL};{' '.join(addresses)}"
    return Response(status=200, headers=headers)


@resource.get("/uploads/<public_id>")
@spec.validate(resp=Shapes(HTTP_200=UploadInfo), tags=["uploads"])
def status(public_id: str) -> UploadInfo:
    """Say how much of a file has arrived."""
    session = db.session()
    upload = uploads.own_upload(session, signed_in(), public_id)
    return upload_info(upload, uploads.received(_storage(), upload), uploads.job_of(session, upload))


@resource.patch("/uploads/<public_id>")
def append(public_id: str) -> Response:
    """Take the next bytes; the request that brings the last ones only marks the upload as stored."""
    _require_version()
    if request.mimetype != OFFSET_TYPE:
        raise Invalid(_("A chunk's Content-Type is %(type)s.", type=OFFSET_TYPE), code="content-type")
    offset = _number("Upload-Offset")
    actor = signed_in()
    upload = uploads.own_upload(db.session(), actor, public_id)
    _require_receiving(upload)
    db.session.commit()  # no transaction stays open while bytes arrive
    path, renew = _storage().path(upload.key), partial(_renew, actor, public_id)
    with _locked(path):
        renew()  # it expires under nobody's hands; and who had the lock before may have brought the last bytes
        if uploads.received(_storage(), upload) != offset:
            raise Conflict(_("The next byte to send is number %(n)s.", n=uploads.received(_storage(), upload)))
        new_offset = _receive(path, offset, upload.size, _every(RENEW_SECONDS, renew))
        with unit_of_work() as session:
            upload = uploads.own_upload(session, actor, public_id, lock=True)
            upload.expires_at = uploads.expiry(_settings())
            if new_offset == upload.size:
                uploads.finish_upload(session, actor, upload)
    return Response(status=204, headers={"Upload-Offset": str(new_offset),
                                         "Upload-Expires": format_datetime(upload.expires_at, usegmt=True)})


@resource.delete("/uploads/<public_id>")
def terminate(public_id: str) -> Response:
    """Give an upload up."""
    with unit_of_work() as session:
        actor = signed_in()
        uploads.terminate_upload(session, actor, _storage(), uploads.own_upload(session, actor, public_id, lock=True))
    return Response(status=204)


@resource.post("/uploads/<public_id>/encode")
@spec.validate(resp=Shapes(HTTP_200=JobWithSteps), tags=["uploads"])
def encode(public_id: str, json: EncodeInput) -> JobWithSteps:
    """Make a stored upload the film of a title or episode, and begin to encode it."""
    actor = signed_in()
    with unit_of_work() as session:
        edition = uploads.ensure_edition(
            session, actor, title_id=None if json.title_id is UNSET else json.title_id,
            episode_id=None if json.episode_id is UNSET else json.episode_id, label=json.label)
        upload = uploads.own_upload(session, actor, public_id, lock=True)
        job_id = services.encode_upload(session, actor, upload.id, edition.id).id
    return job_with_steps(queries.job_detail(db.session(), actor, job_id))


def parse_metadata(header: str) -> dict[str, str]:
    """Return Upload-Metadata as text by key. Raises Invalid where it is not key, space, base64."""
    found = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _space, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Invalid(_("Upload-Metadata cannot be read."), code="metadata") from None
    return found


def concatenation(header: str) -> tuple[str, list[str]]:
    """Return what Upload-Concat says: empty, `partial`, or `final` with the public ids of its parts. Raises Invalid."""
    kind, separator, addresses = header.partition(";")
    if header in ("", PARTIAL):
        return header, []
    if kind.strip() != FINAL or not separator:
        raise Invalid(_("Upload-Concat is not understood."), code="concat")
    return FINAL, [address.rstrip("/").rsplit("/", 1)[-1] for address in addresses.split()]


def intent_in(metadata: dict[str, str]) -> Intent | None:
    """Return what the metadata say that a file is to become, or None where they leave it to its name."""
    if "use" not in metadata:
        return None
    try:
        return msgspec.convert({name: metadata[name] for name in Intent.__struct_fields__ if name in metadata}, Intent,
                               strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(str(error), code="metadata") from None


def _require_receiving(upload: Upload) -> None:
    """Raise Forbidden for what is joined from parts, Conflict for what is complete."""
    if upload.parts:
        raise Forbidden(_("This file is made of its parts: nothing is added to it."), code="upload-final")
    if upload.state != "receiving":
        raise Conflict(_("This upload is complete already."))


def _renew(actor: Actor, public_id: str) -> None:
    """Say that somebody goes on with an upload. Raises NotFound once it was given up, Conflict once it is complete."""
    with unit_of_work() as session:
        upload = uploads.own_upload(session, actor, public_id, lock=True)
        _require_receiving(upload)
        upload.expires_at = uploads.expiry(_settings())


def _every(seconds: float, call: Callable[[], None]) -> Callable[[], None]:
    """Return a function to be called often, which makes a call where the last one was so many seconds ago."""
    last = time.monotonic()

    def beat() -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            call()

    return beat


def _receive(path: Path, offset: int, size: int, beat: Callable[[], None]) -> int:
    """Append the request's body to the file; return the new length. `beat` is called after each block.

    What has arrived stays when the connection breaks. A chunk with a wrong checksum is cut off again.
    """
    wanted = _checksum()
    digest = hashlib.new(wanted[0], usedforsecurity=False) if wanted else None
    with path.open("r+b") as file:
        file.seek(offset)
        position = offset
        try:
            while block := request.stream.read(min(BLOCK, size - position + 1)):
                if position + len(block) > size:
                    raise Invalid(_("More bytes arrive than were announced."), code="upload-size")
                file.write(block)
                position += len(block)
                if digest:
                    digest.update(block)
                beat()
        except (ClientDisconnected, OSError) as error:
            if isinstance(error, OSError) and error.errno:  # the disk, not the connection
                raise
        finally:
            file.flush()
            if digest and wanted and digest.digest() != wanted[1]:
                file.truncate(offset)
                position = offset
            os.fsync(file.fileno())
    if digest and wanted and digest.digest() != wanted[1]:
        raise ChecksumMismatch(_("The checksum does not fit; the chunk was not kept. Send it again."))
    return position


def _checksum() -> tuple[str, bytes] | None:
    header = request.headers.get("Upload-Checksum")
    if not header:
        return None
    algorithm, _space, value = header.partition(" ")
    try:
        expected = base64.b64decode(value, validate=True)
    except binascii.Error:
        expected = b""
    if algorithm not in CHECKSUMS or not expected:
        raise Invalid(_("Upload-Checksum is not understood."), code="checksum")
    return algorithm, expected


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one request at a time write to an upload; the kernel frees the lock of one that dies."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        raise NotFound() from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Locked(_("Another request is writing to this upload.")) from None
    try:
        yield
    finally:
        os.close(descriptor)


def _number(header: str) -> int:
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise Invalid(_("The header %(name)s must be a number.", name=header), code="header")
    return int(value)


def _require_version() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise UnsupportedVersion(_("This server speaks tus %(version)s.", version=VERSION))


class UnsupportedVersion(MoviePointError):
    status = HTTPStatus.PRECONDITION_FAILED
    code = "tus-version"

    def headers(self) -> dict[str, str]:
        return {"Tus-Version": VERSION}


def _storage() -> Storage:
    storage: Storage = current_app.extensions["moviepoint.storage"]
    return storage


def _settings() -> Settings:
    settings: Settings = current_app.extensions["moviepoint.settings"]
    return settings
