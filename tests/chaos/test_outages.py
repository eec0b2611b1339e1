"""The database goes away, the queue is emptied, the disk is full, the clock jumps: work waits, and goes on."""
from __future__ import annotations

import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest
import redis
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.media import ledger, tasks, worker
from moviepoint.domains.media.clock import Clock
from moviepoint.domains.media.encoding.plan import LANES
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.models import EncodingJob, EncodingStep
from moviepoint.domains.media.storing import PACKAGES
from moviepoint.kernel.db import db, unit_of_work, utcnow
from tests.chaos.conftest import ADMIN, LONG, REDIS
from tests.chaos.test_kills import Watchman
from tests.functional.media.house import House

pytestmark = pytest.mark.slow
AWAY_SECONDS = 30 if LONG else 6
RUNGS = (RungSpec(180, 600, 26), RungSpec(90, 200, 28))
SLOW = Profile(rungs=RUNGS, preset="veryslow", segment_seconds=2, range_segments=2)


def test_a_database_that_is_away_holds_up_nobody(scaled_out: tuple[str, str], open_house: Callable[..., House],
                                                 short_film: Path) -> None:
    """Connections are cut and refused while ffmpeg runs; the worker goes on, and says later how it ended."""
    database, queue = scaled_out
    house = open_house(database_url=database, queue_url=queue)
    name = database.rpartition("/")[2]
    job = house.start(short_film, profile=SLOW)
    process = house.run_worker(lease=4)
    house.wait(lambda: list(house.package(job).glob("stream_1/data*.ts")))
    db.session.remove()
    db.engine.dispose()
    with psycopg.connect(ADMIN, autocommit=True) as admin:
        admin.execute(f"alter database {name} allow_connections false")
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
        time.sleep(AWAY_SECONDS)
        admin.execute(f"alter database {name} allow_connections true")
    assert process.poll() is None
    done = house.wait_for(job, "done", "failed", seconds=120)
    assert (done.state, done.message) == ("done", "")
    assert {step.attempts for step in house.steps(job).values()} == {0}


def test_a_queue_that_is_emptied_loses_nothing(scaled_out: tuple[str, str], open_house: Callable[..., House],
                                               short_film: Path) -> None:
    database, queue = scaled_out
    house = open_house(database_url=database, queue_url=queue)
    jobs = [house.start(short_film, profile=msgspec.structs.replace(SLOW, preset="ultrafast")) for _ in range(4)]
    emptied = redis.Redis.from_url(REDIS)
    emptied.flushdb()
    house.run_worker()
    house.run_worker()
    for _ in range(6):
        time.sleep(0.7)
        emptied.flushdb()
    for job in jobs:
        assert house.wait_for(job, "done", "failed", seconds=90).state == "done"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB. Skips for whoever may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)],
                                      check=False, capture_output=True).returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_pauses_the_film_and_room_lets_it_go_on(small_disk: Path, open_house: Callable[..., House],
                                                            short_film: Path) -> None:
    house = open_house(media_root=small_disk, free_disk_reserve_bytes=2**20)
    job = house.start(short_film, profile=SLOW)
    house.run_worker(lease=4)
    house.wait(lambda: list(house.package(job).glob("stream_1/data*.ts")))
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space"), ballast.open("wb") as stream:
        while True:
            stream.write(bytes(2**16))
            stream.flush()
    paused = house.wait_for(job, "paused", "failed", "done", seconds=60)
    assert (paused.state, paused.code) == ("paused", "disk-full")
    assert "goes on by itself" in paused.message or "begins by itself" in paused.message
    ballast.unlink()
    done = house.wait_for(job, "done", "failed", seconds=90)
    assert (done.state, done.message) == ("done", "")


def remount(folder: Path, mode: str) -> None:
    """Make a disk read-only ("ro") or writable ("rw"), once nobody has a file open for writing."""
    for _ in range(100):
        if not subprocess.run(["mount", "-o", f"remount,{mode}", str(folder)], check=False,
                              capture_output=True).returncode:
            return
        time.sleep(0.1)
    pytest.fail(f"the disk does not become {mode}")


