"""The library in the back office: a folder walked through, what was found looked at, what is chosen imported."""
from __future__ import annotations

import math
from typing import Any

from flask import redirect, request
from flask_admin import expose
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from moviepoint.plugin_api import (
    NotFound,
    View,
    content_type,
    db,
    gettext,
    history_words,
    lazy_gettext,
    site_settings,
)

from . import work
from .models import WORKING, LibraryItem, LibraryScan

SHOWN, ITEMS_SHOWN = 20, 50
STATES = {
    "waiting": lazy_gettext("waiting"), "looking": lazy_gettext("looking through"),
    "ready": lazy_gettext("to be looked at"), "importing": lazy_gettext("importing"), "done": lazy_gettext("done"),
    "failed": lazy_gettext("failed"), "stopped": lazy_gettext("called off"),
}
VERDICTS = {"new": lazy_gettext("New"), "changed": lazy_gettext("Changed"), "same": lazy_gettext("The same"),
            "faulty": lazy_gettext("Faulty")}


class LibraryView(View):
    """Folders of this server, as Kodi and Jellyfin keep them."""

    permission = work.PERMISSION

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Folders (Kodi)"), endpoint="kodi_library", url="kodi-library")

    def is_accessible(self) -> bool:
        """Let in who may write the whole catalogue and take in media."""
        return bool(super().is_accessible() and current_user.may(work.PERMISSION) and current_user.may("media.upload"))

    def render(self, template: str, **variables: Any) -> str:
        """Render with the names of states."""
        return str(super().render(template, states=STATES, working=WORKING, **variables))

    @expose("/")
    def index(self) -> Any:
        """Show the form and the last walks."""
        rows = db.session().scalars(select(LibraryScan).order_by(LibraryScan.id.desc()).limit(SHOWN)).all()
        return self.render("kodi_library/index.html", rows=rows, folders=work.folders(),
                           locales=site_settings().locales)

    @expose("/look", methods=("POST",))
    def look(self) -> Response:
        """Have a folder walked through."""
        form, scan = request.form, None
        inner = form.get("inner", "").strip().strip("/")
        with self.saving() as session:
            scan = work.start(session, current_user, f"{form.get('folder', '')}/{inner}".rstrip("/"),
                              form.get("locale", ""))
        return redirect(self.get_url(".index") if self.failure or scan is None
                        else self.get_url(".detail", scan_id=scan.id))

    @expose("/<int:scan_id>")
    def detail(self, scan_id: int) -> Any:
        """Show what a walk found; `?fragment=1` gives its progress alone."""
        session, scan = db.session(), self._scan(scan_id)
        counts = work.counts(session, scan_id)
        if "fragment" in request.args:
            return self.render("kodi_library/progress.html", scan=scan, fragment=True)
        pages = max(1, math.ceil(sum(counts[name] for name in VERDICTS) / ITEMS_SHOWN))
        page = min(max(1, request.args.get("page", 1, type=int)), pages)
        items = session.scalars(select(LibraryItem).where(LibraryItem.scan_id == scan_id).order_by(LibraryItem.id)
                                .limit(ITEMS_SHOWN).offset((page - 1) * ITEMS_SHOWN))
        return self.render(
            "kodi_library/detail.html", scan=scan, counts=counts, verdicts=VERDICTS, page=page, pages=pages,
            items=[(item, [history_words.shown(change) for change in item.changes]) for item in items],
            address=content_type("title").address, field_name=history_words.field_name,
            item_words=history_words.item_words)

    @expose("/<int:scan_id>/import", methods=("POST",))
    def bring_in(self, scan_id: int) -> Response:
        """Keep what is ticked on a page; with `import`, go on and import all that is ticked."""
        scan = self._scan(scan_id)
        with self.saving() as session:
            if scan.state == "ready":
                work.choose(session, current_user, scan, _ids("listed"), _ids("ticked"))
            if "import" in request.form:
                work.import_chosen(session, current_user, scan)
        return redirect(self.get_url(".detail", scan_id=scan_id, page=request.form.get("page", 1)))

    @expose("/<int:scan_id>/stop", methods=("POST",))
    def stop(self, scan_id: int) -> Response:
        """Call a walk or an import off."""
        with self.saving(gettext("Called off.")) as session:
            work.stop(session, current_user, self._scan(scan_id))
        return redirect(self.get_url(".detail", scan_id=scan_id))

    @staticmethod
    def _scan(scan_id: int) -> LibraryScan:
        found = db.session().get(LibraryScan, scan_id)
        if found is None:
            raise NotFound()
        return found


def _ids(name: str) -> set[int]:
    return {int(text) for text in request.form.getlist(name) if text.isascii() and text.isdigit() and len(text) < 10}
