"""Bringing a film of one's own."""
from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from moviepoint.domains.accounts.viewer import signed_in
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.words import site_settings
from moviepoint.domains.community.contexts import ContributionPage, ContributionsPage
from moviepoint.domains.community.contribution_pages import shown
from moviepoint.domains.community.labels import CONTRIBUTION_STATES, rights_names
from moviepoint.domains.community.policies import CONTRIBUTE, member_id
from moviepoint.domains.community.queries import contributions as reads
from moviepoint.domains.community.schemas.contributions import ContributionInfo, ContributionInput
from moviepoint.domains.community.services import contributions
from moviepoint.domains.community.views.common import WRITES, ask_to_sign_in, faults
from moviepoint.domains.community.views.reviews import languages
from moviepoint.domains.media.allowance import allowance
from moviepoint.domains.media.backoffice import drop_zone
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import current_locale
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.limits import limiter
from moviepoint.kernel.validation import convert
from moviepoint.shells.site import render_page

pages = Blueprint("contributions", __name__, url_prefix="/account/films")
pages.before_request(ask_to_sign_in)


@pages.get("/")
def index() -> Response:
    """Show films of one's own."""
    session = db.session()
    rows = session.scalars(reads.contributions(member_id(signed_in(), CONTRIBUTE)).limit(200)).all()
    return render_page("site/contributions.html", ContributionsPage(shown(session, rows), CONTRIBUTION_STATES))


@pages.route("/new", methods=["GET", "POST"])
@limiter.limit(WRITES, methods=["POST"])
def new() -> Response:
    """Enter a film of one's own."""
    errors: dict[str, list[str]] = {}
    member_id(signed_in(), CONTRIBUTE)
    if request.method == "POST":
        try:
            with unit_of_work() as session:
                row = contributions.begin(session, signed_in(), _given())
        except Invalid as error:
            errors = faults(error, "name")
        else:
            return redirect(url_for(".edit", contribution_id=row.id), 303)
    return _page(None, dict(request.form) if errors else {"locale": current_locale()}, errors)


@pages.route("/<int:contribution_id>", methods=["GET", "POST"])
@limiter.limit(WRITES, methods=["POST"])
def edit(contribution_id: int) -> Response:
    """Change a film of one's own, and upload it."""
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            with unit_of_work() as session:
                contributions.change(session, signed_in(), contribution_id, _given())
        except Invalid as error:
            errors = faults(error, "name")
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".edit", contribution_id=contribution_id), 303)
    session = db.session()
    row = contributions.own_contribution(session, signed_in(), contribution_id)
    title = session.get_one(Title, row.title_id)
    text = title.texts[0] if title.texts else None
    typed = dict(request.form) if errors else {
        "name": title.original_title, "overview": text.overview if text else "", "note": row.note,
        "locale": text.locale if text else current_locale(), "language": title.original_language,
        "year": title.year or "", "rights": row.rights}
    return _page(shown(session, [row])[0], typed, errors)


@pages.post("/<int:contribution_id>/submit")
def submit(contribution_id: int) -> Response:
    """Send a film of one's own to the editors."""
    try:
        with unit_of_work() as session:
            contributions.submit(session, signed_in(), contribution_id)
    except Invalid as error:
        flash(str(error.message), "error")
        return redirect(url_for(".edit", contribution_id=contribution_id), 303)
    flash(_("Sent. An editor will look at it."), "success")
    return redirect(url_for(".index"), 303)


@pages.post("/<int:contribution_id>/withdraw")
def withdraw(contribution_id: int) -> Response:
    """Take a film of one's own away."""
    with unit_of_work() as session:
        contributions.withdraw(session, signed_in(), contribution_id)
    flash(_("The film is taken away."), "success")
    return redirect(url_for(".index"), 303)


def _given() -> ContributionInput:
    form = request.form
    return convert(ContributionInput, {
        **{name: form.get(name, "").strip() for name in ("name", "overview", "locale", "language", "note", "rights")},
        "year": form.get("year", "").strip() or None})


def _page(found: ContributionInfo | None, typed: dict[str, Any], errors: dict[str, list[str]]) -> Response:
    session, viewer = db.session(), signed_in()
    room = allowance(session, viewer, site_settings())
    open_ = found is None or found.state in contributions.IN_HAND
    drop = drop_zone(found.edition) | {"alone": True} if found is not None and open_ else None
    return render_page("site/contribution.html", ContributionPage(
        found, typed, languages(str(typed.get("locale", ""))), rights_names(), CONTRIBUTION_STATES, open_, drop,
        room.used, room.total, errors), 422 if errors else 200)
