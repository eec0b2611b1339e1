"""Reads of history."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, defer

from moviepoint.domains.history.models import Revision
from moviepoint.kernel.errors import NotFound


def trail(*, entity: str = "", entity_id: int | None = None, action: str = "", actor_id: int | None = None,
          actor_name: str = "", since: datetime | None = None, until: datetime | None = None,
          before_id: int | None = None) -> Select[Revision]:
    """Return a select of writes, the newest first, without their documents.

    `before_id` goes on where a page ended: a page far down costs what the first one does.
    """
    statement = select(Revision).options(defer(Revision.document)).order_by(Revision.id.desc())
    for column, value in ((Revision.entity, entity), (Revision.action, action)):
        if value:
            statement = statement.where(column == value)
    if entity_id is not None:
        statement = statement.where(Revision.entity_id == entity_id)
    if actor_id is not None:
        statement = statement.where(Revision.actor_id == actor_id)
    if actor_name:
        statement = statement.where(Revision.actor_name.icontains(actor_name, autoescape=True))
    if before_id is not None:
        statement = statement.where(Revision.id < before_id)
    if since is not None:
        statement = statement.where(Revision.at >= since)
    if until is not None:
        statement = statement.where(Revision.at < until)
    return statement


def of_entity(session: Session, entity: str, entity_id: int, limit: int = 50) -> Sequence[Revision]:
    """Return an entity's last revisions, the newest first."""
    return session.scalars(trail(entity=entity, entity_id=entity_id).limit(limit)).all()


def revision(session: Session, revision_id: int) -> Revision:
    """Return one revision with its document. Raises NotFound."""
    found = session.get(Revision, revision_id)
    if found is None:
        raise NotFound()
    return found
