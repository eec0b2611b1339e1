"""Films on their way into a bucket: what goes, what stays, and that nothing is lost on the way, however it ends."""
from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from moviepoint.app import MoviePoint
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import storing, sweep, tasks
from moviepoint.domains.media.cli import media_group
from moviepoint.domains.media.models import Edition, EncodingJob, SourceAsset
from moviepoint.domains.media.remote import clearing, index, moving, work
from moviepoint.domains.media.remote.models import StoredPackage
from moviepoint.kernel import bucket as kernel
from moviepoint.kernel.bucket import Bucket, BucketRefused
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.files import LocalStorage
from tests.functional.media.packages import prefix
from tests.functional.media.stored import (  # noqa: F401 -- fixtures among them
    LARGE,
    PREFIX,
    SEGMENTS,
    SMALL,
    SOUND,
    an_hour_later,
    empty_s3,
    film_to_store,
    grow_old,
    in_bucket,
    nothing_is_lost,
    on_disk,
    published_film,
    rows,
    run,
    running_server,
    site_with_bucket,
    store_all,
    use_bucket,
)
from tests.s3_server import S3Server


@pytest.fixture
def storage(app: MoviePoint) -> LocalStorage:
    made: LocalStorage = app.extensions["moviepoint.storage"]
    return made


def test_what_is_large_moves_and_the_disk_keeps_it_for_an_hour(
        app: MoviePoint, s3: S3Server, storage: LocalStorage, stored_film: Edition) -> None:
    run(app)
    row, = rows()
    assert (row.package, row.state, row.files, row.bytes) == (
        "packages/abc", "stored", len(LARGE), sum(map(len, LARGE.values())))
    assert in_bucket(s3) == LARGE
    assert on_disk(storage) == LARGE.keys() | SMALL.keys()
    asked = len(s3.asked)
    run(app)
    assert on_disk(storage) == LARGE.keys() | SMALL.keys()
    assert len(s3.asked) == asked  # nothing is due, and nobody is asked
    an_hour_later()
    (storage.path("packages/abc/stream_0/data0002.ts")).touch()  # somebody has written it a moment ago
    run(app)
    assert on_disk(storage) == SMALL.keys() | {"stream_0/data0002.ts"}
    grow_old(storage.path("packages/abc"))
    an_hour_later()
    run(app)
    assert on_disk(storage) == SMALL.keys()
    assert rows()[0].state == "released"
    nothing_is_lost(s3, storage)


def test_a_film_that_is_still_being_made_stays_on_the_disk(
        app: MoviePoint, s3: S3Server, storage: LocalStorage, stored_film: Edition) -> None:
    with unit_of_work() as session:
        source = SourceAsset(edition_id=stored_film.id, key="uploads/x", filename="x", size=1)
        session.add(source)
        session.flush()
        job = EncodingJob(edition_id=stored_film.id, source_id=source.id, package="packages/abc", state="running")
        session.add(job)
    run(app)
    assert (rows(), in_bucket(s3)) == ([], {})
    with unit_of_work() as session:
        session.execute(update(EncodingJob).values(state="done"))
    run(app)
    assert in_bucket(s3) == LARGE


def test_a_bucket_that_is_away_costs_a_pause_and_films_play_from_the_disk(
        app: MoviePoint, client: FlaskClient, s3: S3Server, storage: LocalStorage, stored_film: Edition,
        sign_in: Callable[..., object]) -> None:
    s3.away, pauses = True, []
    for _try in range(4):
        run(app)
        row, = rows()
        pauses.append((row.not_before - utcnow()).total_seconds())
        an_hour_later()
    assert [round(seconds / 60) for seconds in pauses] == [1, 2, 4, 8]
    assert (row.state, row.fault) == ("waiting", "away")
    assert client.get(f"{prefix(client, stored_film)}/stream_0/data0001.ts").data == SEGMENTS["stream_0/data0001.ts"]
    sign_in("administrator")
    assert "Films that cannot be moved into the bucket: 1" in client.get("/admin/").text
    assert "the bucket does not answer" in client.get(f"/admin/editions/{stored_film.id}").text
    s3.away = False
    run(app)
    assert rows()[0].tries == 0
    assert in_bucket(s3) == LARGE
    assert "cannot be moved" not in client.get("/admin/").text
    assert "on the disk and in the bucket" in client.get(f"/admin/editions/{stored_film.id}").text


class Killed(BaseException):
    """As a power cut: nothing catches it."""


