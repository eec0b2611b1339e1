"""The player: every dub heard, every subtitle shown, a quality chosen by hand, seeking, resuming, and its faults."""
from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from moviepoint.kernel.db import db, unit_of_work

from .conftest import Site
from .films import PACKAGE, TONES, add_edition, make_package

pytestmark = pytest.mark.browser

READY = "[data-player][data-state=ready]"
LISTEN = """async (seconds) => {
    const video = document.querySelector("video");
    window.hearing ??= (() => {
        const context = new AudioContext();
        const analyser = context.createAnalyser();
        analyser.fftSize = 8192;
        context.createMediaElementSource(video).connect(analyser);
        analyser.connect(context.destination);
        return { context, analyser };
    })();
    const { context, analyser } = window.hearing;
    await context.resume();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const levels = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(levels);
    const loudest = levels.indexOf(Math.max(...levels));
    return { hertz: loudest * context.sampleRate / analyser.fftSize, level: levels[loudest] };
}"""
TRACKS = """() => {
    const player = document.querySelector("[data-player]").player;
    const active = (tracks) => tracks.find((track) => track.active);
    return { audio: active(player.getAudioTracks())?.language ?? null,
             text: active(player.getTextTracks())?.language ?? null,
             height: active(player.getVideoTracks())?.height ?? null,
             automatic: player.getConfiguration().abr.enabled };
}"""


@pytest.fixture(scope="module")
def film(site: Site) -> str:
    """Put a package on the site's storage and return the film's edition."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed (apt-get install ffmpeg)")
    with site.app.app_context():
        make_package(ffmpeg, Path(site.app.extensions["moviepoint.storage"].path(PACKAGE)))
        with unit_of_work() as session:
            public_id = add_edition(session, slug="metropolis-1927").public_id
            add_edition(session, series="les-vampires-1915")
        db.session.remove()
    return public_id


@pytest.fixture
def watch(site: Site, film: str, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Return a function that opens the watch page and waits for the player."""

    def open_one(locale: str = "en", query: str = "", **more: Any) -> Page:
        page = open_page(f"{site.url}/{locale}/watch/{film}{query}", **more)
        page.wait_for_selector(READY)
        return page

    return open_one


def until(page: Page, condition: str) -> None:
    """Wait until a condition holds in the page. (wait_for_function would need `unsafe-eval` in its policy.)"""
    for _attempt in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never true: {condition}")


def play(page: Page) -> None:
    """Start the film, quietly for the neighbours."""
    page.evaluate("document.querySelector('video').play()")
    until(page, "document.querySelector('video').currentTime > .3")


def choose(page: Page, button: str, menu: str, words: str) -> None:
    """Choose an entry of one of the player's menus, as a viewer does with a mouse."""
    page.mouse.move(700, 300)
    page.mouse.move(700, 320)
    page.locator(f"{button}:visible").click()
    page.locator(f"{menu} button:visible", has_text=words).click()
    page.keyboard.press("Escape")
    if page.locator(f"{menu}:visible").count():
        page.locator(f"{menu} .shaka-back-to-overflow-button:visible").click()


def test_each_dub_is_heard(watch: Callable[..., Page]) -> None:
    page = watch("ru")
    play(page)
    assert page.evaluate(LISTEN, 1)["hertz"] == pytest.approx(TONES["en"], abs=12)
    choose(page, ".shaka-language-button", ".shaka-audio-languages", "Русский · дубляж")
    heard = page.evaluate(LISTEN, 3)
    assert heard["hertz"] == pytest.approx(TONES["ru"], abs=12)
    assert heard["level"] > -60


@pytest.mark.parametrize(("words", "language"), [("English", "en"), ("Russian", "ru")])
def test_each_subtitle_is_shown_when_chosen_late(watch: Callable[..., Page], words: str, language: str) -> None:
    page = watch()
    play(page)
    page.wait_for_timeout(1500)  # the whole film is in the buffer by now
    choose(page, ".shaka-caption-button", ".shaka-text-languages", words)
    expect(page.locator(".shaka-text-container")).to_have_text(f"{language} cue 0")
    page.evaluate("document.querySelector('video').currentTime = 20")
    expect(page.locator(".shaka-text-container")).to_have_text(f"{language} cue 3", timeout=3000)
    choose(page, ".shaka-caption-button", ".shaka-text-languages", "Off")
    expect(page.locator(".shaka-text-container")).to_have_count(0)


def test_a_quality_chosen_by_hand_keeps_the_dub(watch: Callable[..., Page]) -> None:
    page = watch()
    play(page)
    choose(page, ".shaka-language-button", ".shaka-audio-languages", "Russian")
    until(page, f"({TRACKS})().audio === 'ru'")
    choose(page, ".shaka-resolution-button", ".shaka-resolutions", "360p")
    until(page, f"({TRACKS})().height === 360")
    assert page.evaluate(TRACKS) == {"audio": "ru", "text": None, "height": 360, "automatic": False}
    until(page, "document.querySelector('video').videoHeight === 360")
    assert page.evaluate(LISTEN, 2)["hertz"] == pytest.approx(TONES["ru"], abs=12)
    choose(page, ".shaka-resolution-button", ".shaka-resolutions", "Automatic")
    assert page.evaluate(TRACKS)["automatic"] is True
    assert page.evaluate(TRACKS)["audio"] == "ru"


