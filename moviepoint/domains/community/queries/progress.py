"""Reads of where members stopped watching."""
from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.catalog.policies import visible
from moviepoint.domains.community.models import WatchPosition
from moviepoint.domains.media.models import Edition
from moviepoint.kernel.policies import Actor

BEGUN, FINISHED = .02, .95  # the share of a film from which, and up to which, one goes on with it


class Position(NamedTuple):
    """How far a film or an episode has been watched: its edition, its title, and the episode's numbers."""

    row: WatchPosition
    edition: str
    title_id: int
    season: int | None
    episode: int | None


def positions(viewer: Actor, user_id: int, *, unfinished: bool = False) -> Select[Any]:
    """Return a select of `Position` rows of what a viewer still sees, the last watched first."""
    statement: Any = (
        select(WatchPosition, Edition.public_id, Title.id, Season.number, Episode.number)
        .join(Edition, Edition.id == WatchPosition.edition_id)
        .outerjoin(Episode, Edition.episode_id == Episode.id).outerjoin(Season, Episode.season_id == Season.id)
        .join(Title, Title.id == func.coalesce(Edition.title_id, Season.title_id))
        .where(WatchPosition.user_id == user_id, Edition.package.is_not(None), visible(viewer))
        .order_by(WatchPosition.watched_at.desc(), WatchPosition.id.desc()))
    if unfinished:
        statement = statement.where(WatchPosition.position >= WatchPosition.duration * BEGUN,
                                    WatchPosition.position <= WatchPosition.duration * FINISHED)
    return statement


def one(session: Session, user_id: int, edition: str) -> WatchPosition | None:
    """Return how far somebody has watched an edition."""
    return session.scalar(select(WatchPosition).join(Edition, Edition.id == WatchPosition.edition_id).where(
        WatchPosition.user_id == user_id, Edition.public_id == edition))


def unfinished(session: Session, viewer: Actor, user_id: int, limit: int = 18) -> list[Position]:
    """Return what a viewer has begun, one of each title, the last watched first; in one query."""
    found: dict[int, Position] = {}
    for row in session.execute(positions(viewer, user_id, unfinished=True).limit(limit * 3)):
        found.setdefault(row[2], Position(*row))
    return list(found.values())[:limit]
