"""What the player adds to Shaka's own: keys, the look of subtitles, two lines, skipping, what comes next, sharing."""
from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media.models import Mark, Storyboard
from moviepoint.domains.media.watch_models import WatchRule
from moviepoint.kernel.db import db, unit_of_work

from .conftest import DESKTOP, PHONE, Site
from .films import add_edition, add_storyboard, make_package
from .test_pages import STICKS_OUT, accessibility_faults
from .test_player import READY, choose, play, until

pytestmark = pytest.mark.browser

PACKAGE = "packages/extras"
AT = "document.querySelector('video').currentTime"
SEEK = "(second) => { document.querySelector('video').currentTime = second; }"
FIRST, SECOND = ".shaka-text-container", "[data-player-second]"


@pytest.fixture(scope="module")
def episodes(site: Site) -> list[str]:
    """Put a package on the site's storage; return the editions of two episodes that follow each other."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed (apt-get install ffmpeg)")
    found = []
    with site.app.app_context():
        folder = Path(site.app.extensions["moviepoint.storage"].path(PACKAGE))
        make_package(ffmpeg, folder)
        add_storyboard(ffmpeg, folder)
        with unit_of_work() as session:
            for number in (2, 3):
                edition = add_edition(session, series="les-vampires-1915", number=number, package=PACKAGE)
                edition.storyboard = Storyboard(interval_ms=5000, width=160, height=90)
                edition.marks += [Mark(kind="intro", start_ms=2000, end_ms=9000),
                                  Mark(kind="credits", start_ms=25_000)]
                found.append(edition.public_id)
        db.session.remove()
    return found


@pytest.fixture
def watch(site: Site, episodes: list[str], open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Return a function that opens the watch page of the first of the two and waits for the player."""

    def open_one(locale: str = "en", query: str = "", number: int = 0, **more: Any) -> Page:
        page = open_page(f"{site.url}/{locale}/watch/{episodes[number]}{query}", **more)
        page.wait_for_selector(READY)
        return page

    return open_one


