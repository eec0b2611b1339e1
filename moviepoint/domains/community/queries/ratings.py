"""Reads of ratings."""
from __future__ import annotations

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Title, TitleScore
from moviepoint.domains.catalog.policies import visible
from moviepoint.domains.community.models import Rating
from moviepoint.kernel.policies import Actor


def score_and_own(session: Session, viewer_id: int | None, title_id: int) -> tuple[TitleScore | None, int | None]:
    """Return a title's sum of ratings and the viewer's own, in one query."""
    if viewer_id is None:
        return session.scalar(select(TitleScore).where(TitleScore.title_id == title_id)), None
    row = session.execute(
        select(TitleScore, Rating.value).select_from(Title)
        .outerjoin(TitleScore, TitleScore.title_id == Title.id)
        .outerjoin(Rating, and_(Rating.title_id == Title.id, Rating.user_id == viewer_id))
        .where(Title.id == title_id)).first()
    return (row[0], row[1]) if row else (None, None)


def ratings_of(viewer: Actor | None, user_id: int) -> Select[Rating]:
    """Return a select of somebody's ratings of titles that the viewer sees, the newest first."""
    return (select(Rating).join(Title, Title.id == Rating.title_id).where(Rating.user_id == user_id, visible(viewer))
            .order_by(Rating.rated_at.desc(), Rating.id.desc()))
