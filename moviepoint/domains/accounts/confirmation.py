"""A newcomer's address is confirmed by a mailed link before they sign in; what a stranger may learn: nothing."""
from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, current_app, request
from flask_security import ForgotPasswordForm, LoginForm, MailUtil
from flask_security.confirmable import generate_confirmation_link, requires_confirmation
from flask_security.recoverable import generate_reset_link
from flask_security.signals import password_reset, user_confirmed
from flask_security.utils import _config_value, send_mail, url_for_security

from moviepoint.domains.accounts import identities, services
from moviepoint.domains.accounts.models import User
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.errors import Forbidden
from moviepoint.kernel.i18n import current_locale, lazy_gettext
from moviepoint.kernel.tasks import enqueue
from moviepoint.settings import Settings
from moviepoint.shells.site.addresses import address_of

VALID = timedelta(days=2)  # a link's life
CONFIRM, WELCOME, KNOWN = "accounts/mail/confirm", "accounts/mail/welcome", "accounts/mail/registered_already"
RESET = "accounts/mail/new_password"
CODE = "address-not-confirmed"
REFUSAL = lazy_gettext("Confirm your address first: open the link in the mail that we have sent you.")


class QueuedMail(MailUtil):
    """Sends mail by a task: a mail server that is slow or away must not hold a request."""

    def send_mail(self, template: str, subject: str, recipient: str | tuple[str, str],
                  sender: str | tuple[str, str], body: str | None,
                  html: str | None, **context: Any) -> None:
        """Queue a mail, unless it is one that strangers can ask for and its address had one just now."""
        if template in (CONFIRM, KNOWN):
            with unit_of_work() as session:
                if not services.claim_mail(session, context["user"].id, utcnow()):
                    return
        enqueue("accounts.mail", subject=subject, recipient=recipient, body=body, html=html)


class SignInForm(LoginForm):
    """Says to who has given the right password that the address waits for its confirmation."""

    def validate(self, **kwargs: Any) -> bool:
        if super().validate(**kwargs):
            return True
        if self.requires_confirmation and self.user is not None and self.user.is_active:
            refuse_json()
            self.email.errors = []  # what stands here is replaced by a word that says nothing
            self.form_errors.append(str(REFUSAL))
        return False


class ForgottenForm(ForgotPasswordForm):
    """Mails a link for a new password also before the confirmation: following it confirms the address."""

    def validate(self, **kwargs: Any) -> bool:
        if super().validate(**kwargs):
            return True
        if not self.requires_confirmation:
            return False
        self.email.errors = []
        return True


def config(settings: Settings) -> dict[str, Any]:
    """Return Flask-Security's settings; its words are translated in translations/…/flask_security.po."""
    return {
        "SECURITY_CONFIRMABLE": settings.confirms_email,
        "SECURITY_CONFIRM_EMAIL_WITHIN": VALID,
        "SECURITY_POST_REGISTER_VIEW": "security.send_confirmation" if settings.confirms_email else "/",
        "SECURITY_EMAIL_TEMPLATE_CONFIRM": CONFIRM,
        "SECURITY_EMAIL_TEMPLATE_PASSWORD_RESET": RESET,
        "SECURITY_REGISTER_EMAIL_TEMPLATE": WELCOME,
        "SECURITY_REGISTER_EMAIL_EXISTING_TEMPLATE": KNOWN,
        "SECURITY_EMAIL_SUBJECT_REGISTER": "Your account",
        "SECURITY_EMAIL_SUBJECT_CONFIRM": "Confirm your address",
        "SECURITY_MSG_CONFIRM_REGISTRATION": (
            "We have sent a mail to %(email)s. Open the link in it, then sign in.", "info"),
        "SECURITY_MSG_EMAIL_CONFIRMED": ("Your address is confirmed. Now sign in.", "success"),
        "SECURITY_MSG_ALREADY_CONFIRMED": (
            "This link has been used already: your address is confirmed. Sign in.", "info"),
        "SECURITY_MSG_INVALID_CONFIRMATION_TOKEN": ("This link does not work. Ask for a new one.", "error"),
        "SECURITY_MSG_CONFIRMATION_EXPIRED": (
            "This link has expired: it works for %(within)s. Ask for a new one.", "error"),
        "SECURITY_MSG_CONFIRMATION_REQUEST": (
            "If an account with the address %(email)s waits for its confirmation, a link is on its way. "
            "At most one mail is sent in five minutes.", "info"),
    }


def init_app(app: Flask) -> None:
    """Have mails link to the site's public address, a new password confirm the address it came by, and history know."""
    app.extensions["security"].mail_context_processor(_mail_context)
    password_reset.connect(_confirm, app)
    user_confirmed.connect(_confirmed, app)


def refuse_json() -> None:
    """Raise Forbidden with a stable code for a program that signs in; a page tells it in the form."""
    if current_app.extensions["security"]._want_json(request):
        raise Forbidden(REFUSAL, code=CODE)


def waits(user: Any) -> bool:
    """Say whether somebody may not sign in before their address is confirmed."""
    return bool(requires_confirmation(user))


def mail_welcome(user: User) -> None:
    """Mail a newcomer, as Flask-Security does after its own form: with a link where the address waits for it."""
    if _config_value("SEND_REGISTER_EMAIL"):
        link, token = generate_confirmation_link(user) if waits(user) else (None, None)
        send_mail(_config_value("EMAIL_SUBJECT_REGISTER"), user.email, WELCOME, user=user, confirmation_link=link,
                  confirmation_token=token)


def mail_known(user: User | None) -> None:
    """Tell the owner of an address that somebody has come with it who could not show that it is theirs."""
    if user is not None and _config_value("SEND_REGISTER_EMAIL"):
        link, token = generate_confirmation_link(user) if waits(user) else ("", "")
        reset_link, reset_token = generate_reset_link(user)
        send_mail(_config_value("EMAIL_SUBJECT_REGISTER"), user.email, KNOWN, user=user, confirmation_link=link,
                  confirmation_token=token, reset_link=reset_link, reset_token=reset_token,
                  recovery_link=url_for_security("forgot_password", _external=True))


def _mail_context() -> dict[str, Any]:
    """Links are made of the settings, not of what a request's Host header says."""
    settings: Settings = current_app.extensions["moviepoint.settings"]
    return {"public_address": lambda endpoint, **values: address_of(endpoint, locale=current_locale(), **values),
            "site_name": settings.site_name}


def _confirm(_app: Flask, user: User, **_: Any) -> None:
    services.confirm(db.session(), user, user)
    identities.forget_unproven(db.session(), user)


def _confirmed(_app: Flask, user: User, **_: Any) -> None:
    services.note_confirmation(db.session(), user, user)
