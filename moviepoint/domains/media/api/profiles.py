"""Encoding profiles as a resource of the API."""
from __future__ import annotations

import msgspec
from flask import current_app
from spectree import Response

from moviepoint.domains.accounts.viewer import signed_in
from moviepoint.domains.media import profiles
from moviepoint.domains.media.encoding.profiles import Profile
from moviepoint.domains.media.profiles import ProfileInput
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import require
from moviepoint.shells.api import blueprint, spec

resource = blueprint("profiles", __name__)


class EncodingProfile(msgspec.Struct):
    """A way to encode films. `own` is false for a plugin's, which cannot be changed here; one is the default."""

    slug: str
    name: str
    own: bool
    default: bool
    profile: Profile


@resource.get("/encoding-profiles")
@spec.validate(resp=Response(HTTP_200=list[EncodingProfile]), tags=["profiles"])
def list_profiles() -> list[EncodingProfile]:
    """List the profiles, the default first, the plugins' last."""
    require(signed_in(), "media.upload")
    return _all()


@resource.post("/encoding-profiles")
@spec.validate(resp=Response(HTTP_200=EncodingProfile), tags=["profiles"])
def create_profile(json: ProfileInput) -> EncodingProfile:
    """Make a profile."""
    with unit_of_work() as session:
        profiles.save(session, signed_in(), json)
    return _one(json.slug)


@resource.put("/encoding-profiles/<slug>")
@spec.validate(resp=Response(HTTP_200=EncodingProfile), tags=["profiles"])
def put_profile(slug: str, json: ProfileInput) -> EncodingProfile:
    """Replace a profile's values; films that are there already stay as they are."""
    with unit_of_work() as session:
        profiles.save(session, signed_in(), json, slug)
    return _one(json.slug)


@resource.post("/encoding-profiles/<slug>/default")
@spec.validate(resp=Response(HTTP_200=EncodingProfile), tags=["profiles"])
def make_default(slug: str) -> EncodingProfile:
    """Let a profile be the one for whoever chooses none."""
    with unit_of_work() as session:
        profiles.make_default(session, signed_in(), slug)
    return _one(slug)


@resource.delete("/encoding-profiles/<slug>")
@spec.validate(resp=Response(HTTP_200=list[EncodingProfile]), tags=["profiles"])
def delete_profile(slug: str) -> list[EncodingProfile]:
    """Delete a profile; the last one stays."""
    with unit_of_work() as session:
        profiles.delete(session, signed_in(), slug)
    return _all()


def _all() -> list[EncodingProfile]:
    return [EncodingProfile(offer.slug, offer.name, offer.own, offer.default, offer.profile)
            for offer in profiles.offers(db.session(), current_app.extensions["moviepoint.hooks"])]


def _one(slug: str) -> EncodingProfile:
    return next(found for found in _all() if found.slug == slug)
