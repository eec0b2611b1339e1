"""Uploads in parts (the concatenation of tus): several files that arrive side by side, and become one.

The request that names the parts only writes down that they are to be joined; a task copies the bytes. Again the
file's own length is the only offset: a task that was killed is gone on with, and a part is deleted once it is in.
"""
from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.media import allowance, room, uploads
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.models import Edition, Upload
from moviepoint.domains.media.policies import UPLOAD, require_upload
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid
from moviepoint.kernel.files import LocalStorage, Storage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.tasks import enqueue_after_commit
from moviepoint.settings import Settings

log = structlog.get_logger(__name__)
JOIN = "media.join_upload"
BLOCK = 16 * 2**20
MOST_PARTS = 1000


class PartGone(Exception):
    """A part is not there as it arrived, so that the others cannot become the file that was announced."""


class Described(NamedTuple):
    """An upload that lies in parts: its key and size in bytes, and key and size of each part that has a row still."""

    key: str
    size: int
    parts: list[tuple[str, int]]


def create_joined(session: Session, actor: Actor, storage: Storage, settings: Settings, *, parts: Sequence[str],
                  filename: str = "", edition: Edition | None = None, intent: Intent | None = None) -> Upload:
    """Announce a file that is made of parts which have arrived, by their public ids in the file's order.

    Raises NotFound and Forbidden for a part that is not the actor's, Conflict for one that is not whole or used
    already, Invalid for what is no part, TooLarge, InsufficientStorage.
    """
    if not 0 < len(set(parts)) == len(parts) <= MOST_PARTS:
        raise Invalid(_("Name each part once."), code="parts")
    # In one order, so that of two who name the same parts neither waits for the other for ever.
    held = {part: uploads.own_upload(session, actor, part, lock=True) for part in sorted(parts)}
    rows = [held[part] for part in parts]
    if any(not row.partial for row in rows):
        raise Invalid(_("This upload is a file of its own, and no part."), code="parts")
    if any(row.state != "stored" for row in rows):
        raise Conflict(_("Not all parts are complete, or one is used already."))
    require_upload(session, actor, edition)
    size = sum(row.size for row in rows)
    allowance.require_room(session, actor, settings, size, more=0)
    uploads.require_disk(session, storage, settings, max(row.size for row in rows))
    upload = uploads.announced(session, actor, settings, size, filename, edition, intent)
    upload.state, upload.parts = "joining", [row.public_id for row in rows]
    for row in rows:
        row.state = "used"
    session.flush()
    enqueue_after_commit(session, JOIN, upload_id=upload.id)
    return upload


def waiting(session: Session) -> Sequence[int]:
    """Return the uploads whose parts are still to be joined: a message may have been lost."""
    return session.scalars(select(Upload.id).where(Upload.state == "joining").order_by(Upload.id)).all()


def join(storage: LocalStorage, upload_id: int) -> bool:
    """Put an upload's parts together and store it; False where there is nothing to do, or another one does it.

    One whose parts are not all there fails; what is left of it stays until it expires.
    """
    found = _described(upload_id)
    if found is None:
        return False
    target = storage.path(found.key)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("ab") as file:
        target.chmod(0o600)
        with _alone(file) as alone:
            found = _described(upload_id) if alone else None  # who was at it until now has ended it
            if found is None:
                return False
            try:
                _take_all(storage, file, found)
            except PartGone as error:
                if room.trouble(storage) is not None:  # what is not seen there now may be there all the same
                    return False
                log.warning("upload failed: its parts are not all there", upload=upload_id, reason=str(error))
                return _end(upload_id, target, whole=False)
            return _end(upload_id, target, whole=True)


def _end(upload_id: int, target: Path, whole: bool) -> bool:
    """Store an upload that is whole, or say that it has failed; returns whether it was stored."""
    with unit_of_work() as session:
        upload = session.get(Upload, upload_id, with_for_update=True, populate_existing=True)
        if upload is None:  # it was given up meanwhile
            target.unlink(missing_ok=True)
            return False
        if upload.state != "joining":
            return False
        if not whole:
            upload.state = "failed"
            return False
        upload.state = "receiving"
        try:
            uploads.finish_upload(session, _sender(session, upload), upload)
        except Forbidden:  # of what was published meanwhile, or by who may send no more: an editor finds the file
            upload.state, upload.edition_id = "stored", None
        for row in _parts(session, upload):
            session.delete(row)
    return True


def _described(upload_id: int) -> Described | None:
    """Return an upload that is still to be joined, with no transaction left open."""
    session = db.session()
    try:
        upload = session.get(Upload, upload_id, populate_existing=True)
        if upload is None or upload.state != "joining":
            return None
        return Described(upload.key, upload.size, [(row.key, row.size) for row in _parts(session, upload)])
    finally:
        db.session.rollback()


def _parts(session: Session, upload: Upload) -> list[Upload]:
    rows = {row.public_id: row for row in session.scalars(
        select(Upload).where(Upload.public_id.in_(upload.parts or ())))}
    return [rows[part] for part in upload.parts or () if part in rows]


def _sender(session: Session, upload: Upload) -> Actor:
    """Return who has sent an upload: what becomes of it is done in their name. Raises Forbidden if they may not."""
    user = session.get(User, upload.user_id) if upload.user_id is not None else None
    if user is None or not user.may_in_part(UPLOAD):
        raise Forbidden()
    return user


def _take_all(storage: Storage, file: BinaryIO, found: Described) -> None:
    """Bring all parts in, one after the other. Raises PartGone; what has been brought in until then stays."""
    if sum(size for _key, size in found.parts) != found.size:
        raise PartGone("no row names it any more")
    end = 0
    for key, size in found.parts:
        end += size
        _take(file, storage.path(key), size, end)
    if file.seek(0, os.SEEK_END) != found.size:
        raise PartGone("together they are longer than what was announced")


def _take(file: BinaryIO, part: Path, size: int, end: int) -> None:
    """Bring a part in so that the file then ends at `end`, and delete it; one that is in already stays as it is.

    Raises PartGone where its file is gone, or is not `size` bytes long.
    """
    have = file.seek(0, os.SEEK_END)
    if have < end:
        try:
            source = part.open("rb")
        except FileNotFoundError:
            raise PartGone(f"{part.name} has no file") from None
        with source:
            if source.seek(0, os.SEEK_END) != size:
                raise PartGone(f"{part.name} is {source.tell()} bytes long, and not {size}")
            source.seek(size - (end - have))
            while block := source.read(BLOCK):
                file.write(block)
        file.flush()
        os.fsync(file.fileno())
    part.unlink(missing_ok=True)


@contextmanager
def _alone(file: BinaryIO) -> Iterator[bool]:
    """Say whether nobody else writes to the file; the kernel frees the lock of one that dies."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
