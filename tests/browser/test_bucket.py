"""A film whose segments lie in a bucket: the player is led there, across origins and under the page's policy."""
from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response

from moviepoint.app import create_app
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media.remote import work
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.kernel.bucket import EXTENSION
from moviepoint.kernel.db import db, unit_of_work
from tests.s3_server import S3Server, bucket_settings, s3_server

from .conftest import Site, served, settings_of
from .films import PACKAGE, add_edition, add_storyboard, make_package

pytestmark = pytest.mark.browser
READY = "[data-player][data-state=ready]"
AT = "() => document.querySelector('video').currentTime"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as made:
        yield made


@pytest.fixture(scope="module")
def film(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, str]]:
    """Serve a site of its own, whose only film has nothing but playlists and texts on the disk."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed (apt-get install ffmpeg)")
    settings = settings_of(tmp_path_factory.mktemp("bucket"), "default", **bucket_settings(s3))
    app = create_app(settings)
    with app.app_context():
        upgrade_all()
        storage = app.extensions["moviepoint.storage"]
        folder = Path(storage.path(PACKAGE))
        make_package(ffmpeg, folder)
        add_storyboard(ffmpeg, folder)
        with unit_of_work() as session:
            session.add(Title(kind="film", slug="metropolis-1927", original_title="Metropolis", status="published"))
            session.flush()
            edition = add_edition(session, slug="metropolis-1927")
            public_id = edition.public_id
        work.note(storage)
        row_id, = work.due()
        for _ in range(2):  # into the bucket, and off the disk at once
            assert work.advance(storage, app.extensions[EXTENSION], row_id, grace=timedelta(0))
            with unit_of_work() as session:
                session.get_one(work.StoredPackage, row_id).not_before = None
        assert not list(folder.rglob("*.ts"))
        db.session.remove()
    with served(app) as site:
        yield site, public_id


def test_a_film_plays_from_the_bucket(film: tuple[Site, str], s3: S3Server, open_page: Callable[..., Page]) -> None:
    site, edition = film
    page = open_page(f"{site.url}/en/watch/{edition}")
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.wait_for_selector(READY)
    page.evaluate("() => { document.querySelector('video').play(); }")
    for second in (2, 20):
        if second == 20:  # where nothing has been fetched yet
            page.evaluate("() => { document.querySelector('video').currentTime = 20; }")
        for _attempt in range(150):
            if page.evaluate(AT) >= second + 1:
                break
            page.wait_for_timeout(100)
        assert page.evaluate(AT) >= second + 1
    segments = [answer for answer in answers if ".ts" in answer.url]
    led = [answer for answer in segments if answer.url.startswith(site.url)]
    given = [answer for answer in segments if answer.url.startswith(s3.url)]
    assert {answer.status for answer in led} == {302}
    assert {answer.status for answer in given} <= {200, 206}
    assert len(given) >= 4  # picture and sound, at two places
    for answer in given:
        asked = answer.request.all_headers()
        assert "cookie" not in asked
        assert "/media/" not in asked.get("referer", "")
