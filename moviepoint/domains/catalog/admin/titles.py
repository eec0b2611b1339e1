"""Films and series in the back office."""
from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import redirect, request
from flask_admin import expose
from flask_babel import get_timezone
from flask_login import current_user
from werkzeug.wrappers import Response

from moviepoint.domains.catalog import labels, services
from moviepoint.domains.catalog.admin.listing import TitleList
from moviepoint.domains.catalog.admin.seasons import SeasonPages
from moviepoint.domains.catalog.services.titles import ENTITY
from moviepoint.domains.catalog.texts import pick
from moviepoint.domains.history.queries import of_entity
from moviepoint.domains.history.words import ACTIONS, field_name
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext


class TitlesView(SeasonPages, TitleList):
    """List, enter and edit titles, seasons and episodes; lead them through their life."""

    permission = "catalog.edit"

    commands = ((lazy_gettext("Enter a title"), ".new", {}), (lazy_gettext("The bin"), ".index", {"bin": 1}),
                (lazy_gettext("Titles without a poster"), ".index", {"missing": "poster"}))

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Titles"), endpoint="titles", url="titles")

    def render(self, template: str, **variables: Any) -> str:
        """Render with the words that all of these templates need."""
        return str(super().render(template, pick=pick, status_names=labels.STATUS_NAMES, words=labels.choices,
                                  field_name=field_name, actions=ACTIONS, **variables))

    @expose("/<int:title_id>/<any(submit, return, publish, unpublish, archive):verb>", methods=("POST",))
    def change_status(self, title_id: int, verb: str) -> Response:
        """Lead a title on: to review, to the public, to the archive, and back."""
        with self.saving() as session:
            services.change_status(session, current_user, title_id, verb)
        return redirect(self.get_url(".edit", title_id=title_id))

    @expose("/<int:title_id>/schedule", methods=("POST",))
    def schedule(self, title_id: int) -> Response:
        """Set the times at which a title becomes public and goes again."""
        with self.saving(_("Saved.")) as session:
            services.schedule(session, current_user, title_id, _moment("publish_at"), _moment("unpublish_at"))
        return redirect(self.get_url(".edit", title_id=title_id))

    @expose("/<int:title_id>/delete", methods=("POST",))
    def delete(self, title_id: int) -> Response:
        """Put a title into the bin."""
        with self.saving() as session:
            services.delete_title(session, current_user, title_id)
        if self.failure is None:
            self.offer_undo(_("It lies in the bin now, and can be taken back from there."),
                            of_entity(db.session(), ENTITY, title_id, 1)[0].id)
        return redirect(self.get_url(".index"))

    @expose("/<int:title_id>/<any(take_back, purge):verb>", methods=("POST",))
    def from_bin(self, title_id: int, verb: str) -> Response:
        """Take a title out of the bin, or delete it for good."""
        act = services.take_back if verb == "take_back" else services.purge
        with self.saving(_("It is a draft again.") if verb == "take_back" else _("Deleted.")) as session:
            act(session, current_user, title_id)
        if verb == "take_back" and self.failure is None:
            return redirect(self.get_url(".edit", title_id=title_id))
        return redirect(self.get_url(".index", bin=1))


def _moment(name: str) -> datetime | None:
    """Return a time typed in the editor's time zone. Raises Invalid."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=get_timezone() or ZoneInfo("UTC"))
    except ValueError:
        raise Invalid(_("This is no date and time."), fields={name: [_("This is no date and time.")]}) from None