def test_a_disk_that_becomes_read_only_is_waited_for(small_disk: Path, open_house: Callable[..., House],
                                                     short_film: Path) -> None:
    house = open_house(media_root=small_disk, free_disk_reserve_bytes=2**20)
    job = house.start(short_film, profile=SLOW)
    worker = house.run_worker(lease=4)
    house.wait(lambda: list(house.package(job).glob("stream_1/data*.ts")))
    worker.kill()
    worker.wait()
    made = {path: path.stat().st_mtime_ns for path in house.package(job).glob("stream_1/data*.ts")}
    remount(small_disk, "ro")
    house.run_worker(lease=4)
    paused = house.wait_for(job, "paused", "failed", "done", seconds=60)
    assert (paused.state, paused.code) == ("paused", "storage-read-only")
    remount(small_disk, "rw")
    done = house.wait_for(job, "done", "failed", seconds=90)
    assert (done.state, done.message) == ("done", "")
    kept = [path for path, at in made.items() if path.exists() and path.stat().st_mtime_ns == at]
    assert len(kept) >= len(made) - 1


@pytest.fixture
def bound_disk(small_disk: Path, tmp_path: Path) -> Iterator[Path]:
    """The small disk by a mount of its own, which can become read-only while ffmpeg writes to the disk by another."""
    folder = tmp_path / "bound"
    folder.mkdir()
    subprocess.run(["mount", "--bind", str(small_disk), str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_becomes_read_only_under_a_worker_is_waited_for(bound_disk: Path, open_house: Callable[..., House],
                                                                    short_film: Path) -> None:
    house = open_house(media_root=bound_disk, free_disk_reserve_bytes=2**20)
    job = house.start(short_film, profile=SLOW)
    worker = house.run_worker(lease=4)
    house.wait(lambda: list(house.package(job).glob("stream_1/data*.ts")))
    remount(bound_disk, "bind,ro")
    paused = house.wait_for(job, "paused", "failed", "done", seconds=60)
    assert (paused.state, paused.code) == ("paused", "storage-read-only")
    assert worker.poll() is None
    remount(bound_disk, "bind,rw")
    done = house.wait_for(job, "done", "failed", seconds=90)
    assert (done.state, done.message) == ("done", "")


def test_a_source_that_goes_under_a_worker_is_waited_for(open_house: Callable[..., House], short_film: Path) -> None:
    house = open_house()
    job = house.start(short_film, profile=msgspec.structs.replace(SLOW, range_segments=60))
    house.run_worker(lease=4)
    house.wait(lambda: list(house.package(job).glob("stream_1/data*.ts")))
    source = house.storage.path(house.job(job).source.key)
    source.rename(source.with_name("elsewhere"))
    paused = house.wait_for(job, "paused", "failed", "done", seconds=60)
    assert (paused.state, paused.code) == ("paused", "source-gone")
    source.with_name("elsewhere").rename(source)
    done = house.wait_for(job, "done", "failed", seconds=90)
    assert (done.state, done.message) == ("done", "")


def test_a_disk_that_is_too_small_is_known_before_a_start(small_disk: Path, open_house: Callable[..., House],
                                                          short_film: Path) -> None:
    house = open_house(media_root=small_disk, free_disk_reserve_bytes=23 * 2**20)
    job = house.start(short_film, profile=SLOW)
    while sum(worker.work(tasks.bench(), lane) for lane in LANES):
        continue
    assert (house.job(job).state, house.job(job).code) == ("paused", "disk-full")
    assert not list(house.package(job).glob("stream_*/data*"))


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_step_is_had_by_one_worker_only(backend: str, open_house: Callable[..., House], short_film: Path,
                                          request: pytest.FixtureRequest) -> None:
    """Eight workers take sixty steps at the same moment, over and over; each is had once."""
    values = {}
    if backend == "postgresql":
        values["database_url"], values["queue_url"] = request.getfixturevalue("scaled_out")
    house = open_house(**values)
    job_id = house.start(short_film)
    with unit_of_work() as session:
        job = session.get_one(EncodingJob, job_id)
        for number in range(60):
            job.steps.append(EncodingStep(name=f"step-{number}", kind="video", lane="heavy", stage=0, position=number))
    had: Counter[int] = Counter()
    lock, ready = threading.Lock(), threading.Barrier(8)

    def take(name: str) -> None:
        ready.wait()
        with house.app.app_context():
            while True:
                with unit_of_work() as session:
                    lease = ledger.take(session, "heavy", name)
                if lease is None:
                    break
                with lock:
                    had[lease.step_id] += 1
            db.session.remove()

    threads = [threading.Thread(target=take, args=(f"w{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(had) == 60
    assert set(had.values()) == {1}


@pytest.mark.parametrize("hours", [-5, 5] if LONG else [5])
def test_a_clock_that_jumps_keeps_nobody_waiting(open_house: Callable[..., House], short_film: Path, hours: int,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    """What was leased before the jump by a worker that is gone can be had again; so can what was paused.

    A lease's length passes first, in which workers that are alive renew theirs.
    """
    monkeypatch.setattr(ledger, "LEASE", timedelta(seconds=4))
    monkeypatch.setattr(ledger, "CLOCK", Clock())
    house = open_house()
    first, second = house.start(short_film), house.start(short_film)
    with unit_of_work() as session:
        lease = ledger.take(session, "light", "gone")
    assert lease is not None
    with unit_of_work() as session:
        session.execute(update(EncodingStep).where(EncodingStep.job_id == (first if lease.job_id == second else second))
                        .values(not_before=utcnow() + timedelta(minutes=1)))
    monkeypatch.setattr(ledger, "utcnow", lambda: utcnow() + timedelta(hours=hours))
    with unit_of_work() as session:
        found = [ledger.take(session, "light", "here") for _ in range(3)]
    assert [again.job_id for again in found if again] == [first if lease.job_id == second else second]
    time.sleep(4.1)
    with unit_of_work() as session:
        found += [ledger.take(session, "light", "here")]
    assert {again.job_id for again in found if again} == {first, second}
    with unit_of_work() as session:
        assert not ledger.holds(session, lease)  # and the one that comes back cannot write
        assert not ledger.complete(session, lease, {})
    states = db.session.scalars(select(EncodingStep.state)).all()
    db.session.rollback()
    assert states == ["running", "running"]


@pytest.mark.parametrize("hours", [-1, 1] if LONG else [-1])
def test_a_clock_that_jumps_takes_no_step_from_a_worker_that_is_alive(
        open_house: Callable[..., House], short_film: Path, hours: int, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    """The test is the other worker, whose clock jumps too: it grabs at steps, more often than any worker would."""
    monkeypatch.setattr(ledger, "LEASE", timedelta(seconds=6))
    monkeypatch.setattr(ledger, "CLOCK", Clock(), raising=False)
    clock, shift = tmp_path / "clock", timedelta(hours=hours)
    clock.write_text("0")
    house = open_house()
    job = house.start(short_film, profile=msgspec.structs.replace(SLOW, range_segments=60))
    house.run_worker(6, 20, str(clock))
    house.wait(lambda: list(house.package(job).glob("stream_1/data*.ts")))
    watchman = Watchman(house.storage.path(PACKAGES))
    with unit_of_work() as session:
        ledger.lanes_with_work(session)
    clock.write_text(str(shift.total_seconds()))
    monkeypatch.setattr(ledger, "utcnow", lambda: utcnow() + shift)
    running = {step.id for step in house.steps(job).values() if step.kind == "video" and step.state == "running"}
    assert running
    end = time.monotonic() + 8
    while time.monotonic() < end and house.job(job).state == "running":
        with unit_of_work() as session:
            lease = ledger.take(session, "heavy", "thief")
            assert lease is None or lease.step_id not in running
            if lease is not None:
                ledger.release(session, lease)
        time.sleep(0.05)
    done = house.wait_for(job, "done", "failed", seconds=90)
    watchman.stop()
    assert (done.state, done.message) == ("done", "")
    assert watchman.again == Counter()
    assert {step.fence for step in house.steps(job).values() if step.kind == "video"} == {1}


def test_one_persons_many_films_do_not_keep_others_waiting(open_house: Callable[..., House], short_film: Path) -> None:
    house = open_house()
    jobs = [house.start(short_film) for _ in range(12)]
    with unit_of_work() as session:
        for job in session.scalars(select(EncodingJob)):
            job.steps[0].state = "done"
            for number in range(5):
                job.steps.append(EncodingStep(name=f"range-{number}", kind="video", lane="heavy", stage=1,
                                              position=number + 1))
    with unit_of_work() as session:  # ten of one person's, one of another's, one of a third's
        others = _users(session, 3)
        for place, job_id in enumerate(jobs):
            session.get_one(EncodingJob, job_id).created_by_id = others[0 if place < 10 else place - 9]
    order = []
    with unit_of_work() as session:
        while lease := ledger.take(session, "heavy", "w"):
            order.append(lease.job_id)
    assert len(order) == 60
    for job in jobs[10:]:
        assert max(place for place, found in enumerate(order) if found == job) < 15  # five turns among three people


def _users(session: Session, count: int) -> list[int]:
    found = [User(email=f"u{n}@example.org", password="x", active=True, fs_uniquifier=f"u{n}") for n in range(count)]
    session.add_all(found)
    session.flush()
    return [user.id for user in found]
