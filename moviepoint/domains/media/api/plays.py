"""Plays as a resource of the API: a player says that it plays, and editors read how often that was."""
from __future__ import annotations

import time
from typing import Annotated

import msgspec
from flask import current_app
from flask import session as cookie
from spectree import Response

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.media import playback, plays, watch_rules
from moviepoint.domains.media.api.editions import PlaybackQuery
from moviepoint.domains.media.plays import Day, Watched
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.limits import limiter
from moviepoint.shells.api import blueprint, spec

resource = blueprint("plays", __name__)
LIMIT = "60 per hour"
ONE_VIEWING = 4 * 3600  # seconds in which a viewer's plays of an edition are one
REMEMBERED = 20  # editions in a viewer's own cookie; the server keeps nothing of who watched
COOKIE = "plays"


class Counted(msgspec.Struct):
    """Whether this was a play that was not counted yet."""

    counted: bool


class PlaysQuery(msgspec.Struct, kw_only=True):
    """How many days back, today included."""

    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 30


class TopQuery(PlaysQuery, kw_only=True):
    """How many editions."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10


@resource.post("/playback/<edition>/plays")
@limiter.limit(LIMIT)
@spec.validate(resp=Response(HTTP_200=Counted), tags=["plays"])
def count(edition: str, query: PlaybackQuery) -> Counted:
    """Say that an edition has really been playing for ten seconds; once in four hours it counts."""
    now = int(time.time())
    seen = {name: until for name, until in (cookie.get(COOKIE) or {}).items() if until > now}
    if edition in seen:
        return Counted(False)
    with unit_of_work() as session:
        link = watch_rules.link_by_token(session, current_app.extensions["moviepoint.settings"].secret_key, query.link)
        counted = plays.count_play(session, current_app.extensions["moviepoint.hooks"], current_viewer(), edition,
                                   link)
    cookie[COOKIE] = dict([*seen.items(), (edition, now + ONE_VIEWING)][-REMEMBERED:])
    return Counted(counted)


@resource.get("/plays")
@spec.validate(resp=Response(HTTP_200=list[Watched]), tags=["plays"])
def list_plays(query: TopQuery) -> list[Watched]:
    """List the editions watched most."""
    return list(plays.most_watched(db.session(), signed_in(), query.days, query.limit))


@resource.get("/editions/<public_id>/plays")
@spec.validate(resp=Response(HTTP_200=list[Day]), tags=["plays"])
def list_days(public_id: str, query: PlaysQuery) -> list[Day]:
    """List an edition's plays by day."""
    session = db.session()
    return list(plays.by_day(session, signed_in(), playback.load_edition(session, public_id), query.days))
