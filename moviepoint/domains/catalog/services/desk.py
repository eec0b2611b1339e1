"""What editors keep for their own work: views of the list, single cells of it, and work on many titles by a task."""
from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import policies
from moviepoint.domains.catalog.models import BulkRun, Collection, Genre, SavedView, Title
from moviepoint.domains.catalog.schemas import BulkInput, SavedViewInput, TitleInput
from moviepoint.domains.catalog.services import common, lifecycle
from moviepoint.domains.catalog.services.terms import add_genre, add_to_collection
from moviepoint.domains.catalog.services.titles import save_title
from moviepoint.domains.history.services import record
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, MoviePointError, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.tasks import enqueue_after_commit
from moviepoint.kernel.text import one_line

MAX_VIEWS = 50  # of one editor
PART = 50  # titles that one transaction changes: others write in between
MAX_COLLECTED = 5_000  # titles that one run adds to a collection, whose every state is kept whole
REFUSALS_KEPT = 20
SLUG = re.compile(r"[a-z0-9-]{1,100}")
#: Fields of a title that a cell of the list changes.
CELLS = ("name", "original_title", "year", "slug", "status")
#: By which verb a title gets into a state; from where, the verb knows itself.
VERBS = {"in_review": "submit", "published": "publish", "archived": "archive"}


def save_view(session: Session, actor: Actor, data: SavedViewInput, view_id: int | None = None) -> SavedView:
    """Keep a view, or change one. `data.query` is the canonical address of a list.

    Raises Conflict for a name that the owner has given already, Forbidden for sharing without the right to edit all.
    """
    if view_id is None:
        view, before = _new_view(session, actor, data), None
    else:
        view = _own_view(session, actor, view_id)
        before = _view_document(view)
    if data.shared is not UNSET and data.shared and not view.shared:
        require(actor, policies.EDIT)
    if data.name is not UNSET:
        view.name = one_line(data.name)
        if not view.name:
            raise Invalid(_("A name is missing."), fields={"name": [_("A name is missing.")]})
        twin = session.scalar(select(SavedView.id).where(
            SavedView.owner_id == view.owner_id, SavedView.name == view.name, SavedView.id.is_distinct_from(view.id)))
        if twin is not None:
            raise Conflict(_("You have a view of this name already."))
    common.assign(view, data, ("query", "shared"))
    session.add(view)
    session.flush()
    record(session, actor, "changed" if before else "created", "saved_view", view.id, view.name, before=before,
           after=_view_document(view))
    return view


def delete_view(session: Session, actor: Actor, view_id: int) -> None:
    """Delete a view; the titles that it shows are not touched."""
    view = _own_view(session, actor, view_id)
    record(session, actor, "deleted", "saved_view", view.id, view.name, before=_view_document(view), after={})
    session.delete(view)
    session.flush()


def set_cell(session: Session, actor: Actor, title_id: int, field: str, value: str, version: int, locale: str) -> Title:
    """Change one field of a title as the list shows it: by the same services, rules and versions as its form.

    `locale` is that in which a "name" is. Raises Conflict with code "stale" when somebody has saved since `version`.
    """
    if field == "status":
        title = common.find(session, Title, title_id)
        common.require_version(title, version)
        if value != title.status:
            verb = VERBS.get(value) or ("return" if title.status == "in_review" else "unpublish")
            if value not in (*VERBS, "draft"):
                raise Invalid(_("This state is not reached from the list."), fields={field: [value[:40]]})
            title = lifecycle.change_status(session, actor, title_id, verb)
        return title
    if field not in CELLS:
        raise Invalid(_("This field is not changed in the list."), fields={field[:40]: [field[:40]]})
    given: dict[str, Any] = {field: value.strip() or None if field == "year" else value.strip()}
    if field == "name":
        given = {"texts": {locale: {"name": value}}}
    if field == "original_title" and not value.strip():
        raise Invalid(_("A title is missing."), fields={field: [_("A title is missing.")]})
    try:
        data = msgspec.convert({**given, "version": version}, TitleInput, strict=False)
    except msgspec.ValidationError:
        sentence = {"year": _("A year from 1870 to 2200 belongs here."),
                    "slug": _("Small Latin letters, digits and single hyphens make an address.")}.get(
            field, _("It is too long."))
        raise Invalid(sentence, fields={field: [sentence]}) from None
    return save_title(session, actor, data, title_id)


def start_run(session: Session, actor: Actor, data: BulkInput, title_ids: Sequence[int]) -> BulkRun:
    """Have a task do one thing to many titles, one after the other; what cannot be done to one of them is kept.

    Raises Invalid for work that is none, Forbidden for who may not do it to any title.
    """
    if actor.id is None:
        raise Forbidden()
    _check_verb(session, actor, data)
    if not title_ids:
        raise Invalid(_("Choose titles first."))
    if data.verb == "collection" and len(title_ids) > MAX_COLLECTED:
        raise Invalid(_("At most %(count)s titles are added to a collection at once.", count=MAX_COLLECTED))
    run = BulkRun(actor_id=actor.id, verb=data.verb, argument=data.argument, title_ids=list(title_ids),
                  total=len(title_ids), refusals=[])
    session.add(run)
    session.flush()
    record(session, actor, "created", "bulk_run", run.id, f"{data.verb} {data.argument}".strip(), before={},
           after={"verb": data.verb, "argument": data.argument, "titles": len(title_ids)})
    enqueue_after_commit(session, "catalog.bulk", run_id=run.id)
    return run


