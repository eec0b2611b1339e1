"""The edition's page in a real browser: the film plays, tracks move by keyboard, and it works without script."""
from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.accounts.sessions import begin
from moviepoint.domains.media.models import Edition, SourceAsset
from moviepoint.kernel.db import db, unit_of_work

from .conftest import DESKTOP, PHONE, Site
from .films import add_edition, make_package
from .test_pages import STICKS_OUT, accessibility_faults
from .test_player import READY, play

SLUG, FOLDER = "metropolis-1927", "packages/edition-page"


@pytest.fixture(scope="module")
def editor(site: Site) -> dict[str, str]:
    """Make an editor; return what the site's cookie is to hold."""
    with site.app.app_context():
        with unit_of_work() as session:
            user = create_user(session, "edition-editor@example.org", "unused", ("editor",))
            _row, mark = begin(session, user, address="127.0.0.1", user_agent="a test")
        db.session.remove()
    signed = site.app.session_interface.get_signing_serializer(site.app)  # type: ignore[attr-defined]
    value = signed.dumps({"_user_id": mark, "_fresh": True, "fs_cc": "set"})
    return {"name": site.app.config["SESSION_COOKIE_NAME"], "value": value, "url": site.url}


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


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_and_is_accessible(page_of: Callable[..., Page], size: tuple[int, int], scheme: str) -> None:
    page = page_of("ru", size=size, scheme=scheme)
    page.wait_for_selector(READY)
    assert page.evaluate(STICKS_OUT) == 0
    assert accessibility_faults(page) == []
