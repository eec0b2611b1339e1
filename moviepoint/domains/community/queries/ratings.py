"""Reads of ratings."""
from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Select, and_, exists, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Title, TitleScore
from moviepoint.domains.catalog.page_queries import score_of
from moviepoint.domains.catalog.policies import visible
from moviepoint.domains.community.models import Follow, ListItem, Rating, UserList
from moviepoint.domains.community.models.lists import WATCHLIST
from moviepoint.kernel.policies import Actor


class Standing(NamedTuple):
    """How a title stands with a viewer: its ratings, their own, on their watchlist or not, followed or not."""

    score: TitleScore | None
    own: int | None = None
    kept: bool = False
    followed: bool = False


def standing(session: Session, viewer_id: int | None, title_id: int) -> Standing:
    """Return how a title stands with a viewer, in one query."""
    if viewer_id is None:
        return Standing(score_of(session, title_id))
    kept = exists().where(ListItem.title_id == title_id, ListItem.list_id == UserList.id,
                          UserList.user_id == viewer_id, UserList.slug == WATCHLIST)
    followed = exists().where(Follow.user_id == viewer_id, Follow.title_id == title_id)
    row = session.execute(
        select(TitleScore, Rating.value, kept, followed).select_from(Title)
        .outerjoin(TitleScore, TitleScore.title_id == Title.id)
        .outerjoin(Rating, and_(Rating.title_id == Title.id, Rating.user_id == viewer_id))
        .where(Title.id == title_id)).first()
    return Standing(*row) if row else Standing(None)


def ratings_of(viewer: Actor | None, user_id: int) -> Select[Rating]:
    """Return a select of somebody's ratings of titles that the viewer sees, the newest first."""
    return (select(Rating).join(Title, Title.id == Rating.title_id).where(Rating.user_id == user_id, visible(viewer))
            .order_by(Rating.rated_at.desc(), Rating.id.desc()))
