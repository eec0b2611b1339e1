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
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.media import allowance, uploads
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.models import Edition, Upload
from moviepoint.domains.media.policies import UPLOAD, require_upload
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.tasks import enqueue_after_commit
from moviepoint.settings import Settings

JOIN = "media.join_upload"
BLOCK = 16 * 2**20
MOST_PARTS = 1000


def create_joined(session: Session, actor: Actor, storage: Storage, settings: Settings, *, parts: Sequence[str],
                  filename: str = "", edition: Edition | None = None, intent: Intent | None = None) -> Upload:
    """Announce a file that is made of parts which have arrived, by their public ids in the file's order.

    Raises NotFound and Forbidden for a part that is not the actor's, Conflict for one that is not whole or used
    already, Invalid for what is no part, TooLarge, InsufficientStorage.
    """
    if not 0 < len(set(parts)) == len(parts) <= MOST_PARTS:
        raise Invalid(_("Name each part once."), code="parts")
    rows = [uploads.own_upload(session, actor, part) for part in parts]
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


def join(storage: Storage, upload_id: int) -> bool:
    """Put an upload's parts together and store it; False where there is nothing to do, or another one does it."""
    found = _described(upload_id)
    if found is None:
        return False
    target, parts = storage.path(found[0]), [(storage.path(key), size) for key, size in found[1]]
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("ab") as file:
        target.chmod(0o600)
        with _alone(file) as alone:
            if not alone:
                return False
            end = 0
            for path, size in parts:
                end += size
                _take(file, path, end)
    with unit_of_work() as session:
        upload = session.get(Upload, upload_id, populate_existing=True)
        if upload is None:  # it was given up meanwhile
            target.unlink(missing_ok=True)
            return False
        upload.state = "receiving"
        try:
            uploads.finish_upload(session, _sender(session, upload), upload)
        except Forbidden:  # of what was published meanwhile, or by who may send no more: an editor finds the file
            upload.state, upload.edition_id = "stored", None
        for row in _parts(session, upload):
            session.delete(row)
    return True


def _described(upload_id: int) -> tuple[str, list[tuple[str, int]]] | None:
    """Return an upload's key, and the keys and sizes of its parts, with no transaction left open."""
    session = db.session()
    try:
        upload = session.get(Upload, upload_id, populate_existing=True)
        if upload is None or upload.state != "joining":
            return None
        return upload.key, [(row.key, row.size) for row in _parts(session, upload)]
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


def _take(file: BinaryIO, part: Path, end: int) -> None:
    """Bring a part in so that the file then ends at `end`, and delete it; one that is in already stays as it is."""
    have = file.seek(0, os.SEEK_END)
    if have < end:
        with part.open("rb") as source:
            source.seek(-(end - have), os.SEEK_END)
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
