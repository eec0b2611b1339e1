"""Which mail one gets: a page of one's account, and the page behind the link in each mail, without signing in."""
from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from moviepoint.domains.accounts import notices
from moviepoint.domains.accounts.contexts import NoticeLine, NoticesPage, StopPage
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.notice_mail import open_stop, optional
from moviepoint.domains.accounts.viewer import current_viewer, in_person
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.limits import limiter
from moviepoint.shells.site import render_page

pages = Blueprint("notices", __name__, url_prefix="/account/mail")
stops = Blueprint("notice_stop", __name__, url_prefix="/mail")
LIMIT = "30 per minute"


@pages.get("/")
def edit() -> Response:
    """Show which mail one gets."""
    viewer = current_viewer()
    if not isinstance(viewer, User):
        return redirect(url_for("security.login", next=request.path))
    chosen = notices.choices(db.session(), viewer.id)
    return render_page("site/notices.html", NoticesPage(
        viewer.email, [NoticeLine(kind.name, str(kind.label), chosen.get(kind.name, True)) for kind in optional()]))


@pages.post("/")
@limiter.limit(LIMIT)
def save() -> Response:
    """Choose which mail one gets."""
    viewer = in_person()
    names = [kind.name for kind in optional()]
    with unit_of_work() as session:
        notices.choose(session, viewer.id, names, {name: name in request.form.getlist("kind") for name in names})
    flash(_("Saved."), "success")
    return redirect(url_for(".edit"), 303)


@stops.get("/stop/<token>")
def stop(token: str) -> Response:
    """Ask whether mail of a kind shall stop: a program that opens links must not stop it."""
    user_id, kind = open_stop(token)
    wanted = notices.wants(db.session(), user_id, kind.name)
    response = render_page("site/notice_stop.html", StopPage(str(kind.label), token, not wanted))
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


@stops.post("/stop/<token>")
@limiter.limit(LIMIT)
def stop_now(token: str) -> Response:
    """Stop mail of a kind, or have it again."""
    user_id, kind = open_stop(token)
    set_wanted(user_id, kind.name, "again" in request.form)
    return redirect(url_for(".stop", token=token), 303)


def set_wanted(user_id: int, kind: str, wanted: bool) -> None:
    """Set whether a user gets mail of a kind. Raises NotFound for somebody who has left."""
    with unit_of_work() as session:
        if session.get(User, user_id) is None:
            raise NotFound()
        notices.choose(session, user_id, [kind], {kind: wanted})
