"""What the pages share: who asks to sign in first, and the way back from a form."""
from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from moviepoint.domains.accounts.viewer import current_viewer
from moviepoint.domains.catalog.contexts import Link
from moviepoint.domains.catalog.words import reader, title_name, title_url
from moviepoint.domains.community.queries.titles import require_visible
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid, MoviePointError
from moviepoint.kernel.i18n import gettext as _

WRITES = "60 per minute"
MAX_ID = 2**31 - 1


def ask_to_sign_in() -> Response | None:
    """Send strangers to the sign-in page, and back to where they were."""
    if current_viewer() is not None:
        return None
    return redirect(url_for("security.login", next=request.full_path.rstrip("?") if request.method == "GET"
                            else local(request.form.get("back", ""))))


def local(address: str, default: str = "") -> str:
    """Return an address if it is one of this site; else the default, or the home page."""
    safe = address.startswith("/") and not address.startswith(("//", "/\\")) and not any(c < " " for c in address)
    return address if safe else default or url_for("pages.home")


def back(default: str = "") -> Response:
    """Lead back to where a form was, as it says itself."""
    return redirect(local(request.form.get("back", ""), default), 303)


def number(name: str) -> int:
    """Return a whole number from the form. Raises Invalid."""
    text = request.form.get(name, "").strip()
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) < 11 and abs(int(text)) <= MAX_ID):
        sentence = _("This must be a number.")
        raise Invalid(sentence, fields={name: [sentence]})
    return int(text)


def faults(error: MoviePointError, field: str = "") -> dict[str, list[str]]:
    """Return what a service has refused by field, for a form; what names no field stands at `field`."""
    fields = error.fields if isinstance(error, Invalid) else {}
    return {name.split("[")[0]: sentences for name, sentences in fields.items()} or {field: [str(error.message)]}


def title_link(title_id: int) -> Link:
    """Return a link to a title that the visitor sees, under its name for them. Raises NotFound."""
    title = require_visible(db.session(), current_viewer(), title_id)
    return Link(title_name(reader(), title), title_url(title.kind, title.slug))
