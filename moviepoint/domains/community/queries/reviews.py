"""Reads of reviews: for a title, for their author, for moderators."""
from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, and_, bindparam, func, or_, select, true
from sqlalchemy.orm import Session, selectinload

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.policies import visible
from moviepoint.domains.community.models import Profile, Rating, Review, ReviewReport, ReviewVote
from moviepoint.domains.community.policies import MODERATE, is_moderator, visible_reviews
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require

WAITING = or_(Review.state == "held", Review.reports > 0)


class Found(NamedTuple):
    """A review with its author, the author's rating of the title, and the viewer's vote on it."""

    review: Review
    author: Profile | None
    rating: int | None
    vote: bool | None


def of_title(viewer: Actor | None, title_id: int, order: str = "helpful") -> Any:
    """Return a select of `Found` rows for a title: the most helpful first, or the newest."""
    return _of_title(_id_of(viewer), title_id, order)


def _of_title(mine: Any, title_id: Any, order: str = "helpful") -> Any:
    statement = _with_author(mine).where(Review.title_id == title_id, Review.state == "published")
    newest = (Review.created_at.desc(), Review.id.desc())
    return statement.order_by(*newest) if order == "new" else statement.order_by(Review.rank.desc(), *newest)


def reviews_by(viewer: Actor | None, user_id: int) -> Select[Any]:
    """Return a select of somebody's reviews that a viewer sees, the newest first."""
    return (select(Review).join(Title, Title.id == Review.title_id)
            .where(Review.user_id == user_id, visible_reviews(viewer), visible(viewer))
            .order_by(Review.created_at.desc(), Review.id.desc()))


def top(session: Session, viewer: Actor | None, title_id: int, limit: int) -> list[Found]:
    """Return a title's most helpful reviews, in one query."""
    values = {"title": title_id, "viewer": _id_of(viewer), "limit": limit}
    return [Found(*row) for row in session.execute(_top(), values)]


@cache
def _top() -> Any:
    return _of_title(bindparam("viewer"), bindparam("title")).limit(bindparam("limit", type_=Integer))


def by_ids(session: Session, viewer: Actor | None, ids: Sequence[int]) -> dict[int, Found]:
    """Return reviews by id with all that a page shows of them."""
    rows = session.execute(_with_author(_id_of(viewer)).where(Review.id.in_(ids))) if ids else ()
    return {row[0].id: Found(*row) for row in rows}


def one(session: Session, viewer: Actor | None, review_id: int) -> Found:
    """Return a review that the viewer sees, with its earlier texts. Raises NotFound."""
    row = session.execute(
        _with_author(_id_of(viewer)).join(Title, Title.id == Review.title_id)
        .where(Review.id == review_id, visible_reviews(viewer), visible(viewer))
        .options(selectinload(Review.versions))).first()
    if row is None:
        raise NotFound(_("There is no such review, or it is not public."))
    return Found(*row)


def own(session: Session, user_id: int, title_id: int) -> Review | None:
    """Return somebody's review of a title."""
    return session.scalar(select(Review).where(Review.user_id == user_id, Review.title_id == title_id))


def count(session: Session, title_id: int) -> int:
    """Return how many public reviews a title has."""
    return session.scalar(select(func.count(Review.id)).where(
        Review.title_id == title_id, Review.state == "published")) or 0


def member_reviews(session: Session, handle: str, limit: int) -> tuple[Profile, list[tuple[Review, Title]]]:
    """Return a member whose page is for everybody, and their newest public reviews, each with its title and names.

    Raises NotFound.
    """
    profile = session.scalar(select(Profile).where(Profile.handle == handle, Profile.visibility == "public"))
    if profile is None:
        raise NotFound()
    rows = session.execute(
        select(Review, Title).join(Title, Title.id == Review.title_id)
        .where(Review.user_id == profile.user_id, Review.state == "published", visible(None))
        .order_by(Review.created_at.desc(), Review.id.desc()).limit(limit).options(selectinload(Title.texts)))
    return profile, [(row[0], row[1]) for row in rows]


def queue(viewer: Actor | None, which: str = "waiting") -> Select[Review]:
    """Return a select of reviews for moderators: those that wait, those taken down, or all. Raises Forbidden."""
    require(viewer, MODERATE)
    statement = select(Review).where({"waiting": WAITING, "removed": Review.state == "removed"}.get(which, true()))
    if which == "waiting":
        return statement.order_by((Review.state == "held").desc(), Review.reports.desc(), Review.id)
    return statement.order_by(Review.id.desc())


def reports_of(session: Session, viewer: Actor | None, ids: Sequence[int]) -> dict[int, list[ReviewReport]]:
    """Return the open reports of reviews, for moderators."""
    found: dict[int, list[ReviewReport]] = {}
    if is_moderator(viewer) and ids:
        for row in session.scalars(select(ReviewReport).where(
                ReviewReport.review_id.in_(ids), ReviewReport.answered_at.is_(None)).order_by(ReviewReport.id)):
            found.setdefault(row.review_id, []).append(row)
    return found


def waiting(session: Session) -> int:
    """Return how many reviews wait for a moderator."""
    return session.scalar(select(func.count(Review.id)).where(WAITING)) or 0


def _id_of(viewer: Actor | None) -> int:
    return viewer.id if viewer is not None and viewer.id is not None else 0


def _with_author(mine: Any) -> Any:
    statement: Any = select(Review, Profile, Rating.value, ReviewVote.helpful)
    return (statement
            .outerjoin(Profile, Profile.user_id == Review.user_id)
            .outerjoin(Rating, and_(Rating.user_id == Review.user_id, Rating.title_id == Review.title_id))
            .outerjoin(ReviewVote, and_(ReviewVote.review_id == Review.id, ReviewVote.user_id == mine)))
