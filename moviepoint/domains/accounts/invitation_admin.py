"""Invitations in the back office."""
from __future__ import annotations

from math import ceil
from typing import Any

from flask import Response as FlaskResponse
from flask import redirect, request
from flask_admin import expose
from flask_login import current_user
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from moviepoint.domains.accounts import invitations, management, queries
from moviepoint.domains.accounts.invitation_model import Invitation
from moviepoint.domains.accounts.permissions import site_locales
from moviepoint.domains.accounts.services import MEMBER
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import current_locale, lazy_gettext
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.admin.frame import View

PAGE_SIZE = 50
STATES = {"waiting": lazy_gettext("waits to be sent"), "sent": lazy_gettext("sent"),
          "expired": lazy_gettext("expired"), "accepted": lazy_gettext("accepted"),
          "revoked": lazy_gettext("revoked")}


class InvitationsView(View):
    """Invite people by mail, and see who has not answered yet."""

    permission = management.MANAGE

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Invitations"), endpoint="invitations", url="users/invitations")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """List invitations, and invite somebody."""
        session, form = db.session(), request.form
        if request.method == "POST":
            with self.saving(_("Invited. The mail is on its way.")) as work:
                invitations.invite(work, current_user, site_locales(), form.get("email", "")[:300],
                                   form.getlist("roles"), locale=form.get("locale", ""), name=form.get("name", ""))
            if self.failure is None:
                return redirect(self.get_url(".index"))
        over = request.args.get("over") == "1"
        statement = invitations.invitations(is_open=not over)
        total = session.scalar(select(func.count()).select_from(
            statement.order_by(None).with_only_columns(Invitation.id).subquery())) or 0
        text = request.args.get("page", "1")
        page = min(max(1, int(text)), 10_000) if text.isascii() and text.isdigit() and len(text) < 7 else 1
        rows = session.scalars(statement.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all()
        typed = {"email": form.get("email", ""), "name": form.get("name", ""),
                 "locale": form.get("locale", current_locale()),
                 "roles": form.getlist("roles") if request.method == "POST" else [MEMBER]}
        failure = self.failure if request.method == "POST" else None
        shown = self.render(
            "accounts/admin/invitations.html", rows=rows, total=total, over=over, page=page,
            pages=ceil(total / PAGE_SIZE), typed=typed, states=STATES, locales=site_locales(),
            max_tries=invitations.MAX_TRIES,
            errors={name: [str(failure.message)] for name in failure.fields} if isinstance(failure, Invalid) else {},
            roles=[role.name for role, _people in queries.roles(session) if management.may_give(current_user, role)],
            address=lambda n: self.get_url(".index", over=int(over) or None, page=n))
        return FlaskResponse(shown, status=failure.status if failure else 200)

    @expose("/<int:invitation_id>/send", methods=("POST",))
    def send(self, invitation_id: int) -> Response:
        """Send the mail again, with a new link."""
        with self.saving(_("Sent again. Links in earlier mails do not work any more.")) as session:
            invitations.send_again(session, current_user, invitation_id)
        return redirect(self.get_url(".index"))

    @expose("/<int:invitation_id>/revoke", methods=("POST",))
    def revoke(self, invitation_id: int) -> Response:
        """Make the link useless."""
        with self.saving(_("Revoked.")) as session:
            invitations.revoke(session, current_user, invitation_id)
        return redirect(self.get_url(".index"))
