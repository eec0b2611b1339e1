"""New episodes: each is announced once, to those who follow its series, gathered into one mail."""
from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts import notices
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.notice_models import NoticeChoice
from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.community.models import EpisodeAnnouncement, Follow
from moviepoint.kernel.db import insert_into, utcnow

EPISODES = "community.new_episodes"  # the kind of notice
AT_A_TIME = 2_000


def aired() -> ColumnElement[bool]:
    """Return the condition that an episode is out: it has no date to come."""
    return or_(Episode.air_date.is_(None), Episode.air_date <= datetime.now(UTC).date())


def unannounced(session: Session) -> dict[int, list[int]]:
    """Return some of the episodes that are public and out and were never announced, by their series."""
    found: dict[int, list[int]] = {}
    for episode_id, title_id in session.execute(
            select(Episode.id, Season.title_id).join(Season, Season.id == Episode.season_id)
            .join(Title, Title.id == Season.title_id)
            .outerjoin(EpisodeAnnouncement, EpisodeAnnouncement.episode_id == Episode.id)
            .where(EpisodeAnnouncement.episode_id.is_(None), Title.status == "published", aired())
            .order_by(Season.title_id, Season.number, Episode.number).limit(AT_A_TIME)):
        found.setdefault(title_id, []).append(episode_id)
    return found


def announce(session: Session, title_id: int, episode_ids: list[int], now: datetime | None = None) -> int:
    """Announce episodes of a series to who follows it and wants to hear of it; returns to how many."""
    moment = now or utcnow()
    session.execute(insert_into(session, EpisodeAnnouncement).values(
        [{"episode_id": episode_id, "announced_at": moment} for episode_id in episode_ids])
        .on_conflict_do_nothing(index_elements=["episode_id"]))
    refused = select(NoticeChoice.user_id).where(NoticeChoice.kind == EPISODES, NoticeChoice.wanted.is_(False))
    followers = session.scalars(select(Follow.user_id).join(User, User.id == Follow.user_id).where(
        Follow.title_id == title_id, User.active, Follow.user_id.not_in(refused)).order_by(Follow.user_id)).all()
    notices.gather(session, followers, EPISODES, f"series:{title_id}", {"title_id": title_id}, episode_ids, moment)
    return len(followers)
