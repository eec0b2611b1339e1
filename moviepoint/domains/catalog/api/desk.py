"""Saved views of the back office's list, and work on many titles, as resources for those who edit."""
from __future__ import annotations

from typing import Annotated

import msgspec
from flask import Response as FlaskResponse
from msgspec import UNSET, Meta
from spectree import Response
from sqlalchemy import select

from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.viewer import in_person
from moviepoint.domains.catalog import policies, services
from moviepoint.domains.catalog.finding import canonical, found_ids
from moviepoint.domains.catalog.models import BulkRun, SavedView
from moviepoint.domains.catalog.schemas import BulkInput, SavedViewInput
from moviepoint.domains.catalog.services.desk import views_of
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Forbidden
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("desk", __name__)


class SavedViewInfo(msgspec.Struct):
    """A list's address under a name; `own` is whether the caller keeps it."""

    id: int
    name: str
    query: str
    shared: bool
    own: bool


class BulkRunInput(BulkInput, frozen=True, kw_only=True):
    """What is done to all titles that `query` finds: the part of a list's address after its question mark."""

    query: Annotated[str, Meta(max_length=2000)]


class BulkRunInfo(msgspec.Struct):
    """How far work on many titles is. `refusals` are at most twenty of (title's id, why)."""

    id: int
    verb: str
    argument: str
    state: str
    total: int
    done: int
    changed: int
    refused: int
    refusals: list[tuple[int, str]]
    message: str


@resource.get("/saved-views")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[SavedViewInfo]), tags=["saved-views"])
def list_views(query: PageQuery) -> Page[SavedViewInfo]:
    """List the caller's views and those that are shared."""
    viewer = _editor()
    return paged(db.session(), select(SavedView).where(views_of(viewer)).order_by(SavedView.name, SavedView.id), query,
                 lambda rows: [_view(row, viewer) for row in rows])


@resource.post("/saved-views")
@in_language
@spec.validate(resp=Response(HTTP_200=SavedViewInfo), tags=["saved-views"])
def create_view(json: SavedViewInput) -> SavedViewInfo:
    """Keep a view."""
    with unit_of_work() as session:
        return _view(services.save_view(session, _editor(), _canonical(json)), in_person())


@resource.patch("/saved-views/<int:view_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=SavedViewInfo), tags=["saved-views"])
def change_view(view_id: int, json: SavedViewInput) -> SavedViewInfo:
    """Rename a view, share it, or give it another address."""
    with unit_of_work() as session:
        return _view(services.save_view(session, _editor(), _canonical(json), view_id), in_person())


@resource.delete("/saved-views/<int:view_id>")
def delete_view(view_id: int) -> FlaskResponse:
    """Delete a view; its titles stay."""
    with unit_of_work() as session:
        services.delete_view(session, _editor(), view_id)
    return FlaskResponse(status=204)


@resource.post("/bulk-runs")
@in_language
@spec.validate(resp=Response(HTTP_200=BulkRunInfo), tags=["bulk-runs"])
def create_run(json: BulkRunInput) -> BulkRunInfo:
    """Do one thing to all titles that a list's address finds, by a task."""
    with unit_of_work() as session:
        actor = _editor()
        ids = found_ids(session, actor, canonical(json.query))
        return _run(services.start_run(session, actor, BulkInput(json.verb, json.argument), ids))


@resource.get("/bulk-runs/<int:run_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=BulkRunInfo), tags=["bulk-runs"])
def get_run(run_id: int) -> BulkRunInfo:
    """Show how far it is."""
    return _run(services.find_run(db.session(), _editor(), run_id))


@resource.post("/bulk-runs/<int:run_id>/stop")
@in_language
@spec.validate(resp=Response(HTTP_200=BulkRunInfo), tags=["bulk-runs"])
def stop_run(run_id: int) -> BulkRunInfo:
    """Stop it where it stands; what it has done stays."""
    with unit_of_work() as session:
        return _run(services.stop_run(session, _editor(), run_id))


def _editor() -> User:
    viewer = in_person()
    if not viewer.may_in_part(policies.EDIT):
        raise Forbidden()
    return viewer


def _canonical(given: SavedViewInput) -> SavedViewInput:
    if given.query is UNSET:
        return given
    return msgspec.structs.replace(given, query=canonical(given.query))


def _view(row: SavedView, viewer: User) -> SavedViewInfo:
    return SavedViewInfo(row.id, row.name, row.query, row.shared, row.owner_id == viewer.id)


def _run(row: BulkRun) -> BulkRunInfo:
    return BulkRunInfo(row.id, row.verb, row.argument, row.state, row.total, row.done, row.changed, row.refused,
                       [(title_id, reason) for title_id, reason in row.refusals], row.message)
