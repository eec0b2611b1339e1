"""The edition's page in a real browser: the film plays, tracks move by keyboard, and it works without script."""
from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from moviepoint.domains.media.models import Edition, SourceAsset
from moviepoint.kernel.db import db, unit_of_work

from .conftest import Site
from .films import add_edition, make_package
from .test_pages import accessibility_faults
from .test_player import READY, play

SLUG, FOLDER = "metropolis-1927", "packages/edition-page"


@pytest.fixture(scope="module")
def edition(site: Site) -> Iterator[int]:
    """Put a package of its own on the site's storage and give its edition's id; both are gone afterwards."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed (apt-get install ffmpeg)")
    with site.app.app_context():
        folder = Path(site.app.extensions["moviepoint.storage"].path(FOLDER))
        make_package(ffmpeg, folder)
        with unit_of_work() as session:
            added = add_edition(session, slug=SLUG)
            added.package = FOLDER
            session.add(SourceAsset(edition_id=added.id, key="uploads/none", filename="metropolis.mkv", size=9_000_000))
            number = added.id
        db.session.remove()
    yield number
    with site.app.app_context():
        with unit_of_work() as session:
            session.delete(session.get_one(Edition, number))
        db.session.remove()
    shutil.rmtree(folder)


@pytest.fixture
def page_of(site: Site, editor: dict[str, str], edition: int,
            open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Return a function that opens the edition's page as the editor."""

    def open_one(locale: str = "en", **more: Any) -> Page:
        page = open_page("about:blank", **more)
        page.context.add_cookies([editor, {"name": "locale", "value": locale, "url": site.url}])  # type: ignore[list-item]
        page.goto(f"{site.url}/admin/editions/{edition}")
        return page

    return open_one


def languages(page: Page) -> list[str]:
    return [str(field.input_value()) for field in page.locator("input[name^=audio-][name$=-language]").all()]


def test_the_film_plays_on_the_editions_page(page_of: Callable[..., Page]) -> None:
    page = page_of()
    page.wait_for_selector(READY)
    assert not page.locator("[data-player-fault]").is_visible()
    assert not page.locator("[data-player-notice]").is_visible()
    play(page)


def test_tracks_are_moved_by_keyboard_and_saved(site: Site, edition: int, page_of: Callable[..., Page]) -> None:
    page = page_of(javascript=False)
    before = languages(page)
    page.get_by_role("button", name="Move number 2 up").first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert languages(page) == before[::-1]
    with page.expect_navigation():
        page.locator("#tracks").get_by_role("button", name="Save").click()
    with site.app.app_context():
        assert [row.language for row in db.session.get_one(Edition, edition).audio] == before[::-1]
        db.session.remove()


def test_the_text_follows_the_film_and_leads_to_its_place(page_of: Callable[..., Page]) -> None:
    page = page_of()
    page.wait_for_selector(READY)
    cues = page.locator(".cues__list li")
    expect(cues).to_have_count(5)
    page.evaluate("document.querySelector('[data-player] video').currentTime = 13")
    expect(page.locator(".cues__list [aria-current]")).to_contain_text("cue 2")
    cues.nth(4).get_by_role("button").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('[data-player] video').currentTime >= 24")
    expect(page.locator(".cues__list [aria-current]")).to_contain_text("cue 4")
    page.get_by_label("Track").select_option(index=1)
    expect(cues.first).to_contain_text("ru cue 0")


def test_rows_are_moved_by_arrow_key_and_button_with_all_their_fields(page_of: Callable[..., Page]) -> None:
    page = page_of()
    page.wait_for_selector(READY)
    before = languages(page)
    page.locator("input[name=audio-1-studio]").fill("Typed")
    page.keyboard.press("Alt+ArrowUp")
    assert languages(page) == before[::-1]
    assert page.locator("input[name=audio-0-studio]").input_value() == "Typed"
    expect(page.locator("#said")).to_contain_text("1")
    first = page.locator("#tracks tbody").first.locator("tr").first
    expect(first.locator("[value$=up]")).to_be_disabled()
    first.locator("[value$=down]").click()
    assert languages(page) == before
    assert page.locator("input[name=audio-1-studio]").input_value() == "Typed"
    page.evaluate("document.querySelectorAll('form.touched').forEach((form) => form.classList.remove('touched'))")


FILES = ("film.mkv", "film.ru.forced.srt", "film.de.m4a")


def payload(name: str, size: int = 300) -> dict[str, Any]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": bytes(size)}


def row(page: Page, name: str) -> Any:
    return page.locator(".sending").filter(has=page.locator("[data-name]", has_text=name))


def test_many_files_go_each_its_own_way(page_of: Callable[..., Page], site: Site, edition: int) -> None:
    page = page_of(expect_errors=True)  # what the server refuses is an error in the console too
    page.set_input_files("#f-film", [payload(name) for name in FILES])
    for name, values in ((FILES[0], ("film",)), (FILES[1], ("subtitles", "ru", "forced", "")),
                         (FILES[2], ("audio", "de", "dub", ""))):
        expect(row(page, name)).to_be_visible()
        fields = row(page, name).locator("select:visible, input:visible")
        assert [field.input_value() for field in fields.all()] == list(values)
    row(page, FILES[1]).locator("[data-language]").fill("no language at all")
    row(page, FILES[2]).locator("[data-kind]").select_option("voice-over")
    page.get_by_role("button", name="Begin all").click()
    expect(row(page, FILES[1]).locator("[data-said]")).to_contain_text("is no language")
    for name in (FILES[0], FILES[2]):  # the one that failed stops none of the others
        expect(row(page, name)).to_have_attribute("data-state", "encoding")
    assert not row(page, FILES[1]).get_by_role("button", name="Go on").is_visible()
    row(page, FILES[1]).get_by_role("button", name="Remove").click()
    expect(page.locator(".sending")).to_have_count(2)
    with site.app.app_context():
        sources = db.session.scalars(select(SourceAsset).where(
            SourceAsset.edition_id == edition, SourceAsset.filename.in_(FILES))).all()
        assert {source.filename: (source.intent or {})["kind"] for source in sources} == {
            FILES[0]: "", FILES[2]: "voice-over"}
        db.session.remove()


