"""Profiles as pages and the API take and show them."""
from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from moviepoint.domains.community.models import Profile

Visibility = Literal["public", "members", "private"]


class ProfileInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What others see of oneself; what is left out stays."""

    handle: Annotated[str, Meta(max_length=40)] | UnsetType = UNSET
    name: Annotated[str, Meta(max_length=80)] | UnsetType = UNSET
    about: Annotated[str, Meta(max_length=2_000)] | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    shows_ratings: bool | UnsetType = UNSET
    shows_diary: bool | UnsetType = UNSET


class ProfileInfo(msgspec.Struct, kw_only=True):
    """A member as others see them."""

    handle: str
    name: str
    about: str
    joined_at: datetime
    followed: bool = False  # by whoever asks


class OwnProfile(ProfileInfo, kw_only=True):
    """Oneself, with what one has chosen to show."""

    visibility: str
    shows_ratings: bool
    shows_diary: bool


class FollowInfo(msgspec.Struct, kw_only=True):
    """Whom or what one follows: a member's handle, or a title's id."""

    handle: str | None
    title_id: int | None
    since: datetime


def profile_info(profile: Profile, followed: bool = False) -> ProfileInfo:
    """Show a member."""
    return ProfileInfo(handle=profile.handle, name=profile.name, about=profile.about, joined_at=profile.joined_at,
                       followed=followed)


def own_profile(profile: Profile) -> OwnProfile:
    """Show a member to themselves."""
    return OwnProfile(handle=profile.handle, name=profile.name, about=profile.about, joined_at=profile.joined_at,
                      visibility=profile.visibility, shows_ratings=profile.shows_ratings,
                      shows_diary=profile.shows_diary)
