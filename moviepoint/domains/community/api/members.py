"""Members, and whom and what one follows, as resources."""
from __future__ import annotations

from collections.abc import Sequence

from flask import Response as FlaskResponse
from spectree import Response

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.community.models import Follow
from moviepoint.domains.community.policies import member_id
from moviepoint.domains.community.queries import members as reads
from moviepoint.domains.community.schemas.profiles import (
    FollowInfo,
    OwnProfile,
    ProfileInfo,
    ProfileInput,
    own_profile,
    profile_info,
)
from moviepoint.domains.community.services import profiles
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.limits import limiter
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("members", __name__)
LIMIT = "60 per minute"


@resource.get("/profile")
@in_language
@spec.validate(resp=Response(HTTP_200=OwnProfile), tags=["members"])
def get_own() -> OwnProfile:
    """Show one's own profile."""
    with unit_of_work() as session:
        return own_profile(profiles.ensure_profile(session, signed_in()))


@resource.patch("/profile")
@limiter.limit(LIMIT)
@in_language
@spec.validate(resp=Response(HTTP_200=OwnProfile), tags=["members"])
def change_own(json: ProfileInput) -> OwnProfile:
    """Change one's own profile, and who sees it."""
    with unit_of_work() as session:
        return own_profile(profiles.save_profile(session, signed_in(), json))


@resource.get("/members/<handle>")
@in_language
@spec.validate(resp=Response(HTTP_200=ProfileInfo), tags=["members"])
def get_member(handle: str) -> ProfileInfo:
    """Show a member."""
    session, viewer = db.session(), current_viewer()
    found = reads.profile(session, viewer, handle)
    return profile_info(found, reads.is_followed(session, viewer, found))


@resource.get("/follows")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[FollowInfo]), tags=["members"])
def list_follows(query: PageQuery) -> Page[FollowInfo]:
    """List whom and what one follows."""
    return paged(db.session(), reads.follows(member_id(signed_in())), query, _shown)


@resource.put("/follows/members/<handle>")
@limiter.limit(LIMIT)
def follow_member(handle: str) -> FlaskResponse:
    """Follow a member."""
    with unit_of_work() as session:
        profiles.follow_member(session, signed_in(), handle)
    return FlaskResponse(status=204)


@resource.delete("/follows/members/<handle>")
def unfollow_member(handle: str) -> FlaskResponse:
    """Follow a member no more."""
    with unit_of_work() as session:
        profiles.unfollow_member(session, signed_in(), handle)
    return FlaskResponse(status=204)


@resource.put("/follows/titles/<int:title_id>")
@limiter.limit(LIMIT)
def follow_title(title_id: int) -> FlaskResponse:
    """Hear of a series' new episodes."""
    with unit_of_work() as session:
        profiles.follow_title(session, signed_in(), title_id)
    return FlaskResponse(status=204)


@resource.delete("/follows/titles/<int:title_id>")
def unfollow_title(title_id: int) -> FlaskResponse:
    """Hear of a series no more."""
    with unit_of_work() as session:
        profiles.unfollow_title(session, signed_in(), title_id)
    return FlaskResponse(status=204)


def _shown(rows: Sequence[Follow]) -> list[FollowInfo]:
    known = reads.names(db.session(), [row.followed_id for row in rows if row.followed_id])
    return [FollowInfo(handle=known[row.followed_id].handle if row.followed_id in known else None,
                       title_id=row.title_id, since=row.created_at) for row in rows]
