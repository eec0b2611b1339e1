"""Reads of films of visitors' own."""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.policies import PUBLISH
from moviepoint.domains.community.models import Contribution
from moviepoint.domains.media.models import Edition, SourceAsset
from moviepoint.kernel.policies import Actor, require


def contributions(user_id: int) -> Select[Contribution]:
    """Return a select of somebody's own films that are not taken away, the newest first."""
    return (select(Contribution).join(Title, Title.id == Contribution.title_id)
            .where(Contribution.user_id == user_id, Title.deleted_at.is_(None)).order_by(Contribution.id.desc()))


def queue(viewer: Actor, state: str = "waiting") -> Select[Contribution]:
    """Return a select of films for editors: those that wait, the first sent first. Raises Forbidden."""
    require(viewer, PUBLISH)
    return (select(Contribution).join(Title, Title.id == Contribution.title_id)
            .where(Contribution.state == state, Title.deleted_at.is_(None))
            .order_by(Contribution.sent_at, Contribution.id))


def waiting(session: Session) -> int:
    """Return how many films wait for an editor."""
    return session.scalar(select(func.count(Contribution.id)).join(Title, Title.id == Contribution.title_id).where(
        Contribution.state == "waiting", Title.deleted_at.is_(None))) or 0


def names(session: Session, title_ids: Sequence[int]) -> dict[int, str]:
    """Return what films are called."""
    rows = session.execute(select(Title.id, Title.original_title).where(Title.id.in_(title_ids))) if title_ids else ()
    return {row[0]: row[1] for row in rows}


def editions(session: Session, title_ids: Sequence[int]) -> dict[int, tuple[str, bool]]:
    """Return of each film its edition, and whether a whole file of it has arrived."""
    if not title_ids:
        return {}
    rows = session.execute(
        select(Edition.title_id, Edition.public_id, func.count(SourceAsset.id))
        .outerjoin(SourceAsset, SourceAsset.edition_id == Edition.id)
        .where(Edition.title_id.in_(title_ids)).group_by(Edition.title_id, Edition.public_id, Edition.id)
        .order_by(Edition.id.desc()))
    return {title_id: (edition, count > 0) for title_id, edition, count in rows if title_id is not None}
