"""Signing in by OpenID Connect: out to a provider, and back.

Setting out is a form's POST, so that no other site begins it for a visitor. Its answer is a page that leads on and not
a redirection: our Content-Security-Policy lets forms lead to this site only, and browsers hold redirections to it too.
"""
from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from flask import Blueprint, Flask, current_app, flash, redirect, request, session, url_for
from flask_security.utils import login_user
from werkzeug.wrappers import Response

from moviepoint.domains.accounts import confirmation, identities
from moviepoint.domains.accounts import openid_attempts as attempts
from moviepoint.domains.accounts.contexts import IdentityLine, OpenIdOnwardPage, OpenIdProblemPage, ProviderLine
from moviepoint.domains.accounts.identities import Proof
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.openid_attempts import LINK, SIGN_IN, VERIFY, Attempt
from moviepoint.domains.accounts.openid_faults import Stale
from moviepoint.domains.accounts.openid_providers import client_of, issuers, label_of, provider_lines
from moviepoint.domains.accounts.session_cookies import current_sign_in
from moviepoint.domains.accounts.signin_gate import is_fresh
from moviepoint.domains.accounts.viewer import current_viewer, in_person
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Conflict, MoviePointError
from moviepoint.kernel.i18n import current_locale, use_locale
from moviepoint.kernel.i18n import gettext as _
from moviepoint.settings import Settings
from moviepoint.shells.site import render_page

pages = Blueprint("openid", __name__, url_prefix="/account/openid")
returns = Blueprint("openid_return", __name__, url_prefix="/openid")


def init_app(app: Flask) -> None:
    """Let templates show the providers; keep somebody's last way in."""
    app.jinja_env.globals["openid_providers"] = provider_lines
    app.extensions["security"].verify_context_processor(lambda: {"openid_own": _own_providers()})
    app.before_request(_keep_last_passkey)


@pages.post("/<provider>")
def start(provider: str) -> Response:
    """Set out to sign in."""
    then = request.args.get("next", "")
    if current_viewer() is not None:
        return redirect(attempts.local(then) or url_for("pages.home"))
    return _onward(provider, SIGN_IN, then)


@pages.post("/<provider>/link")
def link(provider: str) -> Response:
    """Set out to link an account at a provider: only who has shown lately that it is them adds a way in."""
    viewer = in_person()
    if not is_fresh():
        return redirect(url_for("security.verify", next=url_for("account.security")), 303)
    return _onward(provider, LINK, url_for("account.security"), viewer)


@pages.post("/<provider>/verify")
def verify(provider: str) -> Response:
    """Set out to show that it is still oneself."""
    return _onward(provider, VERIFY, request.args.get("next", ""), in_person())


@pages.post("/identities/<int:identity_id>/unlink")
def unlink(identity_id: int) -> Response:
    """Unlink an account at a provider, and sign out everywhere but here."""
    viewer = in_person()
    if not is_fresh():
        return redirect(url_for("security.verify", next=url_for("account.security")), 303)
    try:
        with unit_of_work() as work:
            identities.remove(work, viewer, viewer.id, identity_id, issuers=issuers(), keep=current_sign_in())
    except Conflict as error:
        flash(str(error.message), "error")
    else:
        flash(_("Unlinked. It no longer signs in here."), "success")
    return redirect(url_for("account.security"), 303)


@returns.get("/<provider>/callback")
def callback(provider: str) -> Response:
    """Take a provider's answer, in the language in which its visitor set out."""
    client = client_of(provider)
    state = request.args.get("state", "")
    try:
        attempt = attempts.take(provider, state)
    except Stale as fault:
        return _private(_problem(provider, SIGN_IN, "", fault))
    with use_locale(attempt.locale):
        try:
            proof = client.redeem(request.args, nonce=attempts.nonce(state), verifier=attempts.verifier(state),
                                  again=attempt.purpose == VERIFY)
            response = ENDS[attempt.purpose](attempt, proof)
        except MoviePointError as fault:
            db.session.rollback()
            response = _problem(provider, attempt.purpose, attempt.then, fault)
        return _private(response)


def identity_lines(viewer: User) -> list[IdentityLine]:
    """Return the accounts at providers that sign a user in."""
    return [IdentityLine(row.id, label_of(row), row.email, row.created_at, row.used_at)
            for row in identities.of_user(db.session(), viewer, viewer.id)]


def unlinked_providers(viewer: User) -> list[ProviderLine]:
    """Return the providers at which no account is linked to a user's yet."""
    return _providers(viewer, linked=False)


