"""Ratings as a resource: a title's, and one's own."""
from __future__ import annotations

from spectree import Response

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.community.models import Rating
from moviepoint.domains.community.policies import member_id
from moviepoint.domains.community.queries import ratings as reads
from moviepoint.domains.community.queries.titles import require_visible
from moviepoint.domains.community.schemas.ratings import OwnRating, RatingInput, ScoreInfo, score_info
from moviepoint.domains.community.services import ratings
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.limits import limiter
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("ratings", __name__)
LIMIT = "60 per minute"


@resource.get("/ratings")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[OwnRating]), tags=["ratings"])
def list_ratings(query: PageQuery) -> Page[OwnRating]:
    """List one's own ratings, the newest first."""
    viewer = signed_in()
    return paged(db.session(), reads.ratings_of(viewer, member_id(viewer)), query,
                 lambda rows: [_own(row) for row in rows])


@resource.get("/ratings/<int:title_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=ScoreInfo), tags=["ratings"])
def get_rating(title_id: int) -> ScoreInfo:
    """Show a title's ratings, and one's own."""
    return _shown(title_id)


@resource.put("/ratings/<int:title_id>")
@limiter.limit(LIMIT)
@in_language
@spec.validate(resp=Response(HTTP_200=ScoreInfo), tags=["ratings"])
def rate(title_id: int, json: RatingInput) -> ScoreInfo:
    """Rate a title, or change one's rating."""
    with unit_of_work() as session:
        ratings.rate(session, signed_in(), title_id, json.value)
    return _shown(title_id)


@resource.delete("/ratings/<int:title_id>")
@limiter.limit(LIMIT)
@in_language
@spec.validate(resp=Response(HTTP_200=ScoreInfo), tags=["ratings"])
def unrate(title_id: int) -> ScoreInfo:
    """Take one's rating back."""
    with unit_of_work() as session:
        ratings.unrate(session, signed_in(), title_id)
    return _shown(title_id)


def _shown(title_id: int) -> ScoreInfo:
    session, viewer = db.session(), current_viewer()
    require_visible(session, viewer, title_id)
    found = reads.standing(session, viewer.id if viewer else None, title_id)
    return score_info(title_id, found.score, found.own)


def _own(row: Rating) -> OwnRating:
    return OwnRating(title_id=row.title_id, value=row.value, rated_at=row.rated_at)
