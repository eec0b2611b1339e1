"""Rating a title from its page."""
from __future__ import annotations

from flask import Blueprint, flash, request
from werkzeug.wrappers import Response

from moviepoint.domains.accounts.viewer import signed_in
from moviepoint.domains.community.services import ratings
from moviepoint.domains.community.views.common import WRITES, ask_to_sign_in, back, number
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.limits import limiter

pages = Blueprint("ratings", __name__, url_prefix="/ratings")
pages.before_request(ask_to_sign_in)


@pages.post("/<int:title_id>")
@limiter.limit(WRITES)
def rate(title_id: int) -> Response:
    """Rate a title, or take one's rating back."""
    with unit_of_work() as session:
        if "remove" in request.form:
            ratings.unrate(session, signed_in(), title_id)
        else:
            ratings.rate(session, signed_in(), title_id, number("value"))
    flash(_("Your rating is taken back.") if "remove" in request.form else _("Rated."), "success")
    return back()
