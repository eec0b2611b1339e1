"""The back office's page of an edition: what it is, a player, and its tracks and marks, edited in place."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app, redirect, request
from flask_admin import expose
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload
from werkzeug.wrappers import Response

from moviepoint.domains.media import (
    access_admin,
    backoffice,
    checking,
    documents,
    early,
    editing,
    playback,
    player,
    profiles,
    queries,
    retiming,
    rungs,
    services,
    sources,
)
from moviepoint.domains.media.access_admin import AccessVerbs
from moviepoint.domains.media.api.sources import download
from moviepoint.domains.media.documents import stamp
from moviepoint.domains.media.edition_forms import TABLES, moved, read_marks, read_track, shown_marks, shown_tracks
from moviepoint.domains.media.encoding import storyboard
from moviepoint.domains.media.letters_admin import LettersVerbs
from moviepoint.domains.media.models import AudioTrack, Edition
from moviepoint.domains.media.remote import figures
from moviepoint.domains.media.rungs_admin import PictureVerbs
from moviepoint.domains.media.schemas import MarksInput, TracksInput
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid, MoviePointError, NotFound
from moviepoint.kernel.i18n import current_locale, lazy_gettext
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.admin.forms import rows

BLANK_MARKS = 3
JOBS_SHOWN = 10


@dataclass(frozen=True)
class Sheet:
    """A sheet of a storyboard: its address, the seconds it begins and ends at, and how it is laid out."""

    src: str
    start: int
    end: int


@dataclass(frozen=True)
class Early:
    """A film that is being encoded: a player's settings, and how much of it can be watched."""

    settings: str
    length: str


class EditionsView(AccessVerbs, PictureVerbs, LettersVerbs):
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
        """Show an edition; `?fragment=1` gives its jobs alone."""
        if "fragment" in request.args:
            return self.render("media/admin/jobs_table.html", jobs=jobs_of(db.session(), edition_id), brief=True)
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
            data = {table: [read_track(row) for row in typed[table]] for table in TABLES}
            editing.save_tracks(session, current_user, edition_id, TracksInput(**data, version=version))
        if self.failure is None:
            return redirect(self.get_url(".detail", edition_id=edition_id, _anchor="tracks"))
        return self._show(load(db.session(), edition_id), tracks=typed, tracks_version=version)

    @expose("/<int:edition_id>/tracks/<any(audio, subtitles):table>/<int:track_id>/remove", methods=("POST",))
    def remove_track(self, edition_id: int, table: str, track_id: int) -> Response:
        """Take a track out of an edition."""
        with self.saving(_("The track was removed.")) as session:
            editing.remove_track(session, current_user, current_app.extensions["moviepoint.storage"], edition_id,
                                 track_id, table)
        return redirect(self.get_url(".detail", edition_id=edition_id, _anchor="tracks"))

    @expose("/<int:edition_id>/marks", methods=("POST",))
    def marks(self, edition_id: int) -> Any:
        """Save the marks; a row whose times and label are empty is left out."""
        typed = [row for row in rows(request.form, "marks")
                 if row.get("start") or row.get("end") or row.get("label")]
        version = request.form.get("version", "")
        with self.saving(_("Saved.")) as session:
            editing.save_marks(session, current_user, edition_id, MarksInput(read_marks(typed), version))
        if self.failure is None:
            return redirect(self.get_url(".detail", edition_id=edition_id, _anchor="marks"))
        return self._show(load(db.session(), edition_id), marks=typed, marks_version=version)

    @expose("/sources/<int:source_id>/file")
    def source_file(self, source_id: int) -> Any:
        """Send a source file as it came."""
        return download(source_id)

    @expose("/sources/<int:source_id>/<any(pin, unpin, discard, encode):verb>", methods=("POST",))
    def source(self, source_id: int, verb: str) -> Response:
        """Keep a source file, leave it to the settings, delete it, or encode it again."""
        edition_id = sources.find_source(db.session(), current_user, source_id).edition_id
        with self.saving(_("Encoding begins.") if verb == "encode" else _("Saved.")) as session:
            if verb == "discard":
                sources.discard_source(session, current_user, current_app.extensions["moviepoint.storage"], source_id)
            elif verb == "encode":
                offer = profiles.choose(session, current_app.extensions["moviepoint.hooks"],
                                        request.form.get("profile", ""))
                services.start_job(session, current_user, source_id, offer=offer)
            else:
                sources.pin_source(session, current_user, source_id, verb == "pin")
        return redirect(self.get_url(".detail", edition_id=edition_id, _anchor="sources"))

    def show(self, edition: Edition) -> Any:
        """Render the page after something else on it could not be saved."""
        return self._show(load(db.session(), edition.id))

    def _show(self, edition: Edition, **typed: Any) -> Any:
        """Render the page, with what was typed instead of what is stored where there is such."""
        failure, session = self.failure, db.session()
        tracks, marks = editing.tracks_document(edition), editing.marks_document(edition)
        locales = current_app.extensions["moviepoint.settings"].locales
        settings, board = player_of(edition)
        shown = typed.pop("tracks", tracks)
        context = {
            "tracks": {table: shown_tracks(shown[table], locales) for table in TABLES},
            "tracks_version": editing.version_of(tracks), "marks": shown_marks(marks["marks"]),
            "marks_version": editing.version_of(marks), **typed}
        page = self.render(
            "media/admin/edition.html", edition=edition, name=documents.edition_name(session, edition),
            jobs=jobs_of(session, edition.id), sources=sources.source_views(session, current_user, edition),
            player=settings, sheets=board, errors=failure.fields if isinstance(failure, Invalid) else {},
            blanks=BLANK_MARKS, facts={table: {row.id: row for row in getattr(edition, table)} for table in TABLES},
            words={"audio": player.audio_kinds(), "subtitles": player.subtitle_kinds() | {"full": _("full")},
                   "marks": mark_kinds()}, readable=[row for row in edition.subtitles if row.path],
            kinds={"audio": checking.AUDIO_KINDS, "subtitles": checking.SUBTITLE_ROLES}, stamp=stamp,
            subtitle_name=player.subtitle_name, note_words=player.note_words, moving=moving(session, edition),
            drop=backoffice.drop_zone(edition.public_id, tracks=replaceable(edition)), early=early_of(session, edition),
            access=access_admin.panel(session, edition), film=rungs.source_of(session, edition),
            lies=figures.place_of(session, edition),
            profiles=profiles.offers(session, current_app.extensions["moviepoint.hooks"]), **context)
        return (page, int(failure.status)) if failure else page


