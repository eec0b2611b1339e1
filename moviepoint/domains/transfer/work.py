"""The work behind transfers, done by tasks in small units of work, so that editors can save in between.

A worker may be killed at any moment: what a batch has done and where the transfer stands are one commit, and
another worker goes on from there once this one has been silent for a minute.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, TypeVar

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from moviepoint.domains.accounts import tokens
from moviepoint.domains.accounts.models import User
from moviepoint.domains.transfer.files import Row, open_book, write_csv, write_json
from moviepoint.domains.transfer.models import WORKING, Transfer, TransferRow
from moviepoint.domains.transfer.rehearsing import (
    Verdict,
    fingerprint,
    label_of,
    plain,
    rehearse,
    sentences,
    take_in,
)
from moviepoint.domains.transfer.services import APPLICABLE
from moviepoint.hooks.types import ContentType
from moviepoint.kernel import events
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, MoviePointError
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import use_locale
from moviepoint.kernel.leases import Lease, Stopped, claim
from moviepoint.kernel.policies import Actor

T = TypeVar("T")
log = structlog.get_logger(__name__)
BATCH_SECONDS = 0.5  # SQLite has one writer at a time: nobody waits longer than this for a batch
BATCH_ROWS = 20  # looked up together
EXPORT_BATCH = 200


@dataclass(frozen=True)
class Desk:
    """What the work needs at hand: where files lie, and the kinds of content."""

    storage: Storage
    kinds: Mapping[str, ContentType]


def run(desk: Desk, transfer_id: int, actor: Actor | None = None) -> None:
    """Do what a transfer waits for, to its end.

    `actor` is given by a caller who has started it to be run in place (the command line) and acts as no user.
    """
    claimed = claim(Transfer, transfer_id, WORKING, _begin, in_place=actor is not None)
    if claimed is None:
        return
    transfer, lease = claimed
    stage = {"reading": _read, "applying": _apply, "writing": _write}[transfer.state]
    with use_locale(transfer.locale or "en"):
        try:
            stage(desk, _kind(desk, transfer), lease, transfer, actor or _actor(transfer))
        except Stopped:
            log.info("transfer stopped", transfer=transfer_id)
        except OperationalError:
            raise  # the database is away: the next beat finds the transfer where it stands
        except (MoviePointError, OSError) as error:
            _end(transfer_id, "failed", _sentence(error))
        except Exception:
            log.exception("transfer failed", transfer=transfer_id)
            _end(transfer_id, "failed", _("An unexpected fault stopped it; the log of the worker has the details."))


def _begin(transfer: Transfer) -> None:
    if transfer.state == "waiting":
        transfer.state = "reading" if transfer.direction == "in" else "writing"


def _kind(desk: Desk, transfer: Transfer) -> ContentType:
    kind = desk.kinds.get(transfer.content_type)
    if kind is None:
        raise Invalid(_("There is no content of the kind %(name)s; its plugin may be switched off.",
                        name=transfer.content_type))
    return kind


def _actor(transfer: Transfer) -> Actor:
    """Return who started a transfer, with what they may do now. Raises Forbidden when they may not act any more."""
    if transfer.token_id is not None:
        return tokens.actor_of(db.session(), transfer.token_id)
    user = db.session().get(User, transfer.actor_id, populate_existing=True) if transfer.actor_id else None
    if user is None or not user.active:
        raise Forbidden(_("Whoever started this may not act any more."))
    return user


def _read(desk: Desk, kind: ContentType, lease: Lease[Transfer], transfer: Transfer, actor: Actor) -> None:
    book = open_book(desk.storage.path(transfer.key), transfer.format, kind, transfer.encoding)
    total = book.count()
    done = db.session().scalar(select(func.max(TransferRow.number)).where(
        TransferRow.transfer_id == transfer.id)) or 0
    rows = islice(book.rows(), done, None)
    with lease.beat() as (_session, current):
        current.total, current.encoding = total, book.encoding
    _in_batches(lease, rows, partial(_judge, actor, kind, transfer))
    with lease.beat() as (_session, current):
        current.state = "ready"


def _judge(actor: Actor, kind: ContentType, transfer: Transfer, session: Session, rows: Sequence[Row]) -> None:
    """Write down what rows would do."""
    readable = [row for row in rows if not row.fault]
    found = rehearse(session, actor, kind, [row.document for row in readable], by_columns=transfer.format == "csv")
    verdicts = {row.number: verdict for row, verdict in zip(readable, found, strict=True)}
    ids = {verdict.entity_id for verdict in found}
    seen: dict[int | None, int] = {row.entity_id: row.number for row in session.execute(
        select(TransferRow.entity_id, TransferRow.number).where(
            TransferRow.transfer_id == transfer.id, TransferRow.entity_id.in_(ids)))}
    for row in rows:
        verdict = verdicts.get(row.number) or Verdict("faulty", faults=[row.fault])
        twin = seen.setdefault(verdict.entity_id, row.number) if verdict.entity_id is not None else row.number
        if verdict.verdict == "changed" and twin != row.number:
            verdict = replace(verdict, verdict="faulty", faults=[_("Row %(number)s is about the same.", number=twin)])
        session.add(TransferRow(
            transfer_id=transfer.id, number=row.number, label=label_of(verdict.document), verdict=verdict.verdict,
            document=plain(verdict.document), entity_id=verdict.entity_id, changes=verdict.changes, held=verdict.held,
            faults=verdict.faults, fingerprint=verdict.fingerprint, chosen=verdict.verdict in APPLICABLE))


def _apply(desk: Desk, kind: ContentType, lease: Lease[Transfer], transfer: Transfer, actor: Actor) -> None:
    waiting = (TransferRow.transfer_id == transfer.id, TransferRow.chosen, TransferRow.outcome == "",
               TransferRow.verdict.in_(APPLICABLE))
    ids = db.session().scalars(select(TransferRow.id).where(*waiting).order_by(TransferRow.number)).all()
    with lease.beat() as (_session, current):
        current.total = current.seen + len(ids)
    _in_batches(lease, ids, partial(_apply_rows, actor, kind))
    _end(transfer.id, "done")


def _apply_rows(actor: Actor, kind: ContentType, session: Session, ids: Sequence[int]) -> None:
    """Write rows; what is refused is said at its row, and the others go on."""
    rows = session.scalars(select(TransferRow).where(TransferRow.id.in_(ids)).order_by(TransferRow.number)).all()
    present = kind.documents(session, [row.entity_id for row in rows if row.entity_id is not None])
    marks = {entity_id: fingerprint(plain(document)) for entity_id, document in present.items()}
    for row in rows:
        kept, number = events.recorded(session), row.number
        savepoint = session.begin_nested()
        try:
            _require_unchanged(session, kind, row, marks)
            row.entity_id = take_in(session, actor, kind, row.document, row.entity_id)
            row.outcome = "applied"
            savepoint.commit()
        except MoviePointError as error:
            savepoint.rollback()
            events.restore(session, kept)
            session.execute(update(TransferRow).where(
                TransferRow.transfer_id == row.transfer_id, TransferRow.number == number).values(
                outcome="failed", faults=sentences(error)))


def _require_unchanged(session: Session, kind: ContentType, row: TransferRow, marks: Mapping[int, str]) -> None:
    """Raise Conflict where what the rehearsal has shown is not true any more."""
    if row.entity_id is None:
        if kind.match(session, row.document) is not None:
            raise Conflict(_("This was entered in the meantime. Rehearse the file again."))
    elif marks.get(row.entity_id) != row.fingerprint:
        raise Conflict(_("Somebody has changed this since the rehearsal. Rehearse the file again."))


def _write(desk: Desk, kind: ContentType, lease: Lease[Transfer], transfer: Transfer, actor: Actor) -> None:
    if not actor.may(kind.permission):
        raise Forbidden()
    ids = list(kind.ids(db.session()))
    with lease.beat() as (_session, current):
        current.total, current.seen = len(ids), 0
    target = desk.storage.path(transfer.key)
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.with_name(f".{target.name}.part")
    try:
        with staged.open("wb") as stream:
            _write_file(stream, transfer, kind, _documents(kind, lease, ids))
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)
    _end(transfer.id, "done")


def _write_file(stream: Any, transfer: Transfer, kind: ContentType, documents: Iterator[Mapping[str, Any]]) -> None:
    if transfer.format == "json":
        write_json(stream, kind, documents)
        return
    with TemporaryFile() as spool:
        write_csv(stream, kind, documents, spool)


def _documents(kind: ContentType, lease: Lease[Transfer], ids: Sequence[int]) -> Iterator[Mapping[str, Any]]:
    """Iterate over documents in batches, each read for itself; what is deleted meanwhile is left out."""
    for start in range(0, len(ids), EXPORT_BATCH):
        part, session = ids[start:start + EXPORT_BATCH], db.session()
        yield from kind.documents(session, part).values()
        session.expunge_all()
        with lease.beat() as (_work, current):
            current.seen = start + len(part)


def _in_batches(lease: Lease[Transfer], items: Iterable[T],
                each: Callable[[Session, Sequence[T]], None]) -> None:
    """Do something with all items, a few at a time, as many in one unit of work as fit into half a second."""
    remaining = iter(items)
    ended = False
    while not ended:
        with lease.beat() as (session, _transfer):
            until, count = time.monotonic() + BATCH_SECONDS, 0
            while not ended and (count == 0 or time.monotonic() < until):
                part = list(islice(remaining, BATCH_ROWS))
                if part:
                    each(session, part)
                count += len(part)
                ended = len(part) < BATCH_ROWS
            session.flush()
            session.get_one(Transfer, lease.row_id).seen += count


def _end(transfer_id: int, state: str, error: str = "") -> None:
    """Close a transfer, unless somebody has called it off."""
    with unit_of_work() as session:
        session.execute(update(Transfer).where(Transfer.id == transfer_id, Transfer.state.in_(WORKING)).values(
            state=state, error=error, finished_at=utcnow()))


def _sentence(error: Exception) -> str:
    return " ".join(sentences(error)) if isinstance(error, MoviePointError) else str(error)
