"""Every page there is, in both themes and in both languages: axe-core is content, nothing sticks out, no script fails.

A page that is added to the app fails this module until it has a stop in `stops.py`.
"""
from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import abort, send_file
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from moviepoint.app import MoviePoint, create_app
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import LOCALE_COOKIE

from .conftest import AXE, DESKTOP, PHONE, THEMES, Site, served, settings_of
from .stops import API, NO_PAGES, Stop, Stops, office_stops, site_stops
from .test_pages import STICKS_OUT, accessibility_faults
from .world import World, make_world

pytestmark = pytest.mark.browser

LOCALES = ("en", "ru")
AXE_ADDRESS, HALF = "/axe.js", "half"
SIZES = (PHONE, DESKTOP)
SCHEMES = ("light", "dark")
UNFOLD = "document.querySelectorAll('main details').forEach((details) => { details.open = true; })"
BARE = ("pages.home", "catalog.films", "catalog.all_series", "catalog.collections", "catalog.companies",
        "search.search")


def make_app(folder: Any, theme: str) -> MoviePoint:
    """Return an app with all that has pages: mail, by which addresses are confirmed, and the plugins with pages."""
    app = create_app(settings_of(folder, theme, mail_server="127.0.0.1", plugins=("feeds", "kodi_library")))

    @app.get("/<locale>/fail/<int:code>", endpoint="fail")
    def fail(code: int) -> None:
        if code == 500:
            raise RuntimeError("as a page may fail")
        abort(code)

    app.add_url_rule(AXE_ADDRESS, "axe", lambda: send_file(AXE, max_age=3600))
    return app


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Site], World]]:
    """Serve the world in each theme."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed (apt-get install ffmpeg)")
    folder = tmp_path_factory.mktemp("world")
    apps = {theme: make_app(folder, theme) for theme in THEMES}
    with apps["default"].app_context():
        upgrade_all()
        world = make_world(apps["default"], ffmpeg)
    with ExitStack() as stack:
        yield {theme: stack.enter_context(served(app)) for theme, app in apps.items()}, world


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    """Serve a site in which nobody has done anything yet, in each theme."""
    folder = tmp_path_factory.mktemp("empty")
    apps = {theme: make_app(folder, theme) for theme in THEMES}
    with apps["default"].app_context():
        upgrade_all()
        db.session.remove()
    with ExitStack() as stack:
        yield {theme: stack.enter_context(served(app)) for theme, app in apps.items()}


class Walk:
    """A browser that goes from page to page, in one theme and one language, and notes what is wrong."""

    def __init__(self, context: BrowserContext, site: Site, cookies: dict[str, str], locale: str) -> None:
        self._context, self._site, self._cookies, self._locale = context, site, cookies, locale
        self._page: Page = context.new_page()
        self._page.on("console", self._note)
        self._page.on("pageerror", lambda error: self._said.append(str(error)))
        self._said: list[str] = []
        self._who: str | None = None
        self.faults: dict[str, list[str]] = {}

    def over(self, stops: Stops, turn: int, half: int | None = None) -> None:
        """Look at all pages; `turn` tells in which scheme and size the first one is.

        `half` is 0 or 1 where another walk sees the same pages: each of them asks axe about every other four.
        """
        adapter = self._site.app.url_map.bind("localhost")
        for number, (endpoint, stop) in enumerate((name, stop) for name, found in stops.items() for stop in found):
            values = dict(stop.values)
            if self._site.app.url_map.is_endpoint_expecting(endpoint, "locale"):
                values["locale"] = self._locale
            path = adapter.build(endpoint, values)
            if faults := self._look(path, stop, SCHEMES[(turn + number) % 2], SIZES[(turn + number // 2) % 2],
                                    asked=half in (None, number // 4 % 2)):
                self.faults[f"{stop.who or 'a visitor'}: {path}?{stop.query} {stop.form}"] = faults

    def _look(self, path: str, stop: Stop, scheme: str, size: tuple[int, int], asked: bool) -> list[str]:
        self._enter(stop.who)
        self._said.clear()
        page = self._page
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size({"width": size[0], "height": size[1]})
        answer = page.goto(self._site.url + path + (f"?{stop.query}" if stop.query else ""))
        assert answer is not None
        if (answer.status, urlsplit(page.url).path) != (stop.status, path):
            return [f"it answers {answer.status} at {page.url}"]
        if stop.form:
            with page.expect_navigation():
                page.locator(stop.form).first.evaluate("form => HTMLFormElement.prototype.submit.call(form)")
        if stop.ready:
            page.wait_for_selector(stop.ready, timeout=20_000)
        page.evaluate(UNFOLD)
        found = accessibility_faults(page, AXE_ADDRESS) if asked else []
        faults = [f"{fault} [{scheme}, {size[0]}]" for fault in found]
        for width, height in sorted(SIZES, key=lambda other: other != size):
            if (width, height) != size:
                page.set_viewport_size({"width": width, "height": height})
            if (pixels := page.evaluate(STICKS_OUT)) > 0:
                faults.append(f"sticks out by {pixels} px of {width}")
        failed = "the server responded with a status of"  # which is what was asked for
        return faults + [said for said in self._said if failed not in said or not (stop.form or stop.status >= 400)]

    def _enter(self, who: str) -> None:
        """Become somebody. What a half finished sign-in is kept in does not outlast each of its pages."""
        if who == self._who != HALF:
            return
        self._page.goto("about:blank")  # else the page before could ask for its pictures as somebody else
        self._who = who
        self._context.clear_cookies()
        cookies = {LOCALE_COOKIE: self._locale} | ({"session": self._cookies[who]} if who else {})
        self._context.add_cookies([{"name": name, "value": value, "url": self._site.url}
                                   for name, value in cookies.items()])

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._said.append(f"{message.text} ({message.location['url']})")


@pytest.fixture
def walk(chromium: Browser) -> Iterator[Callable[..., Walk]]:
    """Return a function that begins a walk over a site."""
    contexts: list[BrowserContext] = []

    def begin(site: Site, cookies: dict[str, str], locale: str) -> Walk:
        contexts.append(chromium.new_context(service_workers="block"))
        return Walk(contexts[-1], site, cookies, locale)

    yield begin
    for context in contexts:
        context.close()


def pages_of(app: MoviePoint) -> set[str]:
    """Return the endpoints that answer a GET, but for the API's."""
    return {rule.endpoint for rule in app.url_map.iter_rules()
            if "GET" in (rule.methods or ()) and not rule.rule.startswith(API)}


