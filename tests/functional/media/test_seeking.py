"""Whether a film is found exactly where it is sought is tried beside its encoding, before it is out."""
from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from moviepoint.domains.media import ledger, planning, services, tasks, worker
from moviepoint.domains.media.bench import Bench, LeaseWatch
from moviepoint.domains.media.encoding import measure
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.plan import HEAVY, LIGHT, SEEK_TEST, SOUND
from moviepoint.domains.media.encoding.probe import Probe
from moviepoint.domains.media.ledger import Lease
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.house import House, drain
from tests.functional.media.test_copying import TWO
from tests.unit.media.films import make, pattern, tone

ROLLING = ("-c:v", "libx264", "-preset", "fast", "-x264-params", "intra-refresh=1:keyint=60", "-pix_fmt", "yuv420p")
CUT = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-pix_fmt", "yuv420p")


def film(tools: Tools, folder: Path, codec: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A film of five segments, as if it were long enough for the test."""
    monkeypatch.setattr(measure, "SEEK_TEST_FROM_MS", 20_000)
    return make(tools, folder / "film.mp4", *pattern(rate="24", seconds=28), *tone(440, 28), *codec, "-c:a", "ac3")


def videos(house: House, job_id: int) -> list[str]:
    return [step for step in house.steps(job_id) if step.startswith("video")]


@pytest.mark.parametrize("begun", [False, True])
def test_a_film_that_is_not_found_where_it_is_sought_is_made_in_one_piece(
        house: House, tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bool) -> None:
    """What workers have made of its ranges before that was known is given up."""
    job_id = house.start(film(tools, tmp_path, ROLLING, monkeypatch), profile=TWO)
    tried, packages = worker.KINDS[SEEK_TEST], [house.job(job_id).package]

    def late(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
        if begun:
            assert worker.work(bench, HEAVY) > 2
        tried(bench, lease, watch)

    monkeypatch.setitem(worker.KINDS, SEEK_TEST, late)
    drain(house)
    job = house.job(job_id)
    assert (job.state, job.message) == ("done", "")
    assert videos(house, job_id) == ["video-0000-end"]
    assert not msgspec.convert(job.source.probe, Probe).seekable
    assert house.edition(job_id).package == job.package not in packages


def test_a_film_that_is_found_where_it_is_sought_keeps_its_ranges(house: House, tools: Tools, tmp_path: Path,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = house.start(film(tools, tmp_path, CUT, monkeypatch), profile=TWO)
    drain(house)
    assert house.job(job_id).state == "done"
    assert videos(house, job_id) == ["video-0000-0001", "video-0002-end"]
    assert house.steps(job_id)[SEEK_TEST].state == "done"
    assert msgspec.convert(house.job(job_id).source.probe, Probe).seekable


def test_a_lease_of_a_step_that_is_no_more_is_no_lease_of_another(house: House, tools: Tools, tmp_path: Path,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite may give the number of a row that is gone to the next one: its worker must not end that one's step."""
    job_id = house.start(film(tools, tmp_path, ROLLING, monkeypatch), profile=TWO)
    worker.do_step(tasks.bench(), take(LIGHT))
    sought, *others = take(LIGHT), take(HEAVY), take(HEAVY), take(SOUND)
    with unit_of_work() as session:
        assert planning.keep_whole(session, sought, services.new_package())
    new = [take(HEAVY), take(SOUND)]
    with unit_of_work() as session:
        assert not any(ledger.holds(session, lease) or ledger.complete(session, lease, {}) for lease in others)
        assert all(ledger.holds(session, lease) for lease in new)
    assert {step.state for step in house.steps(job_id).values() if step.stage == services.STAGE_ENCODE} <= {
        "queued", "running"}


def take(lane: str) -> Lease:
    with unit_of_work() as session:
        lease = ledger.take(session, lane, "test")
    assert lease is not None
    return lease


def test_what_was_tried_once_is_remembered_when_the_film_is_inspected_again(
        house: House, tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that is called off before it has tried again must not leave behind that the film can be cut."""
    first = house.start(film(tools, tmp_path, ROLLING, monkeypatch), profile=TWO)
    drain(house)
    with unit_of_work() as session:
        again = services.start_job(session, SYSTEM, house.job(first).source_id).id
    worker.do_step(tasks.bench(), take(LIGHT))
    with unit_of_work() as session:
        services.cancel_job(session, SYSTEM, again)
    assert not msgspec.convert(house.job(first).source.probe, Probe).seekable
