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
    page.goto(f"{site.url}/en/account/login")
    if page.get_by_label("Email").count():
        page.get_by_label("Email").fill("viewer@example.org")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
    page.goto(f"{site.url}/en/")
    page.locator("summary", has_text="Account").click()
    expect(page.get_by_text("viewer@example.org")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{site.url}/en/")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_a_wrong_password_is_said_beside_the_field(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/ru/account/login", expect_errors=True)
    page.get_by_label("Электронная почта").fill("nobody@example.org")
    page.get_by_label("Пароль").fill("wrong wrong wrong")
    page.get_by_role("button", name="Войти").click()
    expect(page.locator("[role=alert]").first).to_be_visible()
    expect(page.get_by_label("Электронная почта")).to_have_value("nobody@example.org")
