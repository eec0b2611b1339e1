"""Passkeys in a real browser with a virtual authenticator, codes by an app, and the pages' looks."""
from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask_security import hash_password
from passlib.totp import TOTP
from playwright.sync_api import Page, expect

from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.services import create_user
from moviepoint.kernel.db import db, unit_of_work

from .conftest import Site

pytestmark = pytest.mark.browser
PASSWORD = "an unusually long sentence 7"
SECURITY = "/en/account/security"


class Visitor:
    """A browser on `localhost`, which may use passkeys without HTTPS, with an authenticator built in."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page, self.url = page, site.url.replace("127.0.0.1", "localhost")
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable")
        self.authenticator = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True}})["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        answer = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})
        return list(answer["credentials"])

    def verified(self, yes: bool) -> None:
        """Let the authenticator know its owner, or not."""
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.authenticator, "isUserVerified": yes})

    def password(self, email: str) -> None:
        self.page.goto(f"{self.url}/en/account/login?next={SECURITY}")
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def add_passkey(self, name: str, use: str) -> None:
        self.page.goto(f"{self.url}/en/account/wan-register")
        self.page.get_by_label("A name for it").fill(name)
        self.page.get_by_label(use).check()
        self.page.get_by_role("button", name="Add this passkey").click()
        expect(self.page.get_by_text(f"Successfully added the passkey with name: {name}")).to_be_visible()

    def sign_out(self) -> None:
        self.page.goto(f"{self.url}{SECURITY}")
        self.page.locator("main").get_by_role("button", name=re.compile("Sign out ?: this device")).click()
        self.page.wait_for_url(f"{self.url}/en/")

    def inside(self) -> bool:
        self.page.goto(f"{self.url}{SECURITY}")
        return "/account/login" not in self.page.url


@pytest.fixture
def make(site: Site) -> Callable[[str], str]:
    """Return a function that makes a member of the site; gives back the address."""

    def member(email: str) -> str:
        with site.app.app_context():
            with unit_of_work() as session:
                create_user(session, email, hash_password(PASSWORD), ["member"])
            db.session.remove()
        return email

    return member


@pytest.fixture
def visit(site: Site, open_page: Callable[..., Page]) -> Callable[..., Visitor]:
    """Return a function that opens a browser on localhost."""
    return lambda **options: Visitor(open_page(f"{site.url.replace('127.0.0.1', 'localhost')}/en/", **options), site)


def test_signing_in_with_a_passkey_alone(visit: Callable[..., Visitor], make: Callable[[str], str]) -> None:
    visitor = visit()
    visitor.password(make("passkey@example.org"))
    visitor.add_passkey("My phone", "Sign in with it, without a password")
    key = visitor.credentials()[0]
    assert key["isResidentCredential"] is True
    assert key["rpId"] == "localhost"
    visitor.sign_out()
    visitor.page.goto(f"{visitor.url}/en/account/login?next={SECURITY}")
    visitor.page.get_by_role("link", name="Sign in with a passkey").click()
    visitor.page.get_by_role("button", name="Use the passkey").click()
    visitor.page.wait_for_url(f"{visitor.url}{SECURITY}")
    expect(visitor.page.get_by_text("this device", exact=True)).to_be_visible()
    expect(visitor.page.get_by_text("My phone: instead of the password")).to_be_visible()


def test_a_passkey_after_the_password_also_where_there_is_an_app(
        visit: Callable[..., Visitor], make: Callable[[str], str]) -> None:
    visitor = visit()
    visitor.password(make("second@example.org"))
    visitor.add_passkey("Blue key", "Confirm with it, after the password")
    visitor.sign_out()
    visitor.password("second@example.org")
    visitor.page.wait_for_url(re.compile("/account/wan-signin"))
    expect(visitor.page.get_by_role("heading", name="Confirm with your passkey")).to_be_visible()
    visitor.page.get_by_role("button", name="Use the passkey").click()
    visitor.page.wait_for_url(f"{visitor.url}{SECURITY}")
    visitor.page.get_by_role("link", name=re.compile("Set up ?: Authenticator app")).click()
    visitor.page.get_by_role("button", name="Set up an app").click()
    assert visitor.page.locator(".qr").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    key = visitor.page.locator(".secret").inner_text().replace("-", "").replace(" ", "")
    visitor.page.get_by_label("The code that the app shows").fill(
        str(TOTP(key=key, format="base32").generate(time.time()).token))
    visitor.page.get_by_role("button", name="Confirm").click()
    expect(visitor.page.get_by_text("Asked for after the password.")).to_be_visible()
    visitor.sign_out()
    visitor.password("second@example.org")
    expect(visitor.page.get_by_role("button", name="By a code from the app")).to_be_visible()
    visitor.page.get_by_role("button", name="By a passkey or security key").click()
    visitor.page.get_by_role("button", name="Use the passkey").click()
    visitor.page.wait_for_url(re.compile("^(?!.*/account/(login|wan|tf)).*$"))
    assert visitor.inside()


def test_a_stolen_key_of_somebody_else_does_not_finish_a_sign_in(
        visit: Callable[..., Visitor], make: Callable[[str], str], site: Site) -> None:
    """The thief has an account with a key of their own, and the owner's key, but not the owner's password."""
    owner, thief = visit(), visit(expect_errors=True)
    owner.password(make("robbed@example.org"))
    owner.add_passkey("Stolen", "Confirm with it, after the password")
    stolen = owner.credentials()[0]
    thief.password(make("robber@example.org"))
    thief.add_passkey("Own", "Confirm with it, after the password")
    thief.sign_out()
    thief.cdp.send("WebAuthn.clearCredentials", {"authenticatorId": thief.authenticator})
    thief.password("robber@example.org")
    # The page asks for the thief's own key; the thief changes that to the owner's.
    thief.page.route(re.compile(r"/wan-signin(\?|$)"), lambda route: answer_with(route, stolen["credentialId"]))
    thief.cdp.send("WebAuthn.addCredential", {"authenticatorId": thief.authenticator, "credential": stolen})
    thief.page.get_by_role("button", name="Use the passkey").click()
    expect(thief.page.get_by_text("Credential user handle didn't match")).to_be_visible()
    thief.page.unroute_all()
    assert not thief.inside()


def answer_with(route: Any, credential: str) -> None:
    """Put another credential's id into the options of a page that asks for a passkey."""
    response = route.fetch()
    wanted = credential.replace("+", "-").replace("/", "_").rstrip("=")
    pattern = r"(allowCredentials&#34;: \[\{[^]]*?&#34;id&#34;: &#34;)[^&]+"
    body, replaced = re.subn(pattern, rf"\g<1>{wanted}", response.text())
    assert replaced == (route.request.method == "POST")
    route.fulfill(response=response, body=body)


