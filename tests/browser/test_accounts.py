"""Registration, signing in and out, in a browser."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .conftest import PHONE, Site

pytestmark = pytest.mark.browser
PASSWORD = "an unusually long sentence 7"


def test_register_sign_out_and_in_again(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/account/register", size=PHONE)
    page.get_by_label("Email").fill("viewer@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The password once more").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    leave(page)
    page.goto(f"{site.url}/en/account/login")
    page.get_by_label("Email").fill("viewer@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    leave(page)


def leave(page: Page) -> None:
    """Sign out, on a page that greets who has just come in."""
    page.locator("summary", has_text="Account").click()
    expect(page.get_by_text("viewer@example.org")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_a_wrong_password_is_said_beside_the_field(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/ru/account/login", expect_errors=True)
    page.get_by_label("Электронная почта").fill("nobody@example.org")
    page.get_by_label("Пароль").fill("wrong wrong wrong")
    page.get_by_role("button", name="Войти").click()
    expect(page.locator("[role=alert]").first).to_be_visible()
    expect(page.get_by_label("Электронная почта")).to_have_value("nobody@example.org")


def test_a_token_is_made_by_keyboard_and_shown_once(site: Site, office: Callable[..., Page]) -> None:
    page = office("en", size=PHONE)
    page.goto(f"{site.url}/en/account/tokens/")
    page.get_by_label("What is it for?").focus()
    page.keyboard.type("Nightly import")
    page.get_by_label("Publish and unpublish").focus()
    page.keyboard.press("Space")
    page.get_by_label("Read and write, within what is ticked here:").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Make the token").press("Enter")
    secret = page.locator("code.secret").inner_text()
    answer = page.request.get(f"{site.url}/api/v1/users", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status == 403  # the curator may, this token may not
    page.goto(f"{site.url}/en/account/tokens/")
    expect(page.get_by_text(secret)).to_have_count(0)
    page.get_by_role("button", name="Revoke Nightly import").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("revoked")
    gone = page.request.get(f"{site.url}/api/v1/films", headers={"Authorization": f"Bearer {secret}"})
    assert gone.status == 401
