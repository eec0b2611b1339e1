"""Editions as a resource of the API: make one, and ask how to play it."""
from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from flask import current_app
from msgspec import UNSET, convert
from spectree import Response
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.media import cues, editing, playback, queries, rungs, uploads, watch_rules
from moviepoint.domains.media.cues import CueView
from moviepoint.domains.media.encoding.extras import Wish
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.schemas import (
    AudioInfo,
    EditionInfo,
    EditionInput,
    Job,
    MarkInput,
    Marks,
    MarksInput,
    Playback,
    RungInfo,
    SubtitleInfo,
    TrackInput,
    Tracks,
    TracksInput,
    VideoInfo,
    edition_info,
    job,
)
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import require
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec

resource = blueprint("editions", __name__)


class EditionsQuery(PageQuery, kw_only=True):
    """The film or the episode whose editions are asked for."""

    title_id: int | None = None
    episode_id: int | None = None


class PlaybackQuery(msgspec.Struct, kw_only=True):
    """What the `link` of a watch link's address says, for who has come by one."""

    link: Annotated[str, msgspec.Meta(max_length=100)] = ""


class CuesQuery(msgspec.Struct, kw_only=True):
    """Which part of a track's text is asked for."""

    page: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1
    page_size: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


@resource.get("/editions")
@spec.validate(resp=Response(HTTP_200=Page[EditionInfo]), tags=["editions"])
def list_editions(query: EditionsQuery) -> Page[EditionInfo]:
    """List what can be played of a film, of an episode, or of all that the viewer sees."""
    statement = playback.editions(current_viewer(), query.title_id, query.episode_id)
    return paged(db.session(), statement, query, lambda rows: [edition_info(row) for row in rows])


@resource.post("/editions")
@spec.validate(resp=Response(HTTP_200=EditionInfo), tags=["editions"])
def create_edition(json: EditionInput) -> EditionInfo:
    """Return the edition of a film or episode with this label; it is made when there is none."""
    with unit_of_work() as session:
        edition = uploads.ensure_edition(
            session, signed_in(), title_id=None if json.title_id is UNSET else json.title_id,
            episode_id=None if json.episode_id is UNSET else json.episode_id, label=json.label)
        return edition_info(edition)


@resource.get("/editions/<public_id>/playback")
@spec.validate(resp=Response(HTTP_200=Playback), tags=["editions"])
def get_playback(public_id: str, query: PlaybackQuery) -> Playback:
    """Say how to play an edition: a signed address of the master playlist, and the tracks in it."""
    session = db.session()
    edition = playback.load_edition(session, public_id)
    secret = current_app.extensions["moviepoint.settings"].secret_key
    found = playback.addresses(current_app.extensions["moviepoint.hooks"], secret, session, edition, current_viewer(),
                               link=watch_rules.link_by_token(session, secret, query.link))
    audio = zip(playback.shown_audio(edition), playback.audio_names(edition), strict=True)
    subtitles = zip(playback.shown_subtitles(edition), playback.subtitle_names(edition), strict=True)
    return Playback(
        edition=edition_info(edition), master=found.master, dash=found.dash, storyboard=found.storyboard,
        expires_at=datetime.fromtimestamp(found.expires, UTC),
        video=[VideoInfo(row.width, row.height, row.frame_rate, row.average_bandwidth) for row in edition.video],
        audio=[AudioInfo(row.language, row.kind, name, row.default, row.channels) for row, name in audio],
        subtitles=[SubtitleInfo(row.language, row.role, name, row.default) for row, name in subtitles])


@resource.get("/editions/<public_id>/tracks")
@spec.validate(resp=Response(HTTP_200=Tracks), tags=["editions"])
def get_tracks(public_id: str) -> Tracks:
    """Show all dubs and subtitles of an edition, hidden ones too, to those who may change them."""
    return tracks_of(_managed(db.session(), public_id))


@resource.put("/editions/<public_id>/tracks")
@spec.validate(resp=Response(HTTP_200=Tracks), tags=["editions"])
def put_tracks(public_id: str, json: TracksInput) -> Tracks:
    """Write all tracks of an edition: order, language, kind, labels, studio, default, hidden, offset. Live at once."""
    with unit_of_work() as session:
        edition = _managed(session, public_id)
        return tracks_of(editing.save_tracks(session, signed_in(), edition.id, json))


@resource.get("/editions/<public_id>/rungs")
@spec.validate(resp=Response(HTTP_200=list[RungInfo]), tags=["editions"])
def get_rungs(public_id: str) -> list[RungInfo]:
    """List the rungs of an edition to those who may change them, the largest first."""
    return rungs_of(_managed(db.session(), public_id))


