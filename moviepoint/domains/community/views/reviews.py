"""The pages of reviews."""
from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.catalog.contexts import Link
from moviepoint.domains.catalog.seo import seo
from moviepoint.domains.catalog.words import reader, title_name, title_url
from moviepoint.domains.community.contexts import ReportPage, ReviewFormPage, ReviewPage, ReviewsPage
from moviepoint.domains.community.labels import reason_names
from moviepoint.domains.community.member_pages import turned_rows
from moviepoint.domains.community.policies import TAKE_PART, member_id
from moviepoint.domains.community.queries import reviews as reads
from moviepoint.domains.community.queries.titles import by_ids
from moviepoint.domains.community.review_pages import review_view, title_links
from moviepoint.domains.community.schema_org import review_schema
from moviepoint.domains.community.schemas.reviews import MOST_CHARACTERS, ReportInput, ReviewInput
from moviepoint.domains.community.services import reviews
from moviepoint.domains.community.views.common import WRITES, ask_to_sign_in, back, faults, title_link
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import current_locale
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.limits import limiter
from moviepoint.kernel.text import language_name
from moviepoint.kernel.validation import convert
from moviepoint.shells.site import render_page

pages = Blueprint("reviews", __name__, url_prefix="/reviews")
OPEN = frozenset({"reviews.of_title", "reviews.show"})
WRITTEN = "20 per hour"
LANGUAGES = ("en", "ru", "de", "fr", "es", "it", "pt", "pl", "uk", "tr", "ar", "he", "fa", "hi", "ja", "ko", "zh")


@pages.before_request
def ask() -> Response | None:
    """Send strangers to the sign-in page, but from what everybody may read."""
    return None if request.endpoint in OPEN else ask_to_sign_in()


@pages.get("/of/<int:title_id>")
def of_title(title_id: int) -> Response:
    """Show all reviews of a title."""
    viewer, title = current_viewer(), title_link(title_id)
    order = "new" if request.args.get("order") == "new" else "helpful"
    found, pager = turned_rows(db.session(), reads.of_title(viewer, title_id, order))
    names = {"helpful": _("The most helpful first"), "new": _("The newest first")}
    return render_page("site/reviews.html", ReviewsPage(
        seo(query={name: request.args[name] for name in ("order", "page") if name in request.args}), title, pager,
        [(label, url_for(".of_title", title_id=title_id, order=name), name == order) for name, label in names.items()],
        [review_view(reads.Found(*row), viewer) for row in found],
        url_for(".write", title_id=title_id) if viewer is None or viewer.may(TAKE_PART) else ""))


@pages.get("/<int:review_id>")
def show(review_id: int) -> Response:
    """Show one review."""
    session, viewer = db.session(), current_viewer()
    found = reads.one(session, viewer, review_id)
    title = by_ids(session, [found.review.title_id]).get(found.review.title_id)
    link = Link(title_name(reader(), title), title_url(title.kind, title.slug)) if title else None
    view = review_view(found, viewer, link, whole=True)
    public = view.state == "published"
    schema = [review_schema(view, link, title.kind)] if link and title and public and not view.spoiler and view.author \
        else []
    described = seo(schema=schema, languages={found.review.locale}, noindex=not public,
                    description="" if view.spoiler else Markup(view.html).striptags())  # noqa: S704 -- cleaned
    return render_page("site/review.html", ReviewPage(described, view))


@pages.route("/write/<int:title_id>", methods=["GET", "POST"])
@limiter.limit(WRITTEN, methods=["POST"])
def write(title_id: int) -> Response:
    """Write one's review of a title, or change it."""
    title, errors, form = title_link(title_id), {}, request.form
    if request.method == "POST":
        try:
            with unit_of_work() as session:
                review = reviews.save_review(session, signed_in(), title_id, convert(ReviewInput, {
                    "text": form.get("text", "").replace("\r\n", "\n"), "locale": form.get("locale", ""),
                    "spoiler": "spoiler" in form}), current_locale())
                review_id, state = review.id, review.state
        except Invalid as error:
            errors = faults(error, "text")
        else:
            flash(_("Your review is public.") if state == "published"
                  else _("Your review is kept. A moderator will look at it."), "success")
            return redirect(url_for(".show", review_id=review_id), 303)
    own = reads.own(db.session(), member_id(signed_in()), title_id)
    typed: dict[str, Any] = dict(form) if errors else {
        "text": own.text if own else "", "locale": own.locale if own else current_locale(),
        "spoiler": own.spoiler if own else False, "id": own.id if own else 0}
    return render_page("site/review_form.html", ReviewFormPage(
        title, title_id, typed, languages(str(typed.get("locale", ""))), MOST_CHARACTERS, errors),
        422 if errors else 200)


@pages.post("/<int:review_id>/delete")
def delete(review_id: int) -> Response:
    """Delete one's own review."""
    with unit_of_work() as session:
        reviews.delete_review(session, signed_in(), review_id)
    flash(_("Your review is deleted."), "success")
    return back()


@pages.post("/<int:review_id>/vote")
@limiter.limit(WRITES)
def vote(review_id: int) -> Response:
    """Say whether a review has helped; the same again takes it back."""
    helpful = {"yes": True, "no": False}.get(request.form.get("helpful", ""))
    with unit_of_work() as session:
        reviews.vote(session, signed_in(), review_id, helpful)
    flash(_("Thank you.") if helpful is not None else _("Your vote is taken back."), "success")
    return back(url_for(".show", review_id=review_id))


@pages.route("/<int:review_id>/report", methods=["GET", "POST"])
@limiter.limit(WRITTEN, methods=["POST"])
def report(review_id: int) -> Response:
    """Ask moderators to look at a review."""
    viewer = signed_in()
    if request.method == "POST":
        with unit_of_work() as work:
            reviews.report(work, viewer, review_id, convert(ReportInput, {
                "reason": request.form.get("reason", ""), "note": request.form.get("note", "")}))
        flash(_("Thank you. A moderator will look at it."), "success")
        return back()
    found = reads.one(db.session(), viewer, review_id)
    title = title_links(db.session(), [found.review.title_id]).get(found.review.title_id)
    return render_page("site/report.html", ReportPage(review_view(found, viewer, title), reason_names()))


def languages(present: str) -> list[tuple[str, str]]:
    """Return the languages to choose from: the site's first, then others, and the one that was chosen."""
    tags = dict.fromkeys((*current_app.extensions["moviepoint.settings"].locales, *LANGUAGES, *([present] if present
                                                                                             else ())))
    return [(tag, language_name(tag, current_locale())) for tag in tags]
