"""Mail leaves by a task."""
from __future__ import annotations

import structlog
from flask import current_app
from flask_mail import Message

from moviepoint.settings import Settings

log = structlog.get_logger(__name__)


def send_mail(subject: str, recipient: str, body: str, html: str | None = None) -> None:
    """Send one message; without a mail server it is written to the log, so that a trial can go on."""
    settings: Settings = current_app.extensions["moviepoint.settings"]
    if not settings.mail_server:
        log.info("mail not sent: no mail_server is set", to=recipient, subject=subject, body=body)
        return
    current_app.extensions["mail"].send(Message(subject, [recipient], body=body, html=html))
