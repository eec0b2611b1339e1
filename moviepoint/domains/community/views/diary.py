"""Writing down what one has watched."""
from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from moviepoint.domains.accounts.viewer import signed_in
from moviepoint.domains.community.contexts import DiaryFormPage
from moviepoint.domains.community.policies import member_id
from moviepoint.domains.community.schemas.lists import DiaryInput
from moviepoint.domains.community.services import diary
from moviepoint.domains.community.views.common import WRITES, ask_to_sign_in, faults, title_link
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.limits import limiter
from moviepoint.kernel.validation import convert
from moviepoint.shells.site import render_page

pages = Blueprint("diary", __name__, url_prefix="/account/diary")
pages.before_request(ask_to_sign_in)


@pages.route("/new/<int:title_id>", methods=["GET", "POST"])
@limiter.limit(WRITES, methods=["POST"])
def new(title_id: int) -> Response:
    """Write a viewing down."""
    return _edit(title_id, None, {"watched_on": utcnow().date().isoformat(), "tags": ""})


@pages.route("/<int:entry_id>", methods=["GET", "POST"])
@limiter.limit(WRITES, methods=["POST"])
def edit(entry_id: int) -> Response:
    """Change a viewing."""
    entry = diary.own_entry(db.session(), signed_in(), entry_id)
    return _edit(entry.title_id, entry_id, {
        "watched_on": entry.watched_on.isoformat() if entry.watched_on else "", "rewatch": entry.rewatch,
        "rating": str(entry.rating or ""), "tags": ", ".join(entry.tags)})


@pages.post("/<int:entry_id>/delete")
def delete(entry_id: int) -> Response:
    """Take a viewing out of one's diary."""
    with unit_of_work() as session:
        diary.delete_entry(session, signed_in(), entry_id)
    flash(_("Taken out of your diary."), "success")
    return redirect(url_for("own_profile.me"), 303)


def _edit(title_id: int, entry_id: int | None, present: dict[str, Any]) -> Response:
    title, errors = title_link(title_id), {}
    member_id(signed_in())
    if request.method == "POST":
        form = request.form
        present = dict(form)
        try:
            given = convert(DiaryInput, {
                "title_id": title_id, "watched_on": form.get("watched_on", "").strip() or None,
                "rewatch": "rewatch" in form, "rating": form.get("rating", "").strip() or None,
                "tags": [tag.strip() for tag in form.get("tags", "").split(",") if tag.strip()]})
            with unit_of_work() as session:
                diary.log(session, signed_in(), given, entry_id)
        except Invalid as error:
            errors = faults(error, "watched_on")
        else:
            flash(_("It stands in your diary."), "success")
            return redirect(title.url, 303)
    return render_page("site/diary_form.html", DiaryFormPage(title, title_id, present, entry_id, errors),
                       422 if errors else 200)
