"""Writing history: called by every service of every domain, inside its own unit of work."""
from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy.orm import Session

from moviepoint.domains.history.differences import Document, differences
from moviepoint.domains.history.models import Revision
from moviepoint.hooks.types import ContentType
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor


def record(session: Session, actor: Actor, action: str, entity: str, entity_id: int, label: str, *,
           before: Document | None = None, after: Document | None = None) -> Revision | None:
    """Write down one write of one entity; with documents that do not differ, nothing is written.

    `before` and `after` are plain data or hold what msgspec turns into it (dates). An action without documents
    ("password changed") is always written.
    """
    old, new = _plain(before), _plain(after)
    changes = differences(old, new)
    if (old is not None or new is not None) and not changes:
        return None
    revision = Revision(actor_id=actor.id, actor_name=str(actor)[:254], action=action, entity=entity,
                        entity_id=entity_id, label=label[:300], changes=changes, document=new if new else old)
    session.add(revision)
    return revision


def is_whole(revision: Revision) -> bool:
    """Say whether a revision holds an entity's whole state, and not only what one action touched."""
    return bool(revision.document) and revision.action in ("created", "changed")


def is_deletion(revision: Revision, kind: ContentType | None) -> bool:
    """Say whether a revision is a deletion that its kind of content knows to take back."""
    return revision.action == "deleted" and kind is not None and kind.bring_back is not None


def restore(session: Session, actor: Actor, kind: ContentType, revision: Revision) -> int:
    """Save an entity's state after a write again, by its own service and rules; returns the entity's id.

    A deletion is taken back: the entity is there again as it was before, perhaps with another id. Raises Invalid for a
    revision that holds no whole state, and whatever the service raises.
    """
    if kind.bring_back is not None and is_deletion(revision, kind):
        entity_id = kind.bring_back(session, actor, revision.document or {}, revision.entity_id)
        record(session, actor, "restored", revision.entity, entity_id, revision.label, before={"revision": None},
               after={"revision": revision.id})
        return entity_id
    if not is_whole(revision) or revision.document is None:
        raise Invalid(_("This write left nothing that could be restored."))
    entity_id = kind.save(session, actor, revision.document, revision.entity_id)
    record(session, actor, "restored", revision.entity, entity_id, revision.label, before={"revision": None},
           after={"revision": revision.id})
    return entity_id


def _plain(document: Document | None) -> dict[str, Any] | None:
    if document is None:
        return None
    plain: dict[str, Any] = msgspec.to_builtins(document, str_keys=True)
    return plain
