"""Moderation in the back office."""
from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from flask import redirect, request
from flask_admin import expose
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moviepoint.domains.catalog.policies import PUBLISH
from moviepoint.domains.community import labels
from moviepoint.domains.community.contribution_pages import shown
from moviepoint.domains.community.models import Review
from moviepoint.domains.community.policies import MODERATE
from moviepoint.domains.community.queries import contributions as films
from moviepoint.domains.community.queries import reviews as reads
from moviepoint.domains.community.review_pages import review_view, title_links
from moviepoint.domains.community.services import contributions, moderation
from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext
from moviepoint.shells.admin.frame import View

PAGE_SIZE = 30


class ReviewsView(View):
    """Reviews that readers have reported, the worst first, and those that were taken down."""

    permission = MODERATE

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Reviews"), endpoint="moderated_reviews", url="reviews")

    @expose("/")
    def index(self) -> Any:
        """List reviews: those that wait, those taken down, or all."""
        session = db.session()
        which = request.args.get("which", "waiting")
        which = which if which in ("waiting", "removed", "all") else "waiting"
        statement = reads.queue(current_user, which)
        total = session.scalar(select(func.count()).select_from(
            statement.order_by(None).with_only_columns(Review.id).subquery())) or 0
        text = request.args.get("page", "1")
        page = min(max(1, int(text)), 10_000) if text.isascii() and text.isdigit() and len(text) < 7 else 1
        rows = session.scalars(statement.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all()
        ids = [row.id for row in rows]
        found = reads.by_ids(session, current_user, ids)
        links = title_links(session, [row.title_id for row in rows])
        return self.render(
            "community/admin/reviews.html", which=which, total=total, page=page, pages=ceil(total / PAGE_SIZE),
            reviews=[review_view(found[row.id], current_user, links.get(row.title_id)) for row in rows],
            reports=reads.reports_of(session, current_user, ids), reasons=labels.REASONS, states=labels.STATES,
            address=lambda n: self.get_url(".index", which=which, page=n))

    @expose("/<int:review_id>/decide", methods=("POST",))
    def decide(self, review_id: int) -> Response:
        """Let a review stay, mark it as a spoiler, or take it down."""
        with self.saving(_("Decided. It stands in the history.")) as session:
            moderation.decide(session, current_user, review_id, request.form.get("decision", ""),
                              request.form.get("reason", ""))
        return redirect(self.get_url(".index", which=request.form.get("which") or None))


class ContributionsView(View):
    """Films that visitors have sent: publish them, or send them back with a reason."""

    permission = PUBLISH

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Films of visitors"), endpoint="sent_films", url="sent-films")

    @expose("/")
    def index(self) -> Any:
        """List films that wait, the first sent first."""
        session = db.session()
        rows = session.scalars(films.queue(current_user).limit(PAGE_SIZE)).all()
        return self.render("community/admin/contributions.html", films=shown(session, rows), rights=labels.RIGHTS,
                           total=films.waiting(session))

    @expose("/<int:contribution_id>/decide", methods=("POST",))
    def decide(self, contribution_id: int) -> Response:
        """Publish a film, or send it back."""
        with self.saving(_("Decided. It stands in the history.")) as session:
            contributions.decide(session, current_user, contribution_id, request.form.get("decision", ""),
                                 request.form.get("reason", ""))
        return redirect(self.get_url(".index"))


def waiting_figures(session: Session) -> Mapping[str, Any]:
    """Return how much waits for a moderator, for the back office's first page."""
    return {"reviews": reads.waiting(session), "films": films.waiting(session)}