def test_a_file_comes_instead_of_a_track(page_of: Callable[..., Page], site: Site, edition: int) -> None:
    page = page_of("ru")
    page.set_input_files("#f-film", [payload("better.de.m4a")])
    chosen = row(page, "better.de.m4a").locator("[data-replaces]")
    expect(chosen.locator("option")).to_contain_text(["новая дорожка", "вместо 1. ", "вместо 2. "])
    chosen.select_option(index=2)
    expect(row(page, "better.de.m4a").locator("[data-language]")).to_be_hidden()
    assert accessibility_faults(page) == []
    page.locator("[data-start] button").click()
    expect(row(page, "better.de.m4a")).to_have_attribute("data-state", "encoding")
    with site.app.app_context():
        source = db.session.scalars(select(SourceAsset).where(SourceAsset.filename == "better.de.m4a")).one()
        second = db.session.get_one(Edition, edition).audio[1].id
        assert ((source.intent or {})["use"], (source.intent or {})["replaces"]) == ("audio", second)
        db.session.remove()


def test_a_reload_loses_nothing_of_an_upload(page_of: Callable[..., Page], site: Site, edition: int) -> None:
    page = page_of()
    page.route("**/api/v1/uploads/*", lambda route: None if route.request.method == "PATCH"
               else route.continue_())  # its bytes never arrive
    page.set_input_files("#f-film", [payload("later.fr.srt", 500)])
    expect(page.locator(".sending")).to_have_attribute("data-state", "asking")
    row(page, "later.fr.srt").get_by_role("button", name="Begin").click()
    expect(row(page, "later.fr.srt")).to_have_attribute("data-state", "sending")
    row(page, "later.fr.srt").get_by_role("button", name="Pause").click()
    expect(row(page, "later.fr.srt")).to_have_attribute("data-state", "paused")
    page.reload()  # before the route goes: a request that was held would be let through by that
    page.unroute_all()
    waiting = row(page, "later.fr.srt")
    expect(waiting).to_have_attribute("data-state", "absent")
    expect(waiting.locator("[data-language]")).to_have_value("fr")
    page.set_input_files("#f-film", [payload("later.fr.srt", 500)])
    expect(waiting).to_have_attribute("data-state", "encoding")
    expect(page.locator(".sending")).to_have_count(1)


def test_an_upload_whose_parts_were_lost_says_so_and_can_be_given_up(page_of: Callable[..., Page]) -> None:
    page, given_up = page_of(), []
    known = {"id": "lost", "filename": "lost.mkv", "size": 500, "offset": 200, "state": "failed",
             "message": "A part is not there.", "intent": {"use": "film", "language": "und", "kind": ""}}
    page.route("**/api/v1/uploads?edition=*", lambda route: route.fulfill(json=[known]))
    page.route("**/api/v1/uploads/lost", lambda route: given_up.append(route.request.method)
               or route.fulfill(status=204))
    page.reload()
    lost = row(page, "lost.mkv")
    expect(lost).to_have_attribute("data-state", "failed")
    expect(lost).to_contain_text("A part is not there.")
    expect(lost.locator("[data-go]")).to_be_hidden()
    lost.locator("[data-drop]").click()
    expect(page.locator(".sending")).to_have_count(0)
    assert given_up == ["DELETE"]


PLAYS = """async (steps) => {
  const { countPlay } = await import("/assets/media/plays.js");
  const video = new EventTarget();
  Object.assign(video, { currentTime: 0, playbackRate: 1, paused: false, seeking: false });
  let told = 0;
  countPlay(video, () => { told += 1; });
  for (const step of steps) {
    Object.assign(video, step);
    video.currentTime += step.by ?? 0;
    video.dispatchEvent(new Event("timeupdate"));
  }
  return told;
}"""


@pytest.mark.parametrize(("steps", "told"), [
    ([{"by": 0}, *[{"by": 0.5}] * 19], 0),  # nine and a half seconds
    ([{"by": 0}, *[{"by": 0.5}] * 20], 1),
    ([{"by": 0}, *[{"by": 0.5}] * 200], 1),  # once
    ([{"by": 0}, *[{"by": 60}] * 50], 0),  # jumping is not watching
    ([{"by": 0}, *[{"by": 0.5, "paused": True}] * 50], 0),
    ([{"by": 0}, *[{"by": 0.5, "seeking": True}] * 50], 0),
    ([{"by": 0}, *[{"by": 1.0, "playbackRate": 2}] * 19], 0),  # at double speed: seconds of the viewer's count
    ([{"by": 0}, *[{"by": 1.0, "playbackRate": 2}] * 20], 1),
    ([{"by": 0}, *[{"by": -0.5}] * 50], 0)])
def test_only_ten_seconds_of_real_playing_are_a_play(page_of: Callable[..., Page], steps: list[dict[str, Any]],
                                                     told: int) -> None:
    assert page_of().evaluate(PLAYS, steps) == told
