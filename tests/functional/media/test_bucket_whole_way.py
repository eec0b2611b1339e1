"""A film that was really encoded, in a bucket: checked there, joined by a dub, encoded again, and a worker killed."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import m3u8
import pytest
from sqlalchemy import select

from moviepoint.domains.media import playback, services, storing, sweep, tasks
from moviepoint.domains.media.cli import media_group
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.models import Edition, SourceAsset
from moviepoint.domains.media.remote import index
from moviepoint.domains.media.remote.models import StoredPackage
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.settings import PROJECT_ROOT
from tests.functional.media.adding import add, edition_with_package, live
from tests.functional.media.house import House, drain
from tests.functional.media.stored import (  # noqa: F401 -- fixtures among them
    PREFIX,
    an_hour_later,
    empty_s3,
    grow_old,
    in_bucket,
    running_server,
    store_all,
    use_bucket,
)
from tests.s3_server import S3Server, bucket_settings


def played(house: House, s3: S3Server, edition: Edition) -> set[str]:
    """Follow the master to each file, on the disk or in the bucket; returns the names of those in the bucket alone."""
    package = (edition.package or "").rpartition("/")[2]
    held, remote = s3.keys(), set()
    master = m3u8.loads(playback.master_playlist(playback.load_edition(db.session(), edition.public_id)))
    playlists = {item.uri for item in (*master.playlists, *master.media, *master.iframe_playlists) if item.uri}
    for name in playlists:
        for segment in m3u8.loads(house.storage.path(f"packages/{package}/{name}").read_text()).files:
            if not house.storage.exists(f"packages/{package}/{segment}"):
                place = index.find(house.storage, package, segment)
                assert place is not None, segment
                assert len(held[f"{PREFIX}/{place.key}"]) == place.size
                remote.add(segment)
    return remote


def test_dubs_and_encodings_come_and_go_while_the_film_lies_in_the_bucket(
        house: House, s3: S3Server, film: Path, dub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_bucket(house.app, s3, monkeypatch)
    edition_id = edition_with_package(house, film)
    edition, first = live(house, edition_id)
    grow_old(first)
    store_all(house.app)
    assert not list(first.rglob("*.ts"))
    assert len(played(house, s3, edition)) == len(list(in_bucket(s3, first.name))) - len(
        [name for name in in_bucket(s3, first.name) if name.endswith(".jpg")])
    runner = house.app.test_cli_runner()
    checked = runner.invoke(media_group, ["verify", "all"])
    assert (checked.exit_code, "0 departure(s)" in checked.output) == (0, True), checked.output
    s3.away = True
    unread = runner.invoke(media_group, ["verify", "all"])
    assert (unread.exit_code, "not checked, for its files cannot be fetched" in unread.output) == (1, True)
    s3.away = False

    before = in_bucket(s3, first.name)
    sound = add(house, edition_id, dub, Intent("audio", "de", "dub"))
    drain(house)
    assert house.job(sound).state == "done"
    assert db.session.scalars(select(StoredPackage.state)).all() == ["waiting"]
    edition, _package = live(house, edition_id)
    assert edition.package_bytes > sum(map(len, before.values()))  # the film counts, wherever it lies
    grow_old(first)
    store_all(house.app)
    after = in_bucket(s3, first.name)
    assert before.items() <= after.items()
    assert {name.split("/")[0] for name in after.keys() - before.keys()} == {f"audio_de-j{sound}"}

    with unit_of_work() as session:
        source = session.scalars(select(SourceAsset.id).where(SourceAsset.edition_id == edition_id)
                                 .order_by(SourceAsset.id)).first()
        services.start_job(session, SYSTEM, source or 0)
    s3.away = True
    drain(house)  # encoding and publishing ask nothing of the bucket
    edition, second = live(house, edition_id)
    assert second != first
    assert {segment.split("/")[0] for segment in played(house, s3, edition)} == {f"audio_de-j{sound}"}
    s3.away = False
    grow_old(second)
    grow_old(first)
    store_all(house.app)
    sweep.remove_orphans(tasks.bench())
    assert first.exists()  # it plays on for half a day, from the bucket too
    assert in_bucket(s3, first.name)
    grow_old(house.storage.path(storing.REPLACED), hours=13)
    sweep.remove_orphans(tasks.bench())
    tasks.store()
    assert not first.exists()
    assert in_bucket(s3, first.name) == {}
    assert f"audio_de-j{sound}" in {segment.split("/")[0] for segment in played(house, s3, edition)}


KILLED = 5  # objects that the bucket has taken when the worker dies


def test_a_worker_that_is_killed_while_it_stores_is_followed_by_another(
        house: House, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from_disk = {f"stream_0/data{number:04d}.ts": bytes([number]) * 5000 for number in range(40)}
    for name, body in from_disk.items():
        house.storage.put(f"packages/one/{name}", body)
    grow_old(house.storage.path("packages/one"))
    job = house.add_source(Path(__file__))
    with unit_of_work() as session:
        edition = session.get_one(SourceAsset, job).edition
        edition.package = "packages/one"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MOVIEPOINT_")} | {
        "MOVIEPOINT_INSTANCE": str(house.settings.instance), "MOVIEPOINT_SECRET_KEY": house.settings.secret_key,
        "MOVIEPOINT_PLUGINS": "", **{f"MOVIEPOINT_{name.upper()}": str(value) for name, value in bucket_settings(
            s3, s3_prefix=PREFIX).items()}}
    command = [sys.executable, "-m", "moviepoint.cli", "media", "store", "--release"]
    victim: list[subprocess.Popen[bytes]] = []
    taken = 0

    def deadly(method: str, path: str) -> int:
        nonlocal taken
        taken += method == "PUT" and path.endswith(".ts")
        if taken == KILLED and victim:
            os.kill(victim[0].pid, signal.SIGKILL)
        return 0

    s3.refuse = deadly
    victim.append(subprocess.Popen(command, cwd=PROJECT_ROOT, env=environ, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL))
    assert victim[0].wait(60) == -signal.SIGKILL
    s3.refuse = lambda method, path: 0
    assert KILLED - 1 <= len(in_bucket(s3, "one")) < len(from_disk)
    folder = house.storage.path("packages/one/stream_0")
    assert {f"stream_0/{path.name}": path.read_bytes() for path in folder.iterdir()} == from_disk  # none has gone
    assert db.session.scalars(select(StoredPackage.state)).all() == ["moving"]
    use_bucket(house.app, s3, monkeypatch)
    tasks.store()
    assert len(in_bucket(s3, "one")) < len(from_disk)  # for a minute it is the dead one's
    an_hour_later()
    store_all(house.app)
    assert (in_bucket(s3, "one"), list(folder.iterdir())) == (from_disk, [])
    sent = [line for line in s3.asked if line.startswith("PUT") and line.endswith(".ts")]
    assert len(sent) <= len(from_disk) + 8  # at most those in hand were sent twice
