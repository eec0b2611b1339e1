"""Reads for playback: an edition's master playlist, and the addresses of its parts."""
from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.catalog.policies import sees_drafts, visible
from moviepoint.domains.media import access, watching
from moviepoint.domains.media.dash import render_manifest, timeline
from moviepoint.domains.media.encoding.playlists import format_of
from moviepoint.domains.media.encoding.segments import FMP4
from moviepoint.domains.media.encoding.verify import iframes_name
from moviepoint.domains.media.models import AudioTrack, Edition, SubtitleTrack
from moviepoint.domains.media.packaging import Sound, Text, Variant, Wide, render_master, unique_names
from moviepoint.domains.media.watch_models import WatchLink
from moviepoint.hooks.manager import HookManager
from moviepoint.kernel.errors import Forbidden, NotFound
from moviepoint.kernel.files import Storage
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.text import language_name

MASTER, MANIFEST = "master.m3u8", "manifest.mpd"
KIND_NAMES = {"dub": "dubbed", "voice-over": "voice-over", "commentary": "commentary",
              "audio-description": "audio description", "forced": "forced", "sdh": "SDH", "signs": "signs"}


@dataclass(frozen=True)
class Addresses:
    """Where a player finds an edition, until `expires` (seconds since 1970)."""

    master: str
    storyboard: str
    expires: int
    dash: str = ""  # empty for packages of MPEG-TS, which DASH does not play


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


def load_edition(session: Session, public_id: str) -> Edition:
    """Return an edition with all that a player needs, in a fixed number of queries. Raises NotFound."""
    edition = session.scalar(select(Edition).where(Edition.public_id == public_id).options(
        selectinload(Edition.video), selectinload(Edition.audio).selectinload(AudioTrack.renditions),
        selectinload(Edition.subtitles),
        selectinload(Edition.storyboard), selectinload(Edition.marks)))
    if edition is None:
        raise NotFound()
    return edition


def addresses(hooks: HookManager, secret: str, session: Session, edition: Edition, viewer: Actor | None,
              early: str | None = None, link: WatchLink | None = None) -> Addresses:
    """Return signed addresses for a viewer. Raises NotFound while there is no package, Unauthenticated, Forbidden.

    `early` names a package that is still being made, which only those see who see drafts. `link` is one that the
    viewer has come by.
    """
    found = watching.facts(session, edition.public_id)
    key = early or edition.package
    if found is None or not key:
        raise NotFound()
    if early and not sees_drafts(viewer):
        raise Forbidden()
    for_whom = watching.decide(session, hooks, found, viewer, link)
    package = key.rsplit("/", 1)[-1]
    token, expires = access.sign(secret, edition.public_id, package, for_whom)
    prefix = f"/media/{token}/{edition.public_id}/{package}"
    storyboard = f"{prefix}/{edition.storyboard.path}" if edition.storyboard and not early else ""
    dash = f"{prefix}/{MANIFEST}" if edition.segment_format == FMP4 else ""
    return Addresses(f"{prefix}/{MASTER}", storyboard, expires, dash)


def master_playlist(edition: Edition) -> str:
    """Return an edition's master playlist from its rows; hidden tracks are not in it."""
    return render_master(*parts(edition))


def manifest(edition: Edition, storage: Storage) -> str:
    """Return an edition's DASH manifest, without dubs that are of MPEG-TS still.

    Raises NotFound for a package of MPEG-TS, or one without its playlists.
    """
    variants, sounds, texts = parts(edition)
    if edition.segment_format != FMP4 or edition.package is None:
        raise NotFound()
    paths = [*(v.path for v in variants), *(s.path for s in sounds), *(s.wide.path for s in sounds if s.wide),
             *(t.path for t in texts)]
    try:
        playlists = {path: storage.path(f"{edition.package}/{path}.m3u8").read_text(encoding="utf-8") for path in paths}
    except OSError:
        raise NotFound() from None
    played = [sound for sound in sounds if format_of(playlists[sound.path]) == FMP4]
    return render_manifest(variants, played, texts, {path: timeline(text) for path, text in playlists.items()})


def parts(edition: Edition) -> tuple[list[Variant], list[Sound], list[Text]]:
    """Return what viewers may choose of an edition, as manifests name it."""
    variants = [Variant(row.path, row.width, row.height, row.codec, row.frame_rate, row.average_bandwidth,
                        row.peak_bandwidth, iframes_name(row.path) if row.iframe_bandwidth else "",
                        row.iframe_bandwidth) for row in edition.video]
    sounds = [Sound(row.path, row.language, name, row.kind, row.default, row.codec, row.channels,
                    row.average_bandwidth, row.peak_bandwidth, _wide(row))
              for row, name in zip(shown_audio(edition), audio_names(edition), strict=True)]
    texts = [Text(row.path or "", row.language, name, row.role, row.default)
             for row, name in zip(shown_subtitles(edition), subtitle_names(edition), strict=True)]
    return variants, sounds, texts


def _wide(track: AudioTrack) -> Wide | None:
    if not track.renditions:
        return None
    row = track.renditions[-1]
    return Wide(row.path, row.codec, row.channels, row.average_bandwidth, row.peak_bandwidth)


def shown_audio(edition: Edition) -> list[AudioTrack]:
    """Return the dubs that viewers may choose, in order."""
    return [track for track in edition.audio if not track.hidden]


def shown_subtitles(edition: Edition) -> list[SubtitleTrack]:
    """Return the subtitles that viewers may choose, in order."""
    return [track for track in edition.subtitles if not track.hidden and track.path]


def audio_names(edition: Edition) -> list[str]:
    """Return the NAMEs of the dubs in the master: the editor's label, else language and kind."""
    return unique_names(row.label or track_name(row.language, row.kind, row.studio) for row in shown_audio(edition))


def subtitle_names(edition: Edition) -> list[str]:
    """Return the NAMEs of the subtitles in the master."""
    return unique_names(row.label or track_name(row.language, row.role, row.studio) for row in shown_subtitles(edition))


def track_name(language: str, kind: str, studio: str) -> str:
    """Name a track in its own language, as players show it to those who understand it."""
    own = "" if language in ("und", "zxx") else language_name(language, language)
    word = ", ".join(part for part in (KIND_NAMES.get(kind, ""), studio) if part)
    name = own[:1].upper() + own[1:]
    return f"{name} ({word})" if name and word else name or word
