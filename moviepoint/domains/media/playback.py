"""Reads for playback: who may watch an edition, its master playlist, and the addresses of its parts."""
from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.catalog.policies import sees_drafts, visible
from moviepoint.domains.media import access
from moviepoint.domains.media.models import AudioTrack, Edition, SubtitleTrack
from moviepoint.domains.media.packaging import Sound, Text, Variant, render_master, unique_names
from moviepoint.hooks.manager import HookManager
from moviepoint.kernel.errors import Forbidden, NotFound
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.text import language_name

MASTER = "master.m3u8"
KIND_NAMES = {"dub": "dubbed", "voice-over": "voice-over", "commentary": "commentary",
              "audio-description": "audio description", "forced": "forced", "sdh": "SDH", "signs": "signs"}


@dataclass(frozen=True)
class EditionFacts:
    """What serving needs to know of an edition: its live package's key, and whether everybody may watch."""

    id: int
    package: str | None
    public: bool


@dataclass(frozen=True)
class Addresses:
    """Where a player finds an edition, until `expires` (seconds since 1970)."""

    master: str
    storyboard: str
    expires: int


def facts(session: Session, public_id: str) -> EditionFacts | None:
    """Return an edition's facts in one query, or None where there is no such edition."""
    row = session.execute(
        select(Edition.id, Edition.package, Title.status)
        .outerjoin(Episode, Edition.episode_id == Episode.id).outerjoin(Season, Episode.season_id == Season.id)
        .join(Title, (Title.id == Edition.title_id) | (Title.id == Season.title_id))
        .where(Edition.public_id == public_id)).first()
    return None if row is None else EditionFacts(row.id, row.package, row.status == "published")


def editions(viewer: Actor | None, title_id: int | None, episode_id: int | None) -> Select[Edition]:
    """Return a select of editions of what a viewer sees; to those who see drafts, also those without a package."""
    statement = (select(Edition).outerjoin(Episode, Edition.episode_id == Episode.id)
                 .outerjoin(Season, Episode.season_id == Season.id)
                 .join(Title, (Title.id == Edition.title_id) | (Title.id == Season.title_id)).where(visible(viewer))
                 .order_by(Edition.position, Edition.id))
    if not sees_drafts(viewer):
        statement = statement.where(Edition.package.is_not(None))
    if title_id is not None:
        statement = statement.where(Edition.title_id == title_id)
    return statement if episode_id is None else statement.where(Edition.episode_id == episode_id)


def audience(hooks: HookManager, found: EditionFacts, viewer: Actor | None) -> str | None:
    """Return for whom a token is to be made, or None for a viewer who may not watch.

    A plugin may decide by `resolve_playback`; else published editions are for all, and drafts for who sees drafts.
    """
    staff = sees_drafts(viewer)
    decided = hooks.resolve("resolve_playback", edition_id=found.id, viewer_id=viewer.id if viewer else None)
    if decided is not None:
        return access.STAFF if decided else None
    if found.public:
        return access.PUBLIC
    return access.STAFF if staff else None


def load_edition(session: Session, public_id: str) -> Edition:
    """Return an edition with all that a player needs, in a fixed number of queries. Raises NotFound."""
    edition = session.scalar(select(Edition).where(Edition.public_id == public_id).options(
        selectinload(Edition.video), selectinload(Edition.audio), selectinload(Edition.subtitles),
        selectinload(Edition.storyboard), selectinload(Edition.marks)))
    if edition is None:
        raise NotFound()
    return edition


def addresses(hooks: HookManager, secret: str, session: Session, edition: Edition, viewer: Actor | None) -> Addresses:
    """Return signed addresses for a viewer. Raises NotFound while there is no package, Forbidden."""
    found = facts(session, edition.public_id)
    if found is None or not edition.package:
        raise NotFound()
    for_whom = audience(hooks, found, viewer)
    if for_whom is None:
        raise Forbidden()
    package = edition.package.rsplit("/", 1)[-1]
    token, expires = access.sign(secret, edition.public_id, package, for_whom)
    prefix = f"/media/{token}/{edition.public_id}/{package}"
    storyboard = f"{prefix}/{edition.storyboard.path}" if edition.storyboard else ""
    return Addresses(f"{prefix}/{MASTER}", storyboard, expires)


def master_playlist(edition: Edition) -> str:
    """Return an edition's master playlist from its rows; hidden tracks are not in it."""
    variants = [Variant(row.path, row.width, row.height, row.codec, row.frame_rate, row.average_bandwidth,
                        row.peak_bandwidth, row.path.replace("stream", "iframes") if row.iframe_bandwidth else "",
                        row.iframe_bandwidth) for row in edition.video]
    sounds = [Sound(row.path, row.language, name, row.kind, row.default, row.codec, row.channels,
                    row.average_bandwidth, row.peak_bandwidth)
              for row, name in zip(shown_audio(edition), audio_names(edition), strict=True)]
    texts = [Text(row.path or "", row.language, name, row.role, row.default)
             for row, name in zip(shown_subtitles(edition), subtitle_names(edition), strict=True)]
    return render_master(variants, sounds, texts)


def shown_audio(edition: Edition) -> list[AudioTrack]:
    """Return the dubs that viewers may choose, in order."""
    return [track for track in edition.audio if not track.hidden]


def shown_subtitles(edition: Edition) -> list[SubtitleTrack]:
    """Return the subtitles that viewers may choose, in order."""
    return [track for track in edition.subtitles if not track.hidden and track.path]


def audio_names(edition: Edition) -> list[str]:
    """Return the NAMEs of the dubs in the master: the editor's label, else language and kind."""
    return unique_names(row.label or _name(row.language, row.kind, row.studio) for row in shown_audio(edition))


def subtitle_names(edition: Edition) -> list[str]:
    """Return the NAMEs of the subtitles in the master."""
    return unique_names(row.label or _name(row.language, row.role, row.studio) for row in shown_subtitles(edition))


def _name(language: str, kind: str, studio: str) -> str:
    """Name a track in its own language, as players show it to those who understand it."""
    own = "" if language in ("und", "zxx") else language_name(language, language)
    word = ", ".join(part for part in (KIND_NAMES.get(kind, ""), studio) if part)
    name = own[:1].upper() + own[1:]
    return f"{name} ({word})" if name and word else name or word
