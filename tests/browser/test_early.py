"""A film that is watched while it is encoded: what is there can be sought, and the rest comes by itself."""
from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from moviepoint.domains.media import tasks, worker
from moviepoint.domains.media.encoding.binaries import find_tools
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.models import Edition, EncodingJob
from moviepoint.kernel.db import db
from tests.unit.media.films import X264, make, pattern, tone

from .conftest import PHONE, Site
from .encoded import start_film
from .test_pages import accessibility_faults

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SECONDS, SEGMENT, HELD_AT = 60, 2, 12  # HELD_AT: segments after which the encoder waits for the test
SHOTS = os.environ.get("EARLY_SHOTS", "")  # a folder for screenshots, to look at
LADDER = Profile(rungs=(RungSpec(180, 500, 28),), preset="ultrafast", segment_seconds=SEGMENT, range_segments=5)
STATE = """() => {
    const { player } = document.querySelector("[data-player]");
    const { currentTime, ended } = document.querySelector("video");
    return { end: player.seekRange().end, live: player.isLive(), at: currentTime, ended };
}"""
SEEK = """(at) => {
    const video = document.querySelector("video");
    video.currentTime = at;
    return video.play();
}"""


class Encoder:
    """Encodes one film in a thread of its own, and waits once `HELD_AT` segments are there until it is let go."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self._site = site
        self.held, self.free = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._encode, daemon=True)
        plain = worker.LeaseWatch.delivered

        def delivered(watch: worker.LeaseWatch) -> None:
            plain(watch)
            if len(list(self.package.glob("stream_0/data*.ts"))) >= HELD_AT:
                self.held.set()
                self.free.wait(120)

        monkeypatch.setattr(worker.LeaseWatch, "delivered", delivered)

    def start(self, film: Path, name: str) -> str:
        """Begin with a file; returns the edition's public id once enough of it is there."""
        with self._site.app.app_context():
            self.job_id, edition_id = start_film(self._site, film, LADDER, name)
            self.package = self._site.app.extensions["moviepoint.storage"].path(
                db.session.get_one(EncodingJob, self.job_id).package)
            db.session.remove()
        self._thread.start()
        assert self.held.wait(120)
        return edition_id

    def finish(self) -> None:
        self.free.set()
        if self._thread.ident is None:
            return  # it was never started
        self._thread.join(120)
        assert not self._thread.is_alive()

    def _encode(self) -> None:
        with self._site.app.app_context():
            while sum(worker.work(tasks.bench(), lane) for lane in ("light", "sound", "heavy")):
                continue
            db.session.remove()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return make(find_tools(), tmp_path / "early.mp4", *pattern("320x180", "24", SECONDS), *tone(440, SECONDS), *X264)


@pytest.fixture
def quiet_encoder(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Encoder]:
    """What it makes is shown to viewers when it is whole."""
    found = Encoder(site, monkeypatch)
    yield found
    found.finish()


@pytest.fixture
def encoder(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Encoder]:
    """What it makes is shown to viewers at once."""
    monkeypatch.setitem(site.app.extensions, "moviepoint.settings", msgspec.structs.replace(
        site.app.extensions["moviepoint.settings"], publish_early=True))
    found = Encoder(site, monkeypatch)
    yield found
    found.finish()


def until(page: Page, holds: Callable[[dict[str, Any]], bool], seconds: float = 30) -> dict[str, Any]:
    """Wait for a state of the player; the page's policy lets no text be run as script, so it is asked from here."""
    end = time.monotonic() + seconds
    while not holds(state := page.evaluate(STATE)):
        assert time.monotonic() < end, state
        page.wait_for_timeout(100)
    return state


def test_an_editor_watches_on_the_editions_page_and_nobody_else(
        quiet_encoder: Encoder, site: Site, film: Path, editor: dict[str, str],
        open_page: Callable[..., Page]) -> None:
    public_id = quiet_encoder.start(film, "early-for-editors")
    with site.app.app_context():
        edition = db.session.scalars(select(Edition.id).where(Edition.public_id == public_id)).one()
        db.session.remove()
    page = open_page("about:blank", size=PHONE, expect_errors=True)
    refused = page.goto(f"{site.url}/en/watch/{public_id}")
    assert refused
    assert refused.status == 404
    page.context.add_cookies([editor])  # type: ignore[list-item]
    page.goto(f"{site.url}/admin/editions/{edition}")
    page.wait_for_selector("[data-player][data-state=ready]")
    expect(page.get_by_text("of the film can be watched")).to_be_visible()
    page.evaluate(SEEK, 12)
    assert until(page, lambda state: state["at"] > 13)["end"] < SEGMENT * (HELD_AT + 1)
    assert accessibility_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/early.png", full_page=True)


def test_a_film_grows_under_its_viewer_and_comes_to_its_end(encoder: Encoder, site: Site, film: Path,
                                                            open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/watch/{encoder.start(film, 'early')}")
    page.wait_for_selector("[data-player][data-state=ready]")
    begun = page.evaluate(STATE)
    assert SEGMENT * 9 <= begun["end"] <= SEGMENT * (HELD_AT + 1)
    assert begun["at"] < 1  # at the film's beginning, not where the encoder is
    page.evaluate(SEEK, 15)
    until(page, lambda state: state["at"] > 16)
    encoder.finish()
    grown = until(page, lambda state: not state["live"] and abs(state["end"] - SECONDS) < 0.5)
    assert grown["at"] > 16  # nothing was loaded anew
    page.evaluate(SEEK, SECONDS - 1)
    until(page, lambda state: state["ended"])
