"""Mail leaves by a task."""
from __future__ import annotations

from smtplib import SMTPRecipientsRefused

import structlog
from flask import current_app, render_template

from moviepoint.domains.accounts import invitations
from moviepoint.domains.accounts.invitation_model import Invitation
from moviepoint.domains.accounts.messages import Mail
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import use_locale
from moviepoint.kernel.text import one_line
from moviepoint.settings import Settings

log = structlog.get_logger(__name__)


def send_mail(subject: str, recipient: str, body: str, html: str | None = None) -> None:
    """Send one message; without a mail server it is written to the log, so that a trial can go on."""
    settings: Settings = current_app.extensions["moviepoint.settings"]
    if not settings.mail_server:
        log.info("mail not sent: no mail_server is set", to=recipient, subject=subject, body=body)
        return
    try:
        current_app.extensions["mail"].send(Mail(one_line(subject), [recipient], body=body, html=html))
    except SMTPRecipientsRefused:  # asking again would not help; whatever else fails, the queue tries again
        log.warning("mail refused", to=recipient, exc_info=True)


def send_invitation(invitation_id: int) -> None:
    """Send an invitation's mail in the invited person's language; a try that fails is made again by the clock."""
    with unit_of_work() as session:
        claimed = invitations.claim(session, invitation_id, utcnow())
    if claimed is None:
        return
    row, token = claimed
    try:
        send_mail(**invitation_mail(row, token))
    except OSError:  # smtplib's errors are OSErrors, and so is a server that does not answer
        log.warning("invitation not sent", invitation=invitation_id, exc_info=True)
        return
    with unit_of_work() as session:
        invitations.sent(session, invitation_id, token, utcnow())


def send_invitations() -> None:
    """Send what has not left: a message to this task may be lost, and a mail server may be away."""
    for invitation_id in invitations.to_send(db.session(), utcnow()):
        send_invitation(invitation_id)


def invitation_mail(row: Invitation, token: str) -> dict[str, str]:
    """Return the arguments of `send_mail` for an invitation; themes may have templates of their own.

    The link is made of the site's address in the settings, not of what a request's Host header says.
    """
    settings: Settings = current_app.extensions["moviepoint.settings"]
    path = current_app.url_map.bind("localhost").build(
        "invitation.accept", {"locale": row.locale, "token": token})
    values = {"link": settings.base_url.rstrip("/") + path, "name": row.name, "inviter": row.invited_by_name,
              "site_name": settings.site_name, "until": row.expires_at}
    with use_locale(row.locale):
        return {"recipient": row.email,
                "subject": one_line(_("%(inviter)s invites you to %(site)s", inviter=row.invited_by_name,
                                      site=settings.site_name)),
                "body": render_template("accounts/mail/invitation.txt", **values),
                "html": render_template("accounts/mail/invitation.html", **values)}
