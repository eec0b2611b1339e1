"""Addresses that belong to no language: the root, health, and the choice of a language."""
from __future__ import annotations

from flask import Blueprint, Response, current_app, redirect, request, url_for
from sqlalchemy import text
from werkzeug.wrappers import Response as BaseResponse

from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import LOCALE_COOKIE, current_locale

pages = Blueprint("system", __name__)
YEAR = 365 * 86400


@pages.get("/")
def root() -> BaseResponse:
    """Send a visitor to the home page in their language."""
    response = redirect(url_for("pages.home", locale=current_locale()))
    response.vary.update(("Accept-Language", "Cookie"))
    return response


@pages.get("/language/<tag>")
def choose_language(tag: str) -> BaseResponse:
    """Remember a language where the address has none (the back office), and return."""
    target = request.args.get("next", "/")
    if not target.startswith("/") or target.startswith(("//", "/\\")):
        target = "/"
    response = redirect(target)
    if tag in current_app.extensions["moviepoint.settings"].locales:
        response.set_cookie(LOCALE_COOKIE, tag, max_age=YEAR, samesite="Lax",
                            secure=current_app.config["SESSION_COOKIE_SECURE"])
    return response


@pages.get("/health")
def health() -> Response:
    """Answer 200 while the process and its database answer."""
    db.session.execute(text("select 1"))
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})