def replaceable(edition: Edition) -> dict[str, list[tuple[int, str]]]:
    """Return the tracks that a file can take the place of, numbered as in their table: ids and names by use."""
    locale = current_locale()
    return {
        "audio": [(row.id, f"{place}. {player.audio_name(row, locale)}") for place, row in enumerate(edition.audio, 1)],
        "subtitles": [(row.id, f"{place}. {player.subtitle_name(row, locale)}"
                       + ("" if row.path else f" ({_('needs a text version')})"))
                      for place, row in enumerate(edition.subtitles, 1)]}


def early_of(session: Session, edition: Edition) -> Early | None:
    """Return a player of a film that is being encoded, over what is there; None while that is nothing."""
    job = early.current(session, edition.id)
    if job is None or job.package == edition.package:
        return None
    found = early.progress(current_app.extensions["moviepoint.storage"], job)
    if found is None:
        return None
    address = playback.addresses(
        current_app.extensions["moviepoint.hooks"], current_app.extensions["moviepoint.settings"].secret_key, session,
        edition, current_user, early=job.package).master
    settings = player.player_settings(edition, master=address, storyboard="", locale=current_locale(), audio=[],
                                      subtitles=[])
    return Early(settings, stamp(round(found.seconds * 1000)))


def moving(session: Session, edition: Edition) -> set[tuple[str, int]]:
    """Return which tracks are being made anew at another offset: (table, id). Asks only for those that should be."""
    return {("audio" if isinstance(row, AudioTrack) else "subtitles", row.id) for row in edition.tracks
            if row.offset_ms != row.made_offset_ms and retiming.busy(session, edition, row)}


def load(session: Session, edition_id: int) -> Edition:
    """Return an edition with all that its page shows, in a fixed number of queries. Raises NotFound."""
    edition = session.scalar(select(Edition).where(Edition.id == edition_id).options(
        selectinload(Edition.video), selectinload(Edition.audio), selectinload(Edition.subtitles),
        selectinload(Edition.storyboard), selectinload(Edition.marks), selectinload(Edition.sources)))
    if edition is None:
        raise NotFound()
    return edition


def jobs_of(session: Session, edition_id: int) -> list[queries.JobView]:
    """Return an edition's latest jobs."""
    statement = queries.jobs(current_user, queries.JobFilter(edition_id=edition_id)).limit(JOBS_SHOWN)
    return queries.job_views(session, list(session.scalars(statement)))


def player_of(edition: Edition) -> tuple[str, Sequence[Sheet]]:
    """Return the player's settings and the storyboard's sheets, or nothing where there is nothing to play."""
    if not edition.package:
        return "", ()
    try:
        found = playback.addresses(current_app.extensions["moviepoint.hooks"],
                                   current_app.extensions["moviepoint.settings"].secret_key, db.session(), edition,
                                   current_user)
    except MoviePointError:
        return "", ()
    settings = player.player_settings(
        edition, master=found.master, storyboard=found.storyboard, locale=current_locale(),
        audio=player.tracks_heard(edition, current_locale()), subtitles=player.tracks_read(edition, current_locale()))
    return settings, sheets(edition, found.storyboard.rpartition("/")[0])


def sheets(edition: Edition, prefix: str) -> Sequence[Sheet]:
    """Return the sheets of an edition's storyboard, below a signed address."""
    if edition.storyboard is None or not edition.duration_ms:
        return ()
    seconds = math.ceil(edition.duration_ms / 1000)
    span = edition.storyboard.interval_ms // 1000 * storyboard.COLUMNS * storyboard.ROWS
    folder = f"{prefix}/{edition.storyboard.name}"
    return [Sheet(f"{folder}/{number:04d}.jpg", number * span, min(seconds, (number + 1) * span))
            for number in range(math.ceil(seconds / span))]


def mark_kinds() -> dict[str, str]:
    """Return the words for kinds of marks."""
    return {"chapter": _("chapter"), "intro": _("intro"), "recap": _("recap"), "credits": _("credits")}
