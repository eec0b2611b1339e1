"""What every response passes: errors as pages or problem documents, security headers."""
from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from moviepoint.kernel import events
from moviepoint.kernel.bucket import FILMS_ORIGIN
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Conflict, MoviePointError
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.api.spec import EXPLORER, PREFIX
from moviepoint.shells.site.pages import csp_nonce

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ErrorPage:
    """What `site/error.html` gets."""

    status: int
    title: str
    message: str


def init_app(app: Flask) -> None:
    """Install the error handlers and the headers."""
    app.register_error_handler(MoviePointError, _own_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(StaleDataError, _stale)
    app.register_error_handler(Exception, _unexpected)
    app.after_request(_security_headers)
    app.after_request(_deliver_events)


def wants_json() -> bool:
    """Say whether this request is the API's or asks for JSON."""
    if request.path.startswith((PREFIX, "/media/")) or request.is_json:
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json" and request.accept_mimetypes[best] > request.accept_mimetypes["text/html"]


def _own_error(error: MoviePointError) -> Response:
    return _answer(error.problem(), str(error.message), error.headers())


def _http_error(error: HTTPException) -> Response | HTTPException:
    if error.response is not None or error.code is None or error.code < 400:
        return error
    headers = {name: value for name, value in error.get_headers() if name not in ("Content-Type", "Content-Length")}
    status = HTTPStatus(error.code)
    forged = isinstance(error, CSRFError)
    own_words = error.description and error.description != type(error).description and not forged and not (
        isinstance(error, RateLimitExceeded) and not error.limit.error_message)  # "20 per 1 minute" tells nobody
    usual = _("You have signed in or out since this page was opened, or it is very old. Reload it and try again.") \
        if forged else _usual_words(error.code)
    detail = str(error.description) if own_words else usual or status.phrase
    code = "csrf" if forged else status.phrase.lower().replace(" ", "-")
    return _answer({"type": "about:blank", "title": status.phrase, "status": error.code, "detail": detail,
                    "code": code}, detail, headers)


def _stale(_error: StaleDataError) -> Response:
    return _own_error(Conflict(_("Somebody else has saved this in the meantime. Reload it and try again.")))


def _unexpected(error: Exception) -> Response:
    log.error("request failed", path=request.path, exc_info=error)
    db.session.rollback()
    return _own_error(MoviePointError(_("Something went wrong on our side. It has been noted; please try again.")))


def _answer(problem: dict[str, Any], message: str, headers: dict[str, str]) -> Response:
    status = int(problem["status"])
    if wants_json():
        response = jsonify(problem)
        response.mimetype = "application/problem+json"
    else:
        page = ErrorPage(status, _error_title(status), message)
        response = make_response(render_template("site/error.html", **vars(page)))
    response.status_code = status
    response.headers.extend(headers)
    return response


def _usual_words(status: int) -> str:
    """Werkzeug's own sentences are English only."""
    return {400: _("The request cannot be understood. Go back, reload the page and try again."),
            403: _("You may not see this. Sign in with another account, or ask an editor."),
            404: _("There is no page at this address. It may have moved, or never existed."),
            405: _("This address cannot be used in this way."),
            413: _("This is larger than the server takes."),
            429: _("Too many requests in a short time. Wait a little and try again.")}.get(status, "")


def _error_title(status: int) -> str:
    titles = {403: _("This is not for everyone"), 404: _("Nothing is showing here"),
              429: _("Too fast"), 503: _("Back in a moment")}
    return titles.get(status, _("That did not work"))


def allow_framing() -> None:
    """Let other sites show the page that is being answered in a frame; no other page may be framed."""
    g.framed = True


def _security_headers(response: Response) -> Response:
    headers = response.headers
    framed = g.get("framed", False)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    if not framed:
        headers.setdefault("X-Frame-Options", "SAMEORIGIN")
    if response.mimetype == "text/html" and not request.path.startswith(f"/{EXPLORER.lstrip('/')}"):
        nonce, films = csp_nonce(), _films_elsewhere()
        headers.setdefault("Content-Security-Policy", "; ".join((
            "default-src 'self'", f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self'", f"img-src 'self' data: blob:{films}", f"media-src 'self' blob:{films}",
            "worker-src 'self' blob:", f"connect-src 'self'{films}", "object-src 'none'", "base-uri 'self'",
            "form-action 'self'", "frame-ancestors *" if framed else "frame-ancestors 'self'")))
    return response


def _films_elsewhere() -> str:
    """Return what a policy's list of places ends with: the bucket that players are led to, where there is one."""
    origin: str = current_app.extensions[FILMS_ORIGIN]
    return f" {origin}" if origin else ""


def _deliver_events(response: Response) -> Response:
    """Let events leave that were recorded outside a unit of work: by extensions that commit themselves."""
    session = db.session()
    if response.status_code < 400 and not session.new and not session.dirty:
        events.deliver(session)
    return response
