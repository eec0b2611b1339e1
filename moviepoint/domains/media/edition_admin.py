"""The back office's page of an edition: what it is, a player, and its tracks and marks, edited in place."""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import current_app, redirect, request
from flask_admin import expose
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload
from werkzeug.wrappers import Response

from moviepoint.domains.media import checking, documents, editing, playback, player
from moviepoint.domains.media.documents import stamp
from moviepoint.domains.media.models import Edition, EncodingJob
from moviepoint.domains.media.schemas import MarkInput, MarksInput, TrackInput, TracksInput
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid, MoviePointError, NotFound
from moviepoint.kernel.i18n import current_locale, lazy_gettext
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.admin.forms import parse, rows
from moviepoint.shells.admin.frame import View

BLANK_MARKS = 3
TIME = re.compile(r"(?:([0-9]{1,2}):)?([0-5]?[0-9]):([0-5][0-9])(?:[.,]([0-9]{1,3}))?")
TABLES = ("audio", "subtitles")


class EditionsView(View):
    """One page for each edition; editions are reached from their title, so that the menu does not name them."""

    permission = "media.manage"

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Editions"), endpoint="media_editions", url="editions")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> Response:
        """Lead to the titles: an edition is found from its own."""
        return redirect(self.get_url("titles.index"))

    @expose("/<int:edition_id>")
    def detail(self, edition_id: int) -> Any:
        """Show an edition."""
        return self._show(load(db.session(), edition_id))

    @expose("/<int:edition_id>/tracks", methods=("POST",))
    def tracks(self, edition_id: int) -> Any:
        """Save the tracks; or move one up or down in the form, which saves nothing yet."""
        typed = {table: rows(request.form, table) for table in TABLES}
        version = request.form.get("version", "")
        if move := request.form.get("move", ""):
            moved(typed, move)
            return self._show(load(db.session(), edition_id), tracks=typed, tracks_version=version)
        with self.saving(_("Saved.")) as session:
            data = {table: [parse(TrackInput, _ticked(row)) for row in typed[table]] for table in TABLES}
            editing.save_tracks(session, current_user, edition_id, TracksInput(**data, version=version))
        if self.failure is None:
            return redirect(self.get_url(".detail", edition_id=edition_id))
        return self._show(load(db.session(), edition_id), tracks=typed, tracks_version=version)

    @expose("/<int:edition_id>/marks", methods=("POST",))
    def marks(self, edition_id: int) -> Any:
        """Save the marks; a row whose times and label are empty is left out."""
        typed = [row for row in rows(request.form, "marks")
                 if row.get("start") or row.get("end") or row.get("label")]
        version = request.form.get("version", "")
        with self.saving(_("Saved.")) as session:
            editing.save_marks(session, current_user, edition_id, MarksInput(read_marks(typed), version))
        if self.failure is None:
            return redirect(self.get_url(".detail", edition_id=edition_id))
        return self._show(load(db.session(), edition_id), marks=typed, marks_version=version)

    def _show(self, edition: Edition, **typed: Any) -> Any:
        """Render the page, with what was typed instead of what is stored where there is such."""
        failure = self.failure
        tracks, marks = editing.tracks_document(edition), editing.marks_document(edition)
        context = {
            "tracks": tracks, "tracks_version": editing.version_of(tracks), "marks": shown_marks(marks["marks"]),
            "marks_version": editing.version_of(marks), **typed}
        page = self.render(
            "media/admin/edition.html", edition=edition, name=documents.edition_name(db.session(), edition),
            jobs=latest_jobs(db.session(), edition.id), size=estimated_bytes(edition), player=player_of(edition),
            errors=failure.fields if isinstance(failure, Invalid) else {}, blanks=BLANK_MARKS,
            audio_facts={row.id: row for row in edition.audio},
            subtitle_facts={row.id: row for row in edition.subtitles},
            words={"audio": player.audio_kinds(), "subtitles": player.subtitle_kinds() | {"full": _("full")},
                   "marks": mark_kinds()},
            kinds={"audio": checking.AUDIO_KINDS, "subtitles": checking.SUBTITLE_ROLES}, stamp=stamp, **context)
        return (page, int(failure.status)) if failure else page