def test_choices_and_place_are_remembered(watch: Callable[..., Page]) -> None:
    page = watch()
    play(page)
    choose(page, ".shaka-language-button", ".shaka-audio-languages", "Russian")
    choose(page, ".shaka-caption-button", ".shaka-text-languages", "English")
    choose(page, ".shaka-resolution-button", ".shaka-resolutions", "360p")
    page.evaluate("() => { const video = document.querySelector('video'); video.pause(); video.currentTime = 12; }")
    page.wait_for_timeout(500)
    page.reload()
    page.wait_for_selector(READY)
    assert page.evaluate(TRACKS) == {"audio": "ru", "text": "en", "height": 360, "automatic": False}
    assert page.evaluate("document.querySelector('video').currentTime") == pytest.approx(12, abs=1.1)
    expect(page.get_by_text("Going on from 0:1")).to_be_visible()
    page.get_by_role("button", name="From the beginning").click()
    assert page.evaluate("document.querySelector('video').currentTime") < 1


def test_keyboard_plays_and_seeks(watch: Callable[..., Page]) -> None:
    page = watch()
    page.locator("body").press("k")
    until(page, "!document.querySelector('video').paused")
    page.locator("body").press("k")
    until(page, "document.querySelector('video').paused")
    before = page.evaluate("document.querySelector('video').currentTime")
    page.locator("body").press("ArrowRight")
    until(page, f"document.querySelector('video').currentTime > {before + 8}")


def test_the_address_may_say_the_second(watch: Callable[..., Page]) -> None:
    page = watch(query="?t=21")
    assert page.evaluate("document.querySelector('video').currentTime") == pytest.approx(21, abs=.5)


def test_progress_is_told_to_the_page(watch: Callable[..., Page], film: str) -> None:
    page = watch(query="?t=7")
    page.evaluate("addEventListener('moviepoint:progress', (event) => { window.told = event.detail; })")
    play(page)
    page.evaluate("document.querySelector('video').pause()")
    until(page, "window.told")
    told = page.evaluate("window.told")
    assert told["edition"] == film
    assert told["position"] >= 7
    assert told["duration"] == pytest.approx(30, abs=.2)


def test_buttons_speak_the_pages_language(watch: Callable[..., Page]) -> None:
    page = watch("ru")
    names = set(page.eval_on_selector_all(
        ".shaka-controls-button-panel button",
        "buttons => buttons.filter(b => b.offsetParent).map(b => b.getAttribute('aria-label'))"))
    assert {"Звук", "Субтитры", "Качество", "Скорость", "Во весь экран"} <= names
    assert not {name for name in names if name and name.isascii()}


def test_a_strict_policy_for_styles_is_enough(watch: Callable[..., Page], film: str, site: Site,
                                              open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/films")

    def stricter(route: Any) -> None:
        response = route.fetch()
        policy = response.headers["content-security-policy"].replace("'unsafe-inline'", "")
        route.fulfill(response=response, headers={**response.headers, "content-security-policy": policy})

    page.route(f"**/watch/{film}", stricter)
    page.goto(f"{site.url}/en/watch/{film}")
    page.wait_for_selector(READY)
    play(page)
    choose(page, ".shaka-caption-button", ".shaka-text-languages", "English")
    expect(page.locator(".shaka-text-container")).to_have_text("en cue 0")


def test_a_lost_film_is_explained_and_can_be_tried_again(site: Site, film: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/films", expect_errors=True)
    page.route("**/master.m3u8", lambda route: route.fulfill(status=403))
    page.goto(f"{site.url}/en/watch/{film}")
    expect(page.get_by_text("This film is not open to you any more.")).to_be_visible()
    page.unroute("**/master.m3u8")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(READY)


def test_hls_js_agrees_that_the_master_is_sound(site: Site, film: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/watch/{film}")
    page.wait_for_selector(READY)
    master = json.loads(page.locator("[data-player-settings]").text_content() or "")["master"]
    page.goto(f"{site.url}/en/films")
    page.evaluate((Path(__file__).parent / "vendor/hls-1.7.4/hls.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("""(master) => new Promise((resolve, reject) => {
        const hls = new Hls();
        hls.on(Hls.Events.ERROR, (_name, data) => data.fatal && reject(new Error(data.details)));
        hls.on(Hls.Events.MANIFEST_PARSED, () => resolve({ heights: hls.levels.map((level) => level.height),
            audio: hls.allAudioTracks.map((track) => track.lang),
            texts: hls.allSubtitleTracks.map((one) => one.lang) }));
        hls.loadSource(master);
        hls.attachMedia(document.createElement("video"));
    })""", master)
    assert sorted(found["heights"]) == [360, 480]
    assert set(found["audio"]) == set(found["texts"]) == {"en", "ru"}


def test_titles_and_episodes_lead_to_the_film(site: Site, film: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/films/metropolis-1927")
    page.get_by_role("link", name="Watch").click()
    expect(page).to_have_url(f"{site.url}/en/watch/{film}")
    page.goto(f"{site.url}/ru/series/les-vampires-1915")
    page.get_by_role("link", name="Смотреть").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Отрубленная голова")
    expect(page.locator(".crumbs")).to_contain_text("Вампиры")