def stop_run(session: Session, actor: Actor, run_id: int) -> BulkRun:
    """Stop a run where it stands; what it has done stays. Raises Conflict when it has ended."""
    run = find_run(session, actor, run_id, lock=True)
    if run.state not in ("queued", "running"):
        raise Conflict(_("It has ended already."))
    _end(run, "failed", _("Stopped by hand."))
    return run


def find_run(session: Session, actor: Actor, run_id: int, *, lock: bool = False) -> BulkRun:
    """Return a run that the actor has started; others' only to who may do anything. Raises NotFound."""
    run = session.get(BulkRun, run_id, with_for_update=lock or None)
    if run is None or (run.actor_id != actor.id and not actor.may("history.read")):
        raise NotFound()
    return run


def work_on(session: Session, run_id: int) -> bool:
    """Do the next part of a run; say whether there is more. What is done is noted in the same transaction."""
    run = session.get(BulkRun, run_id, with_for_update=True, populate_existing=True)
    if run is None or run.state not in ("queued", "running"):
        return False
    actor = session.get(User, run.actor_id) if run.actor_id is not None else None
    if actor is None or not actor.active:
        _end(run, "failed", _("Whoever started this is not here any more."))
        return False
    size = MAX_COLLECTED if run.verb == "collection" else PART
    part = run.title_ids[run.done:run.done + size]
    run.state = "running"
    for group in ([part] if run.verb == "collection" else [[title_id] for title_id in part]):
        try:
            with session.begin_nested():
                run.changed += act(session, actor, BulkInput(run.verb, run.argument), group)
        except (MoviePointError, StaleDataError) as error:
            run.refused += len(group)
            reason = str(error.message) if isinstance(error, MoviePointError) else _("Somebody else is saving it.")
            run.refusals = [*run.refusals, *([title_id, reason] for title_id in group)][:REFUSALS_KEPT]
    run.done += len(part)
    run.updated_at = utcnow()
    if run.done >= run.total:
        _end(run, "done", "")
    session.flush()
    return run.state == "running"


def act(session: Session, actor: Actor, data: BulkInput, title_ids: Sequence[int]) -> int:
    """Do one thing to titles now: all of it or nothing; returns how many changed."""
    _check_verb(session, actor, data)
    if data.verb == "genre":
        return add_genre(session, actor, data.argument, title_ids)
    if data.verb == "collection":
        return add_to_collection(session, actor, int(data.argument), title_ids)
    return lifecycle.change_all(session, actor, title_ids, data.verb)


def waiting_runs(session: Session, before: Any) -> Sequence[int]:
    """Return the ids of runs that have not moved since a moment: their message was lost with a worker."""
    return session.scalars(select(BulkRun.id).where(
        BulkRun.state.in_(("queued", "running")), BulkRun.updated_at < before).order_by(BulkRun.id)).all()


def views_of(viewer: Actor) -> Any:
    """Return the condition under which somebody sees a view: their own, or shared."""
    return or_(SavedView.shared, SavedView.owner_id == viewer.id)


def _check_verb(session: Session, actor: Actor, data: BulkInput) -> None:
    if data.verb in lifecycle.TRANSITIONS or data.verb == "delete":
        return
    if data.verb == "genre" and SLUG.fullmatch(data.argument):
        require(actor, policies.EDIT)
        common.by_slug(session, Genre, [data.argument], "argument")
    elif data.verb == "collection" and data.argument.isascii() and data.argument.isdigit() and len(data.argument) < 10:
        require(actor, policies.EDIT)
        common.find(session, Collection, int(data.argument))
    else:
        raise Invalid(_("Choose what to do with the titles."))


def _end(run: BulkRun, state: str, message: str) -> None:
    run.state, run.message, run.finished_at = state, message, utcnow()


def _new_view(session: Session, actor: Actor, data: SavedViewInput) -> SavedView:
    if actor.id is None or not actor.may_in_part(policies.EDIT):
        raise Forbidden()
    if data.name is UNSET:
        raise Invalid(_("A name is missing."), fields={"name": [_("A name is missing.")]})
    if (session.scalar(select(func.count()).where(SavedView.owner_id == actor.id)) or 0) >= MAX_VIEWS:
        raise Conflict(_("At most %(count)s views are kept. Delete one first.", count=MAX_VIEWS))
    return SavedView(owner_id=actor.id, name="", query="", shared=False)


def _own_view(session: Session, actor: Actor, view_id: int) -> SavedView:
    """Return a view that the actor may change: their own; a shared one too, if they publish."""
    view = session.get(SavedView, view_id)
    if view is None or (view.owner_id != actor.id and not view.shared):
        raise NotFound()
    if view.owner_id != actor.id:
        require(actor, policies.PUBLISH)
    return view


def _view_document(view: SavedView) -> dict[str, Any]:
    return {"name": view.name, "query": view.query, "shared": view.shared}