def test_killed_at_any_moment_nothing_is_lost_and_the_next_run_ends_it(
        app: MoviePoint, s3: S3Server, storage: LocalStorage, stored_film: Edition,
        monkeypatch: pytest.MonkeyPatch) -> None:
    left = 0

    def deadly(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            return function(*arguments, **more)
        return call

    used, unlink = app.extensions[kernel.EXTENSION], Path.unlink
    for name in ("put", "read", "items", "copy"):
        monkeypatch.setattr(used, name, deadly(getattr(used, name)))
    monkeypatch.setattr(LocalStorage, "put", deadly(LocalStorage.put))
    monkeypatch.setattr(Path, "unlink", deadly(unlink))
    monkeypatch.setattr(moving, "PARALLEL", 1)
    for moment in range(1, 100, 3):
        left, killed = moment, False
        try:
            run(app)
            an_hour_later()
            run(app)
        except Killed:
            killed = True
        left = 0
        nothing_is_lost(s3, storage)
        an_hour_later()
        store_all(app)
        assert (on_disk(storage), in_bucket(s3)) == (SMALL.keys(), LARGE), moment
        if not killed:
            break
        s3.empty()  # all once more, to be killed a little later
        shutil.rmtree(storage.path("packages/abc/.stored"))
        for name, body in LARGE.items():
            storage.put(f"packages/abc/{name}", body)
        grow_old(storage.path("packages/abc"))
        with unit_of_work() as session:
            session.execute(delete(StoredPackage))
    assert moment > 3 * len(LARGE)


def test_a_copy_that_is_not_as_it_was_sent_is_never_trusted(
        app: MoviePoint, s3: S3Server, storage: LocalStorage, stored_film: Edition,
        monkeypatch: pytest.MonkeyPatch) -> None:
    used, name = app.extensions[kernel.EXTENSION], "packages/abc/stream_0/data0003.ts"
    put = used.put

    def spoil(key: str, source: Path, kind: str) -> None:
        put(key, source, kind)
        if key == name:
            s3.backend.put_object("films", f"{PREFIX}/{key}", bytes(len(SEGMENTS["stream_0/data0003.ts"])))

    monkeypatch.setattr(used, "put", spoil)
    run(app)
    assert (rows()[0].state, rows()[0].fault) == ("waiting", "unlike")
    assert index.read(storage, "abc", "stream_0") == {}
    monkeypatch.setattr(used, "put", put)
    an_hour_later()
    run(app)
    assert in_bucket(s3) == LARGE
    del s3.backend.get_bucket("films").keys[f"{PREFIX}/{name}"]  # a lifecycle rule, or a hand
    an_hour_later()
    run(app)
    assert on_disk(storage) == SMALL.keys() | {"stream_0/data0003.ts"}  # what the bucket did not show has stayed
    assert rows()[0].state == "waiting"
    store_all(app)
    assert (on_disk(storage), in_bucket(s3)) == (SMALL.keys(), LARGE)


def test_a_tag_that_is_no_checksum_is_made_up_for_by_reading_back(
        app: MoviePoint, s3: S3Server, storage: LocalStorage, stored_film: Edition,
        monkeypatch: pytest.MonkeyPatch) -> None:
    used = app.extensions[kernel.EXTENSION]
    items, read = used.items, []
    monkeypatch.setattr(used, "items", lambda folder: (item._replace(tag="encrypted-2") for item in items(folder)))
    ask = used.read
    monkeypatch.setattr(used, "read", lambda key, start, end: (read.append(key), ask(key, start, end))[1])
    store_all(app)
    assert len([key for key in read if key.startswith("packages/")]) == len(LARGE)
    nothing_is_lost(s3, storage)


def test_what_nobody_plays_any_more_leaves_the_bucket(
        app: MoviePoint, s3: S3Server, storage: LocalStorage, stored_film: Edition) -> None:
    store_all(app)
    with unit_of_work() as work_session:
        storing.retire(work_session, storage, "packages/abc", ["audio_en"])
    assert storing.remove_retired(storage) == 0  # viewers have it still
    grow_old(storage.path(storing.RETIRED), hours=13)
    s3.away = True
    assert storing.remove_retired(storage) == 1  # and asks nobody
    assert index.find(storage, "abc", "audio_en/data0000.ts") is None
    an_hour_later()
    run(app)
    assert in_bucket(s3) == LARGE
    s3.away = False
    run(app)
    assert in_bucket(s3) == {name: body for name, body in LARGE.items() if name not in SOUND}
    with unit_of_work() as work_session:
        work_session.delete(work_session.get_one(Title, stored_film.title_id))
    grow_old(storage.path("packages/abc"))
    assert sweep.remove_orphans(tasks.bench()) >= 1
    run(app)
    assert in_bucket(s3) == {}
    assert rows() == []
    assert list(s3.keys()) == [f"{PREFIX}/{clearing.OWNER}"]


def test_what_lost_its_folder_is_found_in_the_bucket_after_a_day(
        app: MoviePoint, s3: S3Server, storage: LocalStorage, stored_film: Edition,
        monkeypatch: pytest.MonkeyPatch) -> None:
    store_all(app)
    for package in ("lost", "abc"):
        s3.backend.put_object("films", f"{PREFIX}/packages/{package}/stream_0/more.ts", b"x")
    s3.backend.put_object("films", "another-site/packages/lost/stream_0/data0000.ts", b"x")
    tasks.tidy_bucket()
    run(app)
    assert in_bucket(s3, "lost")  # it is fresh: somebody may be sending it
    monkeypatch.setattr(clearing, "FORGOTTEN", timedelta(seconds=-1))
    tasks.tidy_bucket()
    assert [mark.name for mark in storage.path(clearing.UNSTORED).iterdir()] == ["lost."]
    run(app)
    assert in_bucket(s3, "lost") == {}
    assert in_bucket(s3).keys() >= LARGE.keys()
    assert s3.keys().get("another-site/packages/lost/stream_0/data0000.ts") == b"x"


def test_another_sites_bucket_is_left_alone(
        app: MoviePoint, s3: S3Server, storage: LocalStorage, stored_film: Edition) -> None:
    s3.backend.put_object("films", f"{PREFIX}/{clearing.OWNER}", b"another site")
    s3.backend.put_object("films", f"{PREFIX}/packages/theirs/stream_0/data0000.ts", b"x")
    storage.put(f"{clearing.UNSTORED}/theirs.", b"")
    run(app)
    tasks.tidy_bucket()
    assert in_bucket(s3) == {}
    assert in_bucket(s3, "theirs") == {"stream_0/data0000.ts": b"x"}
    assert rows()[0].fault == "refused"
    with pytest.raises(BucketRefused, match="s3_prefix"):
        clearing.claim(app.extensions[kernel.EXTENSION], storage)


def test_a_carried_track_is_lent_until_it_is_copied(
        app: MoviePoint, s3: S3Server, storage: LocalStorage, stored_film: Edition) -> None:
    store_all(app)
    storage.put("packages/new/stream_0/data0000.ts", b"anew")
    s3.away = True
    assert storing.carry(storage, "packages/abc", "packages/new", "audio_en")  # asks nobody
    place = index.find(storage, "new", "audio_en/data0001.ts")
    assert place is not None
    assert place.key == "packages/abc/audio_en/data0001.ts"
    with unit_of_work() as session:
        session.get_one(Edition, stored_film.id).package = "packages/new"
    for package in ("abc", "new"):
        grow_old(storage.path(f"packages/{package}"))
    sweep.remove_orphans(tasks.bench())
    assert storage.exists("packages/abc")  # the new one plays from there
    s3.away = False
    an_hour_later()
    run(app)
    assert in_bucket(s3, "new") == SOUND | {"stream_0/data0000.ts": b"anew"}
    assert in_bucket(s3) == LARGE
    grow_old(storage.path("packages/abc"))
    sweep.remove_orphans(tasks.bench())
    run(app)
    assert not storage.exists("packages/abc")
    assert (in_bucket(s3), in_bucket(s3, "new").keys() >= SOUND.keys()) == ({}, True)


def test_files_of_odd_names_go_and_come_back(
        app: MoviePoint, s3: S3Server, storage: LocalStorage, stored_film: Edition,
        monkeypatch: pytest.MonkeyPatch) -> None:
    odd = {"аудио ру/data #1%2F&?=+.ts": b"odd", "аудио ру/'\"\u200b.m4s": b"odder"}
    for name, body in odd.items():
        storage.put(f"packages/abc/{name}", body)
    (storage.path("packages/abc/stream_0/link.ts")).symlink_to("/etc/passwd")
    grow_old(storage.path("packages/abc"))
    store_all(app)
    assert in_bucket(s3) == LARGE | odd  # and no link
    use_bucket(app, s3, monkeypatch, s3_store=False)
    assert app.test_cli_runner().invoke(media_group, ["fetch"]).exit_code == 0
    assert {name: storage.path(f"packages/abc/{name}").read_bytes() for name in odd} == odd


def test_the_commands_push_all_and_bring_all_back(
        app: MoviePoint, client: FlaskClient, s3: S3Server, storage: LocalStorage, stored_film: Edition,
        monkeypatch: pytest.MonkeyPatch) -> None:
    runner = app.test_cli_runner()
    pushed = runner.invoke(media_group, ["store"])
    assert (pushed.exit_code, "✓ Film: in the bucket, and on the disk still, 9 files" in pushed.output) == (0, True), \
        pushed.output
    assert on_disk(storage) == LARGE.keys() | SMALL.keys()
    assert runner.invoke(media_group, ["store", "--release"]).exit_code == 0
    assert on_disk(storage) == SMALL.keys()
    refused = runner.invoke(media_group, ["fetch"])
    assert (refused.exit_code, "Set s3_store to false first" in refused.output) == (1, True)
    use_bucket(app, s3, monkeypatch, s3_store=False)
    s3.refuse = lambda method, path: 503 if method == "GET" and path.endswith("data0004.ts") else 0
    half = runner.invoke(media_group, ["fetch"])
    assert (half.exit_code, "still in the bucket" in half.output) == (1, True)
    nothing_is_lost(s3, storage)
    s3.refuse = lambda method, path: 0
    back = runner.invoke(media_group, ["fetch"])
    assert (back.exit_code, "All films are on the disk" in back.output) == (0, True), back.output
    assert {name: storage.path(f"packages/abc/{name}").read_bytes() for name in LARGE} == LARGE
    assert (index.folders(storage, "abc"), rows()) == ([], [])
    storage.put(f"{clearing.UNSTORED}/abc.audio_en", b"")
    asked = len(s3.asked)
    run(app)
    tasks.tidy_bucket()
    assert (rows(), len(s3.asked)) == ([], asked)  # s3_store is false: nothing is moved, nothing removed
    assert not list(storage.path("packages/abc/.stored").iterdir())
    address = f"{prefix(client, stored_film)}/stream_0/data0000.ts"
    assert client.get(address).data == SEGMENTS["stream_0/data0000.ts"]
    monkeypatch.setitem(app.extensions, kernel.EXTENSION, None)
    assert "s3_bucket is not set" in runner.invoke(media_group, ["store"]).output


def test_a_disk_too_small_for_all_films_is_said_before_a_byte_comes(
        app: MoviePoint, s3: S3Server, storage: LocalStorage, stored_film: Edition,
        monkeypatch: pytest.MonkeyPatch) -> None:
    store_all(app)
    use_bucket(app, s3, monkeypatch, s3_store=False)
    monkeypatch.setattr(LocalStorage, "free_bytes", lambda _self: 2**20)
    refused = app.test_cli_runner().invoke(media_group, ["fetch"])
    assert (refused.exit_code, "The disk is too small" in refused.output) == (1, True)
    assert on_disk(storage) == SMALL.keys()


def test_a_row_is_one_workers_at_a_time(app: MoviePoint, s3: S3Server, storage: LocalStorage,
                                        stored_film: Edition) -> None:
    work.note(storage)
    with unit_of_work() as session:
        session.execute(update(StoredPackage).values(state="moving", beat_at=utcnow()))
    run(app)
    assert in_bucket(s3) == {}
    with unit_of_work() as session:
        session.execute(update(StoredPackage).values(beat_at=utcnow() - timedelta(minutes=2)))
    run(app)
    assert in_bucket(s3) == LARGE
    with unit_of_work() as session:
        work.touch(session, "packages/abc")
    shutil.rmtree(storage.path("packages/abc/.stored"))
    run(app)  # what is there is found, and not sent again
    assert sum(line.startswith("PUT") for line in s3.asked) == len(LARGE) + 1


def test_looking_at_a_package_leaves_nothing_behind(app: MoviePoint, s3: S3Server, storage: LocalStorage,
                                                    bucket: Bucket, stored_film: Edition) -> None:
    store_all(app)
    with moving.whole(bucket, storage, "abc", lambda: None) as folder:
        for name, body in (LARGE | SMALL).items():
            assert (folder / name).read_bytes() == body
    left = storage.path(f"packages/{moving.LOOKED_AT}x")
    assert not list(storage.path("packages").glob(f"{moving.LOOKED_AT}*"))
    left.mkdir()  # as somebody leaves it who is killed
    tasks.tidy_bucket()
    assert left.exists()
    grow_old(left, hours=25)
    tasks.tidy_bucket()
    assert not left.exists()
    with pytest.raises(kernel.BucketError, match="s3_bucket is not set"), \
            moving.whole(None, storage, "abc", lambda: None):
        pass
