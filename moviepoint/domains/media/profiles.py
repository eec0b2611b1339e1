"""Encoding profiles: which there are, which one a job takes, and their changes.

They are rows that the back office edits; plugins offer further ones by `register_encoding_profiles`. A job keeps a
copy of the one that it began with.
"""
from __future__ import annotations

from typing import Annotated, Any

import msgspec
import structlog
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.history.services import record
from moviepoint.domains.media.encoding.profiles import MUXED, PRESETS, Codec, Profile, RungSpec
from moviepoint.domains.media.encoding.segments import SegmentFormat
from moviepoint.domains.media.models import EncodingJob, EncodingProfile
from moviepoint.hooks import types
from moviepoint.hooks.manager import HookManager
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.text import one_line
from moviepoint.kernel.validation import convert

log = structlog.get_logger(__name__)
MANAGE = "media.profiles"
ENTITY = "encoding-profile"
MOST_RUNGS = 8
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class ProfileInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A profile as people write it; bounds as in `encoding.profiles`. Rungs may stand in any order."""

    slug: Slug
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    rungs: list[RungSpec]
    codec: Codec = "h264"
    preset: str = "veryfast"
    segments: SegmentFormat = "ts"
    segment_seconds: Annotated[int, Meta(ge=2, le=12)] = 6
    keyframe_seconds: Annotated[int, Meta(ge=1, le=12)] = 2
    range_segments: Annotated[int, Meta(ge=1, le=600)] = 20
    audio_kbps: Annotated[int, Meta(ge=32, le=512)] = 160
    surround_kbps: Annotated[int, Meta(ge=0, le=1024)] = 0
    loudness: Annotated[float, Meta(ge=-40, le=-5)] | None = None


class Offer(msgspec.Struct, frozen=True):
    """A profile that a film can be encoded with. `own` is false for a plugin's, which nobody can change here."""

    slug: str
    name: str
    profile: Profile
    own: bool
    default: bool


def of_job(job: EncodingJob) -> Profile:
    """Return how a job encodes."""
    return msgspec.convert(job.profile, Profile) if job.profile else Profile()


def offers(session: Session, hooks: HookManager) -> list[Offer]:
    """Return all profiles, the default first, the plugins' last."""
    rows = session.scalars(select(EncodingProfile).order_by(EncodingProfile.position, EncodingProfile.id)).all()
    own = [Offer(row.slug, row.name, msgspec.convert(row.data, Profile), True, place == 0)
           for place, row in enumerate(rows)]
    taken = {offer.slug for offer in own}
    return [*own, *(offer for offer in map(_offered, hooks.collect("register_encoding_profiles"))
                    if offer is not None and offer.slug not in taken)]


def default_profile(session: Session) -> tuple[str, Profile]:
    """Return the name and the values of the profile for whoever chooses none."""
    row = session.scalar(select(EncodingProfile).order_by(EncodingProfile.position, EncodingProfile.id).limit(1))
    return (row.name, msgspec.convert(row.data, Profile)) if row else ("", Profile())


def choose(session: Session, hooks: HookManager, slug: str = "") -> Offer:
    """Return the profile of a name, or the default for none. Raises Invalid for one that is not there."""
    if not slug:
        name, profile = default_profile(session)
        return Offer("", name, profile, True, True)
    offer = next((offer for offer in offers(session, hooks) if offer.slug == slug), None)
    if offer is None:
        raise Invalid(_("There is no encoding profile of this name."), fields={"profile": [slug[:40]]})
    return offer


def find(session: Session, actor: Actor, slug: str) -> EncodingProfile:
    """Return a profile's row for changing. Raises NotFound, Forbidden."""
    require(actor, MANAGE)
    row = session.scalar(select(EncodingProfile).where(EncodingProfile.slug == slug))
    if row is None:
        raise NotFound()
    return row


