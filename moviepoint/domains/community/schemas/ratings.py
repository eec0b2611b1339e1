"""Ratings as the API takes and shows them."""
from __future__ import annotations

from datetime import datetime

import msgspec

from moviepoint.domains.catalog.models import TitleScore


class RatingInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A rating from 1 to 10."""

    value: int


class ScoreInfo(msgspec.Struct, kw_only=True):
    """A title's ratings: the plain mean, the weighted one, how many gave each value, and one's own."""

    title_id: int
    votes: int
    mean: float | None
    score: float | None
    counts: list[int]
    own: int | None = None


class OwnRating(msgspec.Struct, kw_only=True):
    """A rating of one's own."""

    title_id: int
    value: int
    rated_at: datetime


def score_info(title_id: int, score: TitleScore | None, own: int | None) -> ScoreInfo:
    """Show a title's ratings."""
    voted = score is not None and score.votes > 0
    return ScoreInfo(title_id=title_id, votes=score.votes if score else 0, counts=score.counts if score else [0] * 10,
                     mean=round(score.mean, 2) if score and voted else None,
                     score=round(score.score, 2) if score and voted else None, own=own)