def test_no_page_is_forgotten(walked: tuple[dict[str, Site], World]) -> None:
    sites, world = walked
    stops = {**site_stops(world), **office_stops(world)}
    assert pages_of(sites["default"].app) == {*stops, *NO_PAGES}
    assert {*stops} & {*NO_PAGES} == set()
    assert all(stops.values())


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("theme", THEMES)
def test_the_site(walked: tuple[dict[str, Site], World], walk: Callable[..., Walk], theme: str, locale: str) -> None:
    """Every page in both languages, and axe asked in one of them; in the second theme each in one, by turns."""
    sites, world = walked
    walker, turn = walk(sites[theme], world.cookies, locale), LOCALES.index(locale)
    stops, first = site_stops(world), theme == THEMES[0]
    if not first:
        stops = {name: found for number, (name, found) in enumerate(stops.items()) if number % 2 == turn}
    walker.over(stops, THEMES.index(theme) + turn, turn if first else None)
    assert walker.faults == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_the_back_office(walked: tuple[dict[str, Site], World], walk: Callable[..., Walk], locale: str) -> None:
    sites, world = walked
    walker = walk(sites["default"], world.cookies, locale)
    walker.over(office_stops(world), LOCALES.index(locale), LOCALES.index(locale))
    assert walker.faults == {}


@pytest.mark.parametrize(("theme", "locale"), [("default", "ru"), ("festival", "en")])
def test_a_site_with_nothing_on_it(empty: dict[str, Site], walk: Callable[..., Walk], theme: str, locale: str) -> None:
    walker = walk(empty[theme], {}, locale)
    walker.over({endpoint: [Stop()] for endpoint in BARE}, THEMES.index(theme))
    assert walker.faults == {}


def test_it_would_notice(walked: tuple[dict[str, Site], World], walk: Callable[..., Walk]) -> None:
    sites, world = walked
    walker = walk(sites["default"], world.cookies, "en")
    script = "<script>console.error('it failed')</script><button></button><p style='inline-size: 3000px'>x</p>"
    walker._page.route("**/en/films", lambda route: route.fulfill(
        body=f"<!doctype html><html lang=en><title>x</title><main><h1>x</h1>{script}</main>", content_type="text/html"))
    walker.over({"catalog.films": [Stop()], "account.security": [Stop()]}, 0)
    films, security = walker.faults.values()
    assert [fault.split(":")[0].split(" by ")[0].split(" (")[0] for fault in films] == [
        "button-name", "sticks out", "sticks out", "it failed"]
    assert security[0].startswith("it answers 200 at") and "/account/login" in security[0]