def _onward(provider: str, purpose: str, then: str, viewer: User | None = None) -> Response:
    client = client_of(provider)
    try:
        client.metadata()
        state = attempts.begin(provider, purpose, then, viewer.id if viewer else None)
        address = client.address(state=state, nonce=attempts.nonce(state), verifier=attempts.verifier(state),
                                 locale=current_locale(), again=purpose == VERIFY)
    except MoviePointError as fault:
        return _private(_problem(provider, purpose, then, fault))
    return _private(render_page("security/openid_onward.html", OpenIdOnwardPage(client.provider.label, address)))


def _end_sign_in(attempt: Attempt, proof: Proof) -> Response:
    """Sign in whom a proof is of: with the second factor that they have here, and once their address is confirmed."""
    settings: Settings = current_app.extensions["moviepoint.settings"]
    try:
        with unit_of_work() as work:
            user, fresh = identities.enter(work, proof, registration=settings.registration, locale=attempt.locale)
            waits = confirmation.waits(user)
            response = redirect(url_for("security.login")) if waits else _inside(user, attempt)
    except Conflict as fault:
        if fault.code != "address-taken" or proof.email_verified or not settings.confirms_email:
            raise
        # Whoever only claims an address does not learn whether it is known here; its owner does, by mail.
        confirmation.mail_known(identities.owner_of(db.session(), proof))
        _say_mailed(proof)
        return redirect(url_for("security.login"))
    if fresh:
        confirmation.mail_welcome(user)
    if waits and fresh:
        _say_mailed(proof)
    elif waits:
        flash(str(confirmation.REFUSAL), "error")
        return redirect(url_for("security.send_confirmation"))
    return response


def _inside(user: User, attempt: Attempt) -> Response:
    then = attempt.then or url_for("pages.home")
    asked: Response | None = current_app.extensions["security"].two_factor_plugins.tf_enter(
        user, False, "openid", next_loc=then)
    if asked is not None:
        session["half_since"] = time.time()
        return asked
    login_user(user, remember=False, authn_via=["openid"])
    return redirect(then)


def _end_link(attempt: Attempt, proof: Proof) -> Response:
    viewer = _same(attempt)
    with unit_of_work() as work:
        added = identities.link(work, viewer, proof)
    flash(_("Linked: %(name)s signs you in here from now on.", name=proof.label) if added
          else _("%(name)s signs you in here already.", name=proof.label), "success")
    return redirect(attempt.then)


def _end_verify(attempt: Attempt, proof: Proof) -> Response:
    viewer = _same(attempt)
    with unit_of_work() as work:
        identities.prove(work, viewer, proof)
    session["fs_paa"] = time.time()
    return redirect(attempt.then or url_for("account.security"))


ENDS = {SIGN_IN: _end_sign_in, LINK: _end_link, VERIFY: _end_verify}


def _same(attempt: Attempt) -> User:
    """Return who is signed in, if it is who set out. Raises Stale."""
    viewer = current_viewer()
    if not isinstance(viewer, User) or viewer.id != attempt.user_id:
        raise Stale()
    return viewer


def _say_mailed(proof: Proof) -> None:
    flash(_("We have sent a mail to %(email)s. Open the link in it, then sign in. If you had an account here before, "
            "sign in to it and link %(name)s under Sign-in and security.", email=proof.email, name=proof.label), "info")


def _problem(provider: str, purpose: str, then: str, fault: MoviePointError) -> Response:
    place = {SIGN_IN: "openid.start", LINK: "openid.link", VERIFY: "openid.verify"}[purpose]
    after = None if purpose == LINK else attempts.local(then) or None
    return render_page("security/openid_problem.html", OpenIdProblemPage(
        client_of(provider).provider.label, str(fault.message), url_for(place, provider=provider, next=after)),
        int(fault.status))


def _private(response: Response) -> Response:
    """Keep code and state out of caches and of the next site's logs."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _own_providers() -> Sequence[ProviderLine]:
    """Return the providers by which the visitor can show that it is them."""
    viewer = current_viewer()
    return _providers(viewer, linked=True) if isinstance(viewer, User) else ()


def _providers(viewer: User, *, linked: bool) -> list[ProviderLine]:
    own = {row.issuer for row in identities.of_user(db.session(), viewer, viewer.id)}
    return [line for line in provider_lines() if (client_of(line.slug).provider.issuer in own) == linked]


def _keep_last_passkey() -> Response | None:
    """Refuse to remove a passkey that is the only way in."""
    viewer = current_viewer() if request.endpoint == "security.wan_delete" and request.method == "POST" else None
    if not isinstance(viewer, User):
        return None  # before the body is looked at, which is none of ours
    given = request.get_json(silent=True) if request.is_json else request.form
    name = str(given.get("name", "")) if isinstance(given, Mapping) else ""
    if not identities.only_passkey(db.session(), viewer, name, issuers()):
        return None
    sentence = _("This is the only way in that you have. Set a password or link an account first.")
    if request.is_json:
        raise Conflict(sentence)
    flash(sentence, "error")
    return redirect(url_for("security.wan_register"), 303)
