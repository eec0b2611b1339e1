"""Walks and imports, done by tasks: a killed worker is followed by another, and no file is taken in twice."""
from __future__ import annotations

from itertools import islice
from pathlib import Path

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from moviepoint.plugin_api import (
    Actor,
    Conflict,
    Forbidden,
    Invalid,
    Lease,
    MoviePointError,
    Stopped,
    User,
    abandoned,
    claim,
    current_locale,
    current_storage,
    db,
    enqueue,
    enqueue_after_commit,
    gettext,
    require,
    site_settings,
    unit_of_work,
    use_locale,
)

from . import importing
from .models import WORKING, LibraryItem, LibraryScan
from .scan import Walk

log = structlog.get_logger(__name__)
TASK = "kodi_library.work"
PERMISSION = "catalog.edit"
BATCH = 5  # films judged in one transaction: nobody waits long for it


def folders() -> list[Path]:
    """Return the folders that the operator lets importers read."""
    return [Path(folder).resolve() for folder in site_settings().import_folders]


def start(session: Session, actor: Actor, folder: str, locale: str) -> LibraryScan:
    """Have a folder walked through by a task. Raises Forbidden, and Invalid for a folder that is not to be read."""
    require(actor, PERMISSION)
    require(actor, "media.upload")
    path = Path(folder).resolve()
    if not any(path == root or root in path.parents for root in folders()) or not path.is_dir():
        raise Invalid(gettext("This is none of the folders that may be read."),
                      fields={"folder": [gettext("Choose a folder, or one inside it.")]})
    if locale not in site_settings().locales:
        raise Invalid(gettext("This language is none of the site's."))
    scan = LibraryScan(folder=str(path), locale=locale, actor_id=actor.id, actor_name=str(actor)[:254],
                       said_in=current_locale())
    return _go_on(session, scan, "waiting")


def import_chosen(session: Session, actor: Actor, scan: LibraryScan) -> LibraryScan:
    """Have what is chosen imported by a task, in the actor's name. Raises Conflict unless the walk is over."""
    require(actor, PERMISSION)
    if scan.state != "ready":
        raise Conflict(gettext("This cannot be done with it as it is now."))
    scan.actor_id, scan.actor_name = actor.id, str(actor)[:254]
    return _go_on(session, scan, "importing")


def _go_on(session: Session, scan: LibraryScan, state: str) -> LibraryScan:
    scan.state, scan.seen, scan.error, scan.beat_at = state, 0, "", None
    session.add(scan)
    session.flush()
    enqueue_after_commit(session, TASK, scan_id=scan.id)
    return scan


def choose(session: Session, actor: Actor, scan: LibraryScan, listed: set[int], ticked: set[int]) -> None:
    """Keep which of the items listed are ticked."""
    require(actor, PERMISSION)
    for chosen, ids in ((True, listed & ticked), (False, listed - ticked)):
        session.execute(update(LibraryItem).where(
            LibraryItem.scan_id == scan.id, LibraryItem.id.in_(ids), LibraryItem.verdict != "faulty").values(
            chosen=chosen))


def stop(session: Session, actor: Actor, scan: LibraryScan) -> None:
    """Call a walk or an import off; what is imported stays."""
    require(actor, PERMISSION)
    if scan.state not in WORKING:
        raise Conflict(gettext("This cannot be done with it as it is now."))
    scan.state = "stopped"
    session.flush()


def resume() -> None:
    """Take up what a killed worker has left behind."""
    for scan_id in abandoned(db.session(), LibraryScan, WORKING):
        enqueue(TASK, scan_id=scan_id)


def run(scan_id: int) -> None:
    """Do what a scan waits for, to its end."""
    claimed = claim(LibraryScan, scan_id, WORKING, _begin)
    if claimed is None:
        return
    scan, lease = claimed
    try:
        with use_locale(scan.said_in):
            (_look if scan.state == "looking" else _import)(scan, lease, _actor(scan))
    except Stopped:
        log.info("library scan stopped", scan=scan_id)
    except OperationalError:
        raise  # the database is away: the next beat goes on
    except (MoviePointError, OSError) as error:
        _end(scan_id, "failed", str(getattr(error, "message", error)))
    except Exception:
        log.exception("library scan failed", scan=scan_id)
        _end(scan_id, "failed", gettext("An unexpected fault stopped it; the log of the worker has the details."))


