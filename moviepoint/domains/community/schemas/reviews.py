"""Reviews as pages and the API take and show them."""
from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from moviepoint.domains.community.models import Review

MOST_CHARACTERS = 20_000
Decision = Literal["keep", "mark", "remove"]


class ReviewInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A review in Markdown and its language; `spoiler` says that it gives things away."""

    text: Annotated[str, Meta(min_length=1, max_length=MOST_CHARACTERS)]
    locale: Annotated[str, Meta(max_length=35)] | UnsetType = UNSET
    spoiler: bool = False


class VoteInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether a review has helped; null takes the vote back."""

    helpful: bool | None


class ReportInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why moderators should look at a review."""

    reason: Literal["spoiler", "abuse", "spam", "off_topic", "other"]
    note: Annotated[str, Meta(max_length=500)] = ""


class DecisionInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a moderator decides: it stays, it stays marked as a spoiler, it is taken down, which needs a reason."""

    decision: Decision
    reason: Annotated[str, Meta(max_length=500)] = ""


class ReviewInfo(msgspec.Struct, kw_only=True):
    """A review; `reason` says why it was taken down, and is there for its author and for moderators."""

    id: int
    title_id: int
    author: str
    locale: str
    text: str
    html: str
    spoiler: bool
    state: str
    reason: str
    rating: int | None
    helpful: int
    unhelpful: int
    created_at: datetime
    edited_at: datetime | None


class QueuedReview(ReviewInfo, kw_only=True):
    """A review that waits for a moderator, with what readers say."""

    reports: list[str]


def review_info(review: Review, author: str, rating: int | None) -> ReviewInfo:
    """Show a review."""
    return ReviewInfo(id=review.id, title_id=review.title_id, author=author, locale=review.locale, text=review.text,
                      html=review.html, spoiler=review.spoiler, state=review.state, reason=review.reason,
                      rating=rating, helpful=review.helpful, unhelpful=review.unhelpful,
                      created_at=review.created_at, edited_at=review.edited_at)
