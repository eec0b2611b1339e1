"""The page of one's own API tokens."""
from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from moviepoint.domains.accounts import tokens
from moviepoint.domains.accounts.contexts import Scope, TokenLine, TokensPage
from moviepoint.domains.accounts.permissions import permissions, site_locales
from moviepoint.domains.accounts.token_model import ApiToken
from moviepoint.domains.accounts.viewer import in_person
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, MoviePointError
from moviepoint.kernel.i18n import current_locale
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.limits import limiter
from moviepoint.kernel.text import language_name
from moviepoint.shells.site.pages import render_page

pages = Blueprint("tokens", __name__, url_prefix="/account/tokens")
DAYS = (7, 30, 90, 366)
SHOWN = 100


@pages.before_request
def ask_to_sign_in() -> Response | None:
    """Send strangers to the sign-in page and back."""
    if current_user.is_authenticated:
        return None
    return redirect(url_for("security.login", next=request.path))


@pages.get("/")
def index() -> Response:
    """List one's tokens, and offer to make one."""
    return _page()


@pages.post("/")
@limiter.limit("20 per minute")
def create() -> Response:
    """Make a token, and show its secret this once."""
    form, days = request.form, request.form.get("days", "")
    some = form.get("access") == "some"
    try:
        with unit_of_work() as session:
            _row, secret = tokens.create(
                session, in_person(), permissions(), site_locales(), name=form.get("name", ""),
                days=int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0,
                read_only=form.get("access") == "read", scopes=form.getlist("scopes") if some else ())
    except (Invalid, Conflict, Forbidden) as error:
        return _page(error=error)
    return _page(secret=secret)


@pages.post("/<int:token_id>/revoke")
def revoke(token_id: int) -> Response:
    """Revoke a token."""
    with unit_of_work() as session:
        tokens.revoke(session, current_user, token_id)
    flash(_("The token is revoked. What used it is shut out from now on."), "success")
    return redirect(url_for("tokens.index"))


def token_line(row: ApiToken) -> TokenLine:
    """Show a token: never its hash."""
    return TokenLine(row.id, row.name, row.hint, row.read_only, row.scopes, row.state(), row.created_at,
                     row.expires_at, row.last_used_at)


def _page(secret: str = "", error: MoviePointError | None = None) -> Response:
    rows = db.session().scalars(tokens.own_tokens(current_user).limit(SHOWN)).all()
    form = request.form if error else None
    typed: dict[str, Any] = {
        "name": form.get("name", "") if form else "", "days": form.get("days", "") if form else "30",
        "access": form.get("access", "") if form else "read", "scopes": form.getlist("scopes") if form else []}
    response = make_response(render_page("security/tokens.html", TokensPage(
        [token_line(row) for row in rows], _scopes(), DAYS, secret, str(error.message) if error else "", typed),
        int(error.status) if error else 200))
    response.headers["Cache-Control"] = "no-store"
    return response


def _scopes() -> list[Scope]:
    return [Scope(permission.label, [(grant, _grant_name(grant)) for grant in grants])
            for permission, grants in tokens.offered_scopes(current_user, permissions(), site_locales())]


def _grant_name(grant: str) -> str:
    _name, _at, locale = grant.partition("@")
    if locale:
        return language_name(locale, current_locale())
    return _("their own") if grant.endswith(":own") else _("all")
