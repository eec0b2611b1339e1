"""What one brings in and takes along, and how one leaves."""
from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask_security.utils import logout_user
from werkzeug.wrappers import Response

from moviepoint.domains.accounts.viewer import in_person, signed_in
from moviepoint.domains.community.api.data import confirm, data_file, export_file
from moviepoint.domains.community.contexts import DataPage, ImportPage
from moviepoint.domains.community.exchange import MOST_BYTES
from moviepoint.domains.community.labels import IMPORT_STATES, VERDICTS
from moviepoint.domains.community.member_pages import turned
from moviepoint.domains.community.policies import member_id
from moviepoint.domains.community.queries import imports as reads
from moviepoint.domains.community.review_pages import title_links
from moviepoint.domains.community.schemas.data import import_info, row_info
from moviepoint.domains.community.services import imports, leaving
from moviepoint.domains.community.views.common import ask_to_sign_in, faults
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.limits import limiter
from moviepoint.shells.site import render_page

pages = Blueprint("my_data", __name__, url_prefix="/account/data")
pages.before_request(ask_to_sign_in)
SELDOM = "10 per hour"
SHOWN = 50


@pages.get("/")
def index() -> Response:
    """Show what one can bring in, take along and delete."""
    return _page({})


@pages.post("/import")
@limiter.limit(SELDOM)
def start() -> Response:
    """Bring in a file; a task rehearses it."""
    request.max_content_length = MOST_BYTES + 2**16
    file = request.files.get("file")
    try:
        with unit_of_work() as session:
            made = imports.start(session, signed_in(), current_app.extensions["moviepoint.storage"],
                                 request.form.get("source", ""), file.filename or "" if file else "",
                                 file.read() if file else b"")
    except Invalid as error:
        return _page(faults(error, "file"))
    return redirect(url_for(".imported", import_id=made.id), 303)


@pages.get("/import/<int:import_id>")
def imported(import_id: int) -> Response:
    """Show what an import would do, or did, row by row."""
    session = db.session()
    found = imports.own_import(session, signed_in(), import_id)
    verdict = request.args.get("verdict", "")
    rows, pager = turned(session, reads.rows(import_id, verdict if verdict in VERDICTS else ""))
    return render_page("site/import.html", ImportPage(
        import_info(found, reads.verdicts(session, [import_id]).get(import_id, {})), [row_info(row) for row in rows],
        title_links(session, [row.title_id for row in rows if row.title_id]), VERDICTS, IMPORT_STATES, verdict, pager))


@pages.post("/import/<int:import_id>/apply")
def apply(import_id: int) -> Response:
    """Take in what was rehearsed."""
    with unit_of_work() as session:
        imports.apply(session, signed_in(), import_id)
    return redirect(url_for(".imported", import_id=import_id), 303)


@pages.post("/import/<int:import_id>/remove")
def remove(import_id: int) -> Response:
    """Forget an import."""
    with unit_of_work() as session:
        imports.remove(session, signed_in(), current_app.extensions["moviepoint.storage"], import_id)
    flash(_("Forgotten. What was taken in stays."), "success")
    return redirect(url_for(".index"), 303)


@pages.get('/export/<any(letterboxd, "imdb-ratings", "imdb-watchlist"):what>')
@limiter.limit("30 per hour")
def export(what: str) -> Response:
    """Give what one has as Letterboxd's archive or IMDb's file."""
    return export_file(what)


@pages.get("/everything.json")
@limiter.limit(SELDOM)
def everything() -> Response:
    """Give all that is kept of oneself."""
    return data_file()


@pages.post("/leave")
@limiter.limit(SELDOM)
def leave() -> Response:
    """Delete one's account with all that is one's own."""
    try:
        confirm(request.form.get("email", ""), request.form.get("password", ""))
    except Invalid as error:
        return _page(faults(error, "email"))
    with unit_of_work() as session:
        leaving.leave(session, in_person(), current_app.extensions["moviepoint.storage"])
    logout_user()
    flash(_("Your account is deleted, with all that was yours. Goodbye."), "success")
    return redirect(url_for("pages.home"), 303)


def _page(errors: dict[str, list[str]]) -> Response:
    session, viewer = db.session(), signed_in()
    rows = session.scalars(reads.imports(member_id(viewer)).limit(SHOWN)).all()
    counts = reads.verdicts(session, [row.id for row in rows])
    return render_page("site/my_data.html", DataPage(
        [import_info(row, counts.get(row.id, {})) for row in rows], IMPORT_STATES, errors,
        bool(in_person().password)), 422 if errors else 200)
