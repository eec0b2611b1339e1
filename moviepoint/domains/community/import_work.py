"""The work behind imports, done by a task in small units of work; a killed worker is followed by another."""
from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from moviepoint.domains.accounts.models import User
from moviepoint.domains.community.exchange import read
from moviepoint.domains.community.models import WORKING, Import, ImportRow
from moviepoint.domains.community.services import imports
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Forbidden, MoviePointError
from moviepoint.kernel.files import Storage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import use_locale
from moviepoint.kernel.leases import Lease, Stopped, claim

T = TypeVar("T")
log = structlog.get_logger(__name__)
BATCH = 200


def run(storage: Storage, import_id: int) -> None:
    """Do what an import waits for, to its end."""
    claimed = claim(Import, import_id, WORKING, _begin)
    if claimed is None:
        return
    found, lease = claimed
    with use_locale(found.locale or "en"):
        try:
            if found.state == "reading":
                _read(storage, lease, found)
            else:
                _apply(lease, found)
        except Stopped:
            log.info("import stopped", id=import_id)
        except OperationalError:
            raise  # the database is away: the next beat finds the import where it stands
        except MoviePointError as error:
            _end(import_id, "failed", str(error.message))
        except Exception:
            log.exception("import failed")
            _end(import_id, "failed", _("An unexpected fault stopped it; the log of the worker has the details."))


def _begin(found: Import) -> None:
    if found.state == "waiting":
        found.state = "reading"


def _read(storage: Storage, lease: Lease[Import], found: Import) -> None:
    rows = read(found.source, found.file_name, storage.path(found.key).read_bytes())
    with lease.beat() as (session, current):
        imports.delete_rows(session, current.id)
    count = 0
    for part in _batches(rows):
        with lease.beat() as (session, current):
            count = imports.keep_rows(session, _actor(current), current, part, count)
    key = found.key
    with lease.beat() as (_session, current):
        current.state, current.key = "ready", ""
    storage.delete(key)


def _apply(lease: Lease[Import], found: Import) -> None:
    ids = db.session().scalars(select(ImportRow.id).where(
        ImportRow.import_id == found.id, ImportRow.verdict.in_(imports.APPLICABLE), ImportRow.applied.is_(False),
        ImportRow.title_id.is_not(None)).order_by(ImportRow.kind == "watched", ImportRow.number)).all()
    for part in _batches(iter(ids)):
        with lease.beat() as (session, current):
            rows = {row.id: row for row in session.scalars(select(ImportRow).where(ImportRow.id.in_(part)))}
            imports.apply_rows(session, _actor(current), [rows[row_id] for row_id in part if row_id in rows])
    _end(found.id, "done")


def _actor(found: Import) -> User:
    user = db.session().get(User, found.user_id)
    if user is None or not user.active:
        raise Forbidden(_("Whoever started this may not act any more."))
    return user


def _batches(rows: Iterator[T]) -> Iterator[list[T]]:
    while part := list(islice(rows, BATCH)):
        yield part


def _end(import_id: int, state: str, error: str = "") -> None:
    with unit_of_work() as session:
        session.execute(update(Import).where(Import.id == import_id, Import.state.in_(WORKING))
                        .values(state=state, error=error[:500]))