def save(session: Session, actor: Actor, data: ProfileInput, slug: str = "") -> EncodingProfile:
    """Make a profile, or change the one that is called `slug` now.

    Raises Forbidden, NotFound, Conflict for a name that is taken, Invalid whose fields name what cannot be.
    """
    require(actor, MANAGE)
    row = find(session, actor, slug) if slug else None
    taken = session.scalar(select(EncodingProfile.id).where(EncodingProfile.slug == data.slug))
    if taken is not None and (row is None or taken != row.id):
        raise Conflict(_("There is a profile of this name already."))
    profile = checked(data)
    before = document(row) if row else {}
    if row is None:
        places = session.scalars(select(EncodingProfile.position)).all()
        row = EncodingProfile(position=1 + max(places, default=-1))
        session.add(row)
    row.slug, row.name = data.slug, one_line(data.name)
    row.data = values_of(profile)
    session.flush()
    record(session, actor, "changed" if before else "created", ENTITY, row.id, row.name, before=before,
           after=document(row))
    return row


def make_default(session: Session, actor: Actor, slug: str) -> EncodingProfile:
    """Let a profile be the one for whoever chooses none."""
    chosen = find(session, actor, slug)
    before = document(chosen)
    rows = session.scalars(select(EncodingProfile).order_by(EncodingProfile.position, EncodingProfile.id)).all()
    for place, row in enumerate([chosen, *(row for row in rows if row is not chosen)]):
        row.position = place
    session.flush()
    record(session, actor, "changed", ENTITY, chosen.id, chosen.name, before=before, after=document(chosen))
    return chosen


def delete(session: Session, actor: Actor, slug: str) -> None:
    """Remove a profile; films that were encoded with it stay as they are. Raises Conflict for the last one."""
    row = find(session, actor, slug)
    if len(session.scalars(select(EncodingProfile.id).limit(2)).all()) == 1:
        raise Conflict(_("This is the last profile. Make another one before you delete it."))
    record(session, actor, "deleted", ENTITY, row.id, row.name, before=document(row), after={})
    session.delete(row)
    session.flush()


def values_of(profile: Profile) -> dict[str, Any]:
    """Return a profile as a row keeps it: an encoder of hardware is a plugin's alone to name."""
    return {name: value for name, value in msgspec.to_builtins(profile).items() if name != "hardware"}


def document(row: EncodingProfile) -> dict[str, Any]:
    """Return a profile as history keeps it."""
    rungs = [f"{rung['lines']} · {rung['max_kbps']} kbit/s · CRF {rung['crf']}" for rung in row.data["rungs"]]
    return {"slug": row.slug, "name": row.name, "default": row.position == 0, **row.data, "rungs": rungs}


def checked(data: ProfileInput) -> Profile:
    """Return the profile that somebody has written. Raises Invalid whose fields name what does not go together."""
    faults: dict[str, list[str]] = {}
    lines = [rung.lines for rung in data.rungs]
    if not lines or len(lines) > MOST_RUNGS:
        faults["rungs"] = [_("A profile has between one rung and %(most)s.", most=MOST_RUNGS)]
    elif len(set(lines)) != len(lines) or any(count % 2 for count in lines):
        faults["rungs"] = [_("Each rung has a number of lines of its own, and an even one.")]
    if data.preset not in PRESETS[data.codec]:
        faults["preset"] = [_("This codec has the presets %(presets)s.", presets=", ".join(PRESETS[data.codec]))]
    if data.segments not in MUXED[data.codec]:
        faults["segments"] = [_("HEVC and AV1 need segments of fMP4.")]
    if data.segment_seconds % data.keyframe_seconds:
        faults["keyframe_seconds"] = [_("A segment must be a whole number of keyframe distances long.")]
    if not one_line(data.name):
        faults["name"] = [_("This must not be empty.")]
    if faults:
        raise Invalid(_("The profile was not saved. See the sentences beside its fields."), fields=faults)
    values = {name: getattr(data, name) for name in Profile.__struct_fields__ if hasattr(data, name)}
    return Profile(**values | {"rungs": tuple(sorted(data.rungs, key=lambda rung: -rung.lines))})


def _offered(spec: types.EncodingProfile) -> Offer | None:
    """A plugin's profile; one that is none is named in the log and left out."""
    try:
        return Offer(spec.slug, spec.name, convert(Profile, dict(spec.data)), False, False)
    except Invalid as fault:
        log.warning("a plugin's encoding profile cannot be used", profile=spec.slug, fault=fault.message,
                    fields=fault.fields)
        return None
