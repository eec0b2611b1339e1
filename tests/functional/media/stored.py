"""A site that keeps its films in a bucket, and the means to let an hour pass there."""
from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, update

from moviepoint.app import MoviePoint
from moviepoint.domains.media import delivery
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.remote import index, work
from moviepoint.domains.media.remote.models import StoredPackage
from moviepoint.kernel import bucket as kernel
from moviepoint.kernel.bucket import Bucket, S3Bucket
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.files import LocalStorage
from moviepoint.settings import Settings
from tests.functional.media.packages import published_film  # noqa: F401 -- a fixture
from tests.s3_server import S3Server, bucket_settings, s3_server

SEGMENTS = {f"stream_0/data{number:04d}.ts": bytes([number]) * (3000 + number) for number in range(5)}
SOUND = {f"audio_en/data{number:04d}.ts": b"en" * 500 + bytes([number]) for number in range(3)}
SHEETS = {"storyboard/0000.jpg": b"\xff\xd8 a sheet"}
LARGE = SEGMENTS | SOUND | SHEETS
SMALL = {"stream_0.m3u8": b"#EXTM3U\n#EXT-X-ENDLIST\n", "audio_en.m3u8": b"#EXTM3U\n#EXT-X-ENDLIST\n",
         "subs_ru/data0000.vtt": b"WEBVTT\n", "subs_ru/whole.vtt": b"WEBVTT\n", "poster.jpg": b"\xff\xd8 poster",
         "stills/0000.jpg": b"\xff\xd8 still"}
PREFIX = "site-1"


@pytest.fixture(name="server", scope="module")
def running_server() -> Iterator[S3Server]:
    with s3_server() as made:
        yield made


@pytest.fixture(name="s3")
def empty_s3(server: S3Server) -> S3Server:
    server.empty()
    return server


def use_bucket(app: MoviePoint, s3: S3Server, monkeypatch: pytest.MonkeyPatch, **more: object) -> Bucket:
    """Let an app keep its films there, until the test is over."""
    settings: Settings = msgspec.structs.replace(
        app.extensions["moviepoint.settings"], **bucket_settings(s3, s3_prefix=PREFIX, **more))
    monkeypatch.setitem(app.extensions, "moviepoint.settings", settings)
    monkeypatch.setitem(app.extensions, kernel.EXTENSION, S3Bucket(settings, quick=3, retries=0))
    leads = settings.s3_delivery == "redirect"
    monkeypatch.setitem(app.extensions, kernel.FILMS_ORIGIN, s3.url if leads else "")
    bucket: Bucket = app.extensions[kernel.EXTENSION]
    return bucket


@pytest.fixture(name="bucket")
def site_with_bucket(app: MoviePoint, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """Give the app a bucket, and an empty disk."""
    monkeypatch.setattr(delivery, "FRESH_SECONDS", 0.0)
    place = app.extensions["moviepoint.storage"].path("packages")
    shutil.rmtree(place, ignore_errors=True)
    yield use_bucket(app, s3, monkeypatch)
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(name="stored_film")
def film_to_store(bucket: Bucket, film: Edition, app: MoviePoint) -> Edition:
    """Give the film a package with all kinds of files, written two hours ago."""
    storage: LocalStorage = app.extensions["moviepoint.storage"]
    for name, body in (LARGE | SMALL).items():
        storage.put(f"packages/abc/{name}", body)
    grow_old(storage.path("packages/abc"))
    return film


def grow_old(folder: Path, hours: float = 2) -> None:
    then = time.time() - hours * 3600
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (then, then), follow_symlinks=False)


def run(app: MoviePoint) -> None:
    """Do what a worker does each minute."""
    work.run(app.extensions["moviepoint.settings"], app.extensions["moviepoint.storage"],
             app.extensions[kernel.EXTENSION])


def an_hour_later() -> None:
    """Let all pauses and graces be over, and each worker silent."""
    with unit_of_work() as session:
        session.execute(update(StoredPackage).values(not_before=utcnow() - timedelta(seconds=1), beat_at=None))


def store_all(app: MoviePoint) -> None:
    """Move all that is live into the bucket, and off the disk."""
    run(app)
    an_hour_later()
    run(app)
    assert {row.state for row in rows()} == {"released"}


def rows() -> list[StoredPackage]:
    session = db.session()
    session.rollback()
    return list(session.scalars(select(StoredPackage).order_by(StoredPackage.id)
                                .execution_options(populate_existing=True)))


def on_disk(storage: LocalStorage, package: str = "abc") -> set[str]:
    """Return the names of a package's files on the disk, without what is hidden."""
    folder = storage.path(f"packages/{package}")
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
            and not any(part.startswith(".") for part in path.relative_to(folder).parts)}


def in_bucket(s3: S3Server, package: str = "abc") -> dict[str, bytes]:
    """Return what the bucket really has of a package."""
    begin = f"{PREFIX}/packages/{package}/"
    return {key.removeprefix(begin): body for key, body in s3.keys().items() if key.startswith(begin)}


def nothing_is_lost(s3: S3Server, storage: LocalStorage, package: str = "abc") -> None:
    """Each large file is whole on the disk, or its index names a whole copy in the bucket."""
    held = in_bucket(s3, package)
    for name, body in LARGE.items():
        path = storage.path(f"packages/{package}/{name}")
        if not path.is_file() or path.read_bytes() != body:
            assert index.find(storage, package, name) is not None, name
            assert held[name] == body, name
