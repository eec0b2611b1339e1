"""From a line that is found to the player at its second, in its language; the page on a phone and without script."""
from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from moviepoint.domains.media.encoding.subtitles import Cue, write_track
from moviepoint.domains.media.models import Storyboard
from moviepoint.domains.search import tasks as titles
from moviepoint.domains.search.spoken import tasks
from moviepoint.kernel.db import db, unit_of_work

from .conftest import Site
from .films import SECONDS, SEGMENT, add_edition, add_storyboard, make_package
from .test_player import READY, until

pytestmark = pytest.mark.browser

PACKAGE = "packages/spoken"
AT = "document.querySelector('video').currentTime"
SAID = {"en": ((2, "The machines must never stop."), (17, "Who told you to stop"), (20, "the great machine, my son?"),
               (25, "Nobody did. The machine stopped by itself, and all the lights of the city went out.")),
        "ru": ((2, "Машины не должны останавливаться."), (17, "Кто велел тебе остановить"),
               (20, "великую машину, сын мой?"), (25, "Никто. Машина встала сама, и город погрузился во тьму."))}


@pytest.fixture(scope="module")
def film(site: Site) -> str:
    """Put a film with subtitles on the site's storage, and index what is said in it; return its edition."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed (apt-get install ffmpeg)")
    with site.app.app_context():
        folder = Path(site.app.extensions["moviepoint.storage"].path(PACKAGE))
        make_package(ffmpeg, folder)
        add_storyboard(ffmpeg, folder)
        for language, lines in SAID.items():
            shutil.rmtree(folder / f"subs_{language}")
            write_track([Cue(second * 1000, second * 1000 + 2800, text) for second, text in lines], folder,
                        f"subs_{language}", Fraction(SEGMENT), Fraction(SECONDS))
        with unit_of_work() as session:
            edition = add_edition(session, slug="nosferatu-eine-symphonie-des-grauens-1922", package=PACKAGE)
            edition.storyboard = Storyboard(interval_ms=5000, width=160, height=90)
        titles.rebuild()
        tasks.rebuild()
        db.session.remove()
    return edition.public_id


def test_a_line_leads_into_the_player_at_its_second_with_its_subtitles(site: Site, film: str,
                                                                       open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/search")
    page.locator("#search-page").fill("остановить великую машину")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="In what is said").click()
    line = page.locator(".spoken__line").first
    expect(line.locator("mark")).to_have_text(["остановить", "великую", "машину"])  # over two cues
    expect(line).to_contain_text("0:17")
    expect(line).to_contain_text("Russian")
    assert line.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 160
    line.click()
    page.wait_for_url(re.compile(rf"/en/watch/{film}\?t=17&subtitles=ru$"))
    page.wait_for_selector(READY)
    until(page, f"{AT} >= 16.5 && {AT} < 19")
    until(page, "document.querySelector('.shaka-text-container')?.textContent.includes('Кто велел тебе')")
    assert page.evaluate("localStorage.getItem('moviepoint.preferences')?.includes('\"language\":\"ru\"') ?? false") \
        is False  # what an address asks for is no wish of the viewer's
    page.locator("[data-transcript] summary").click()
    expect(page.locator("#transcript-track option:checked")).to_have_attribute("lang", "ru")
    expect(page.locator("[data-list] [aria-current]")).to_contain_text("Кто велел тебе остановить")


def test_an_address_may_ask_for_subtitles_that_there_are_not(site: Site, film: str,
                                                             open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/watch/{film}?t=17&subtitles=%3Cb%3E")
    page.wait_for_selector(READY)
    until(page, f"{AT} >= 16.5")
    assert page.evaluate("document.querySelector('.shaka-text-container')?.textContent.trim() ?? ''") == ""


def test_lines_are_found_and_shown_without_script(site: Site, film: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/ru/search/lines", javascript=False)
    page.locator("#search-page").fill("машина")
    page.keyboard.press("Enter")
    expect(page.locator(".spoken__line")).to_have_count(3)
    address = re.compile(r"/ru/watch/\w+\?t=\d+&subtitles=ru")
    expect(page.locator(".spoken__line").first).to_have_attribute("href", address)
