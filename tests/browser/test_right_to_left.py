"""The layout from right to left: a site with Arabic, whose words of ours are still English."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from moviepoint.app import create_app
from moviepoint.domains.catalog.models import Title, TitleText
from moviepoint.kernel.db import unit_of_work

from .conftest import DESKTOP, PHONE, THEMES, Site, served, settings_of
from .test_pages import LONG, SERIES, STICKS_OUT, accessibility_faults

pytestmark = pytest.mark.browser

NAME, OVERVIEW = "متروبوليس", "ابن حاكم المدينة ينزل إلى قاعات الآلات ويرى على ماذا تقوم مدينته."
PAGES = ("/", "/films", "/genres/horror", "/films/metropolis-1927", LONG, SERIES, f"{SERIES}/season/2",
         "/people/fritz-lang", "/account/login", "/account/register")


@pytest.fixture(scope="module", params=THEMES)
def arabic(instance: Path, sites: dict[str, Site], request: pytest.FixtureRequest) -> Iterator[str]:
    """Serve the catalogue in Arabic too, with one title told in it; give the address of its home page."""
    app = create_app(settings_of(instance, request.param, locales=("en", "ru", "ar")))
    with app.app_context(), unit_of_work() as session:
        film = session.scalars(select(Title).where(Title.slug == "metropolis-1927")).one()
        if not any(text.locale == "ar" for text in film.texts):
            film.texts.append(TitleText(locale="ar", name=NAME, overview=OVERVIEW))
    with served(app) as site:
        yield f"{site.url}/ar"


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_nothing_sticks_out_and_axe_finds_nothing(arabic: str, open_page: Callable[..., Page],
                                                  size: tuple[int, int]) -> None:
    page, faults = open_page(f"{arabic}/", size=size), {}
    for path in PAGES:
        page.goto(arabic + path)
        found = (page.evaluate(STICKS_OUT), accessibility_faults(page))
        if found != (0, []):
            faults[path] = found
    assert faults == {}


def test_a_page_begins_on_the_right(arabic: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{arabic}/films")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    first, second = (page.locator(".card").nth(place).bounding_box() for place in (0, 1))
    assert first and second
    assert first["x"] > second["x"]
    brand = page.locator("header a").first.bounding_box()
    assert brand
    assert brand["x"] > DESKTOP[0] / 2


def test_a_text_of_another_language_keeps_its_direction(arabic: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{arabic}/films/metropolis-1927")
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    page.goto(arabic + LONG)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_attribute("lang", "en")
    assert heading.evaluate("element => getComputedStyle(element).direction") == "ltr"


def test_a_length_in_another_language_is_read_in_its_order(arabic: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{arabic}/films/metropolis-1927")
    hours = page.locator(".facts bdi").first
    expect(hours).to_have_text("1 h 07 min")
    assert hours.evaluate("element => getComputedStyle(element).direction") == "ltr"