@pytest.fixture
def elsewhere() -> Iterator[Callable[[str], str]]:
    """Return a function that serves a page of another site; returns its address."""
    servers = []

    def serve(body: str) -> str:
        server = make_server("127.0.0.1", 0, Response(f"<!doctype html><title>Elsewhere</title>{body}",
                                                      mimetype="text/html"), threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_dialog_says_the_keys_and_gives_the_focus_back(watch: Callable[..., Page]) -> None:
    page = watch()
    opener = page.get_by_role("button", name="Keys").last
    opener.focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys of the player")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("second subtitles on or off")
    assert accessibility_faults(page) == []
    page.keyboard.press("k")  # the film does not start behind the dialog
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert opener.evaluate("element => element === document.activeElement")
    assert page.evaluate("document.querySelector('video').paused")


def test_space_presses_a_button_of_the_page_and_end_scrolls_it(watch: Callable[..., Page]) -> None:
    page = watch()
    page.get_by_role("button", name="Share").focus()
    page.keyboard.press(" ")
    expect(page.get_by_role("dialog", name="Share")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("a[rel=prev], a[rel=next]").first.focus()
    page.keyboard.press("End")
    assert page.evaluate(AT) < 1
    assert page.evaluate("document.querySelector('video').paused")


def test_more_keys_than_shakas(watch: Callable[..., Page]) -> None:
    page = watch(query="?t=4")
    body = page.locator("body")
    body.press("l")
    until(page, f"{AT} > 13.5")
    body.press("j")
    until(page, f"{AT} < 5")
    body.press("-")
    assert page.evaluate("document.querySelector('video').volume") == pytest.approx(.95)
    body.press("5")
    until(page, f"Math.abs({AT} - 15) < .2")
    body.press(">")
    until(page, "document.querySelector('video').playbackRate === 1.25")
    page.locator("#transcript-search").evaluate("element => element.closest('details').open = true")
    page.locator("#transcript-search").press_sequentially("jls?5")  # who types does not steer
    assert page.evaluate(AT) == pytest.approx(15, abs=.2)


def test_speed_is_chosen_and_remembered(watch: Callable[..., Page]) -> None:
    page = watch()
    play(page)
    page.mouse.move(700, 300)
    page.mouse.move(700, 320)
    page.locator(".shaka-playbackrate-button:visible").click()
    page.locator(".shaka-playback-rates button:visible", has_text=re.compile("^1[.,]50?x?$")).first.click()
    until(page, "document.querySelector('video').playbackRate === 1.5")
    page.reload()
    page.wait_for_selector(READY)
    until(page, "document.querySelector('video').playbackRate === 1.5")


def test_subtitles_look_as_the_viewer_likes_and_that_is_remembered(watch: Callable[..., Page]) -> None:
    page = watch()
    page.locator("body").press("c")
    expect(page.locator(FIRST)).to_contain_text("cue 0")
    page.locator("body").press("g")
    dialog = page.get_by_role("dialog", name="Look of subtitles")
    assert accessibility_faults(page) == []
    for name in ("very large", "yellow", "black"):
        dialog.get_by_label(name, exact=True).check()
    dialog.get_by_role("button", name="Close").click()
    look = """() => { const style = getComputedStyle(document.querySelector(".shaka-text-container span"));
        return [style.color, style.backgroundColor, parseFloat(style.fontSize)]; }"""
    plain = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.shaka-text-container')).fontSize)")
    until(page, f"({look})()[2] > {plain * 1.9}")
    assert page.evaluate(look)[:2] == ["rgb(255, 225, 74)", "rgb(0, 0, 0)"]
    page.reload()
    page.wait_for_selector(READY)
    expect(page.locator(FIRST)).to_contain_text("cue 0")
    assert page.evaluate(look)[:2] == ["rgb(255, 225, 74)", "rgb(0, 0, 0)"]
    page.locator("body").press("g")
    page.get_by_role("button", name="As it was made").click()
    page.keyboard.press("Escape")
    until(page, f"({look})()[0] === 'rgb(255, 255, 255)'")


@pytest.mark.parametrize("place", ["above", "below"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_two_languages_stand_one_over_the_other(watch: Callable[..., Page], place: str, size: tuple[int, int]) -> None:
    page = watch(size=size)
    page.evaluate("document.querySelector('[data-player]').player.selectTextTrack("
                  "document.querySelector('[data-player]').player.getTextTracks().find(t => t.language === 'en'))")
    expect(page.locator(FIRST)).to_have_text("en cue 0")
    page.locator("body").press("g")
    page.get_by_label("A second language at once").select_option(label="Russian")
    page.get_by_label(f"{place} the first").check()
    page.keyboard.press("Escape")
    expect(page.locator(SECOND)).to_have_text("ru cue 0")
    assert page.locator(f"{SECOND} p").get_attribute("lang") == "ru"
    page.evaluate(SEEK, 20)
    expect(page.locator(SECOND)).to_have_text("ru cue 3", timeout=3000)
    expect(page.locator(FIRST)).to_have_text("en cue 3")
    tops = f"""() => {{ const box = (query) => document.querySelector(query).getBoundingClientRect();
        const [first, second] = [box("{FIRST} span"), box("{SECOND} p")];
        return {{ above: second.bottom <= first.top + 2, below: second.top >= first.bottom - 2,
                  within: second.bottom <= box(".player").bottom }}; }}"""
    until(page, f"({tops})().{place}")
    assert page.evaluate(tops)["within"]
    page.reload()
    page.wait_for_selector(READY)
    expect(page.locator(SECOND)).to_contain_text("ru cue")
    page.locator("body").press("d")
    expect(page.locator(SECOND)).to_be_hidden()


def test_the_storyboard_and_the_chapters_are_on_the_bar(watch: Callable[..., Page]) -> None:
    page = watch()
    play(page)
    page.evaluate("document.querySelector('video').pause()")
    bar = page.locator(".shaka-seek-bar-container").bounding_box()
    assert bar is not None
    page.mouse.move(bar["x"] + bar["width"] * .6, bar["y"] + bar["height"] / 2)
    page.mouse.move(bar["x"] + bar["width"] * .61, bar["y"] + bar["height"] / 2)
    expect(page.locator(".shaka-player-ui-thumbnail-image")).to_be_visible()
    expect(page.locator(".shaka-player-ui-thumbnail-image")).to_have_attribute("src", re.compile("storyboard/0000.jpg"))
    assert "gradient" in page.locator(".shaka-chapter-markers").evaluate("e => getComputedStyle(e).backgroundImage")
    choose(page, ".shaka-chapter-button", ".shaka-chapters", "The <end>")
    until(page, f"Math.abs({AT} - 15) < .5")


def test_the_intro_is_skipped_and_the_credits_of_the_last_episode_too(watch: Callable[..., Page]) -> None:
    page = watch(query="?t=3")
    page.get_by_role("button", name="Skip the intro").click()
    until(page, f"Math.abs({AT} - 9) < .5")
    expect(page.locator("[data-player-skip]")).to_be_hidden()
    last = watch(query="?t=26", number=1)
    last.get_by_role("button", name="Skip the credits").click()
    until(last, f"{AT} > 29.5")
    expect(last.locator("[data-player-next]")).to_be_hidden()


def test_the_next_episode_comes_by_itself_and_plays(watch: Callable[..., Page], episodes: list[str]) -> None:
    page = watch(query="?t=26")
    expect(page.locator("[data-player-next]")).to_contain_text("Next: The Red Codebook")
    page.wait_for_timeout(1500)
    expect(page.locator("[data-count]")).to_have_text("10")  # it waits while the film is paused
    page.evaluate("document.querySelector('video').playbackRate = 2")
    page.evaluate("document.querySelector('video').play()")
    page.wait_for_url(f"**/watch/{episodes[1]}", timeout=20_000)
    page.wait_for_selector(READY)
    until(page, f"!document.querySelector('video').paused && {AT} > .2")


def test_who_stays_sees_the_credits(watch: Callable[..., Page], episodes: list[str]) -> None:
    page = watch(query="?t=26")
    page.get_by_role("button", name="Stay here").click()
    expect(page.locator("[data-player-next]")).to_be_hidden()
    play(page)
    until(page, "document.querySelector('video').ended")
    page.wait_for_timeout(500)
    expect(page.locator("[data-player-next]")).to_be_hidden()
    assert page.url.split("?")[0].endswith(episodes[0])


def test_the_text_follows_is_searched_and_leads_to_its_place(watch: Callable[..., Page]) -> None:
    page = watch()
    page.get_by_text("Read along, search, and go to a line").click()
    rows = page.locator(".transcript__list li")
    expect(rows).to_have_count(5)
    page.evaluate(SEEK, 13)
    expect(page.locator(".transcript__list [aria-current]")).to_contain_text("cue 2")
    page.get_by_label("Search in what is said").fill("CUE 4")
    expect(page.locator(".transcript__list li:visible")).to_have_count(1)
    expect(page.get_by_text("Lines found: 1")).to_be_visible()
    assert accessibility_faults(page) == []
    page.locator(".transcript__list li:visible button").click()
    until(page, f"Math.abs({AT} - 24) < .5")
    page.locator("#transcript-track").select_option(label="Russian")
    expect(rows.first).to_contain_text("ru cue")


def test_the_lock_screen_knows_what_plays(watch: Callable[..., Page]) -> None:
    page = watch("ru")
    play(page)
    known = page.evaluate("(({ title, artist }) => [title, artist])(navigator.mediaSession.metadata)")
    assert known == ["Кольцо-убийца", "Вампиры"]


def test_a_shared_link_leads_to_the_present_second(watch: Callable[..., Page]) -> None:
    page = watch(query="?t=17")
    page.get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share")
    assert accessibility_faults(page) == []
    assert dialog.get_by_label("Address").input_value().endswith("?t=17")
    dialog.get_by_role("checkbox").uncheck()
    assert "?" not in dialog.get_by_label("Address").input_value()
    assert dialog.get_by_text("For a page of your own").count() == 0


def test_progress_reaches_the_document(watch: Callable[..., Page], episodes: list[str]) -> None:
    page = watch(query="?t=7")
    page.evaluate("document.addEventListener('moviepoint:progress', (event) => { window.told = event.detail; })")
    play(page)
    page.evaluate("document.querySelector('video').pause()")
    until(page, "window.told")
    assert page.evaluate("window.told")["edition"] == episodes[0]


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_player_stands_in_a_frame_on_another_site(
        site: Site, episodes: list[str], open_page: Callable[..., Page], elsewhere: Callable[[str], str],
        size: tuple[int, int]) -> None:
    address = site.url.replace("127.0.0.1", "localhost")  # which is another site than 127.0.0.1
    page = open_page(elsewhere(f'<iframe src="{address}/embed/{episodes[0]}" width="360" height="203" '
                               'allow="autoplay; fullscreen"></iframe>'), size=size, expect_errors=True)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("This film may not be shown on other sites.")).to_be_visible()
    with site.app.app_context():
        with unit_of_work() as session:
            title = session.scalars(select(Title.id).where(Title.slug == "les-vampires-1915")).one()
            session.add(WatchRule(title_id=title, audience="public", embeddable=True))
        db.session.remove()
    try:
        page.reload()
        expect(frame.locator(READY)).to_be_visible(timeout=15_000)
        frame.locator("video").evaluate("video => video.play()")
        expect(frame.get_by_role("link", name="On MoviePoint")).to_be_visible()
        page.wait_for_timeout(800)
        assert frame.locator("video").evaluate("video => video.currentTime") > 0
    finally:
        with site.app.app_context():
            with unit_of_work() as session:
                session.execute(delete(WatchRule).where(WatchRule.title_id == title))
            db.session.remove()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_page_fits_and_axe_finds_nothing(watch: Callable[..., Page], size: tuple[int, int], scheme: str) -> None:
    page = watch("ru", query="?t=3", size=size, scheme=scheme)
    page.locator(".transcript summary").click()
    expect(page.locator(".transcript__list li")).to_have_count(5)
    assert page.evaluate(STICKS_OUT) == 0
    assert accessibility_faults(page) == []


def test_picture_in_picture_breaks_no_policy(watch: Callable[..., Page]) -> None:
    page = watch()
    play(page)
    page.mouse.move(700, 300)
    page.mouse.move(700, 320)
    page.locator(".shaka-pip-button:visible").click()
    until(page, "Boolean(document.pictureInPictureElement || window.documentPictureInPicture?.window)")
    page.locator("body").press("p")
    until(page, "!document.pictureInPictureElement && !window.documentPictureInPicture?.window")
    page.wait_for_selector(READY)
