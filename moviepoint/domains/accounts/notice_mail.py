"""Notices as mail: composed in the reader's language when they leave, handed over once, and easy to stop."""
from __future__ import annotations

from datetime import datetime
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import current_app, render_template
from flask_mail import Connection
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from moviepoint.domains.accounts import notices
from moviepoint.domains.accounts.messages import Mail
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.notice_models import Notice
from moviepoint.hooks.manager import HookManager
from moviepoint.hooks.types import NoticeKind
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import use_locale
from moviepoint.kernel.text import one_line
from moviepoint.settings import Settings
from moviepoint.shells.site.addresses import address_of

log = structlog.get_logger(__name__)
_KINDS = "moviepoint.notice_kinds"
PERMANENT = 500


def kinds() -> dict[str, NoticeKind]:
    """Return all kinds of notices by name."""
    found: dict[str, NoticeKind] | None = current_app.extensions.get(_KINDS)
    if found is None:
        hooks: HookManager = current_app.extensions["moviepoint.hooks"]
        found = {kind.name: kind for kind in hooks.collect("register_notices")}
        current_app.extensions[_KINDS] = found
    return found


def optional() -> list[NoticeKind]:
    """Return the kinds that a user can do without."""
    return [kind for kind in kinds().values() if kind.optional]


def send_notice(notice_id: int) -> None:
    """Send a notice that is due. What fails is tried again by the clock; no fault reaches another notice."""
    now, session = utcnow(), db.session()
    row = notices.waiting(session, notice_id, now)
    if row is None:
        return
    message = compose(row)
    if message is None:
        with unit_of_work() as work:
            notices.finish(work, notice_id, "dropped", now)
        return
    settings: Settings = current_app.extensions["moviepoint.settings"]
    if not settings.mail_server:
        log.info("mail not sent: no mail_server is set", to=message.recipients, subject=message.subject,
                 body=message.body)
        with unit_of_work() as work:
            if notices.claim(work, notice_id, now):
                notices.finish(work, notice_id, "sent", now)
        return
    _hand_over(notice_id, message, now)


def _hand_over(notice_id: int, message: Mail, now: datetime) -> None:
    """Connect first, so that a server that is away is no doubt; then mark it, hand it over, and note the answer."""
    outcome = ""
    try:
        with current_app.extensions["mail"].connect() as connection:
            with unit_of_work() as work:
                claimed = notices.claim(work, notice_id, now)
            if claimed:
                outcome = _sent(connection, message)
    except OSError:  # smtplib's errors are OSErrors, and so is a server that does not answer
        log.warning("notice not sent", notice=notice_id, exc_info=True)
        outcome = outcome or "postponed"
    with unit_of_work() as work:
        if outcome == "postponed":
            notices.postpone(work, notice_id, now)
        elif outcome:
            notices.finish(work, notice_id, outcome, utcnow())


def _sent(connection: Connection, message: Mail) -> str:
    try:
        connection.send(message)
    except SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        outcome = "refused" if all(code >= PERMANENT for code in codes) else "postponed"
    except SMTPResponseException as error:
        outcome = "refused" if error.smtp_code >= PERMANENT else "postponed"
    except SMTPException:
        outcome = "postponed"
    else:
        return "sent"
    log.warning("mail server says no", outcome=outcome, exc_info=True)
    return outcome


def compose(row: Notice) -> Mail | None:
    """Return a notice as a mail in the reader's language; None where there is nothing to say to them any more."""
    session, kind = db.session(), kinds().get(row.kind)
    user = session.get(User, row.user_id)
    if kind is None or user is None or not user.active:
        return None
    if kind.optional and not notices.wants(session, user.id, kind.name):
        return None
    settings: Settings = current_app.extensions["moviepoint.settings"]
    locale = user.locale if user.locale in settings.locales else settings.default_locale
    with use_locale(locale):
        mail = kind.compose(session, user, row.data)
        if mail is None:
            return None
        token = stop_token(user.id, kind.name)
        values: dict[str, Any] = {
            **mail.variables, "name": user.name, "site_name": settings.site_name, "kind_label": kind.label,
            "choices_url": address_of("notices.edit", locale=locale),
            "stop_url": address_of("notice_stop.stop", locale=locale, token=token) if kind.optional else ""}
        message = Mail(one_line(mail.subject)[:200], [user.email],
                       body=render_template(f"{kind.template}.txt", **values),
                       html=render_template(f"{kind.template}.html", **values))
    message.msgId = f"<notice-{row.id}-{row.created_at:%Y%m%d%H%M%S}@{urlsplit(settings.base_url).hostname}>"
    message.extra_headers = headers(locale, token if kind.optional else "")
    return message


def headers(locale: str, token: str) -> dict[str, str]:
    """Return what tells mail programs that no person has written this, and how to stop it (RFC 3834, 2369, 8058)."""
    found = {"Auto-Submitted": "auto-generated", "Content-Language": locale}
    if token:
        found["List-Unsubscribe"] = f"<{address_of('api_notices.stop', token=token)}>"
        found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return found


def stop_token(user_id: int, kind: str) -> str:
    """Return what a link stops one kind of mail to one user by; it lasts, as mails lie about for years."""
    token: str = _serializer().dumps([user_id, kind])
    return token


def open_stop(token: str) -> tuple[int, NoticeKind]:
    """Return whose mail of which kind a link stops. Raises NotFound."""
    try:
        user_id, name = _serializer().loads(token)
    except (BadSignature, ValueError, TypeError):
        raise NotFound(_("This link does not work. Choose which mail you get on your account's page.")) from None
    kind = kinds().get(name)
    if kind is None or not kind.optional:
        raise NotFound()
    return int(user_id), kind


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="accounts.notices.stop")


def mail_figures(session: Session) -> dict[str, Any]:
    """Return how mail stands, for the back office's first page."""
    names = {"sent": _("Sent this week"), "waiting": _("Waiting to leave"), "refused": _("Refused this week"),
             "unclear": _("Lost by a worker that died")}
    settings: Settings = current_app.extensions["moviepoint.settings"]
    return {"states": notices.figures(session, utcnow()), "names": names, "server": bool(settings.mail_server)}


def send_waiting() -> None:
    """Send what is due: what was gathered, what a lost message told of, what a mail server would not take before."""
    with unit_of_work() as session:
        lost = notices.tidy(session, utcnow())
    if lost:
        log.error("a worker died while mail was handed over; it is not sent again", notices=lost)
    for notice_id in notices.due(db.session(), utcnow()):
        try:
            send_notice(notice_id)
        except Exception:
            db.session.rollback()
            log.exception("notice not composed", notice=notice_id)
            with unit_of_work() as session:
                if notices.waiting(session, notice_id, utcnow()) is not None:  # else it may have left already
                    notices.postpone(session, notice_id, utcnow())
