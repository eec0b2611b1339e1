"""Seasons and episodes as resources, below their series."""
from __future__ import annotations

from flask import Response as FlaskResponse
from spectree import Response

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.catalog import queries, services
from moviepoint.domains.catalog.schemas import EpisodeInfo, EpisodeInput, SeasonDetail, SeasonInput
from moviepoint.domains.catalog.show import episode_info, season_detail
from moviepoint.domains.catalog.words import reader
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.shells.api import blueprint, spec
from moviepoint.shells.api.language import in_language

SEASONS = "/series/<int:title_id>/seasons"
EPISODES = f"{SEASONS}/<int:number>/episodes"

resource = blueprint("series", __name__)


@resource.get(f"{SEASONS}/<int:number>")
@in_language
@spec.validate(resp=Response(HTTP_200=SeasonDetail), tags=["series"])
def get_season(title_id: int, number: int) -> SeasonDetail:
    """Show a season with its episodes; number 0 holds specials."""
    return _season(title_id, number)


@resource.post(SEASONS)
@in_language
@spec.validate(resp=Response(HTTP_200=SeasonDetail), tags=["series"])
def create_season(title_id: int, json: SeasonInput) -> SeasonDetail:
    """Add a season."""
    with unit_of_work() as session:
        number = services.save_season(session, signed_in(), title_id, json).number
    return _season(title_id, number)


@resource.patch(f"{SEASONS}/<int:number>")
@in_language
@spec.validate(resp=Response(HTTP_200=SeasonDetail), tags=["series"])
def change_season(title_id: int, number: int, json: SeasonInput) -> SeasonDetail:
    """Change a season."""
    with unit_of_work() as session:
        actor = signed_in()
        season = queries.season(session, actor, title_id, number)
        number = services.save_season(session, actor, title_id, json, season.id).number
    return _season(title_id, number)


@resource.delete(f"{SEASONS}/<int:number>")
def delete_season(title_id: int, number: int) -> FlaskResponse:
    """Delete a season with its episodes."""
    with unit_of_work() as session:
        actor = signed_in()
        services.delete_season(session, actor, queries.season(session, actor, title_id, number).id)
    return FlaskResponse(status=204)


@resource.get(f"{EPISODES}/<int:episode>")
@in_language
@spec.validate(resp=Response(HTTP_200=EpisodeInfo), tags=["series"])
def get_episode(title_id: int, number: int, episode: int) -> EpisodeInfo:
    """Show an episode."""
    return _shown(title_id, number, episode)


@resource.post(EPISODES)
@in_language
@spec.validate(resp=Response(HTTP_200=EpisodeInfo), tags=["series"])
def create_episode(title_id: int, number: int, json: EpisodeInput) -> EpisodeInfo:
    """Add an episode to a season."""
    with unit_of_work() as session:
        actor = signed_in()
        season = queries.season(session, actor, title_id, number)
        episode = services.save_episode(session, actor, season.id, json).number
    return _shown(title_id, number, episode)


@resource.patch(f"{EPISODES}/<int:episode>")
@in_language
@spec.validate(resp=Response(HTTP_200=EpisodeInfo), tags=["series"])
def change_episode(title_id: int, number: int, episode: int, json: EpisodeInput) -> EpisodeInfo:
    """Change an episode."""
    with unit_of_work() as session:
        actor = signed_in()
        found = queries.episode(session, actor, title_id, number, episode)
        episode = services.save_episode(session, actor, found.season_id, json, found.id).number
    return _shown(title_id, number, episode)


@resource.delete(f"{EPISODES}/<int:episode>")
def delete_episode(title_id: int, number: int, episode: int) -> FlaskResponse:
    """Delete an episode."""
    with unit_of_work() as session:
        actor = signed_in()
        services.delete_episode(session, actor, queries.episode(session, actor, title_id, number, episode).id)
    return FlaskResponse(status=204)


def _season(title_id: int, number: int) -> SeasonDetail:
    session = db.session()
    return season_detail(queries.season(session, current_viewer(), title_id, number), reader().chain)


def _shown(title_id: int, number: int, episode: int) -> EpisodeInfo:
    found = queries.episode(db.session(), current_viewer(), title_id, number, episode)
    return episode_info(found, found.season, reader().chain)
