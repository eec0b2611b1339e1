"""Which mail one gets, as a resource; and the address at which a mail program stops it with one click (RFC 8058)."""
from __future__ import annotations

import msgspec
from flask import Response as FlaskResponse
from flask import redirect, url_for
from spectree import Response
from werkzeug.wrappers import Response as BaseResponse

from moviepoint.domains.accounts import notices
from moviepoint.domains.accounts.notice_mail import open_stop, optional
from moviepoint.domains.accounts.notice_pages import LIMIT, set_wanted
from moviepoint.domains.accounts.viewer import in_person
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.limits import limiter
from moviepoint.shells.api import blueprint, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("notices", __name__)


class NoticeChoiceInfo(msgspec.Struct, kw_only=True):
    """A kind of mail that one gets or not."""

    kind: str
    label: str
    wanted: bool


class NoticeChoices(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change: whether mail is wanted, by kind."""

    wanted: dict[str, bool]


@resource.get("/account/notices")
@in_language
@spec.validate(resp=Response(HTTP_200=list[NoticeChoiceInfo]), tags=["account"])
def list_choices() -> list[NoticeChoiceInfo]:
    """List the kinds of mail that one can do without, and which one gets."""
    return _shown(in_person().id)


@resource.patch("/account/notices")
@in_language
@spec.validate(json=NoticeChoices, resp=Response(HTTP_200=list[NoticeChoiceInfo]), tags=["account"])
def change_choices(json: NoticeChoices) -> list[NoticeChoiceInfo]:
    """Choose which mail one gets; kinds that are not named stay as they are."""
    actor = in_person()
    with unit_of_work() as session:
        notices.choose(session, actor.id, [kind.name for kind in optional()], json.wanted)
    return _shown(actor.id)


@resource.get("/notices/stop/<token>")
def stop(token: str) -> BaseResponse:
    """Lead a person who follows the address of the mail's header to the page that asks."""
    open_stop(token)
    return redirect(url_for("notice_stop.stop", token=token))


@resource.post("/notices/stop/<token>")
@limiter.limit(LIMIT)
def stop_now(token: str) -> FlaskResponse:
    """Stop mail of a kind at once, without signing in: the token is in the mail only."""
    user_id, kind = open_stop(token)
    set_wanted(user_id, kind.name, False)
    return FlaskResponse(status=204)


def _shown(user_id: int) -> list[NoticeChoiceInfo]:
    chosen = notices.choices(db.session(), user_id)
    return [NoticeChoiceInfo(kind=kind.name, label=str(kind.label), wanted=chosen.get(kind.name, True))
            for kind in optional()]
