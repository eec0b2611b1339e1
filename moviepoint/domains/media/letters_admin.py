"""The page of a subtitle track's letters: how its file reads in each likely encoding, and a choice."""
from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, request
from flask_admin import expose
from flask_login import current_user

from moviepoint.domains.media import documents, lettering, player
from moviepoint.domains.media.access_admin import find
from moviepoint.domains.media.encoding import charsets
from moviepoint.domains.media.lettering import Letters
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid, NotFound
from moviepoint.kernel.i18n import current_locale
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.admin.frame import View


class LettersVerbs(View):
    """What the edition's page does about the letters of its subtitle files; `EditionsView` is the page."""

    @expose("/<int:edition_id>/subtitles/<int:track_id>/letters", methods=("GET", "POST"))
    def letters(self, edition_id: int, track_id: int) -> Any:
        """Show how a track's file reads, `?encoding=` in one more encoding; or take an editor's choice."""
        if request.method == "GET":
            return self._letters(edition_id, track_id, request.args.get("encoding", "")[:40])
        with self.saving() as session:
            job = lettering.choose(session, current_user, current_app.extensions["moviepoint.storage"], edition_id,
                                   track_id, request.form.get("encoding", "")[:40])
        if self.failure is not None:
            return self._letters(edition_id, track_id)
        flash(_("The track is made anew; it is shown when that is done.") if job else _("Confirmed."), "success")
        return redirect(self.get_url(".detail", edition_id=edition_id, _anchor="tracks"))

    def _letters(self, edition_id: int, track_id: int, asked: str = "") -> Any:
        session, failure = db.session(), self.failure
        edition = find(session, edition_id)
        row = next((row for row in edition.subtitles if row.id == track_id), None)
        if row is None:
            raise NotFound()
        shown = Letters(row.letters.get("encoding", ""), row.guessed, [])
        try:
            shown = lettering.look(session, current_user, current_app.extensions["moviepoint.storage"], edition,
                                   track_id, asked)
        except Invalid as error:
            failure = failure or error
        page = self.render(
            "media/admin/letters.html", edition=edition, row=row, letters=shown, asked=asked, known=charsets.KNOWN,
            name=documents.edition_name(session, edition), track=player.subtitle_name(row, current_locale()),
            wrong=str(failure.message) if failure else "", title=charsets.title)
        return (page, int(failure.status)) if failure else page
