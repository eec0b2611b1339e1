"""Who may upload: editors to everything, others to what they have added themselves while it is not public."""
from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.media.models import Edition, EncodingJob
from moviepoint.kernel.errors import Forbidden
from moviepoint.kernel.policies import Actor, require

UPLOAD = "media.upload"
HELD = "held"  # why a job pauses that publishes only when an editor says so
OPEN = ("draft", "in_review")  # states of a title in which its owner may still change its film


def require_upload(session: Session, actor: Actor, edition: Edition | None = None, *,
                   owner: Title | Episode | None = None) -> None:
    """Let an actor upload to an edition, or to a title or episode that is to have one; raise Forbidden otherwise."""
    if actor.may(UPLOAD):
        return
    title_id, episode_id = (edition.title_id, edition.episode_id) if edition is not None else (None, None)
    if isinstance(owner, Title):
        title_id = owner.id
    elif owner is not None:
        episode_id = owner.id
    added_by = session.scalar(
        select(Title.added_by_id).outerjoin(Season, Season.title_id == Title.id)
        .outerjoin(Episode, Episode.season_id == Season.id)
        .where(Title.id == title_id if title_id is not None else Episode.id == episode_id, Title.status.in_(OPEN),
               Title.deleted_at.is_(None)).limit(1))
    require(actor, UPLOAD, owner_id=added_by)


def may_publish(session: Session, job: EncodingJob) -> bool:
    """Whether whoever has started a job may still change the film: its title may have been approved meanwhile."""
    if trusted(session, job):
        return True
    try:
        require_upload(session, session.get_one(User, job.created_by_id), job.edition)
    except Forbidden:
        return False
    return True


def trusted(session: Session, job: EncodingJob) -> bool:
    """Whether a job is of somebody who may upload to everything or take up what was held, or of the system.

    One that was started by somebody who has left since looks like the system's: it was held when they left.
    """
    if job.created_by_id is None:
        return True
    user = session.get_one(User, job.created_by_id)
    return user.may(UPLOAD) or user.may("media.manage")
