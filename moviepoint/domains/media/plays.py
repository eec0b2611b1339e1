"""How often editions are watched: one row for each edition and day (UTC), and nothing about who watched."""
from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from moviepoint.domains.media import watching
from moviepoint.domains.media.documents import edition_names
from moviepoint.domains.media.models import Edition, EditionPlays
from moviepoint.domains.media.watch_models import WatchLink
from moviepoint.hooks.manager import HookManager
from moviepoint.kernel.db import insert_into, utcnow
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.policies import Actor, require

READ = "media.manage"


class Watched(msgspec.Struct, frozen=True):
    """How often an edition was watched, in the last week and in the whole span asked for."""

    edition_id: int
    id: str
    title: str
    week: int
    plays: int


class Day(msgspec.Struct, frozen=True):
    """The plays of a day."""

    day: date
    plays: int


def count_play(session: Session, hooks: HookManager, viewer: Actor | None, public_id: str,
               link: WatchLink | None = None) -> bool:
    """Count that an edition is watched today; False for a draft, which its editors watch and nobody else.

    Raises NotFound, and Forbidden for a viewer who may not watch it.
    """
    found = watching.facts(session, public_id)
    if found is None or not found.package:
        raise NotFound()
    watching.decide(session, hooks, found, viewer, link)
    if not found.published:
        return False
    session.execute(insert_into(session, EditionPlays).values(edition_id=found.id, day=utcnow().date(), plays=1)
                    .on_conflict_do_update(index_elements=["edition_id", "day"],
                                           set_={"plays": EditionPlays.plays + 1}))
    return True


def most_watched(session: Session, actor: Actor, days: int, limit: int = 10) -> Sequence[Watched]:
    """Return the editions watched most in the last `days`, by their last week first; a fixed number of queries."""
    require(actor, READ)
    today = utcnow().date()
    week = func.sum(case((EditionPlays.day > today - timedelta(days=7), EditionPlays.plays), else_=0))
    rows = session.execute(
        select(EditionPlays.edition_id, week.label("week"), func.sum(EditionPlays.plays).label("plays"))
        .where(EditionPlays.day > today - timedelta(days=days)).group_by(EditionPlays.edition_id)
        .order_by(week.desc(), func.sum(EditionPlays.plays).desc(), EditionPlays.edition_id).limit(limit)).all()
    editions = {edition.id: edition for edition in session.scalars(
        select(Edition).where(Edition.id.in_([row.edition_id for row in rows])))} if rows else {}
    names = edition_names(session, list(editions.values()))
    return [Watched(row.edition_id, editions[row.edition_id].public_id, names[row.edition_id], int(row.week),
                    int(row.plays)) for row in rows]


def totals(session: Session, actor: Actor) -> tuple[int, int]:
    """Return how often all editions were watched in the last 7 and in the last 30 days."""
    require(actor, READ)
    today = utcnow().date()
    row = session.execute(select(
        func.sum(case((EditionPlays.day > today - timedelta(days=7), EditionPlays.plays), else_=0)),
        func.sum(EditionPlays.plays)).where(EditionPlays.day > today - timedelta(days=30))).one()
    return int(row[0] or 0), int(row[1] or 0)


def by_day(session: Session, actor: Actor, edition: Edition, days: int) -> Sequence[Day]:
    """Return an edition's plays on each of the last `days`, the oldest first, days without any too."""
    require(actor, READ)
    today = utcnow().date()
    found = {row.day: row.plays for row in session.execute(
        select(EditionPlays.day, EditionPlays.plays).where(
            EditionPlays.edition_id == edition.id, EditionPlays.day > today - timedelta(days=days)))}
    span = [today - timedelta(days=back) for back in reversed(range(days))]
    return [Day(day, found.get(day, 0)) for day in span]
