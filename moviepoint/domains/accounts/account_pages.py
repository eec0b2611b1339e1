"""One's own account: how one signs in, and where one is signed in."""
from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from moviepoint.domains.accounts import sessions
from moviepoint.domains.accounts.contexts import Device, Key, SecurityPage
from moviepoint.domains.accounts.devices import device_name
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.openid_pages import identity_lines, unlinked_providers
from moviepoint.domains.accounts.session_cookies import current_sign_in
from moviepoint.domains.accounts.viewer import current_viewer, in_person
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.site import render_page

pages = Blueprint("account", __name__, url_prefix="/account")


@pages.get("/security")
def security() -> Response:
    """Show how the visitor signs in and where they are signed in; ask others to sign in first."""
    viewer = current_viewer()
    if not isinstance(viewer, User):
        return redirect(url_for("security.login", next=request.path))
    return render_page("site/account_security.html", SecurityPage(
        devices=devices_of(viewer), app=bool(viewer.tf_primary_method),
        keys=[Key(row.name, row.usage == "first", row.create_datetime, row.lastuse_datetime)
              for row in viewer.webauthn],
        recovery_codes=len(viewer.mf_recovery_codes or ()), password=bool(viewer.password),
        identities=identity_lines(viewer), providers=unlinked_providers(viewer)))


@pages.post("/sessions/<int:sign_in_id>/end")
def end_session(sign_in_id: int) -> Response:
    """Sign one device out."""
    viewer = in_person()
    with unit_of_work() as session:
        sessions.end(session, viewer, viewer.id, sign_in_id)
    flash(_("Signed out there."), "success")
    return redirect(url_for("account.security"))


@pages.post("/sessions/end-others")
def end_others() -> Response:
    """Sign out everywhere but here."""
    viewer = in_person()
    with unit_of_work() as session:
        sessions.end_all(session, viewer, viewer.id, keep=current_sign_in())
    flash(_("Signed out everywhere else."), "success")
    return redirect(url_for("account.security"))


def devices_of(viewer: User) -> list[Device]:
    """Return where a user is signed in; this request's session first."""
    here = current_sign_in()
    found = [Device(row.id, device_name(row.user_agent), row.address, row.created_at, row.seen_at, row.id == here)
             for row in sessions.of_user(db.session(), viewer, viewer.id)]
    return sorted(found, key=lambda device: not device.here)
