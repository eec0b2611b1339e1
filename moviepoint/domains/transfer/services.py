"""Writes of transfers: started, chosen from, applied, called off. The work itself is `work.py`'s."""
from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from pathlib import PurePath

from sqlalchemy import delete as delete_rows
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.narrowed import Narrowed
from moviepoint.domains.transfer.files import ENCODINGS, FORMATS
from moviepoint.domains.transfer.models import WORKING, Transfer, TransferRow
from moviepoint.hooks.types import ContentType
from moviepoint.kernel import events
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Conflict, Invalid
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import current_locale
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.tasks import enqueue_after_commit
from moviepoint.kernel.text import one_line

FOLDER = "transfers"
WORK = "transfer.work"
APPLICABLE = ("new", "changed")


def start_import(session: Session, actor: Actor, storage: Storage, kind: ContentType, data: bytes, *,
                 file_name: str = "", format: str = "", encoding: str = "", in_place: bool = False) -> Transfer:
    """Take a file in and have it rehearsed by a task; nothing of the content changes.

    The format is told by the file's name where it is not given. With `in_place` no task is asked: the caller runs the
    work itself (so in the other verbs). Raises Forbidden, and Invalid for an empty file or a format or encoding that
    is not taken.
    """
    require(actor, kind.permission)
    name = one_line(PurePath(file_name.replace("\\", "/")).name)[:200]
    format = format or PurePath(name.lower()).suffix.removeprefix(".")
    if format not in FORMATS:
        raise Invalid(_("Only CSV and JSON can be brought in."), fields={"file": [_("Choose a .csv or .json file.")]},
                      code="format")
    if encoding not in ENCODINGS:
        raise Invalid(_("%(value)s is none of the possible values.", value=encoding[:40]), code="encoding")
    if not data.strip():
        raise Invalid(_("The file is empty."), fields={"file": [_("The file is empty.")]}, code="empty")
    key = f"{FOLDER}/{secrets.token_hex(12)}.{format}"
    storage.put(key, data)
    return _start(session, actor, Transfer(direction="in", content_type=kind.name, format=format, file_name=name,
                                           key=key, encoding=encoding), in_place)


def start_export(session: Session, actor: Actor, kind: ContentType, format: str, *, in_place: bool = False) -> Transfer:
    """Have all content of a kind written to a file by a task. Raises Forbidden, Invalid."""
    require(actor, kind.permission)
    if format not in FORMATS:
        raise Invalid(_("There is CSV and JSON."), code="format")
    stamp = utcnow().strftime("%Y-%m-%d")
    return _start(session, actor, Transfer(
        direction="out", content_type=kind.name, format=format, file_name=f"{kind.name}-{stamp}.{format}",
        key=f"{FOLDER}/{secrets.token_hex(12)}.{format}"), in_place)


def _start(session: Session, actor: Actor, transfer: Transfer, in_place: bool) -> Transfer:
    """Have a transfer worked on, in the name of an actor."""
    transfer.actor_id, transfer.actor_name, transfer.locale = actor.id, str(actor)[:254], current_locale()
    transfer.token_id = actor.token_id if isinstance(actor, Narrowed) else None
    transfer.state = transfer.state or "waiting"
    transfer.beat_at = utcnow() if in_place else None
    session.add(transfer)
    session.flush()
    if not in_place:
        enqueue_after_commit(session, WORK, transfer_id=transfer.id)
    return transfer


def choose(session: Session, actor: Actor, kind: ContentType, transfer: Transfer, chosen: bool,
           numbers: Collection[int] | None = None) -> None:
    """Take rows into what will be applied, or leave them out; without numbers, all that can be. Raises Conflict."""
    require(actor, kind.permission)
    _must_be(transfer, "ready")
    statement = update(TransferRow).where(
        TransferRow.transfer_id == transfer.id, TransferRow.verdict.in_(APPLICABLE), TransferRow.outcome == "")
    if numbers is not None:
        statement = statement.where(TransferRow.number.in_(numbers))
    session.execute(statement.values(chosen=chosen))


def apply(session: Session, actor: Actor, kind: ContentType, transfer: Transfer, *, in_place: bool = False) -> Transfer:
    """Have the chosen rows written by a task, in the name of who says so. Raises Conflict unless it is rehearsed."""
    require(actor, kind.permission)
    _must_be(transfer, "ready")
    transfer.state, transfer.seen, transfer.error = "applying", 0, ""
    return _start(session, actor, transfer, in_place)


def rehearse_again(session: Session, actor: Actor, kind: ContentType, transfer: Transfer) -> None:
    """Forget what the rows would do, and have the file read anew: the content has changed in the meantime."""
    require(actor, kind.permission)
    if transfer.direction != "in" or not transfer.key:
        raise Conflict(_("The file is not kept any more."))
    _must_be(transfer, "ready", "done", "failed", "cancelled")
    session.execute(delete_rows(TransferRow).where(TransferRow.transfer_id == transfer.id))
    transfer.state, transfer.seen, transfer.total, transfer.error = "waiting", 0, 0, ""
    transfer.finished_at = None
    _start(session, actor, transfer, in_place=False)


def cancel(session: Session, actor: Actor, kind: ContentType, transfer: Transfer) -> None:
    """Stop a transfer where it is; rows that are applied stay so. Raises Conflict when there is nothing to stop."""
    require(actor, kind.permission)
    _must_be(transfer, *WORKING, "ready")
    transfer.state, transfer.finished_at = "cancelled", utcnow()
    session.flush()


def delete(session: Session, actor: Actor, kind: ContentType, storage: Storage, transfer: Transfer) -> None:
    """Remove a transfer with its file; what was applied stays. Raises Conflict while it is worked on."""
    require(actor, kind.permission)
    if transfer.state in WORKING and transfer.state != "waiting":
        raise Conflict(_("It is being worked on. Call it off first."))
    _forget(session, storage, transfer)


def delete_old(session: Session, storage: Storage, before: datetime) -> int:
    """Remove transfers that were started before a moment and are over; returns how many."""
    old = session.scalars(select(Transfer).where(Transfer.created_at < before, Transfer.state.not_in(WORKING))).all()
    for transfer in old:
        _forget(session, storage, transfer)
    return len(old)


def _forget(session: Session, storage: Storage, transfer: Transfer) -> None:
    if key := transfer.key:
        events.after_commit(session, lambda: storage.delete(key))
    session.delete(transfer)
    session.flush()


def orphans(session: Session, keys: Collection[str]) -> list[str]:
    """Return those of the files that belong to no transfer."""
    known = set(session.scalars(select(Transfer.key).where(Transfer.key.in_(keys)))) if keys else set()
    return [key for key in keys if key not in known]


def _must_be(transfer: Transfer, *states: str) -> None:
    if transfer.state not in states:
        raise Conflict(_("This cannot be done with it as it is now: %(state)s.", state=transfer.state), code="state")
