"""Writes of seasons and episodes."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from moviepoint.domains.catalog import policies
from moviepoint.domains.catalog.documents import season_document
from moviepoint.domains.catalog.models import Episode, EpisodeText, Season, SeasonText, Title
from moviepoint.domains.catalog.schemas import EpisodeInput, SeasonInput
from moviepoint.domains.catalog.services import common
from moviepoint.domains.history.services import record
from moviepoint.kernel import events
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require

ENTITY = "season"
BEYOND = 1_000_000  # above every number that an input may hold
EPISODE_PLAIN = ("original_title", "runtime", "air_date", "absolute_number", "airs_before_season",
                 "airs_before_episode")
WHOLE = (selectinload(Season.texts), selectinload(Season.title),
         selectinload(Season.episodes).selectinload(Episode.texts))


def find_all_whole(session: Session, ids: Sequence[int]) -> Sequence[Season]:
    """Return seasons with all that their documents hold, in the order of the ids, in a fixed number of queries."""
    found = {season.id: season for season in session.scalars(select(Season).where(
        Season.id.in_(ids), Season.title.has(Title.deleted_at.is_(None))).options(*WHOLE))}
    return [found[season_id] for season_id in ids if season_id in found]


def find_whole(session: Session, season_id: int) -> Season:
    """Return a season with its series, texts and episodes. Raises NotFound."""
    found = session.scalar(select(Season).where(Season.id == season_id).options(*WHOLE))
    if found is None or found.title.deleted_at is not None:
        raise NotFound()
    return found


def save_season(session: Session, actor: Actor, title_id: int, data: SeasonInput,
                season_id: int | None = None) -> Season:
    """Create a season of a series, or change it, with the episodes given; number 0 is for specials."""
    title = common.find(session, Title, title_id)
    require(actor, policies.EDIT, owner_id=title.added_by_id)
    if title.kind != "series":
        raise Invalid(_("Only a series has seasons."))
    if season_id is None:
        if data.number is UNSET:
            raise Invalid(_("A new season needs a number."), fields={"number": [_("A number is missing.")]})
        season, before = Season(number=data.number), None
    else:
        season = find_whole(session, season_id)
        before = season_document(season)
    if data.number is not UNSET:
        with session.no_autoflush:  # a new season is not written before its number is known to be free
            taken = session.scalar(select(Season.id).where(Season.title_id == title_id, Season.number == data.number))
        if taken not in (None, season_id):
            raise Conflict(_("There is a season %(number)s already.", number=data.number))
        season.number = data.number
    if season_id is None:
        season.title = title
        session.add(season)
    if data.texts is not UNSET:
        common.set_texts(season.texts, SeasonText, data.texts)
    if data.episodes is not UNSET:
        _set_episodes(session, season, data.episodes)
    _finish(session, actor, season, before)
    return season


def save_episode(session: Session, actor: Actor, season_id: int, data: EpisodeInput,
                 episode_id: int | None = None) -> Episode:
    """Create an episode of a season, or change it."""
    season = find_whole(session, season_id)
    require(actor, policies.EDIT, owner_id=season.title.added_by_id)
    before = season_document(season)
    if episode_id is not None:
        data.id = episode_id
    elif data.number is UNSET:
        raise Invalid(_("A new episode needs a number."), fields={"number": [_("A number is missing.")]})
    else:
        data.id = None
    episode = _set_episodes(session, season, [data])[0]
    _finish(session, actor, season, before)
    return episode


def delete_episode(session: Session, actor: Actor, episode_id: int) -> None:
    """Delete an episode with all that belongs to it."""
    season = find_whole(session, common.find(session, Episode, episode_id).season_id)
    require(actor, policies.EDIT, owner_id=season.title.added_by_id)
    before = season_document(season)
    season.episodes.remove(next(episode for episode in season.episodes if episode.id == episode_id))
    _finish(session, actor, season, before)


def delete_season(session: Session, actor: Actor, season_id: int) -> None:
    """Delete a season with its episodes."""
    season = find_whole(session, season_id)
    require(actor, policies.EDIT, owner_id=season.title.added_by_id)
    record(session, actor, "deleted", ENTITY, season.id, _label(season), before=season_document(season), after={})
    session.delete(season)
    session.flush()
    events.record(session, "on_title_saved", title_id=season.title_id)


def _set_episodes(session: Session, season: Season, given: list[EpisodeInput]) -> list[Episode]:
    """Write episodes into a season: those with an id or a number that is there are changed, others are new."""
    by_id = {episode.id: episode for episode in season.episodes}
    by_number = {episode.number: episode for episode in season.episodes}
    _make_way(session, [by_id[data.id] for data in given if data.id in by_id  # type: ignore[index]
                        and data.number is not UNSET and data.number != by_id[data.id].number])  # type: ignore[index]
    written = []
    for data in given:
        episode = _wanted(data, by_id, by_number)
        if episode is None:
            if data.number is UNSET:
                raise Invalid(_("A new episode needs a number."), fields={"number": [_("A number is missing.")]})
            episode = Episode(number=data.number, original_title="")
            season.episodes.append(episode)
            by_number[data.number] = episode
        if data.number is not UNSET:
            episode.number = data.number
        common.assign(episode, data, EPISODE_PLAIN)
        if data.texts is not UNSET:
            common.set_texts(episode.texts, EpisodeText, data.texts)
        written.append(episode)
    numbers = [episode.number for episode in season.episodes]
    if twice := sorted({number for number in numbers if numbers.count(number) > 1}):
        raise Conflict(_("There is an episode %(number)s already.", number=twice[0]))
    return written


def _wanted(data: EpisodeInput, by_id: dict[int, Episode], by_number: dict[int, Episode]) -> Episode | None:
    """Return the episode that an input means; None for a new one. Raises NotFound for one that is gone."""
    if data.id is UNSET:
        return by_number.get(data.number) if data.number is not UNSET else None
    if data.id is None:
        return None
    if data.id not in by_id:
        raise NotFound(_("An episode is gone. Reload the page."))
    return by_id[data.id]


def _make_way(session: Session, moved: list[Episode]) -> None:
    """Take episodes off their numbers first, so that two of them can change places."""
    if len(moved) > 1:
        for place, episode in enumerate(moved):
            episode.number = BEYOND + place
        session.flush()


def _finish(session: Session, actor: Actor, season: Season, before: dict[str, Any] | None) -> None:
    with session.no_autoflush:
        season.updated_at = utcnow()
        season.episodes.sort(key=lambda episode: episode.number)
    session.flush()
    record(session, actor, "changed" if before else "created", ENTITY, season.id, _label(season),
           before=before, after=season_document(season))
    events.record(session, "on_title_saved", title_id=season.title_id)


def _label(season: Season) -> str:
    return f"{season.title.original_title} {season}"
