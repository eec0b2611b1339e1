"""Flask-Security's configuration: sign-in, registration, recovery, in the language of the page."""
from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Flask, abort, g, request
from flask_mail import Mail
from flask_security import Security, SQLAlchemyUserDatastore, user_registered
from flask_security.signals import user_authenticated

from moviepoint.domains.accounts import (
    confirmation,
    openid_pages,
    openid_providers,
    services,
    session_cookies,
    signin_gate,
)
from moviepoint.domains.accounts.codes import RECOVERY_CODES, HashedRecoveryCodes, OnceTotp, totp_secrets
from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.accounts.signin_models import Passkey
from moviepoint.kernel import events
from moviepoint.kernel.db import db, utcnow, writing
from moviepoint.kernel.i18n import current_locale
from moviepoint.settings import PROJECT_ROOT, Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Install Flask-Security below /<locale>/account."""
    app.config.update(
        SECURITY_URL_PREFIX="/<locale>/account",
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 -- the name of a scheme
        SECURITY_PASSWORD_SALT=settings.secret_key,
        SECURITY_PASSWORD_LENGTH_MIN=10,
        SECURITY_PASSWORD_NORMALIZE_FORM="NFKC",  # noqa: S106
        SECURITY_REGISTERABLE=settings.registration,
        # Asking the address's name servers would be slow work in a request, and fails where there is no network.
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
        SECURITY_RECOVERABLE=True,
        SECURITY_CHANGEABLE=True,
        # We tell of a new password ourselves, by a notice that outlives a mail server that is away.
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False, SECURITY_SEND_PASSWORD_RESET_NOTICE_EMAIL=False,
        SECURITY_TRACKABLE=True,
        SECURITY_DATETIME_FACTORY=utcnow,
        SECURITY_USE_REGISTER_V2=True,
        SECURITY_SEND_REGISTER_EMAIL=bool(settings.mail_server),
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_EMAIL_SENDER=settings.mail_sender,
        SECURITY_REDIRECT_ALLOW_SUBDOMAINS=False,
        SECURITY_I18N_DIRNAME=["builtin", str(PROJECT_ROOT / "translations")],
        **second_factor_config(settings), **confirmation.config(settings),
        SECURITY_CSRF_COOKIE_NAME=None,
        SECURITY_TOKEN_AUTHENTICATION_HEADER="Authentication-Token",  # noqa: S106
        SECURITY_POST_LOGIN_VIEW="/", SECURITY_POST_LOGOUT_VIEW="/",
        MAIL_SERVER=settings.mail_server or "localhost", MAIL_PORT=settings.mail_port,
        MAIL_USERNAME=settings.mail_username or None, MAIL_PASSWORD=settings.mail_password or None,
        MAIL_USE_TLS=settings.mail_use_tls, MAIL_DEFAULT_SENDER=settings.mail_sender,
    )
    Mail(app)
    datastore = SQLAlchemyUserDatastore(db, User, Role, Passkey)
    app.extensions["moviepoint.users"] = datastore
    Security(app, datastore, mail_util_cls=confirmation.QueuedMail, totp_cls=OnceTotp,
             webauthn_util_cls=signin_gate.Passkeys, mf_recovery_codes_util_cls=HashedRecoveryCodes,
             wan_signin_response_form=signin_gate.OwnPasskeyForm, wan_register_form=signin_gate.PasskeyNameForm,
             login_form=confirmation.SignInForm, forgot_password_form=confirmation.ForgottenForm)
    app.before_request(_objects_only)
    app.before_request(_lock_early)
    app.teardown_request(_unlock)
    session_cookies.init_app(app)
    signin_gate.init_app(app)
    confirmation.init_app(app)
    openid_providers.init_app(app, settings)
    openid_pages.init_app(app)
    user_registered.connect(_greet, app)
    user_authenticated.connect(_remember_locale, app)


def second_factor_config(settings: Settings) -> dict[str, Any]:
    """Return what Flask-Security needs for authenticator apps, recovery codes and passkeys."""
    return {
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,  # seconds by which a clock may be wrong
        "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,  # who can read the mail can also set a new password
        "SECURITY_TWO_FACTOR_RESCUE_MAIL": settings.mail_sender,
        "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "account.security",
        "SECURITY_TOTP_SECRETS": totp_secrets(settings.secret_key),
        "SECURITY_TOTP_ISSUER": settings.site_name,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_N": RECOVERY_CODES,
        "SECURITY_WEBAUTHN": True,
        "SECURITY_WAN_RP_NAME": settings.site_name,
        "SECURITY_WAN_ALLOW_USER_HINTS": False,
        "SECURITY_WAN_POST_REGISTER_VIEW": "account.security",
        "SECURITY_FRESHNESS": timedelta(minutes=30),
        "SECURITY_FRESHNESS_GRACE_PERIOD": timedelta(minutes=10),
    }


def _greet(app: Flask, user: User, **_: Any) -> None:
    """Give a newcomer the member's role and tell who listens, once the registration has committed."""
    services.welcome(db.session(), user, locale=current_locale())
    events.record(db.session(), "on_user_registered", user_id=user.id)


def _remember_locale(app: Flask, user: User, **_: Any) -> None:
    if request.endpoint and not user.locale:
        user.locale = current_locale()


def _objects_only() -> None:
    """Flask-Security makes a form of any JSON, and fails where that is no object."""
    if request.blueprint == "security" and request.is_json and not isinstance(
            request.get_json(silent=True) or {}, Mapping):
        abort(400)


def _lock_early() -> None:
    """Flask-Security commits by itself: let its writes take SQLite's lock at the beginning, as ours do."""
    if request.blueprint == "security" and request.method == "POST":
        g.security_writes = writing()
        g.security_writes.__enter__()


def _unlock(_error: BaseException | None) -> None:
    block = g.pop("security_writes", None)
    if block is not None:
        block.__exit__(None, None, None)
