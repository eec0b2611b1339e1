"""Without a network: a page in the reader's language, nothing personal kept, and back to the site as it was."""
from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from playwright.sync_api import Page, expect

from .conftest import AXE, Site

pytestmark = pytest.mark.browser
KEPT = """async () => {
  const found = {};
  for (const name of await caches.keys()) {
    found[name] = (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname);
  }
  return found;
}"""
#: The worker is at work: this page's requests go through it.
READY = """() => navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller ? true :
  new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", () => done(true))))"""


@pytest.mark.parametrize(("theme", "locale", "heading"), [("default", "en", "No network"),
                                                          ("festival", "ru", "Нет сети")])
def test_offline_and_back(sites: dict[str, Site], open_page: Callable[..., Page], theme: str, locale: str,
                          heading: str) -> None:
    site = sites[theme]
    page = open_page(f"{site.url}/{locale}/", expect_errors=True, workers=True)
    assert page.evaluate(READY)
    page.goto(f"{site.url}/{locale}/films")
    page.goto(f"{site.url}/{locale}/account/login")
    kept = page.evaluate(KEPT)
    assert len(kept) == 1
    paths = next(iter(kept.values()))
    assert {path for path in paths if not path.startswith("/assets/")} == {"/en/offline", "/ru/offline"}
    page.context.set_offline(True)
    page.goto(f"{site.url}/{locale}/series")
    expect(page.locator("h1")).to_have_text(heading)
    expect(page.locator("html")).to_have_attribute("lang", locale)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgba(0, 0, 0, 0)"
    page.evaluate(AXE.read_text())
    assert page.evaluate("async () => (await axe.run()).violations.map(({ id }) => id)") == []
    page.context.set_offline(False)
    page.locator(".error .button").click()
    expect(page).to_have_url(f"{site.url}/{locale}/series")
    expect(page.locator("h1")).not_to_have_text(heading)
    expect(page.locator("main .card").first).to_be_visible()


def test_switched_off_it_goes(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/", expect_errors=True, workers=True)
    assert page.evaluate(READY)
    before = site.app.extensions["moviepoint.settings"]
    site.app.extensions["moviepoint.settings"] = msgspec.structs.replace(before, offline_page=False)
    try:
        page.goto(f"{site.url}/en/films")
        gone = """async () => {
          for (let turn = 0; turn < 50; turn += 1) {
            const left = (await navigator.serviceWorker.getRegistrations()).length + (await caches.keys()).length;
            if (left === 0) return true;
            await new Promise((done) => setTimeout(done, 100));
          }
          return false;
        }"""
        assert page.evaluate(gone)
    finally:
        site.app.extensions["moviepoint.settings"] = before
