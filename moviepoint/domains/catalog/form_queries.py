"""Reads of a title's form: all that stands on it, in as few queries as the database allows.

Lists of a few rows come joined with each other or with the title itself: a few rows more cost less than a query more.
"""
from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from moviepoint.domains.catalog.models import (
    Company,
    Credit,
    Episode,
    Genre,
    Keyword,
    Season,
    Title,
    TitleCompany,
    TitleGenre,
)
from moviepoint.domains.catalog.policies import scope
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.policies import Actor

_WITH_TITLE = (
    joinedload(Title.texts), joinedload(Title.external_ids), selectinload(Title.images), selectinload(Title.releases),
    selectinload(Title.credits).joinedload(Credit.person),
    selectinload(Title.companies).joinedload(TitleCompany.company).joinedload(Company.texts),
    selectinload(Title.keywords).joinedload(Keyword.texts))
_BESIDE = (joinedload(Title.alternative_titles), joinedload(Title.extras))


def title_for_editing(session: Session, viewer: Actor, title_id: int) -> Title:
    """Return a title with all that its form holds but genres and seasons, in eight queries. Raises NotFound."""
    wanted = scope(select(Title).where(Title.id == title_id), viewer)
    found = session.scalars(wanted.options(*_WITH_TITLE)).unique().one_or_none()
    if found is None:
        raise NotFound()
    session.scalars(select(Title).where(Title.id == title_id).options(*_BESIDE)).unique().all()
    return found


def seasons_of_form(session: Session, title: Title | None) -> dict[int, int]:
    """Return how many episodes each season has, by its id, in one query; the title's seasons are then loaded too."""
    if title is None:
        return {}
    rows: list[tuple[Season, int]] = []
    if title.kind == "series":  # only a series has seasons, and a series with seasons cannot become a film
        rows = [(row[0], row[1]) for row in session.execute(
            select(Season, func.count(Episode.id)).outerjoin(Episode, Episode.season_id == Season.id).where(
                Season.title_id == title.id).group_by(Season.id).order_by(Season.number))]
    set_committed_value(title, "seasons", [season for season, _count in rows])
    return {season.id: count for season, count in rows}


def genres_of_form(session: Session, title: Title | None) -> Sequence[Genre]:
    """Return all genres with their names, in one query; those of the title are then loaded too."""
    its = (TitleGenre.genre_id == Genre.id) & (TitleGenre.title_id == (title.id if title is not None else None))
    rows = session.execute(select(Genre, TitleGenre.title_id).outerjoin(TitleGenre, its).order_by(Genre.slug).options(
        joinedload(Genre.texts))).unique().all()
    if title is not None:
        set_committed_value(title, "genres", [genre for genre, title_id in rows if title_id is not None])
    return [genre for genre, _title_id in rows]