def load(session: Session, edition_id: int) -> Edition:
    """Return an edition with all that its page shows, in a fixed number of queries. Raises NotFound."""
    edition = session.scalar(select(Edition).where(Edition.id == edition_id).options(
        selectinload(Edition.video), selectinload(Edition.audio), selectinload(Edition.subtitles),
        selectinload(Edition.storyboard), selectinload(Edition.marks), selectinload(Edition.sources)))
    if edition is None:
        raise NotFound()
    return edition


def latest_jobs(session: Session, edition_id: int) -> Mapping[int, EncodingJob]:
    """Return the newest job of each source."""
    jobs = session.scalars(select(EncodingJob).where(EncodingJob.edition_id == edition_id).order_by(EncodingJob.id))
    return {job.source_id: job for job in jobs}


def estimated_bytes(edition: Edition) -> int:
    """Return about how much disk the package takes: average bandwidths and length, without asking the disk."""
    bits = sum(row.average_bandwidth for row in edition.video) + sum(row.average_bandwidth for row in edition.audio)
    return bits * (edition.duration_ms or 0) // 8000 if edition.package else 0


def player_of(edition: Edition) -> str:
    """Return the player's settings, or nothing where there is nothing to play for this viewer."""
    if not edition.package:
        return ""
    try:
        found = playback.addresses(current_app.extensions["moviepoint.hooks"],
                                   current_app.extensions["moviepoint.settings"].secret_key, db.session(), edition,
                                   current_user)
    except MoviePointError:
        return ""
    return player.player_settings(
        edition, master=found.master, storyboard=found.storyboard, locale=current_locale(),
        audio=player.tracks_heard(edition), subtitles=player.tracks_read(edition))


def mark_kinds() -> dict[str, str]:
    """Return the words for kinds of marks."""
    return {"chapter": _("chapter"), "intro": _("intro"), "recap": _("recap"), "credits": _("credits")}


def moved(tables: dict[str, list[dict[str, str]]], move: str) -> None:
    """Carry out `audio-1-up` on typed rows; what cannot be done changes nothing."""
    match = re.fullmatch(r"(audio|subtitles)-([0-9]{1,5})-(up|down)", move)
    if match is None:
        return
    table, place = tables[match[1]], int(match[2])
    other = place + (-1 if match[3] == "up" else 1)
    if 0 <= place < len(table) and 0 <= other < len(table):
        table[place], table[other] = table[other], table[place]


def read_marks(typed: list[dict[str, str]]) -> list[MarkInput]:
    """Return marks from the form's rows. Raises Invalid that names the rows whose times cannot be read."""
    marks, faults = [], {}
    for place, row in enumerate(typed):
        start, end = milliseconds(row.get("start", "")), milliseconds(row.get("end", ""))
        if start is None or (end is None and row.get("end")):
            faults[f"marks-{place}"] = [_("Write times as 1:02:03.500.")]
        else:
            marks.append(MarkInput(row.get("kind", "chapter"), start, end, row.get("label", "")))
    if faults:
        raise Invalid(_("The marks were not saved. See the sentences beside them."), fields=faults)
    return marks


def milliseconds(text: str) -> int | None:
    """Read `h:mm:ss.mmm`, hours and thousandths as needed; None for what is no such time."""
    match = TIME.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds, rest = match.groups(default="0")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(rest.ljust(3, "0"))


def shown_marks(marks: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return stored marks as the form's rows."""
    return [{"kind": mark["kind"], "label": mark["label"], "start": stamp(mark["start_ms"]),
             "end": stamp(mark["end_ms"])} for mark in marks]


def _ticked(row: Mapping[str, str]) -> dict[str, Any]:
    return {**row, "default": row.get("default") == "1", "hidden": row.get("hidden") == "1"}
