"""The page behind an invitation's link: a name, a password, and one is in."""
from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask_login import current_user
from flask_security.utils import hash_password, login_user
from werkzeug.wrappers import Response

from moviepoint.domains.accounts import invitations
from moviepoint.domains.accounts.contexts import InvitationPage
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.limits import limiter
from moviepoint.shells.site.pages import render_page

pages = Blueprint("invitation", __name__, url_prefix="/account/invitation")
LIMIT = "20 per minute"


@pages.route("/<token>", methods=("GET", "POST"))
@limiter.limit(LIMIT)
def accept(token: str) -> Response:
    """Show an invitation; with a password make the user, and sign them in."""
    row = invitations.invited(db.session(), token)
    page = InvitationPage(row.email, row.invited_by_name, request.form.get("name", row.name)[:80],
                          str(current_user) if current_user.is_authenticated else "")
    if request.method == "POST" and not page.signed_in_as:
        try:
            password = chosen_password(request.form.get("password", ""), request.form.get("password_confirm", ""),
                                       email=row.email)
        except Invalid as error:
            return _private(render_page("security/invitation.html", InvitationPage(
                page.email, page.inviter, page.name, errors=error.fields), 422))
        with unit_of_work() as session:
            user = invitations.accept(session, token, hash_password(password), page.name)
            login_user(user, authn_via=["password"])
        flash(_("Welcome. You are signed in."), "success")
        return _private(redirect(url_for("admin.index" if user.may("admin.access") else "pages.home")))
    return _private(render_page("security/invitation.html", page))


def chosen_password(password: str, again: str, *, email: str) -> str:
    """Return a new password in its normal form. Raises Invalid with sentences by field."""
    if len(password) > 1_000:
        raise Invalid(fields={"password": [_("At most %(most)s characters.", most=1_000)]})
    faults, normal = current_app.extensions["security"]._password_util.validate(password, True, email=email)
    if faults:
        raise Invalid(fields={"password": [str(fault) for fault in faults]})
    if password != again:
        raise Invalid(fields={"password_confirm": [_("The two passwords differ.")]})
    return str(normal)


def _private(response: Response) -> Response:
    """Keep the link's secret out of caches and of the next site's logs."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
