"""Who may take part, who may see what members keep, and who looks after it."""
from __future__ import annotations

from sqlalchemy import and_, or_, true
from sqlalchemy.sql import ColumnElement

from moviepoint.domains.catalog.policies import EDIT
from moviepoint.domains.community.models import Profile, Review, UserList
from moviepoint.kernel.errors import Forbidden
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require

TAKE_PART = "community.take_part"
CONTRIBUTE = "community.contribute"
MODERATE = "community.moderate"
UPLOAD = "media.upload"


def member_id(actor: Actor | None, permission: str = TAKE_PART) -> int:
    """Return the id of a member who may take part. Raises Unauthenticated, Forbidden."""
    require(actor, permission)
    if actor is None or actor.id is None:
        raise Forbidden(_("Only people take part, not the system."))
    return actor.id


def is_moderator(viewer: Actor | None) -> bool:
    """Say whether a viewer looks after what members write."""
    return viewer is not None and viewer.may(MODERATE)


def sees_profile(viewer: Actor | None, profile: Profile) -> bool:
    """Say whether a viewer sees a member's page."""
    if is_moderator(viewer) or (viewer is not None and viewer.id == profile.user_id):
        return True
    return profile.visibility == "public" or (profile.visibility == "members" and viewer is not None)


def visible_profiles(viewer: Actor | None) -> ColumnElement[bool]:
    """Return the condition under which a viewer sees a member's page."""
    if is_moderator(viewer):
        return true()
    if viewer is None:
        return Profile.visibility == "public"
    return or_(Profile.visibility != "private", Profile.user_id == viewer.id)


def visible_lists(viewer: Actor | None) -> ColumnElement[bool]:
    """Return the condition under which a viewer sees a list, of members whose page they may see (join Profile)."""
    shown = and_(UserList.public, visible_profiles(viewer))
    return or_(shown, UserList.user_id == viewer.id) if viewer is not None and viewer.id is not None else shown


def visible_reviews(viewer: Actor | None) -> ColumnElement[bool]:
    """Return the condition under which a viewer sees a review: public ones, their own, or all."""
    if is_moderator(viewer):
        return true()
    public = Review.state == "published"
    return or_(public, Review.user_id == viewer.id) if viewer is not None and viewer.id is not None else public


class OnBehalf:
    """A member who brings a film of their own, towards the services of the catalogue and of media.

    They may write and upload to what is theirs, and nothing else; the service that makes this has checked its own
    policy, and what is written stands in history under the member's name.
    """

    def __init__(self, member: Actor) -> None:
        self.id: int | None = member.id
        self._member = member

    def __str__(self) -> str:
        return str(self._member)

    def may(self, permission: str, *, locale: str = "", own: bool = False) -> bool:
        """Say whether something is allowed: what the member may, and their own film."""
        return (own and permission in (EDIT, UPLOAD)) or self._member.may(permission, locale=locale, own=own)

    def may_in_part(self, permission: str) -> bool:
        """Say whether something is allowed at least in part."""
        return permission in (EDIT, UPLOAD) or self._member.may_in_part(permission)
