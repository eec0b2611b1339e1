"""What is remembered of a viewer: likings by meaning (languages, kind, studio, subtitles), place, and views."""
from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from moviepoint.domains.media.models import Edition
from moviepoint.kernel.db import db, unit_of_work

from .conftest import Site
from .films import add_edition, make_package
from .test_player import READY, TRACKS, choose, play, until

pytestmark = pytest.mark.browser

FOLDER = "packages/preferences"
KEPT = "JSON.parse(localStorage.getItem('moviepoint.preferences') ?? '{}')"
CHOOSE = """async ([name, ...values]) => (await import("media/preferences.js"))[name](...values)"""


@pytest.fixture(scope="module")
def film(site: Site) -> Iterator[str]:
    """A film with dubs and subtitles in English and Russian; gives its edition, which is gone afterwards."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed (apt-get install ffmpeg)")
    with site.app.app_context():
        make_package(ffmpeg, Path(site.app.extensions["moviepoint.storage"].path(FOLDER)))
        with unit_of_work() as session:
            edition = add_edition(session, slug="metropolis-1927", package=FOLDER)
            session.flush()
            number, public_id = edition.id, edition.public_id
            for track in edition.subtitles:
                track.default = False
        db.session.remove()
    yield public_id
    with site.app.app_context():
        with unit_of_work() as session:
            session.delete(session.get_one(Edition, number))
        shutil.rmtree(site.app.extensions["moviepoint.storage"].path(FOLDER))
        db.session.remove()


@pytest.fixture
def watch(site: Site, film: str, open_page: Callable[..., Page]) -> Callable[..., Page]:
    def open_one(kept: dict[str, Any] | str | None = None, locale: str = "en") -> Page:
        """Open the watch page as somebody who has chosen before."""
        page = open_page("about:blank")
        if kept is not None:
            text = kept if isinstance(kept, str) else json.dumps(kept)
            page.add_init_script("localStorage.getItem('moviepoint.preferences') ?? "
                                 f"localStorage.setItem('moviepoint.preferences', {json.dumps(text)})")
        page.goto(f"{site.url}/{locale}/watch/{film}")
        page.wait_for_selector(READY)
        return page
    return open_one


def wish(language: str, kind: str = "dub", studio: str = "", label: str = "") -> dict[str, str]:
    return {"language": language, "kind": kind, "studio": studio, "label": label}


def test_a_film_without_the_first_language_is_heard_in_the_second(watch: Callable[..., Page]) -> None:
    page = watch({"audio": [wish("fr"), wish("ru"), wish("en")]})
    assert page.evaluate(TRACKS)["audio"] == "ru"
    play(page)
    choose(page, ".shaka-resolution-button", ".shaka-resolutions", "360p")
    until(page, f"{KEPT}.height === 360")
    assert [one["language"] for one in page.evaluate(f"{KEPT}.audio")] == ["fr", "ru", "en"], "no choice of a dub"
    choose(page, ".shaka-language-button", ".shaka-audio-languages", "English")
    until(page, f"{KEPT}.audio[0].language === 'en'")
    assert [one["language"] for one in page.evaluate(f"{KEPT}.audio")] == ["en", "fr", "ru"]


def test_subtitles_are_remembered_apart_for_the_own_language(watch: Callable[..., Page]) -> None:
    page = watch({"audio": [wish("ru")]})
    play(page)
    choose(page, ".shaka-language-button", ".shaka-audio-languages", "English")  # the own language from now on
    choose(page, ".shaka-caption-button", ".shaka-text-languages", "Off")
    choose(page, ".shaka-caption-button", ".shaka-text-languages", "English")
    until(page, f"{KEPT}.own === 'on'")
    choose(page, ".shaka-caption-button", ".shaka-text-languages", "Off")
    until(page, f"{KEPT}.own === 'off'")
    assert page.evaluate(KEPT)["foreign"] is None
    page.reload()
    page.wait_for_selector(READY)
    assert page.evaluate(TRACKS)["text"] is None


def test_what_is_damaged_is_no_wish(watch: Callable[..., Page]) -> None:
    for kept in ("{", '{"audio": {"language": "ru"}, "text": "ru"}', '{"audio": [{"language": 5}, null, 3], "own": 7}'):
        assert watch(kept).evaluate(TRACKS)["audio"] == "en"


def test_another_dub_asks_for_no_picture_again(watch: Callable[..., Page]) -> None:
    page = watch()
    play(page)
    until(page, "document.querySelector('video').buffered.end(0) > 29")  # the whole film is there
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    choose(page, ".shaka-language-button", ".shaka-audio-languages", "Russian")
    until(page, f"({TRACKS})().audio === 'ru'")
    page.wait_for_timeout(1500)
    assert any("/audio_ru/" in url for url in asked)
    assert [url for url in asked if "/stream_" in url or "/audio_en/" in url] == []


DUBS = [wish("en", "original"), wish("ru", "dub", "Pythagoras", "a"), wish("ru", "dub", "LostFilm", "b"),
        wish("ru", "voice-over", "LostFilm", "c"), wish("pt-BR", "dub", "", "d"), wish("ja", "commentary", "", "e")]
HEARD: list[tuple[list[dict[str, str]], str]] = [
    ([], ""), ([wish("ru", "dub", "LostFilm", "x")], "b"), ([wish("ru", "voice-over", "Pythagoras")], "c"),
    ([wish("ru", "voice-over", "LostFilm")], "c"), ([wish("pt")], "d"), ([wish("de"), wish("ru")], "a"),
    ([wish("ja", "dub")], ""), ([wish("ja", "commentary")], "e"), ([wish("ja"), wish("pt-BR")], "d")]
TEXTS = [wish("en", "full", label="e"), wish("ru", "full", label="r"), wish("ru", "forced", label="f"),
         wish("en", "sdh", label="s")]
READ = [(None, None, "en", None), (None, None, "ru", "f"), ("on", None, "ru", "r"), ("on", None, "en", "r"),
        ("off", None, "ru", "f"), ("off", None, "en", None), (None, "on", "en", "r"), (None, "on", "ru", "f"),
        (None, "off", "ru", "f"), ("off", "on", "en", "r"), ("on", "off", "en", None)]


def test_the_most_alike_tracks_are_chosen(watch: Callable[..., Page]) -> None:
    """Language before kind, kind before studio, studio before label; a commentary only for who wished for one.

    Subtitles follow what is heard.
    """
    page = watch()
    for wishes, label in HEARD:
        assert page.evaluate(CHOOSE, ["chooseAudio", DUBS, {"audio": wishes}])["label"] == label, wishes
    for own, foreign, heard, read in READ:
        kept = {"audio": [wish("ru")], "text": [wish("ru", "full")], "own": own, "foreign": foreign}
        found = page.evaluate(CHOOSE, ["chooseText", TEXTS, kept, heard, "en"])
        assert (found and found["label"]) == read, (own, foreign, heard)


def test_a_film_goes_on_between_a_twentieth_and_nine_tenths(watch: Callable[..., Page]) -> None:
    page = watch()
    resume = """async ([position, duration]) => {
        const { keepPosition, resumePoint } = await import("media/position.js");
        keepPosition("another", position, duration);
        return resumePoint("another");
    }"""
    for position, going_on in ((359, 0), (360, 360), (361, 361), (6480.4, 6480), (6481, 0), (7200, 0)):
        assert page.evaluate(resume, [position, 7200]) == going_on, position
    page.evaluate("localStorage.setItem('moviepoint.position.another', '{')")
    assert page.evaluate(resume, [5, 0]) == 0, "what is damaged, or has no length, is begun anew"


#: What a viewer does: seconds on the film's clock as they are told, "pause" and "play".
VIEWS: list[tuple[list[float | str], int]] = [
    ([0.25 * n for n in range(40)], 0), ([0.25 * n for n in range(42)], 1), ([0.25 * n for n in range(400)], 1),
    ([0, 60, 120, 600, 3000], 0), ([*(0.25 * n for n in range(30)), "pause", 20, 21, "play", 21.25], 0),
    ([*(0.25 * n for n in range(30)), 900, *(900 + 0.25 * n for n in range(1, 20))], 1)]


def test_ten_seconds_of_playing_make_a_view_and_jumps_none(watch: Callable[..., Page]) -> None:
    page = watch()
    count = """async (moments) => {
        const { countPlay } = await import("media/plays.js");
        const video = Object.assign(new EventTarget(), { currentTime: 0, playbackRate: 1, paused: false });
        let told = 0;
        countPlay(video, () => { told += 1; });
        for (const moment of moments) {
            if (typeof moment === "string") video.paused = moment === "pause";
            else video.currentTime = moment;
            video.dispatchEvent(new Event("timeupdate"));
        }
        return told;
    }"""
    for moments, views in VIEWS:
        assert page.evaluate(count, moments) == views, moments
