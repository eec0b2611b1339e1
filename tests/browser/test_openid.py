"""Signing in by a provider of OpenID Connect in a real browser: there, back, and how the pages look."""
from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from moviepoint.app import MoviePoint, create_app
from moviepoint.kernel.db import db
from moviepoint.settings import OpenIdProvider
from tests.openid_provider import CLIENT, SECRET, Provider, running_provider

from .conftest import DESKTOP, PHONE, THEMES, Handler, Site, remembering_body, settings_of
from .test_pages import STICKS_OUT, accessibility_faults

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def openid_sites(instance: Path, provider: Provider) -> Iterator[dict[str, Site]]:
    """Serve the sample site in each theme with a provider; its address is known to the settings, as in real life."""
    running, found = [], {}
    for theme in THEMES:
        apps: list[MoviePoint] = []
        server = make_server("127.0.0.1", 0, lambda *call, apps=apps: remembering_body(apps[0])(*call), threaded=True,
                             request_handler=Handler)
        url = f"http://127.0.0.1:{server.server_port}"
        example = OpenIdProvider(slug="example", label="Example", issuer=provider.url, client_id=CLIENT,
                                 client_secret=SECRET)
        long = OpenIdProvider(slug="long", label="Объединённая служба удостоверений кинофестивалей",
                              issuer="https://accounts.example.com", client_id=CLIENT)
        apps.append(create_app(settings_of(instance, theme, base_url=url, openid_providers=(example, long))))
        provider.site.redirect_uris.add(f"{url}/openid/example/callback")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        running.append((server, thread, apps[0]))
        found[theme] = Site(url, apps[0])
    yield found
    for server, thread, app in running:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()


def person(name: str) -> dict[str, object]:
    return {"sub": name, "email": f"{name}@example.org", "email_verified": True, "name": name.title()}


@pytest.mark.parametrize("javascript", [True, False])
def test_the_whole_way(openid_sites: dict[str, Site], provider: Provider, open_page: Callable[..., Page],
                       javascript: bool) -> None:
    site = openid_sites["default"]
    provider.person = person("clara" if javascript else "karl")
    page = open_page(f"{site.url}/en/account/login?next=/en/films", javascript=javascript)
    page.get_by_role("button", name="Go on with Example").click()
    page.get_by_role("heading", name="Let this site know who you are?").wait_for()
    assert page.url.startswith(f"{provider.url}/authorize?")
    page.get_by_role("button", name="Yes").click()
    page.wait_for_url(f"{site.url}/en/films")
    page.goto(f"{site.url}/en/account/security")
    expect(page.get_by_text(f"{provider.person['email']} · linked")).to_be_visible()
    page.get_by_role("button", name=re.compile("Unlink")).click()
    expect(page.get_by_text("This is the only way in that you have.")).to_be_visible()
    page.get_by_role("link", name=re.compile("Set up ?: Password")).click()
    expect(page.get_by_role("heading", name="Set a password")).to_be_visible()
    page.get_by_label("New password").fill("an unusually long sentence 7")
    page.get_by_label("The password once more").fill("an unusually long sentence 7")
    with page.expect_navigation():
        page.get_by_role("button", name="Use this password").click()
    page.goto(f"{site.url}/en/account/security")
    page.get_by_role("button", name=re.compile("Unlink")).click()
    expect(page.get_by_text("Unlinked. It no longer signs in here.")).to_be_visible()
    page.get_by_role("button", name=re.compile("Link ?: Example")).click()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("Linked: Example signs you in here from now on.")).to_be_visible()


def test_who_says_no_may_say_yes(openid_sites: dict[str, Site], provider: Provider,
                                 open_page: Callable[..., Page]) -> None:
    site = openid_sites["default"]
    provider.person = person("nina")
    page = open_page(f"{site.url}/ru/account/register", expect_errors=True)
    page.get_by_role("button", name="Продолжить через Example").click()
    page.get_by_role("button", name="No").click()
    expect(page.get_by_role("alert")).to_contain_text("не разрешили сообщить нам, кто вы")
    check(page)
    page.get_by_role("button", name="Попробовать снова").click()
    page.get_by_role("button", name="Yes").click()
    page.wait_for_url(f"{site.url}/ru/")


@pytest.mark.parametrize(("theme", "scheme", "size"), [
    (THEMES[0], "light", PHONE), (THEMES[0], "dark", DESKTOP), (THEMES[1], "light", DESKTOP),
    (THEMES[1], "dark", PHONE)])  # each two together
def test_the_pages_are_accessible_and_fit(openid_sites: dict[str, Site], provider: Provider,
                                          open_page: Callable[..., Page], theme: str, scheme: str,
                                          size: tuple[int, int]) -> None:
    site = openid_sites[theme]
    provider.person = person(f"openid-{theme}-{scheme}-{size[0]}")
    page = open_page(f"{site.url}/ru/account/register", size=size, scheme=scheme, expect_errors=True)
    check(page)
    page.goto(f"{site.url}/ru/account/login")
    check(page)
    page.get_by_role("button", name="Продолжить через Example").click()
    page.get_by_role("button", name="No").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Попробовать снова").click()
    page.get_by_role("button", name="Yes").click()
    page.wait_for_url(f"{site.url}/ru/")
    for name in ("security", "verify", "change"):
        page.goto(f"{site.url}/ru/account/{name}")
        check(page)


def check(page: Page) -> None:
    page.wait_for_load_state()
    assert accessibility_faults(page) == []
    assert page.evaluate(STICKS_OUT) == 0
