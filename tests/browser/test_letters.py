"""The letters of a subtitle file in a real browser: seen in each likely encoding, and chosen."""
from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from moviepoint.domains.media.encoding import sidecars
from moviepoint.domains.media.models import Edition, SourceAsset, SubtitleTrack
from moviepoint.kernel.db import db, unit_of_work
from tests.unit.media.dialogue import srt

from .conftest import Site
from .films import add_edition
from .test_media_edition import SLUG
from .test_pages import accessibility_faults

KEY = "uploads/letters-in-a-browser"
PROBE = {"container": "text", "size": 9, "duration_ms": 0, "claimed_ms": 0, "bit_rate": 0}
SHOTS = os.environ.get("LETTERS_SHOTS", "")  # a folder for screenshots, to look at


@pytest.fixture
def waiting(site: Site) -> Iterator[tuple[int, int]]:
    """An edition with a track whose letters are a guess; gives both ids."""
    with site.app.app_context():
        with unit_of_work() as session:
            edition = add_edition(session, slug=SLUG)
            edition.package = None  # nothing of it is on the storage
            edition.sources.append(SourceAsset(key=KEY, filename="metropolis.ru.srt", size=900, probe=PROBE,
                                               intent={"use": "subtitles"}))
            session.flush()
            origin = {"stream": None, "letters": {"encoding": "koi8-u", "sure": False, "shown": True, "default": False}}
            edition.subtitles.append(SubtitleTrack(
                path="subs_ru-j9", language="ru", hidden=True, note=sidecars.guess("koi8-u"), source_format="srt",
                source_id=edition.sources[-1].id, origin=origin, position=9))
            session.flush()
            found = edition.id, edition.subtitles[-1].id
        site.app.extensions["moviepoint.storage"].put(KEY, srt("ru", 0, 20).encode("koi8-r"))
        db.session.remove()
    yield found
    with site.app.app_context():
        with unit_of_work() as session:
            session.delete(session.get_one(Edition, found[0]))
        site.app.extensions["moviepoint.storage"].delete(KEY)
        db.session.remove()


@pytest.mark.parametrize(("width", "scheme", "locale", "words"), [
    (1440, "light", "en", ("Letters", "These are right")), (390, "dark", "ru", ("Буквы", "Всё верно")),
    (390, "light", "en", ("Letters", "These are right")), (1440, "dark", "ru", ("Буквы", "Всё верно"))])
def test_an_editor_sees_how_a_file_reads_and_confirms(
        site: Site, editor: dict[str, str], waiting: tuple[int, int], open_page: Callable[..., Page],
        width: int, scheme: str, locale: str, words: tuple[str, str]) -> None:
    page = open_page("about:blank", size=(width, 900), scheme=scheme)
    page.context.add_cookies([editor, {"name": "locale", "value": locale, "url": site.url}])  # type: ignore[list-item]
    page.goto(f"{site.url}/admin/editions/{waiting[0]}#tracks")
    shot(page, f"edition-{width}-{scheme}-{locale}")
    page.get_by_role("link", name=words[0]).click()
    expect(page.get_by_text("Ты опять забыл ключи от машины?").first).to_be_visible()
    shot(page, f"letters-{width}-{scheme}-{locale}")
    assert accessibility_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name=words[1]).click()
    page.wait_for_url(f"**/admin/editions/{waiting[0]}*")
    with site.app.app_context():
        row = db.session.get_one(SubtitleTrack, waiting[1])
        assert (row.hidden, row.guessed) == (False, False)
        db.session.remove()


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
