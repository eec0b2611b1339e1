"""What media adds to other domains' screens of the back office: a title's film, and the first page's figures."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app
from flask_login import current_user
from sqlalchemy import Row, exists, func, select
from sqlalchemy.orm import Session

from moviepoint.domains.media import allowance, player, plays, queries
from moviepoint.domains.media.checking import AUDIO_KINDS, SUBTITLE_ROLES
from moviepoint.domains.media.models import AudioTrack, Edition, EncodingJob, SourceAsset, SubtitleTrack, Upload
from moviepoint.domains.media.player import audio_name, subtitle_name
from moviepoint.domains.media.remote import figures
from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import current_locale
from moviepoint.kernel.i18n import gettext as _

JOBS_SHOWN = 3
OVER = ("done", "cancelled")  # what an editor need not know of a job on the title's page
PANEL_JOBS = 5
SHORT = 4  # times the reserve: below that, room runs short


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
    unfinished = exists().where(EncodingJob.edition_id == Edition.id, EncodingJob.state.not_in(OVER))
    found = session.execute(select(Edition, unfinished.label("busy")).where(
        Edition.title_id == title_id, Edition.episode_id == episode_id).order_by(Edition.position)).all()
    ids = [row.Edition.id for row in found]
    lines = queries.track_lines(session, ids) if any(row.Edition.package for row in found) else []
    jobs = list(session.scalars(queries.jobs(current_user).where(EncodingJob.edition_id.in_(ids)).limit(
        JOBS_SHOWN))) if any(row.busy for row in found) else []
    return {
        "title_id": title_id, "episode_id": episode_id, "jobs": queries.job_views(session, jobs),
        "note_words": player.note_words,
        "editions": [_edition(row.Edition, [line for line in lines if line.edition_id == row.Edition.id], locale)
                     for row in found],
        "drop": drop_zone(next((row.Edition.public_id for row in found if not row.Edition.label), ""), title_id,
                          episode_id) | {"alone": True}}


def _edition(edition: Edition, lines: Sequence[Row[Any]], locale: str) -> dict[str, Any]:
    """Return an edition with what it holds in words."""
    def named(line: Row[Any]) -> dict[str, Any]:
        return {name: getattr(line, name) for name in ("language", "label", "labels", "studio")}

    return {
        "edition": edition, "sizes": [f"{line.width}×{line.height}" for line in lines if line.type == "video"],
        "audio": [audio_name(AudioTrack(kind=line.kind, **named(line)), locale)
                  for line in lines if line.type == "audio"],
        "subtitles": [(subtitle_name(SubtitleTrack(role=line.kind, **named(line)), locale), line.note)
                      for line in lines if line.type == "subtitles"]}


def drop_zone(edition: str, title_id: int | None = None, episode_id: int | None = None,
              tracks: Mapping[str, Sequence[tuple[int, str]]] | None = None) -> dict[str, Any]:
    """Return what `media/admin/drop.html` wants: for an edition by its public id, or one that is yet to be made.

    `tracks` are those that a file may take the place of: ids and names by use.
    """
    heard, read = player.audio_kinds(), player.subtitle_kinds() | {"full": _("full")}
    return {"edition": edition, "title_id": title_id, "episode_id": episode_id,
            "tracks": tracks or {}, "allowance": allowance.allowance(db.session(), current_user,
                                                                     current_app.extensions["moviepoint.settings"]),
            "chunk_bytes": current_app.extensions["moviepoint.settings"].upload_chunk_bytes,
            "kinds": {"audio": {kind: heard[kind] for kind in AUDIO_KINDS},
                      "subtitles": {role: read[role] for role in SUBTITLE_ROLES}}}


def encoding_figures(session: Session) -> Mapping[str, Any]:
    """Return how many jobs are in each state, those at work with their progress, and the last that failed."""
    rows = [job for state in ("running", "failed") for job in session.scalars(
        queries.jobs(current_user, queries.JobFilter(state=state, sort="newest")).limit(PANEL_JOBS))]
    views = queries.job_views(session, rows)
    return {"counts": queries.job_counts(session, current_user),
            "running": [view for view in views if view.state == "running"],
            "failed": [view for view in views if view.state == "failed"]}


def disk_figures(session: Session) -> Mapping[str, Any]:
    """Return bytes: free, used by packages and sources, still to come; `state` warns near and below the reserve."""
    free = current_app.extensions["moviepoint.storage"].free_bytes()
    floor = current_app.extensions["moviepoint.settings"].free_disk_reserve_bytes
    row = session.execute(select(
        select(func.coalesce(func.sum(Edition.package_bytes), 0)).scalar_subquery(),
        select(func.coalesce(func.sum(SourceAsset.size), 0)).where(SourceAsset.kept).scalar_subquery(),
        select(func.coalesce(func.sum(Upload.size), 0)).where(Upload.state == "receiving").scalar_subquery())).one()
    return {"free": free, "floor": floor, "packages": int(row[0]), "sources": int(row[1]), "coming": int(row[2]),
            **figures.bucket_figures(session),
            "state": "stop" if free < floor else "short" if free - int(row[2]) < floor * SHORT else ""}


def watched_figures(session: Session) -> Mapping[str, Any]:
    """Return how much was watched in 7 and 30 days, and the ten editions watched most."""
    week, month = plays.totals(session, current_user)
    return {"week": week, "month": month, "top": plays.most_watched(session, current_user, 30)}
