"""The whole way, with nothing stood in for: a tus client, the server and the worker as processes, the encoder,
the search and the player."""
from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tusclient.client import TusClient

from moviepoint.app import create_app
from moviepoint.cli.demo import _environment
from moviepoint.cli.processes import port_is_free, start, stop
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.schemas import TitleInput, TitleTextInput
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.settings import load_settings

from .test_player import LISTEN, READY, choose, play

pytestmark = pytest.mark.browser

TONES = {"en": 523, "ru": 988}  # hertz
CUES = {"en": "A hare runs.", "ru": "Бежит заяц."}
SECONDS = 14
ENCODE_SECONDS = 240


@dataclass(frozen=True)
class House:
    """A running site with a worker, and an editor's token."""

    base: str
    token: str
    title_id: int

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(self.base + path, None if body is None else json.dumps(body).encode(), {
            "Authentication-Token": self.token, "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
        return answer


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a Matroska file with two dubs that are tones and two subtitle tracks."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed (apt-get install ffmpeg)")
    folder = tmp_path_factory.mktemp("source")
    command = [ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=25:duration={SECONDS}"]
    for tone in TONES.values():
        command += ["-f", "lavfi", "-i", f"sine=frequency={tone}:duration={SECONDS}"]
    for language, words in CUES.items():
        (folder / f"{language}.srt").write_text(f"1\n00:00:01,000 --> 00:00:12,000\n{words}\n", encoding="utf-8")
        command += ["-i", str(folder / f"{language}.srt")]
    command += [part for n in range(5) for part in ("-map", str(n))]
    for n, tag in enumerate(("eng", "rus")):
        command += [f"-metadata:s:a:{n}", f"language={tag}", f"-metadata:s:s:{n}", f"language={tag}"]
    film = folder / "hare.mkv"
    subprocess.run([*command, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac",
                    "-c:s", "srt", "-disposition:s", "0", str(film)], check=True, timeout=120)
    return film


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Start a site and a worker as an operator does, on an instance of their own."""
    instance = tmp_path_factory.mktemp("house")
    port = next(port for port in range(8300, 8400) if port_is_free("127.0.0.1", port))
    environ = _environment(instance, port)
    app = create_app(load_settings(environ))
    with app.app_context():
        upgrade_all()
        with unit_of_work() as session:
            token = str(create_user(session, "editor@example.org", "x", ["administrator"]).get_auth_token())
            title = services.save_title(session, SYSTEM, TitleInput(
                kind="film", original_title="The Hare", original_language="en", year=2026,
                texts={"en": TitleTextInput(name="The Hare"), "ru": TitleTextInput(name="Кролик")}))
            services.publish(session, SYSTEM, title.id)
            title_id = title.id
        db.session.remove()
        db.engine.dispose()
    children = [start(["web", "--port", str(port), "--workers", "1"], environ), start(["worker"], environ)]
    base = f"http://127.0.0.1:{port}"
    try:
        for _attempt in range(300):
            try:
                urllib.request.urlopen(f"{base}/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield House(base, token, title_id)
    finally:
        stop(children)


@pytest.fixture(scope="module")
def edition(house: House, source: Path) -> str:
    """Upload the film with tuspy, breaking off once on the way, and wait until it is encoded."""
    edition_id = str(house.ask("/api/v1/editions", {"title_id": house.title_id})["id"])
    client = TusClient(f"{house.base}/api/v1/uploads", headers={"Authentication-Token": house.token})
    metadata = {"filename": "hare.mkv", "edition": edition_id}
    with source.open("rb") as file:
        first = client.uploader(file_stream=file, chunk_size=200_000, metadata=metadata)
        first.upload_chunk()
        second = client.uploader(file_stream=file, chunk_size=200_000, url=first.url)
        assert second.offset == 200_000
        second.upload()
    job = house.ask("/api/v1/jobs?page_size=1")["results"][0]
    seen, deadline = [], time.monotonic() + ENCODE_SECONDS
    while job["state"] in ("queued", "running") and time.monotonic() < deadline:
        seen.append(job["progress"])
        time.sleep(0.5)
        job = house.ask(f"/api/v1/jobs/{job['id']}")
    assert job["state"] == "done", job
    assert seen == sorted(seen)
    return edition_id


def test_it_is_found_in_both_languages(house: House, edition: str, open_page: Callable[..., Page]) -> None:
    for locale, words, name in (("en", "hare", "The Hare"), ("ru", "кролика", "Кролик")):
        page = open_page(f"{house.base}/{locale}/search?q={words}")
        page.get_by_role("link", name=name).click()
        expect(page.locator("h1")).to_have_text(name)
        page.locator("a[href*='/watch/']").first.click()
        page.wait_for_selector(READY)


def test_each_dub_is_heard_and_each_subtitle_read(house: House, edition: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{house.base}/en/watch/{edition}")
    page.wait_for_selector(READY)
    play(page)
    assert page.evaluate(LISTEN, 1)["hertz"] == pytest.approx(TONES["en"], abs=12)
    choose(page, ".shaka-language-button", ".shaka-audio-languages", "Russian")
    assert page.evaluate(LISTEN, 3)["hertz"] == pytest.approx(TONES["ru"], abs=12)
    page.evaluate("document.querySelector('video').currentTime = 2")
    for words, language in (("English", "en"), ("Russian", "ru")):
        choose(page, ".shaka-caption-button", ".shaka-text-languages", words)
        expect(page.locator(".shaka-text-container")).to_have_text(CUES[language], timeout=5000)


def test_the_api_names_what_was_made(house: House, edition: str) -> None:
    answer = house.ask(f"/api/v1/editions/{edition}/playback")
    assert [video["height"] for video in answer["video"]] == [720, 480, 360]
    assert [track["language"] for track in answer["audio"]] == ["en", "ru"]
    assert [track["language"] for track in answer["subtitles"]] == ["en", "ru"]
    assert abs(answer["edition"]["duration_ms"] - SECONDS * 1000) < 500
