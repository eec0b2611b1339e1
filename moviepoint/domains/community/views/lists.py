"""The pages of lists and of the diary."""
from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.community.contexts import KeepPage, ListFormPage, MyListsPage
from moviepoint.domains.community.member_pages import items_of, list_cards, list_page
from moviepoint.domains.community.models import UserList
from moviepoint.domains.community.policies import member_id
from moviepoint.domains.community.queries import lists as reads
from moviepoint.domains.community.schemas.lists import ListInput
from moviepoint.domains.community.services import lists
from moviepoint.domains.community.views.common import WRITES, ask_to_sign_in, back, faults, title_link
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.limits import limiter
from moviepoint.kernel.validation import convert
from moviepoint.shells.site import render_page

pages = Blueprint("member_lists", __name__, url_prefix="/lists")
own = Blueprint("own_lists", __name__, url_prefix="/account/lists")
own.before_request(ask_to_sign_in)
SHOWN = 200


@pages.get("/<int:list_id>")
def show(list_id: int) -> Response:
    """Show a list."""
    return render_page("site/member_list.html", list_page(db.session(), current_viewer(), list_id))


@own.route("/", methods=["GET", "POST"])
@limiter.limit(WRITES, methods=["POST"])
def index() -> Response:
    """Show one's own lists, and make one."""
    viewer, errors = signed_in(), {}
    if request.method == "POST":
        try:
            with unit_of_work() as session:
                made = lists.save_list(session, viewer, _given())
        except Invalid as error:
            errors = faults(error, "name")
        else:
            return redirect(url_for("own_lists.edit", list_id=made.id), 303)
    with unit_of_work() as session:
        lists.watchlist(session, viewer)
    session = db.session()
    rows = session.scalars(reads.lists(viewer, member_id(viewer)).limit(SHOWN)).all()
    return render_page("site/my_lists.html", MyListsPage(
        list_cards(session, viewer, rows), dict(request.form) if errors else {}, errors), 422 if errors else 200)


@own.get("/watchlist")
def watchlist() -> Response:
    """Lead to one's watchlist."""
    with unit_of_work() as session:
        list_id = lists.watchlist(session, signed_in()).id
    return redirect(url_for("member_lists.show", list_id=list_id))


@own.route("/<int:list_id>", methods=["GET", "POST"])
@limiter.limit(WRITES, methods=["POST"])
def edit(list_id: int) -> Response:
    """Change a list: what it is called, who sees it, its order and notes."""
    viewer, errors = signed_in(), {}
    if request.method == "POST":
        try:
            with unit_of_work() as session:
                lists.save_list(session, viewer, _given(), list_id)
                order, notes = _order()
                lists.arrange(session, viewer, list_id, order, notes)
                for title_id in order:
                    if f"drop-{title_id}" in request.form:
                        lists.remove(session, viewer, list_id, title_id)
        except Invalid as error:
            errors = faults(error, "name")
        else:
            flash(_("Saved."), "success")
            return redirect(url_for("member_lists.show", list_id=list_id), 303)
    session = db.session()
    found = lists.own_list(session, viewer, list_id)
    typed: dict[str, Any] = dict(request.form) if errors else {
        name: getattr(found, name) for name in ("name", "about", "public", "ranked")}
    return render_page("site/list_form.html", _form(session, found, typed, errors), 422 if errors else 200)


@own.post("/<int:list_id>/delete")
def delete(list_id: int) -> Response:
    """Delete a list."""
    with unit_of_work() as session:
        lists.delete_list(session, signed_in(), list_id)
    flash(_("The list is deleted."), "success")
    return redirect(url_for("own_lists.index"), 303)


@own.post("/watchlist/<int:title_id>")
@limiter.limit(WRITES)
def watch_later(title_id: int) -> Response:
    """Put a title on one's watchlist, or take it off."""
    with unit_of_work() as session:
        found = lists.watchlist(session, signed_in())
        if "remove" in request.form:
            lists.remove(session, signed_in(), found.id, title_id)
        else:
            lists.add(session, signed_in(), found.id, title_id)
    flash(_("Taken off your watchlist.") if "remove" in request.form else _("It is on your watchlist."), "success")
    return back()


@own.route("/keep/<int:title_id>", methods=["GET", "POST"])
@limiter.limit(WRITES, methods=["POST"])
def keep(title_id: int) -> Response:
    """Choose in which of one's lists a title is, or put it into a new one."""
    viewer = signed_in()
    title = title_link(title_id)
    if request.method == "POST":
        chosen = [int(text) for text in request.form.getlist("lists") if text.isascii() and text.isdigit()
                  and len(text) < 11]
        with unit_of_work() as session:
            if request.form.get("name", "").strip():
                chosen.append(lists.save_list(session, viewer, convert(ListInput, {
                    "name": request.form["name"]})).id)
            lists.keep_in(session, viewer, title_id, chosen)
        flash(_("Saved."), "success")
        return redirect(title.url, 303)
    found = reads.holding(db.session(), member_id(viewer), title_id)
    return render_page("site/keep.html", KeepPage(title, title_id, [(row.id, row.name, held) for row, held in found]))


def _given() -> ListInput:
    form = request.form
    return convert(ListInput, {"name": form.get("name", ""), "about": form.get("about", ""), "public": "public" in form,
                               "ranked": "ranked" in form})


def _order() -> tuple[list[int], dict[int, str]]:
    """Return the titles of a list's form by the numbers beside them, and their notes."""
    places: dict[int, float] = {}
    notes: dict[int, str] = {}
    for name, text in request.form.items():
        what, _dash, number = name.partition("-")
        if not (number.isascii() and number.isdigit() and len(number) < 11):
            continue
        if what == "place":
            places[int(number)] = float(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1e9
        elif what == "note":
            notes[int(number)] = text
    return sorted(places, key=lambda title_id: places[title_id]), notes


def _form(session: Session, found: UserList, typed: dict[str, Any], errors: dict[str, list[str]]) -> ListFormPage:
    viewer = signed_in()
    rows = session.scalars(reads.items(viewer, found.id).limit(SHOWN)).all()
    return ListFormPage(list_cards(session, viewer, [found])[0], found.is_watchlist, typed, items_of(session, rows),
                        errors)
