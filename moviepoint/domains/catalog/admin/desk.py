"""What surrounds the list of titles: cells changed in place, saved views, and the progress of work on many titles."""
from __future__ import annotations

from typing import Any

from flask import jsonify, redirect, request
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from moviepoint.domains.catalog import labels, services
from moviepoint.domains.catalog.finding import canonical
from moviepoint.domains.catalog.schemas import SavedViewInput
from moviepoint.domains.catalog.texts import pick
from moviepoint.domains.catalog.words import reader
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Invalid, MoviePointError
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.admin.forms import parse
from moviepoint.shells.admin.frame import View


class TitleDesk(View):
    """The list's small writes; each leads back to where it was asked for."""

    @expose("/<int:title_id>/cell", methods=("POST",))
    def cell(self, title_id: int) -> Any:
        """Change one field; answer with what the cell shows now and the title's version, or with what is wrong."""
        field, chain = request.form.get("field", ""), reader().chain
        version = request.form.get("version", "")
        try:
            if not (version.isascii() and version.isdigit() and len(version) < 10):
                raise Invalid(_("The page was damaged on its way. Go back and try again."))
            with unit_of_work() as session:
                title = services.set_cell(session, current_user, title_id, field, request.form.get("value", ""),
                                          int(version), chain[0])
                session.flush()
        except MoviePointError as error:
            fields = getattr(error, "fields", {})
            sentence = next((" ".join(said) for said in fields.values() if said), "") if field != "status" else ""
            return jsonify(error=sentence or str(error.message)), int(error.status)
        here = next((text.name for text in title.texts if text.locale == chain[0]), "")
        name = pick(title.texts, "name", chain, (title.original_title, title.original_language)).value
        value = {"name": here, "year": title.year or ""}.get(field, getattr(title, field, ""))
        shown = {"name": name, "status": str(labels.STATUS_NAMES[title.status])}.get(field, value)
        return jsonify(value=value, shown=shown, version=title.version, name=name, original=title.original_title)

    @expose("/views", methods=("POST",))
    def keep_view(self) -> Response:
        """Keep the list's present address under a name."""
        query = canonical(request.form.get("query", ""))
        with self.saving(_("The view is kept.")) as session:
            services.save_view(session, current_user, parse(SavedViewInput, {
                "name": request.form.get("name", "").strip(), "query": query,
                "shared": request.form.get("shared") == "1"}))
        return redirect(self.get_url(".index") + (f"?{query}" if query else ""))

    @expose("/views/<int:view_id>", methods=("POST",))
    def change_view(self, view_id: int) -> Response:
        """Rename a view, share it or not, or delete it."""
        verb = request.form.get("verb")
        with self.saving(_("Deleted.") if verb == "delete" else _("Saved.")) as session:
            if verb == "delete":
                services.delete_view(session, current_user, view_id)
            else:
                data = parse(SavedViewInput, {"name": request.form.get("name", "").strip(),
                                              "shared": request.form.get("shared") == "1"})
                services.save_view(session, current_user, data, view_id)
        return self.back()

    @expose("/runs/<int:run_id>")
    def run(self, run_id: int) -> Any:
        """Show how far work on many titles is; `part` answers with the piece of the page that changes."""
        found = services.find_run(db.session(), current_user, run_id)
        template = "run_state" if request.args.get("part") else "run"
        return self.render(f"catalog/admin/{template}.html", run=found)

    @expose("/runs/<int:run_id>/stop", methods=("POST",))
    def stop_run(self, run_id: int) -> Response:
        """Stop the work where it stands."""
        with self.saving(_("Stopped.")) as session:
            services.stop_run(session, current_user, run_id)
        return redirect(self.get_url(".run", run_id=run_id))

    def back(self) -> Response:
        """Lead back into the list, and nowhere else."""
        address = request.form.get("back", "")
        own = address.startswith("/admin/titles/?") and "\\" not in address
        return redirect(address if own else self.get_url(".index"))
