"""A worker that has lost its lease changes no file of the package, whatever it is about to deliver."""
from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import update

from moviepoint.domains.media import ledger, tasks, worker
from moviepoint.domains.media.bench import LeaseWatch
from moviepoint.domains.media.encoding.errors import Stopped
from moviepoint.domains.media.encoding.fence import held
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.ledger import Lease
from moviepoint.domains.media.models import EncodingStep
from moviepoint.kernel.db import unit_of_work
from tests.functional.media.house import House, drain

RUNGS = (RungSpec(90, 200, 30), RungSpec(72, 100, 30))


def take(lane: str) -> Lease | None:
    with unit_of_work() as session:
        return ledger.take(session, lane, "test")


def taken_over(lease: Lease) -> None:
    """Have another worker lease a step that is leased already."""
    with unit_of_work() as session:
        session.execute(update(EncodingStep).where(EncodingStep.id == lease.step_id)
                        .values(fence=lease.fence + 1, worker="another"))


def given_back(lease: Lease) -> None:
    with unit_of_work() as session:
        session.execute(update(EncodingStep).where(EncodingStep.id == lease.step_id)
                        .values(state="queued", lease_until=None))


def files(package: Path) -> dict[str, tuple[int, bytes]]:
    """Return what is in a package beside staging: inode and bytes by name. A lock file is nobody's business."""
    return {path.relative_to(package).as_posix(): (path.stat().st_ino, path.read_bytes())
            for path in package.rglob("*") if path.is_file() and ".work" not in path.parts
            and not path.name.endswith(".lock")}


@pytest.mark.parametrize("segments", ["ts", "fmp4"])
def test_a_worker_that_lost_its_lease_changes_no_file(house: House, film: Path, segments: str,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is first done by a worker that was taken over from a moment before, and that does not look up."""
    monkeypatch.setattr(LeaseWatch, "look_seconds", 3600.0)
    job_id = house.start(film, profile=Profile(rungs=RUNGS, preset="ultrafast", segments=segments,  # type: ignore[arg-type]
                                               range_segments=2))
    tried, changed = set(), {}
    while house.job(job_id).state in ledger.LIVE:
        lease = take("light") or take("heavy") or take("sound")
        assert lease is not None, {step.name: step.state for step in house.steps(job_id).values()}
        if lease.kind not in ("inspect", "checksum") and lease.step_id not in tried:
            tried.add(lease.step_id)
            before = files(house.package(job_id))
            taken_over(lease)
            worker.do_step(tasks.bench(), lease)
            after = files(house.package(job_id))
            if after != before:
                changed[lease.name] = {name for name in after.keys() | before.keys()
                                       if after.get(name) != before.get(name)}
            assert house.steps(job_id)[lease.name].state == "running"
            given_back(lease)
        else:
            worker.do_step(tasks.bench(), lease)
    assert changed == {}
    assert (house.job(job_id).state, house.job(job_id).message) == ("done", "")
    assert {house.steps(job_id)[name].kind for name in house.steps(job_id)} == {
        "inspect", "checksum", "video", "audio", "subtitles", "storyboard", "check", "publish"}
    drain(house)


def test_who_writes_has_the_package_alone_from_the_question_to_the_rename(tmp_path: Path) -> None:
    """A lease that is lost between the two cannot be used up by its next holder before the rename is over."""
    order: list[str] = []
    asked = threading.Event()

    def slow() -> None:
        order.append("old asks")
        asked.set()
        time.sleep(0.3)

    def old() -> None:
        with held(tmp_path, slow):
            order.append("old writes")

    thread = threading.Thread(target=old)
    thread.start()
    asked.wait()
    with held(tmp_path, lambda: order.append("new asks")):
        order.append("new writes")
    thread.join()
    assert order == ["old asks", "old writes", "new asks", "new writes"]


def test_a_package_that_is_gone_says_whether_the_work_is_wanted(tmp_path: Path) -> None:
    def unwanted() -> None:
        raise Stopped()

    with pytest.raises(Stopped), held(tmp_path / "gone", unwanted):
        pass
    with pytest.raises(FileNotFoundError), held(tmp_path / "gone", lambda: None):
        pass
