"""Rows of the home page that members' ratings fill."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from moviepoint.domains.catalog.card_queries import placed, public
from moviepoint.domains.catalog.models import Title, TitleGenre, TitleScore
from moviepoint.domains.community.models import Rating
from moviepoint.hooks.types import HomeRowKind
from moviepoint.kernel.i18n import lazy_gettext

LIKED = 8  # a rating that says so


def top_rated(_viewer: int | None, _options: Mapping[str, Any], limit: int) -> Any:
    """By the weighted mean, so that one vote lifts nothing to the top."""
    statement = public(select(Title.id)).join(TitleScore, TitleScore.title_id == Title.id).where(TitleScore.votes > 0)
    return placed(statement, TitleScore.score.desc(), Title.id, limit=limit)


def because_you_liked(viewer: int | None, _options: Mapping[str, Any], limit: int) -> Any | None:
    """Titles that share the most genres with those the viewer rated highly, and that they have not rated."""
    if viewer is None:
        return None
    shared = aliased(TitleGenre)
    rated = select(Rating.title_id).where(Rating.user_id == viewer)
    statement = (public(select(Title.id)).join(TitleGenre, TitleGenre.title_id == Title.id)
                 .join(shared, shared.genre_id == TitleGenre.genre_id)
                 .where(shared.title_id.in_(rated.where(Rating.value >= LIKED)), Title.id.not_in(rated))
                 .group_by(Title.id))
    return placed(statement, func.count().desc(), Title.published_at.desc(), Title.id, limit=limit)


def nothing(_viewer: int | None, _options: Mapping[str, Any], _limit: int) -> None:
    """What somebody has begun is more than titles: the slot asks for it."""


ROWS = (HomeRowKind("continue", lazy_gettext("Continue watching"), nothing, personal=True, slot="home.continue"),
        HomeRowKind("top-rated", lazy_gettext("Best rated"), top_rated),
        HomeRowKind("because-you-liked", lazy_gettext("Because of what you liked"), because_you_liked, personal=True))
