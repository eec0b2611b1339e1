"""What media adds to other domains' screens of the back office: a title's film, and the first page's figures."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from moviepoint.domains.media import queries
from moviepoint.domains.media.models import Edition, EncodingJob
from moviepoint.domains.media.player import audio_name, subtitle_name
from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import current_locale

JOBS_SHOWN = 3


def title_media(title_id: int) -> Mapping[str, Any] | None:
    """Return a film's editions, tracks and latest jobs, for `media/admin/panel.html`."""
    return _media(title_id=title_id)


def episode_media(episode_id: int) -> Mapping[str, Any] | None:
    """Return an episode's editions, tracks and latest jobs."""
    return _media(episode_id=episode_id)


def _media(title_id: int | None = None, episode_id: int | None = None) -> Mapping[str, Any] | None:
    if not current_user.may("media.upload"):
        return None
    session, locale = db.session(), current_locale()
    editions = session.scalars(select(Edition).where(
        Edition.title_id == title_id, Edition.episode_id == episode_id).options(
        selectinload(Edition.video), selectinload(Edition.audio), selectinload(Edition.subtitles))
        .order_by(Edition.position)).all()
    rows = list(session.scalars(queries.jobs(current_user).where(
        EncodingJob.edition_id.in_([edition.id for edition in editions])).limit(JOBS_SHOWN))) if editions else []
    return {
        "title_id": title_id, "episode_id": episode_id, "jobs": queries.job_views(session, rows) if rows else [],
        "editions": [{
            "edition": edition, "sizes": [f"{video.width}×{video.height}" for video in edition.video],
            "audio": [audio_name(track, locale) for track in edition.audio],
            "subtitles": [(subtitle_name(track, locale), track.note) for track in edition.subtitles]}
            for edition in editions],
        "chunk_bytes": current_app.extensions["moviepoint.settings"].upload_chunk_bytes}


def media_figures(session: Session) -> Mapping[str, Any]:
    """Return what is being encoded, what failed, and the free disk in bytes."""
    states = dict(session.execute(select(EncodingJob.state, func.count()).group_by(EncodingJob.state)).all())
    return {"running": states.get("running", 0) + states.get("queued", 0), "paused": states.get("paused", 0),
            "failed": states.get("failed", 0), "free": current_app.extensions["moviepoint.storage"].free_bytes()}
