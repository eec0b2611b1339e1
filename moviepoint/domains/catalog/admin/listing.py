"""The list of titles: its filters, columns, saved views and bulk actions."""
from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import current_app, flash, request
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from moviepoint.domains.catalog import policies, services
from moviepoint.domains.catalog.admin.desk import TitleDesk
from moviepoint.domains.catalog.backoffice_filters import COLUMNS, Filters
from moviepoint.domains.catalog.backoffice_queries import list_titles, runs_of, saved_views, users_who_added
from moviepoint.domains.catalog.finding import canonical, found_ids, known, title_filters
from moviepoint.domains.catalog.models import STATUSES
from moviepoint.domains.catalog.schemas import BulkInput
from moviepoint.domains.catalog.words import reader
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import ngettext

MAX_CHOSEN = 500
AT_ONCE = 200  # titles found; more are a task's work


class TitleList(TitleDesk):
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
            others=others, shown=[name for name in COLUMNS if name in filters.columns],
            authors=users_who_added(session), locales=current_app.extensions["moviepoint.settings"].locales,
            query=urlencode(filters.query(), doseq=True), views=saved_views(session, current_user),
            runs=runs_of(session, current_user), shares=current_user.may(policies.EDIT), here=reader().chain[0],
            address=lambda **changes: self.get_url(".index", **filters.query(**changes)))

    @expose("/bulk", methods=("POST",))
    def bulk(self) -> Response:
        """Do one thing to all titles chosen, or to all that the filters find: many of these by a task."""
        changed = run = None
        with self.saving() as session:
            data = _wanted()
            if request.form.get("all") == "1":
                ids = found_ids(session, current_user, canonical(request.form.get("query", "")))
                if len(ids) > AT_ONCE:
                    run = services.start_run(session, current_user, data, ids)
            else:
                ids = _chosen()
            if run is None:
                changed = services.act(session, current_user, data, ids)
        if self.failure is None and run is not None:
            flash(ngettext("%(num)d title is being worked on; its progress stands above the list.",
                           "%(num)d titles are being worked on; their progress stands above the list.", run.total),
                  "success")
        elif self.failure is None:
            flash(ngettext("%(num)d title was changed.", "%(num)d titles were changed.", changed or 0), "success")
        return self.back()


def _wanted() -> BulkInput:
    verb = request.form.get("verb", "")[:20]
    return BulkInput(verb, request.form.get(verb, "")[:100] if verb in ("genre", "collection") else "")


def _chosen() -> list[int]:
    ids = [int(text) for text in request.form.getlist("ids") if text.isascii() and text.isdigit() and len(text) < 12]
    if not ids:
        raise Invalid(_("Choose titles first."))
    if len(ids) > MAX_CHOSEN:
        raise Invalid(_("Choose at most %(count)s titles at once.", count=MAX_CHOSEN))
    return ids
