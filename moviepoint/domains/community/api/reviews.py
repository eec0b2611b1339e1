"""Reviews as resources, and what moderators decide on them."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from flask import Response as FlaskResponse
from spectree import Response

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.community.queries import reviews as reads
from moviepoint.domains.community.queries.titles import require_visible
from moviepoint.domains.community.schemas.reviews import (
    DecisionInput,
    QueuedReview,
    ReportInput,
    ReviewInfo,
    ReviewInput,
    VoteInput,
    review_info,
)
from moviepoint.domains.community.services import moderation, reviews
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.i18n import current_locale
from moviepoint.kernel.limits import limiter
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("reviews", __name__)
WRITTEN, VOTES = "20 per hour", "60 per minute"


class ReviewsQuery(PageQuery, kw_only=True):
    """Of which title, and whether the newest or the most helpful come first."""

    title_id: int
    order: Literal["helpful", "new"] = "helpful"


class QueueQuery(PageQuery, kw_only=True):
    """Those that wait, those taken down, or all."""

    which: Literal["waiting", "removed", "all"] = "waiting"


@resource.get("/reviews")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[ReviewInfo]), tags=["reviews"])
def list_reviews(query: ReviewsQuery) -> Page[ReviewInfo]:
    """List a title's reviews."""
    session, viewer = db.session(), current_viewer()
    require_visible(session, viewer, query.title_id)
    return paged(session, reads.of_title(viewer, query.title_id, query.order), query, _shown)


@resource.get("/reviews/<int:review_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=ReviewInfo), tags=["reviews"])
def get_review(review_id: int) -> ReviewInfo:
    """Show a review."""
    return _one(review_id)


@resource.put("/titles/<int:title_id>/review")
@limiter.limit(WRITTEN)
@in_language
@spec.validate(resp=Response(HTTP_200=ReviewInfo), tags=["reviews"])
def write_review(title_id: int, json: ReviewInput) -> ReviewInfo:
    """Write one's review of a title, or change it."""
    with unit_of_work() as session:
        review_id = reviews.save_review(session, signed_in(), title_id, json, current_locale()).id
    return _one(review_id)


@resource.delete("/reviews/<int:review_id>")
def delete_review(review_id: int) -> FlaskResponse:
    """Delete one's own review."""
    with unit_of_work() as session:
        reviews.delete_review(session, signed_in(), review_id)
    return FlaskResponse(status=204)


@resource.put("/reviews/<int:review_id>/vote")
@limiter.limit(VOTES)
@in_language
@spec.validate(resp=Response(HTTP_200=ReviewInfo), tags=["reviews"])
def vote(review_id: int, json: VoteInput) -> ReviewInfo:
    """Say whether a review has helped."""
    with unit_of_work() as session:
        reviews.vote(session, signed_in(), review_id, json.helpful)
    return _one(review_id)


@resource.post("/reviews/<int:review_id>/reports")
@limiter.limit(WRITTEN)
@spec.validate(tags=["reviews"])
def report(review_id: int, json: ReportInput) -> FlaskResponse:
    """Ask moderators to look at a review."""
    with unit_of_work() as session:
        reviews.report(session, signed_in(), review_id, json)
    return FlaskResponse(status=204)


@resource.get("/moderation/reviews")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[QueuedReview]), tags=["moderation"])
def list_queue(query: QueueQuery) -> Page[QueuedReview]:
    """List the reviews that wait for a moderator."""
    return paged(db.session(), reads.queue(signed_in(), query.which), query, _queued)


@resource.post("/moderation/reviews/<int:review_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=ReviewInfo), tags=["moderation"])
def decide(review_id: int, json: DecisionInput) -> ReviewInfo:
    """Let a review stay, mark it as a spoiler, or take it down."""
    with unit_of_work() as session:
        moderation.decide(session, signed_in(), review_id, json.decision, json.reason)
    return _one(review_id)


def _one(review_id: int) -> ReviewInfo:
    return _info(reads.one(db.session(), current_viewer(), review_id))


def _info(found: reads.Found) -> ReviewInfo:
    return review_info(found.review, found.author.handle if found.author else "", found.rating)


def _shown(rows: Sequence[Any]) -> list[ReviewInfo]:
    found = reads.by_ids(db.session(), current_viewer(), [row.id for row in rows])
    return [_info(found[row.id]) for row in rows]


def _queued(rows: Sequence[Any]) -> list[QueuedReview]:
    reports = reads.reports_of(db.session(), current_viewer(), [row.id for row in rows])
    return [QueuedReview(**{name: getattr(info, name) for name in info.__struct_fields__},
                         reports=[f"{row.reason}: {row.note}".rstrip(": ") for row in reports.get(info.id, ())])
            for info in _shown(rows)]
