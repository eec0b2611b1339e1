"""A real server and a real browser: one site for each theme over one small catalogue."""
from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask_security import hash_password
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from moviepoint.app import MoviePoint, create_app
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.accounts.sessions import begin
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.i18n import LOCALE_COOKIE
from moviepoint.settings import Settings
from moviepoint.testing import cheapen_passwords

from .samples import fill

#: The same engine without windows takes a third less of the processor.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"]
THEMES = ("default", "festival")
PHONE, DESKTOP = (390, 844), (1440, 900)
EMAIL, PASSWORD = "curator@example.org", "an unusually long sentence 7"
AXE = Path(__file__).parent / "vendor/axe-core-4.14.1/axe.min.js"


@dataclass(frozen=True)
class Site:
    """A running site."""

    url: str
    app: MoviePoint


class Handler(WSGIRequestHandler):
    """Closes the file of a player that has left; werkzeug itself forgets it when the rest cannot be read."""

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        body = (environ or {}).get("site.body")
        if body is not None and hasattr(body, "close"):
            body.close()


def remembering_body(app: MoviePoint) -> Callable[..., Any]:
    """Return the application with each response's body left in its environ, where `Handler` finds it."""

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        environ["site.body"] = app(environ, start_response)
        return environ["site.body"]

    return serve


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an instance with the sample catalogue in it."""
    folder = tmp_path_factory.mktemp("site")
    app = create_app(settings_of(folder, "default"))
    with app.app_context():
        upgrade_all()
        with unit_of_work() as session:
            fill(session, app.extensions["moviepoint.storage"])
        db.session.remove()
        db.engine.dispose()
    return folder


def settings_of(folder: Path, theme: str, **more: object) -> Settings:
    """Return settings for a site on an instance folder."""
    return Settings(instance=folder, secret_key="b" * 48, theme=theme, rate_limits=False, **more)  # type: ignore[arg-type]


@contextmanager
def served(app: MoviePoint) -> Iterator[Site]:
    """Serve an app until the block is left."""
    cheapen_passwords(app)
    server = make_server("127.0.0.1", 0, remembering_body(app), threaded=True, request_handler=Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Site(f"http://127.0.0.1:{server.server_port}", app)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture(scope="session")
def sites(instance: Path) -> Iterator[dict[str, Site]]:
    """Serve the catalogue, once in each theme."""
    with ExitStack() as stack:
        yield {theme: stack.enter_context(served(create_app(settings_of(instance, theme)))) for theme in THEMES}


@pytest.fixture(scope="session")
def site(sites: dict[str, Site]) -> Site:
    """Return the site in the default theme."""
    return sites["default"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium, or skip."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens an address; the test fails on errors in the page's console.

    `size` is in CSS pixels, `scheme` light or dark; `javascript` may be switched off. Service workers are kept out,
    since tests that count and change requests cannot see theirs, unless `workers` are asked for.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(url: str, *, size: tuple[int, int] = DESKTOP, scheme: str = "light", javascript: bool = True,
                 expect_errors: bool = False, workers: bool = False) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, java_script_enabled=javascript,
                                       color_scheme=scheme, reduced_motion="reduce",  # type: ignore[arg-type]
                                       service_workers="allow" if workers else "block")
        contexts.append(context)
        page = context.new_page()
        if not expect_errors:
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def curator(sites: dict[str, Site]) -> str:
    """Make an administrator of the sample site; returns the address."""
    with sites["default"].app.app_context():
        with unit_of_work() as session:
            create_user(session, EMAIL, hash_password(PASSWORD), ["administrator"])
        db.session.remove()
    return EMAIL


@pytest.fixture(scope="session")
def editor(site: Site) -> dict[str, str]:
    """Make an editor; returns what the site's cookie is to hold."""
    with site.app.app_context():
        with unit_of_work() as session:
            user = create_user(session, "edition-editor@example.org", "unused", ("editor",))
            _row, mark = begin(session, user, address="127.0.0.1", user_agent="a test")
        db.session.remove()
    signed = site.app.session_interface.get_signing_serializer(site.app)  # type: ignore[attr-defined]
    value = signed.dumps({"_user_id": mark, "_fresh": True, "fs_cc": "set"})
    return {"name": site.app.config["SESSION_COOKIE_NAME"], "value": value, "url": site.url}


@pytest.fixture
def office(site: Site, curator: str, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Return a function that opens the back office, signed in."""
    def enter(locale: str = "en", **options: object) -> Page:
        page = open_page(f"{site.url}/{locale}/account/login?next=/admin/", **options)
        page.locator("input[name=email]").fill(curator)
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site.url}/admin/")
        page.context.add_cookies([{"name": LOCALE_COOKIE, "value": locale, "url": site.url}])
        page.goto(f"{site.url}/admin/")
        expect(page.locator("html")).to_have_attribute("lang", locale)
        return page

    return enter
