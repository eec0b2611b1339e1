"""Workers are killed at random moments, and nothing is lost: twenty films, twenty kills."""
from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from moviepoint.domains.media import sweep, tasks
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.models import EncodingStep
from moviepoint.domains.media.storing import PACKAGES
from moviepoint.kernel.db import db
from tests.chaos.conftest import LONG
from tests.functional.media.house import House
from tests.unit.media.films import X264, make, pattern

pytestmark = pytest.mark.slow
FILMS, KILLS = (20, 20) if LONG else (4, 4)
PROFILE = Profile(rungs=(RungSpec(180, 600, 26), RungSpec(90, 200, 28)), preset="slow", segment_seconds=2,
                  range_segments=3)


class Watchman:
    """Looks at all packages and notes which segments of the picture were written twice."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._seen = folder, dict[str, int]()
        self.again: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self.look()

    def look(self) -> None:
        for path in self._folder.glob("*/stream_*/data*.ts"):
            try:
                inode = path.stat().st_ino
            except OSError:
                continue
            key = str(path.relative_to(self._folder))
            if self._seen.setdefault(key, inode) != inode:
                self.again[key] += 1
                self._seen[key] = inode

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def processes_of(folder: Path) -> list[int]:
    """Return the processes whose command names a folder of the house: children that outlived their parent."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_twenty_films_outlive_twenty_kills(backend: str, open_house: Callable[..., House], short_film: Path,
                                           request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> None:
    values = {}
    if backend == "postgresql":
        values["database_url"], values["queue_url"] = request.getfixturevalue("scaled_out")
    house = open_house(encode_slots=2, **values)
    seed = int(os.environ.get("MOVIEPOINT_TEST_SEED", time.time_ns() % 10**6))
    chance = random.Random(seed)
    jobs = [house.start(short_film, profile=PROFILE) for _ in range(FILMS)]
    packages = house.storage.path(PACKAGES)
    watchman = Watchman(packages)
    workers = [house.run_worker(lease=3), house.run_worker(lease=3)]
    time.sleep(2)  # they have to come up
    kills = 0
    while kills < KILLS and not all(house.job(job).state == "done" for job in jobs):
        time.sleep(chance.uniform(0.3, 2.0))
        place = chance.randrange(2)
        workers[place].send_signal(signal.SIGKILL)
        workers[place].wait()
        workers[place] = house.run_worker(lease=3)
        kills += 1
    for job in jobs:
        assert house.wait_for(job, "done", "failed", seconds=240).state == "done", (seed, house.job(job).message)
    watchman.stop()
    stop(workers)
    sweep.sweep(tasks.bench())
    running = db.session.scalars(select(EncodingStep).where(EncodingStep.state != "done")).all()
    db.session.rollback()
    with capsys.disabled():
        print(f"\n{backend}, seed {seed}: {kills} kills, {FILMS} films done, "  # noqa: T201 -- the seed must be known
              f"{sum(watchman.again.values())} segments written again")
    assert kills >= KILLS // 2, "the films were ready too soon to be disturbed"
    assert sum(watchman.again.values()) <= kills * len(PROFILE.rungs)
    assert running == []
    folders = [path for path in packages.iterdir() if not path.name.startswith(".")]
    assert len(folders) == FILMS
    assert not [path for folder in folders for path in folder.rglob("*") if ".work" in path.parts or
                path.suffix in (".tmp", ".part")]
    assert processes_of(house.settings.instance) == []


@pytest.mark.skipif(not LONG, reason="waits for a real lease to run out (MOVIEPOINT_TEST_LONG=1)")
def test_a_killed_worker_is_taken_over_within_forty_seconds(open_house: Callable[..., House], tools: Tools,
                                                            tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the lease, the beat, the sweep and the queue as operators have them."""
    house = open_house()
    film = make(tools, tmp_path / "film.mp4", *pattern("640x360", "24", 60), *X264)  # is worked at for half a minute
    job = house.start(film, profile=Profile(rungs=PROFILE.rungs, preset="veryslow", segment_seconds=2))
    first = house.run_worker(lease=0)
    house.wait(lambda: list(house.package(job).glob("stream_1/data*.ts")))
    house.run_worker(lease=0)
    time.sleep(3)  # it has to come up
    name, fence = next((step.name, step.fence) for step in house.steps(job).values()
                       if step.kind == "video" and step.state == "running")
    first.kill()
    killed = time.monotonic()
    house.wait(lambda: house.steps(job)[name].fence > fence, seconds=60)
    taken = time.monotonic() - killed
    with capsys.disabled():
        print(f"\ntaken over after {taken:.1f} s")  # noqa: T201
    assert taken < 40


def stop(workers: list[subprocess.Popen[bytes]]) -> None:
    """Tell workers to stop; they end by themselves, with success."""
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    for worker in workers:
        assert worker.wait(timeout=30) == 0


def test_a_worker_that_is_told_to_stop_gives_its_step_back_at_once(open_house: Callable[..., House],
                                                                    short_film: Path) -> None:
    """Another worker takes it over without waiting for the lease to run out, and makes no finished segment again."""
    house = open_house()
    job = house.start(short_film, profile=Profile(rungs=PROFILE.rungs, preset="veryslow", segment_seconds=2))
    watchman = Watchman(house.storage.path(PACKAGES))
    first = house.run_worker(lease=600, patience=0)
    house.wait(lambda: list(house.package(job).glob("stream_1/data*.ts")))
    stop([first])
    steps = house.steps(job)
    assert steps["video-0000-end"].state == "queued"
    assert steps["video-0000-end"].lease_until is None
    house.run_worker(lease=600)
    assert house.wait_for(job, "done", "failed", seconds=90).state == "done"
    watchman.stop()
    assert watchman.again == Counter()
    result = house.steps(job)["video-0000-end"].result
    assert result is not None
    assert result["reused"] >= 1


def test_a_worker_with_patience_ends_its_step_and_takes_no_other(open_house: Callable[..., House],
                                                                 short_film: Path) -> None:
    house = open_house()
    job = house.start(short_film, profile=PROFILE)
    worker = house.run_worker(lease=600, patience=60)
    house.wait(lambda: any(step.kind == "video" and step.state == "running" for step in house.steps(job).values()))
    stop([worker])
    states = Counter(step.state for step in house.steps(job).values())
    assert states["running"] == 0
    assert states["queued"] >= 1
    assert [step for step in house.steps(job).values() if step.kind == "video" and step.state == "done"]


def test_a_second_signal_ends_at_once_and_no_child_stays(open_house: Callable[..., House], short_film: Path) -> None:
    house = open_house()
    job = house.start(short_film, profile=Profile(rungs=PROFILE.rungs, preset="veryslow", segment_seconds=2))
    worker = house.run_worker(lease=600, patience=600)
    house.wait(lambda: list(house.package(job).glob(".work/video-*/stream_1/*")))
    worker.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert worker.poll() is None
    worker.send_signal(signal.SIGTERM)
    worker.wait(timeout=5)
    house.wait(lambda: not processes_of(house.settings.instance), seconds=3)
