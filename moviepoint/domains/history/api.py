"""History as a resource."""
from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from flask_login import current_user
from spectree import Response

from moviepoint.domains.history import queries
from moviepoint.domains.history.models import Revision
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Forbidden, Unauthenticated
from moviepoint.kernel.policies import Actor, require
from moviepoint.shells.admin.content import content_types
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

READ = "history.read"
Id = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
resource = blueprint("revisions", __name__)


class RevisionInfo(msgspec.Struct, kw_only=True):
    """One write: who, when, what changed."""

    id: int
    at: datetime
    actor_id: int | None
    actor_name: str
    action: str
    entity: str
    entity_id: int
    label: str
    changes: list[dict[str, Any]]


class RevisionDetail(RevisionInfo, kw_only=True):
    """One write with the state after it."""

    document: dict[str, Any] | None


class RevisionsQuery(PageQuery, kw_only=True):
    """Filters of the trail; without an entity and its id it needs the permission to read all of it."""

    entity: str = ""
    entity_id: Id | None = None
    action: str = ""
    actor_id: Id | None = None
    since: Moment | None = None
    until: Moment | None = None


@resource.get("/revisions")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[RevisionInfo]), tags=["revisions"])
def list_revisions(query: RevisionsQuery) -> Page[RevisionInfo]:
    """List writes, the newest first."""
    _allow(query.entity if query.entity_id is not None else "")
    statement = queries.trail(entity=query.entity, entity_id=query.entity_id, action=query.action,
                              actor_id=query.actor_id, since=query.since, until=query.until)
    return paged(db.session(), statement, query, lambda rows: [RevisionInfo(**_fields(row)) for row in rows])


@resource.get("/revisions/<int:revision_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=RevisionDetail), tags=["revisions"])
def get_revision(revision_id: int) -> RevisionDetail:
    """Show one write with the state after it."""
    _viewer()
    found = queries.revision(db.session(), revision_id)
    _allow(found.entity)
    return RevisionDetail(**_fields(found), document=found.document)


def _viewer() -> Actor:
    """Return who asks, or raise Unauthenticated."""
    if not current_user.is_authenticated:
        raise Unauthenticated()
    viewer: Actor = current_user
    return viewer


def _allow(entity: str) -> None:
    """Let through who may read the whole trail, or who may write this kind of content."""
    viewer = _viewer()
    kind = content_types().get(entity)
    if kind is None:
        require(viewer, READ)
    elif not viewer.may(READ) and not viewer.may_in_part(kind.permission):
        raise Forbidden()


def _fields(row: Revision) -> dict[str, Any]:
    return {name: getattr(row, name) for name in RevisionInfo.__struct_fields__}
