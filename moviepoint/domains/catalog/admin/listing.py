"""The list of titles: its filters, columns, saved views and bulk actions."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app, flash, redirect, request
from flask_admin import expose
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.backoffice_filters import COLUMNS, Filters
from moviepoint.domains.catalog.backoffice_queries import list_titles, users_who_added
from moviepoint.domains.catalog.finding import known, title_filters
from moviepoint.domains.catalog.models import STATUSES
from moviepoint.domains.catalog.services.lifecycle import TRANSITIONS
from moviepoint.domains.catalog.words import reader
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import ngettext
from moviepoint.shells.admin.frame import View

MAX_CHOSEN = 500
BULK = (*TRANSITIONS, "delete", "genre", "collection")


class TitleList(View):
    """The list, with what can be done to many titles at once."""

    @expose("/")
    def index(self) -> Any:
        """List titles by what the filters ask for."""
        session = db.session()
        others = title_filters()
        filters = Filters.read(request.args, others)
        found = list_titles(session, current_user, filters, reader().chain, known(session, filters))
        return self.render(
            "catalog/admin/titles.html", found=found, filters=filters, statuses=STATUSES, columns=COLUMNS,
            others=others,
            shown=[name for name in COLUMNS if name in filters.columns], authors=users_who_added(session),
            locales=current_app.extensions["moviepoint.settings"].locales,
            address=lambda **changes: self.get_url(".index", **filters.query(**changes)))

    @expose("/bulk", methods=("POST",))
    def bulk(self) -> Response:
        """Do one thing to all titles chosen: all of it or nothing."""
        verb, changed = request.form.get("verb", ""), 0
        with self.saving() as session:
            changed = _apply(session, verb, _chosen(), request.form)
        if self.failure is None:
            flash(ngettext("%(num)d title was changed.", "%(num)d titles were changed.", changed), "success")
        back = request.form.get("back", "")
        return redirect(back if _is_own(back) else self.get_url(".index"))


def _chosen() -> list[int]:
    ids = [int(text) for text in request.form.getlist("ids") if text.isascii() and text.isdigit() and len(text) < 12]
    if not ids:
        raise Invalid(_("Choose titles first."))
    if len(ids) > MAX_CHOSEN:
        raise Invalid(_("Choose at most %(count)s titles at once.", count=MAX_CHOSEN))
    return ids


def _apply(session: Session, verb: str, ids: list[int], form: Mapping[str, str]) -> int:
    if verb in TRANSITIONS or verb == "delete":
        return services.change_all(session, current_user, ids, verb)
    if verb == "genre" and form.get("genre"):
        return services.add_genre(session, current_user, form["genre"], ids)
    if verb == "collection" and form.get("collection", "").isdigit():
        return services.add_to_collection(session, current_user, int(form["collection"]), ids)
    raise Invalid(_("Choose what to do with the titles."))


def _is_own(address: str) -> bool:
    """Say whether an address leads back into the list, and nowhere else."""
    return address.startswith("/admin/titles/?") and "\\" not in address
