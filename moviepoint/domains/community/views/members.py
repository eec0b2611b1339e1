"""The pages of members: how others see them, whom they follow, what is new there."""
from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.catalog.words import reader
from moviepoint.domains.community.contexts import NewsPage, ProfileFormPage
from moviepoint.domains.community.member_pages import member_page, news_items
from moviepoint.domains.community.models import VISIBILITIES
from moviepoint.domains.community.policies import member_id
from moviepoint.domains.community.schemas.profiles import ProfileInput
from moviepoint.domains.community.services import profiles
from moviepoint.domains.community.views.common import WRITES, ask_to_sign_in, back, faults
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Conflict, Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.limits import limiter
from moviepoint.kernel.validation import convert
from moviepoint.shells.site import render_page

pages = Blueprint("members", __name__, url_prefix="/members")
own = Blueprint("own_profile", __name__, url_prefix="/account")
own.before_request(ask_to_sign_in)


@pages.get("/<handle>")
def member(handle: str) -> Response:
    """Show a member."""
    return render_page("site/member.html", member_page(db.session(), current_viewer(), handle))


@pages.get("/<handle>/<any(ratings, diary, lists, reviews):part>")
def part(handle: str, part: str) -> Response:
    """Show one part of a member's page in full."""
    return render_page("site/member.html", member_page(db.session(), current_viewer(), handle, part))


@pages.post("/<handle>/follow")
@limiter.limit(WRITES)
def follow(handle: str) -> Response:
    """Follow a member, or no more."""
    if (answer := ask_to_sign_in()) is not None:
        return answer
    with unit_of_work() as session:
        if "remove" in request.form:
            profiles.unfollow_member(session, signed_in(), handle)
        else:
            profiles.follow_member(session, signed_in(), handle)
    flash(_("You do not follow them any more.") if "remove" in request.form else _("You follow them now."), "success")
    return back(url_for("members.member", handle=handle))


@own.get("/me")
def me() -> Response:
    """Lead to one's own page."""
    with unit_of_work() as session:
        handle = profiles.ensure_profile(session, signed_in()).handle
    return redirect(url_for("members.member", handle=handle))


@own.route("/profile", methods=["GET", "POST"])
@limiter.limit(WRITES, methods=["POST"])
def edit() -> Response:
    """Change how others see oneself."""
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        form = request.form
        try:
            with unit_of_work() as session:
                profiles.save_profile(session, signed_in(), convert(ProfileInput, {
                    "handle": form.get("handle", "").strip().casefold(), "name": form.get("name", ""),
                    "about": form.get("about", ""), "visibility": form.get("visibility", ""),
                    "shows_ratings": "shows_ratings" in form, "shows_diary": "shows_diary" in form}))
        except (Invalid, Conflict) as error:
            errors = faults(error, "handle")
        else:
            flash(_("Saved."), "success")
            return redirect(url_for("own_profile.me"), 303)
    with unit_of_work() as session:
        profile = profiles.ensure_profile(session, signed_in())
    names = {"public": _("everybody"), "members": _("who is signed in"), "private": _("nobody but me")}
    typed: dict[str, Any] = dict(request.form) if errors else {
        name: getattr(profile, name) for name in ("handle", "name", "about", "visibility", "shows_ratings",
                                                  "shows_diary")}
    return render_page("site/profile_form.html", ProfileFormPage(
        url_for("members.member", handle=profile.handle), typed, [(name, names[name]) for name in VISIBILITIES],
        errors), 422 if errors else 200)


@own.post("/follow/<int:title_id>")
@limiter.limit(WRITES)
def follow_title(title_id: int) -> Response:
    """Hear of a series' new episodes, or no more."""
    with unit_of_work() as session:
        if "remove" in request.form:
            profiles.unfollow_title(session, signed_in(), title_id)
        else:
            profiles.follow_title(session, signed_in(), title_id)
    flash(_("You will not hear of new episodes any more.") if "remove" in request.form
          else _("New episodes will stand among your news."), "success")
    return back()


@own.get("/news")
def news() -> Response:
    """Show what is new with those whom one follows."""
    viewer = signed_in()
    member_id(viewer)
    return render_page("site/news.html", NewsPage(news_items(db.session(), viewer, reader())))
