"""Reads of members: their pages, what they follow, and what is new there."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.catalog.policies import visible
from moviepoint.domains.community.models import DiaryEntry, Follow, Profile, Rating, Review, UserList
from moviepoint.domains.community.policies import is_moderator, sees_profile, visible_lists, visible_profiles
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor


class Counts(NamedTuple):
    """How much of each a viewer sees on a member's page."""

    ratings: int
    diary: int
    lists: int
    reviews: int


class News(NamedTuple):
    """Something new: a diary entry, a review or a list of a followed member (`what`), or an episode of a series."""

    what: str
    at: datetime
    profile: Profile | None
    title_id: int
    row: DiaryEntry | Review | Episode


def profile(session: Session, viewer: Actor | None, handle: str) -> Profile:
    """Return a member whose page the viewer may see. Raises NotFound, which does not tell whether there is one."""
    found = session.scalar(select(Profile).where(Profile.handle == handle))
    if found is None or not sees_profile(viewer, found):
        raise NotFound(_("There is nobody here by this name, or they keep to themselves."))
    return found


def shows(viewer: Actor | None, found: Profile, part: str) -> bool:
    """Say whether a member shows a part of their page ("ratings", "diary") to a viewer."""
    if is_moderator(viewer) or (viewer is not None and viewer.id == found.user_id):
        return True
    return {"ratings": found.shows_ratings, "diary": found.shows_diary}.get(part, True)


def counts(session: Session, viewer: Actor | None, found: Profile) -> Counts:
    """Return how much a viewer sees of a member, in one query."""
    own = found.user_id
    row = session.execute(select(
        select(func.count(Rating.id)).join(Title, Title.id == Rating.title_id)
        .where(Rating.user_id == own, visible(viewer)).scalar_subquery(),
        select(func.count(DiaryEntry.id)).join(Title, Title.id == DiaryEntry.title_id)
        .where(DiaryEntry.user_id == own, visible(viewer)).scalar_subquery(),
        select(func.count(UserList.id)).join(Profile, Profile.user_id == UserList.user_id)
        .where(UserList.user_id == own, visible_lists(viewer)).scalar_subquery(),
        select(func.count(Review.id)).join(Title, Title.id == Review.title_id)
        .where(Review.user_id == own, Review.state == "published", visible(viewer)).scalar_subquery())).one()
    return Counts(row[0] if shows(viewer, found, "ratings") else 0, row[1] if shows(viewer, found, "diary") else 0,
                  row[2], row[3])


def follows(user_id: int) -> Select[Follow]:
    """Return a select of whom and what a member follows, the newest first."""
    return select(Follow).where(Follow.user_id == user_id).order_by(Follow.id.desc())


def is_followed(session: Session, viewer: Actor | None, found: Profile) -> bool:
    """Say whether a viewer follows a member."""
    return viewer is not None and viewer.id is not None and session.scalar(select(Follow.id).where(
        Follow.user_id == viewer.id, Follow.followed_id == found.user_id)) is not None


def names(session: Session, user_ids: Sequence[int]) -> dict[int, Profile]:
    """Return members by the ids of their accounts."""
    return {row.user_id: row for row in session.scalars(select(Profile).where(Profile.user_id.in_(user_ids)))} \
        if user_ids else {}


def news(session: Session, viewer: Actor, limit: int = 40) -> list[News]:
    """Return what is new with those that a viewer follows, the newest first, in a fixed number of queries."""
    people = select(Follow.followed_id).where(Follow.user_id == viewer.id, Follow.followed_id.is_not(None))
    found = [News("diary", entry.created_at, who, entry.title_id, entry) for entry, who in session.execute(
        select(DiaryEntry, Profile).join(Profile, Profile.user_id == DiaryEntry.user_id)
        .join(Title, Title.id == DiaryEntry.title_id)
        .where(DiaryEntry.user_id.in_(people), Profile.shows_diary, visible_profiles(viewer), visible(viewer))
        .order_by(DiaryEntry.id.desc()).limit(limit))]
    found += [News("review", review.created_at, who, review.title_id, review) for review, who in session.execute(
        select(Review, Profile).join(Profile, Profile.user_id == Review.user_id)
        .join(Title, Title.id == Review.title_id)
        .where(Review.user_id.in_(people), Review.state == "published", visible_profiles(viewer), visible(viewer))
        .order_by(Review.id.desc()).limit(limit))]
    found += [News("episode", row.Episode.created_at, None, row.title_id, row.Episode) for row in session.execute(
        select(Episode, Season.title_id).join(Season, Season.id == Episode.season_id)
        .join(Title, Title.id == Season.title_id).join(Follow, Follow.title_id == Title.id)
        .where(Follow.user_id == viewer.id, Episode.created_at > Follow.created_at, visible(viewer))
        .order_by(Episode.created_at.desc()).limit(limit)
        .options(selectinload(Episode.texts), selectinload(Episode.season)))]
    return sorted(found, key=lambda item: item.at, reverse=True)[:limit]
