"""A film that is watched while it is encoded: what is there can be sought, and the rest comes by itself."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import services, tasks, worker
from moviepoint.domains.media.encoding.binaries import find_tools
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.models import Edition, EncodingJob, SourceAsset
from moviepoint.domains.media.profiles import Offer
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.policies import SYSTEM
from tests.unit.media.films import X264, make, pattern, tone

from .conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SECONDS, SEGMENT, HELD_AT = 60, 2, 12  # HELD_AT: segments after which the encoder waits for the test
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

    def start(self, film: Path) -> str:
        """Begin with a file; returns the edition's public id once enough of it is there."""
        with self._site.app.app_context():
            self.job_id, edition_id = film_of(self._site, film)
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


def film_of(site: Site, film: Path) -> tuple[int, str]:
    """Enter a published film whose file is to be encoded; returns its job and its edition's public id."""
    with unit_of_work() as session:
        title = Title(kind="film", slug="early", original_title="Early", status="published", published_at=utcnow())
        session.add(title)
        session.flush()
        edition = Edition(title_id=title.id)
        session.add(edition)
        session.flush()
        source = SourceAsset(edition_id=edition.id, key="uploads/early", filename=film.name, size=film.stat().st_size)
        session.add(source)
        session.flush()
        path = site.app.extensions["moviepoint.storage"].path(source.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(film.read_bytes())
        job = services.start_job(session, SYSTEM, source.id, offer=Offer("x", "x", LADDER, True, False))
        return job.id, edition.public_id


@pytest.fixture
def encoder(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Encoder]:
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


def test_a_film_grows_under_its_viewer_and_comes_to_its_end(encoder: Encoder, site: Site, tmp_path: Path,
                                                            open_page: Callable[..., Page]) -> None:
    film = make(find_tools(), tmp_path / "early.mp4", *pattern("320x180", "24", SECONDS), *tone(440, SECONDS), *X264)
    page = open_page(f"{site.url}/en/watch/{encoder.start(film)}")
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
