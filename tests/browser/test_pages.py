"""The ways between pages, and what holds on all of them; `test_every_page.py` looks at each with axe-core."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import AXE, PHONE, Site

pytestmark = pytest.mark.browser

SERIES = "/series/les-vampires-1915"
LONG = "/films/neobychainye-prikliucheniia-mistera-vesta-v-strane-bolshevikov-1924"
STICKS_OUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
         "resultTypes": ["violations"]}


def accessibility_faults(page: Page, address: str = "") -> list[str]:
    """Return axe-core's findings as lines: the rule, the element, and why.

    `address` is where the page's server has axe-core: what comes from there is compiled once, and not on each page.
    """
    if address:
        page.add_script_tag(url=address)
    else:
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run(document, rules).then(({ violations }) => violations)", RULES)
    return [f"{finding['id']}: {node['html'][:120]} ({node['failureSummary'][:200]})"
            for finding in found for node in finding["nodes"]]


def test_axe_would_find_a_fault(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/films")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button>')")
    assert any(fault.startswith("button-name") for fault in accessibility_faults(page))


def test_error_page_leads_home(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/ru/films/no-such-film", expect_errors=True)
    page.get_by_role("link", name="На главную").click()
    expect(page).to_have_url(f"{site.url}/ru/")


def test_from_home_to_a_film_to_its_director(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/")
    page.locator(".card a", has_text="Metropolis").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Metropolis")
    page.get_by_role("link", name="Fritz Lang").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fritz Lang")
    expect(page.get_by_role("heading", name="Directing")).to_be_visible()


def test_language_switch_stays_on_the_page(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/films/metropolis-1927")
    page.locator("summary", has_text="Language").click()
    page.get_by_role("link", name="Русский").click()
    expect(page).to_have_url(f"{site.url}/ru/films/metropolis-1927")
    expect(page.get_by_role("heading", level=1)).to_have_text("Метрополис")
    assert page.locator("html").get_attribute("lang") == "ru"


def test_the_menus_work_without_javascript(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/ru/films", javascript=False)
    page.locator("summary", has_text="Язык").click()
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Films")
    page.get_by_role("link", name="Horror").first.click()
    expect(page.locator(".card")).to_have_count(2)


def test_a_text_in_another_language_says_so(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/ru/films/haxan-1922")
    heading = page.get_by_role("heading", level=1)
    assert heading.get_attribute("lang") == "en"
    assert page.locator(".prose p").first.get_attribute("lang") == "en"


def test_scheme_switch_lasts_and_does_not_flash(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/", scheme="light")
    page.get_by_role("button", name="Switch between light and dark").click()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.goto(f"{site.url}/en/films")
    assert page.evaluate("document.documentElement.dataset.scheme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground == "rgb(12, 13, 15)"


def test_posters_keep_their_place_while_loading(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/films")
    with_pictures = page.locator(".card").first.bounding_box()
    assert with_pictures is not None
    without = page.evaluate("""() => {
        document.querySelectorAll(".picture img").forEach((image) => image.remove());
        const box = document.querySelector(".card").getBoundingClientRect();
        return {x: box.x, y: box.y, width: box.width, height: box.height};
    }""")
    assert without == pytest.approx(with_pictures)


def test_keyboard_reaches_the_content_first(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_reader_of_the_api_asks_nothing_of_anybody_else(site: Site, chromium: Browser) -> None:
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site.url}/api/v1/docs/scalar/")
    page.get_by_text("MoviePoint").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.close()
    assert [url for url in asked if not url.startswith((site.url, "data:", "blob:"))] == []


@pytest.mark.parametrize("path", ["/en/", "/ru/films/metropolis-1927", f"/en{LONG}"])
def test_titles_keep_their_lines_while_their_face_loads(site: Site, open_page: Callable[..., Page], path: str) -> None:
    page = open_page(f"{site.url}/en/offline", size=PHONE, expect_errors=True)
    heights = []
    for block in (True, False):
        if block:
            page.route("**/*.woff2", lambda route: route.abort())
        else:
            page.unroute("**/*.woff2")
        page.goto(site.url + path)
        page.evaluate("document.fonts.ready")
        heights.append(page.locator("h1").evaluate("heading => heading.getBoundingClientRect().height"))
    assert heights[0] == heights[1]