def test_a_key_that_does_not_know_its_owner_is_not_enough(visit: Callable[..., Visitor],
                                                          make: Callable[[str], str]) -> None:
    visitor = visit()
    visitor.password(make("unverified@example.org"))
    visitor.add_passkey("My phone", "Sign in with it, without a password")
    visitor.sign_out()
    visitor.verified(False)
    visitor.page.goto(f"{visitor.url}/en/account/wan-signin")
    visitor.page.get_by_role("button", name="Use the passkey").click()
    expect(visitor.page.get_by_text("The passkey was not used. You can try again.")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Try again")).to_be_focused()
    visitor.verified(True)
    visitor.page.get_by_role("button", name="Try again").click()
    visitor.page.wait_for_url(f"{visitor.url}/en/")
    assert visitor.inside()


def test_a_removed_passkey_no_longer_signs_in(visit: Callable[..., Visitor], make: Callable[[str], str]) -> None:
    visitor = visit()
    visitor.password(make("removed@example.org"))
    visitor.add_passkey("Old phone", "Sign in with it, without a password")
    visitor.page.goto(f"{visitor.url}/en/account/wan-register")
    visitor.page.get_by_role("button", name="Remove: Old phone").click()
    expect(visitor.page.get_by_text("Successfully deleted the passkey")).to_be_visible()
    visitor.sign_out()
    visitor.page.goto(f"{visitor.url}/en/account/wan-signin")
    visitor.page.get_by_role("button", name="Use the passkey").click()
    expect(visitor.page.get_by_text("Unregistered passkey.")).to_be_visible()
    assert not visitor.inside()


def test_a_passkey_shows_that_it_is_still_you(visit: Callable[..., Visitor], make: Callable[[str], str],
                                              site: Site) -> None:
    visitor = visit()
    visitor.password(make("fresh@example.org"))
    visitor.add_passkey("My phone", "Sign in with it, without a password")
    make_stale(site, visitor)
    visitor.page.goto(f"{visitor.url}/en/account/tf-setup")
    visitor.page.get_by_role("link", name="Use the passkey").click()
    visitor.page.get_by_role("button", name="Use the passkey").click()
    expect(visitor.page.get_by_role("button", name="Set up an app")).to_be_visible()


def make_stale(site: Site, visitor: Visitor) -> None:
    """Write the cookie as it is hours after signing in."""
    serializer = site.app.session_interface.get_signing_serializer(site.app)  # type: ignore[attr-defined]
    kept = next(cookie for cookie in visitor.page.context.cookies() if cookie["name"] == "session")
    values = serializer.loads(kept["value"])
    values["fs_paa"] = time.time() - 7200
    values.pop("fs_gexp", None)
    visitor.page.context.add_cookies([{"name": "session", "value": serializer.dumps(values), "url": visitor.url}])


def test_recovery_codes_are_copied_and_printed(visit: Callable[..., Visitor], make: Callable[[str], str]) -> None:
    visitor = visit()
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.password(make("codes@example.org"))
    visitor.page.goto(f"{visitor.url}/en/account/mf-recovery-codes")
    visitor.page.get_by_role("button", name="Make recovery codes").click()
    shown = visitor.page.locator("[data-codes] code")
    expect(shown).to_have_count(10)
    codes = shown.all_inner_texts()
    visitor.page.get_by_role("button", name="Copy").click()
    expect(visitor.page.get_by_role("button", name="Copied")).to_be_visible()
    assert visitor.page.evaluate("navigator.clipboard.readText()").split() == codes
    visitor.page.evaluate("window.print = () => { window.printed = true; }")
    visitor.page.get_by_role("button", name="Print").click()
    assert visitor.page.evaluate("window.printed")


def test_no_key_of_anybody_is_left_in_the_wrong_hands(site: Site) -> None:
    """After all of the above, every kept passkey belongs to who made it."""
    with site.app.app_context():
        session = db.session()
        for email, names in (("robbed@example.org", ["Stolen"]), ("robber@example.org", ["Own"])):
            user = session.query(User).filter_by(email=email).one_or_none()
            assert user is None or [key.name for key in user.webauthn] == names
        db.session.remove()