def _begin(scan: LibraryScan) -> None:
    if scan.state == "waiting":
        scan.state = "looking"


def _actor(scan: LibraryScan) -> Actor:
    user = db.session().get(User, scan.actor_id, populate_existing=True) if scan.actor_id else None
    if user is None or not user.active:
        raise Forbidden(gettext("Whoever started this may not act any more."))
    return user


def _look(scan: LibraryScan, lease: Lease[LibraryScan], actor: Actor) -> None:
    """Walk, and judge what is found; one that was cut off begins anew. The disk is read outside any transaction."""
    root = Path(scan.folder)
    with lease.beat() as (session, current):
        session.execute(delete(LibraryItem).where(LibraryItem.scan_id == scan.id))
        current.seen = 0
    walk, part = Walk(root, scan.locale).run(), [None]
    while part:
        part = list(islice(walk, BATCH))
        with lease.beat() as (session, _current):
            for found in part:
                item = importing.judge(session, actor, root, scan.locale, found)
                item.scan_id = scan.id
                session.add(item)
            session.flush()
            session.get_one(LibraryScan, scan.id).seen += len(part)
    with lease.beat() as (_session, current):
        current.state, current.total = "ready", current.seen


def _import(scan: LibraryScan, lease: Lease[LibraryScan], actor: Actor) -> None:
    """Import the chosen items one by one: first the catalogue's part in one commit, then the files."""
    root = Path(scan.folder)
    waiting = (LibraryItem.scan_id == scan.id, LibraryItem.chosen, LibraryItem.outcome == "",
               LibraryItem.verdict.in_(("new", "changed")))
    with lease.beat() as (session, current):
        ids = session.scalars(select(LibraryItem.id).where(*waiting).order_by(LibraryItem.id)).all()
        current.total = current.seen + len(ids)
    for item_id in ids:
        outcome, faults, title_id = "imported", [], None
        try:
            title_id = _import_item(scan, lease, actor, root, item_id)
        except (MoviePointError, OSError) as error:
            outcome, faults = "failed", [str(getattr(error, "message", error))]
        with lease.beat() as (session, current):
            item = session.get_one(LibraryItem, item_id)
            item.outcome, item.faults, item.title_id = outcome, faults, title_id or item.title_id
            current.seen += 1
    _end(scan.id, "done")


def _import_item(scan: LibraryScan, lease: Lease[LibraryScan], actor: Actor, root: Path, item_id: int) -> int:
    storage = current_storage()
    with lease.beat() as (session, _current):
        item = session.get_one(LibraryItem, item_id)
        found = importing.found_again(item.found)
        importing.present(session, found.document)
        title_id = importing.save(session, actor, scan.locale, found)
        importing.take_pictures(session, actor, storage, root, title_id, found)
        session.get_one(LibraryItem, item_id).title_id = title_id

    def beat() -> None:
        with lease.beat():
            pass

    importing.take_films(actor, storage, site_settings(), root, title_id, found, beat)
    return title_id


def _end(scan_id: int, state: str, error: str = "") -> None:
    with unit_of_work() as session:
        session.execute(update(LibraryScan).where(LibraryScan.id == scan_id, LibraryScan.state.in_(WORKING)).values(
            state=state, error=error))


def counts(session: Session, scan_id: int) -> dict[str, int]:
    """Return how many items a scan has by verdict and by outcome."""
    found = dict.fromkeys(("new", "changed", "same", "faulty", "imported", "failed"), 0)
    for verdict, outcome, count in session.execute(
            select(LibraryItem.verdict, LibraryItem.outcome, func.count()).where(LibraryItem.scan_id == scan_id)
            .group_by(LibraryItem.verdict, LibraryItem.outcome)):
        found[verdict] += count
        if outcome:
            found[outcome] += count
    return found
