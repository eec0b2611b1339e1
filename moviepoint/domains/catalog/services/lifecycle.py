"""The life of a title: draft, in review, scheduled, published, archived; the bin and the way back."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog import policies
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.services import common
from moviepoint.domains.catalog.services.titles import ENTITY
from moviepoint.domains.history.services import record
from moviepoint.kernel import events
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import SYSTEM, Actor, require

#: From which states each verb leads where.
TRANSITIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "submit": (("draft",), "in_review"),
    "return": (("in_review",), "draft"),
    "publish": (("draft", "in_review", "scheduled", "archived"), "published"),
    "unpublish": (("published", "scheduled", "archived"), "draft"),
    "archive": (("draft", "in_review", "scheduled", "published"), "archived"),
}
NEEDS_EDIT = ("submit",)


def change_status(session: Session, actor: Actor, title_id: int, verb: str) -> Title:
    """Lead a title on by a verb of TRANSITIONS; where it stands already, nothing changes.

    Raises Conflict when the verb does not lead on from where the title stands.
    """
    title = common.find(session, Title, title_id)
    if verb in NEEDS_EDIT:
        require(actor, policies.EDIT, owner_id=title.added_by_id)
    else:
        require(actor, policies.PUBLISH)
    sources, target = TRANSITIONS[verb]
    if title.status == target:
        return title
    if title.status not in sources:
        raise Conflict(_("It cannot go on this way from where it stands. Reload the page."))
    title.publish_at = None
    if target != "published":
        title.unpublish_at = None
    _move(session, actor, title, target)
    return title


def publish(session: Session, actor: Actor, title_id: int) -> Title:
    """Make a title public; publishing what is public changes nothing."""
    return change_status(session, actor, title_id, "publish")


def unpublish(session: Session, actor: Actor, title_id: int) -> Title:
    """Make a title a draft again."""
    title = common.find(session, Title, title_id)
    return title if title.status == "in_review" else change_status(session, actor, title_id, "unpublish")


def schedule(session: Session, actor: Actor, title_id: int, publish_at: datetime | None,
             unpublish_at: datetime | None) -> Title:
    """Set when a task publishes a title and when it takes it back; None takes the time away.

    Raises Invalid for times in the past or in the wrong order, Conflict for a title that is public or archived.
    """
    require(actor, policies.PUBLISH)
    title = common.find(session, Title, title_id)
    now = utcnow()
    if publish_at is not None and title.status in ("published", "archived"):
        raise Conflict(_("Only what is not public yet can be scheduled."))
    for name, moment in (("publish_at", publish_at), ("unpublish_at", unpublish_at)):
        if moment is not None and moment <= now and moment != getattr(title, name):
            raise Invalid(_("This time has passed already."), fields={name: [_("Choose a time to come.")]})
    if publish_at and unpublish_at and unpublish_at <= publish_at:
        raise Invalid(_("It cannot end before it begins."), fields={"unpublish_at": [_("Choose a later time.")]})
    before = _times(title)
    title.publish_at, title.unpublish_at = publish_at, unpublish_at
    if publish_at is not None and title.status != "scheduled":
        _move(session, actor, title, "scheduled")
    elif publish_at is None and title.status == "scheduled":
        _move(session, actor, title, "draft")
    session.flush()
    record(session, actor, "scheduled", ENTITY, title.id, str(title), before=before, after=_times(title))
    return title


def keep_times(session: Session, now: datetime | None = None) -> list[int]:
    """Publish and take back what is due; returns the ids of the titles changed. Doing it twice does no harm."""
    moment = now or utcnow()
    due = session.scalars(select(Title).where(Title.deleted_at.is_(None), or_(
        (Title.status == "scheduled") & (Title.publish_at <= moment),
        (Title.status == "published") & (Title.unpublish_at <= moment))).order_by(Title.id)).all()
    for title in due:
        if title.status == "scheduled" and not (title.unpublish_at and title.unpublish_at <= moment):
            title.publish_at = None
            _move(session, SYSTEM, title, "published")
        else:
            title.publish_at = title.unpublish_at = None
            _move(session, SYSTEM, title, "draft")
    return [title.id for title in due]


def delete_title(session: Session, actor: Actor, title_id: int) -> None:
    """Put a title into the bin: it is gone from everywhere, and can be taken back."""
    title = common.find(session, Title, title_id)
    require(actor, policies.EDIT, owner_id=title.added_by_id)
    title.deleted_at = utcnow()
    title.status, title.published_at, title.publish_at, title.unpublish_at = "draft", None, None, None
    session.flush()
    record(session, actor, "deleted", ENTITY, title.id, str(title))
    events.record(session, "on_title_deleted", title_id=title_id)


def take_back(session: Session, actor: Actor, title_id: int) -> Title:
    """Take a title out of the bin, as a draft."""
    title = _in_bin(session, actor, title_id)
    title.deleted_at = None
    session.flush()
    record(session, actor, "taken_back", ENTITY, title.id, str(title))
    events.record(session, "on_title_saved", title_id=title.id)
    return title


def purge(session: Session, actor: Actor, title_id: int) -> None:
    """Delete a title in the bin for good, with all that belongs to it."""
    title = _in_bin(session, actor, title_id)
    record(session, actor, "purged", ENTITY, title.id, str(title))
    session.delete(title)
    session.flush()
    events.record(session, "on_title_deleted", title_id=title_id)


def change_all(session: Session, actor: Actor, title_ids: Sequence[int], verb: str) -> int:
    """Lead many titles on by one verb ("delete" too); returns how many changed. All or none."""
    changed = 0
    for title_id in title_ids:
        title = common.find(session, Title, title_id)
        if verb == "delete":
            delete_title(session, actor, title_id)
            changed += 1
        elif title.status in TRANSITIONS[verb][0]:
            change_status(session, actor, title_id, verb)
            changed += 1
    return changed


def _in_bin(session: Session, actor: Actor, title_id: int) -> Title:
    title = session.get(Title, title_id)
    if title is None or title.deleted_at is None:
        raise NotFound()
    require(actor, policies.EDIT, owner_id=title.added_by_id)
    return title


def _move(session: Session, actor: Actor, title: Title, target: str) -> None:
    before, title.status = title.status, target
    if target == "published":
        title.published_at = utcnow()
    elif before == "published":
        title.published_at = None
    session.flush()
    record(session, actor, target, ENTITY, title.id, str(title), before={"status": before}, after={"status": target})
    if target == "published":
        events.record(session, "on_title_published", title_id=title.id)
    elif before == "published":
        events.record(session, "on_title_unpublished", title_id=title.id)
    else:
        events.record(session, "on_title_saved", title_id=title.id)


def _times(title: Title) -> dict[str, datetime | None]:
    return {"publish_at": title.publish_at, "unpublish_at": title.unpublish_at}