@resource.post("/editions/<public_id>/pictures")
@spec.validate(resp=Response(HTTP_200=Job), tags=["editions"])
def add_pictures(public_id: str, json: Wish) -> Job:
    """Make further rungs or a new storyboard for the film that is live; a rung takes the place of one of its size."""
    with unit_of_work() as session:
        made = rungs.start(session, signed_in(), _managed(session, public_id).id, json)
        return job(queries.job_views(session, [made])[0])


@resource.delete("/editions/<public_id>/rungs/<int:rung_id>")
@spec.validate(resp=Response(HTTP_200=list[RungInfo]), tags=["editions"])
def delete_rung(public_id: str, rung_id: int) -> list[RungInfo]:
    """Take a rung out of an edition; its files go half a day later."""
    with unit_of_work() as session:
        edition, storage = _managed(session, public_id), current_app.extensions["moviepoint.storage"]
        return rungs_of(rungs.remove(session, signed_in(), storage, edition.id, rung_id))


@resource.get("/editions/<public_id>/marks")
@spec.validate(resp=Response(HTTP_200=Marks), tags=["editions"])
def get_marks(public_id: str) -> Marks:
    """Show the chapters, intro, recap and credits of an edition to those who may change them."""
    return marks_of(_managed(db.session(), public_id))


@resource.put("/editions/<public_id>/marks")
@spec.validate(resp=Response(HTTP_200=Marks), tags=["editions"])
def put_marks(public_id: str, json: MarksInput) -> Marks:
    """Replace all marks of an edition."""
    with unit_of_work() as session:
        edition = _managed(session, public_id)
        return marks_of(editing.save_marks(session, signed_in(), edition.id, json))


@resource.delete("/editions/<public_id>/tracks/<any(audio, subtitles):table>/<int:track_id>")
@spec.validate(resp=Response(HTTP_200=Tracks), tags=["editions"])
def delete_track(public_id: str, table: str, track_id: int) -> Tracks:
    """Take a track out of an edition; its files go half a day later."""
    with unit_of_work() as session:
        edition = _managed(session, public_id)
        storage = current_app.extensions["moviepoint.storage"]
        return tracks_of(editing.remove_track(session, signed_in(), storage, edition.id, track_id, table))


@resource.get("/editions/<public_id>/tracks/<int:track_id>/cues")
@spec.validate(resp=Response(HTTP_200=Page[CueView]), tags=["editions"])
def list_cues(public_id: str, track_id: int, query: CuesQuery) -> Page[CueView]:
    """List the text of a subtitle track with its times, as viewers see it, to those who may change it."""
    session = db.session()
    found = cues.track_cues(session, signed_in(), current_app.extensions["moviepoint.storage"],
                            _managed(session, public_id), track_id)
    start = (query.page - 1) * query.page_size
    return Page(page=query.page, results=list(found[start:start + query.page_size]),
                total_pages=-(-len(found) // query.page_size), total_results=len(found))


@resource.get("/playback/<public_id>/subtitles/<int:track_id>/cues")
@spec.validate(resp=Response(HTTP_200=list[CueView]), tags=["editions"])
def list_shown_cues(public_id: str, track_id: int, query: PlaybackQuery) -> list[CueView]:
    """List the whole text of subtitles with its times, to whoever may watch the edition."""
    session = db.session()
    edition = playback.load_edition(session, public_id)
    link = watch_rules.link_by_token(session, current_app.extensions["moviepoint.settings"].secret_key, query.link)
    return list(cues.shown_cues(session, current_app.extensions["moviepoint.hooks"], current_viewer(),
                                current_app.extensions["moviepoint.storage"], edition, track_id, link))


def tracks_of(edition: Edition) -> Tracks:
    """Show an edition's tracks with the version of their table."""
    document = editing.tracks_document(edition)
    return Tracks(convert(document["audio"], list[TrackInput]), convert(document["subtitles"], list[TrackInput]),
                  editing.version_of(document))


def rungs_of(edition: Edition) -> list[RungInfo]:
    """Show an edition's rungs."""
    return [RungInfo(row.id, row.width, row.height, row.codec, row.frame_rate, row.average_bandwidth,
                     row.peak_bandwidth) for row in edition.video]


def marks_of(edition: Edition) -> Marks:
    """Show an edition's marks with the version of their table."""
    document = editing.marks_document(edition)
    return Marks(convert(document["marks"], list[MarkInput]), editing.version_of(document))


def _managed(session: Session, public_id: str) -> Edition:
    """Return an edition to who may change it. Raises Unauthenticated and Forbidden before NotFound."""
    require(signed_in(), "media.manage")
    return playback.load_edition(session, public_id)
