"""What the edition's page does about its picture: rungs and a storyboard that are added, and rungs that are removed."""
from __future__ import annotations

from typing import Any

from flask import current_app, redirect, request
from flask_admin import expose
from flask_login import current_user

from moviepoint.domains.media import rungs
from moviepoint.domains.media.access_admin import EditionVerbs, find
from moviepoint.domains.media.encoding.extras import Wish
from moviepoint.domains.media.profile_admin import by_field
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.admin.forms import number_or_none, parse

NUMBERS = ("lines", "max_kbps", "crf")


class PictureVerbs(EditionVerbs):
    """Verbs on an edition's picture; `EditionsView` is the page."""

    @expose("/<int:edition_id>/pictures", methods=("POST",))
    def pictures(self, edition_id: int) -> Any:
        """Begin to make a rung, or a new storyboard."""
        with self.saving(_("Encoding begins.")) as session:
            rungs.start(session, current_user, edition_id, read_wish())
        if self.failure is None:
            return redirect(self.get_url(".detail", edition_id=edition_id, _anchor="jobs"))
        if isinstance(self.failure, Invalid):
            self.failure.fields = by_field(self.failure.fields)
        return self.show(find(db.session(), edition_id))

    @expose("/<int:edition_id>/rungs/<int:rung_id>/remove", methods=("POST",))
    def remove_rung(self, edition_id: int, rung_id: int) -> Any:
        """Take a rung out of an edition."""
        with self.saving(_("The rung was removed.")) as session:
            rungs.remove(session, current_user, current_app.extensions["moviepoint.storage"], edition_id, rung_id)
        return redirect(self.get_url(".detail", edition_id=edition_id, _anchor="ladder"))


def read_wish() -> Wish:
    """Return what a form asks for. Raises Invalid that names the fields."""
    if "storyboard_seconds" in request.form:
        return parse(Wish, {"storyboard_seconds": number_or_none(request.form["storyboard_seconds"]) or 0})
    return parse(Wish, {"rungs": [{name: number_or_none(request.form.get(f"rungs-0-{name}")) for name in NUMBERS}]})
