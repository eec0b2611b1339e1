"""Members as others see them, and whom and what they follow."""
from __future__ import annotations

import re

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.community.models import Follow, Profile
from moviepoint.domains.community.policies import member_id, sees_profile
from moviepoint.domains.community.schemas.profiles import ProfileInput
from moviepoint.domains.community.services.ratings import require_public
from moviepoint.kernel.db import insert_into, utcnow
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.text import one_line, prose, slugify

HANDLE = re.compile(r"[a-z0-9][a-z0-9_-]{1,38}[a-z0-9]", re.ASCII)
MOST_FOLLOWED = 2_000


def ensure_profile(session: Session, actor: Actor | None) -> Profile:
    """Return a member's profile, made of their name when it is first needed; an address is never part of it."""
    user_id = member_id(actor)
    found = session.get(Profile, user_id)
    if found is not None:
        return found
    name = one_line(session.get_one(User, user_id).name)[:80]
    base = slugify(name, 30).strip("-") if name else "viewer"
    base = base if len(base) > 2 and base != "title" else "viewer"
    taken = set(session.scalars(select(Profile.handle).where(Profile.handle.startswith(base, autoescape=True))))
    handle = base if base not in taken and base != "viewer" else f"{base}-{user_id}"
    session.execute(insert_into(session, Profile).values(
        user_id=user_id, handle=handle if handle not in taken else f"viewer-{user_id}",
        name=name or f"Viewer {user_id}", about="", visibility="public", shows_ratings=True,
        shows_diary=True, joined_at=utcnow())
        .on_conflict_do_nothing(index_elements=["user_id"]))
    return session.get_one(Profile, user_id)


def save_profile(session: Session, actor: Actor | None, data: ProfileInput) -> Profile:
    """Change what others see of a member. Raises Invalid for a handle in the wrong form, Conflict for one taken."""
    profile = ensure_profile(session, actor)
    if data.handle is not msgspec.UNSET and data.handle != profile.handle:
        if not HANDLE.fullmatch(data.handle):
            sentence = _("Three to forty small Latin letters, digits, hyphens and underscores.")
            raise Invalid(sentence, fields={"handle": [sentence]})
        if session.scalar(select(Profile.user_id).where(Profile.handle == data.handle)):
            raise Conflict(_("The address %(slug)s is taken.", slug=data.handle))
        profile.handle = data.handle
    if data.name is not msgspec.UNSET:
        profile.name = one_line(data.name)
        if not profile.name:
            raise Invalid(_("This must not be empty."), fields={"name": [_("This must not be empty.")]})
    if data.about is not msgspec.UNSET:
        profile.about = prose(data.about)
    for field in ("visibility", "shows_ratings", "shows_diary"):
        if (value := getattr(data, field)) is not msgspec.UNSET:
            setattr(profile, field, value)
    session.flush()
    return profile


def follow_member(session: Session, actor: Actor | None, handle: str) -> None:
    """Follow somebody whose page one may see. Raises NotFound, Invalid for oneself or too many."""
    user_id = member_id(actor)
    profile = session.scalar(select(Profile).where(Profile.handle == handle))
    if profile is None or not sees_profile(actor, profile):
        raise NotFound()
    if profile.user_id == user_id:
        raise Invalid(_("Nobody follows themselves."))
    _follow(session, user_id, followed_id=profile.user_id)


def unfollow_member(session: Session, actor: Actor | None, handle: str) -> None:
    """Follow somebody no more; also when they have shut their page since."""
    followed = session.scalar(select(Profile.user_id).where(Profile.handle == handle))
    session.execute(delete(Follow).where(Follow.user_id == member_id(actor), Follow.followed_id == followed))


def follow_title(session: Session, actor: Actor | None, title_id: int) -> None:
    """Hear of a series' new episodes. Raises NotFound, Invalid for a film."""
    user_id = member_id(actor)
    if require_public(session, title_id).kind != "series":
        raise Invalid(_("A film has no new episodes to follow."))
    _follow(session, user_id, title_id=title_id)


def unfollow_title(session: Session, actor: Actor | None, title_id: int) -> None:
    """Hear of a series no more."""
    session.execute(delete(Follow).where(Follow.user_id == member_id(actor), Follow.title_id == title_id))


def _follow(session: Session, user_id: int, **what: int) -> None:
    count = session.scalar(select(func.count(Follow.id)).where(Follow.user_id == user_id)) or 0
    if count >= MOST_FOLLOWED:
        raise Invalid(_("One can follow at most %(most)s.", most=MOST_FOLLOWED), code="limit")
    session.execute(insert_into(session, Follow).values(user_id=user_id, created_at=utcnow(), **what)
                    .on_conflict_do_nothing(index_elements=["user_id", *what]))
