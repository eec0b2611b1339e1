"""The place of storage fails while a worker is at work: a named state at once, and the job goes on by itself."""
from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import update

from moviepoint.domains.media import ledger, queries, room, sweep, tasks, worker
from moviepoint.domains.media.encoding import child, steps, workshop
from moviepoint.domains.media.encoding.errors import Refused, Temporary
from moviepoint.domains.media.models import EncodingStep
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.house import House, drain

AWAY = (errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT)


def failing_with(number: int) -> Callable[..., NoReturn]:
    def fail(*_arguments: Any, **_values: Any) -> NoReturn:
        raise OSError(number, os.strerror(number))
    return fail


def wait_is_over(job_id: int) -> None:
    with unit_of_work() as session:
        session.execute(update(EncodingStep).where(EncodingStep.job_id == job_id, EncodingStep.not_before.is_not(None))
                        .values(not_before=utcnow() - timedelta(seconds=1)))


@pytest.mark.parametrize("number", AWAY)
def test_a_storage_that_does_not_answer_pauses_by_name(house: House, film: Path, number: int,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = house.start(film)
    monkeypatch.setattr(steps, "run_step", failing_with(number))
    monkeypatch.setattr(room, "touch", failing_with(number))
    drain(house)
    job = house.job(job_id)
    assert (job.state, job.code) == ("paused", "storage-away")
    assert os.strerror(number) in job.message
    assert "by itself" in job.message
    sweep.sweep(tasks.bench())
    assert house.job(job_id).state == "paused"
    monkeypatch.undo()
    sweep.sweep(tasks.bench())
    drain(house)
    assert (house.job(job_id).state, house.job(job_id).message) == ("done", "")
    assert {step.attempts for step in house.steps(job_id).values()} == {0}


@pytest.mark.parametrize(("number", "code"), [(errno.EIO, "storage-away"), (errno.EROFS, "storage-read-only"),
                                              (errno.ESTALE, "storage-away")])
def test_an_error_in_passing_pauses_too_and_is_not_run_into_again_and_again(
        house: House, film: Path, number: int, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One rename fails although the storage looks well: the pause grows, and the job never fails for it."""
    job_id = house.start(film)
    monkeypatch.setattr(steps, "run_step", failing_with(number))
    for _ in range(7):
        drain(house)
        assert (house.job(job_id).state, house.job(job_id).code) == ("paused", code)
        sweep.sweep(tasks.bench())
        assert house.job(job_id).state == "paused", "it was tried a moment ago"
        wait_is_over(job_id)
        sweep.sweep(tasks.bench())
        assert house.job(job_id).state == "queued"
    monkeypatch.undo()
    drain(house)
    assert house.job(job_id).state == "done"


def test_a_name_that_no_storage_takes_is_not_waited_for(house: House, film: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = house.start(film)
    monkeypatch.setattr(steps, "run_step", failing_with(errno.ENAMETOOLONG))
    drain(house)
    job = house.job(job_id)
    assert (job.state, job.code) == ("failed", "name-too-long")
    assert job.message.endswith(".")


def test_a_mount_that_is_gone_is_waited_for(house: House, film: Path) -> None:
    job_id = house.start(film)
    elsewhere = house.storage.root.with_name("elsewhere")
    house.storage.root.rename(elsewhere)
    drain(house)
    assert house.job(job_id).state == "paused"
    assert house.job(job_id).code in ("storage-away", "source-gone")
    assert not house.storage.root.exists(), "nothing is made where the mount was"
    sweep.sweep(tasks.bench())
    assert house.job(job_id).state == "paused"
    elsewhere.rename(house.storage.root)
    sweep.sweep(tasks.bench())
    drain(house)
    assert house.job(job_id).state == "done"


def test_a_source_that_goes_while_it_is_encoded_pauses_its_job_within_seconds(
        house: House, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ffmpeg has it open and would read on to the end of its range."""
    job_id = house.start(film)
    source = house.storage.path(house.job(job_id).source.key)
    run, ran = child.Sandbox.run, []

    def gone(self: child.Sandbox, *arguments: Any, **values: Any) -> child.Outcome:
        if values["source"] == source and "progress" in " ".join(arguments[1]("x")):
            watch = values["watch"]

            def look(progress: child.Progress) -> None:
                if source.exists():
                    source.rename(source.with_name("elsewhere"))
                ran.append(progress)
                monkeypatch.setattr(worker.LeaseWatch, "look_seconds", 0.0)
                watch(progress)
            values["watch"] = look
        return run(self, *arguments, **values)

    while not any(step.kind == "video" for step in house.steps(job_id).values()):
        with unit_of_work() as session:
            lease = ledger.take(session, "light", "test")
        assert lease is not None
        worker.do_step(tasks.bench(), lease)
    monkeypatch.setattr(child.Sandbox, "run", gone)
    worker.work(tasks.bench(), "heavy")
    assert ran
    assert (house.job(job_id).state, house.job(job_id).code) == ("paused", "source-gone")
    monkeypatch.undo()
    source.with_name("elsewhere").rename(source)
    sweep.sweep(tasks.bench())
    drain(house)
    assert house.job(job_id).state == "done"


@pytest.mark.parametrize("error", [Refused("truncated", "It is cut off."), Refused("undecodable", "It is broken."),
                                   Temporary("ffmpeg-failed", "ffmpeg ended with 1.")])
def test_no_film_is_blamed_when_its_file_is_gone_or_cannot_be_written_beside(
        house: House, film: Path, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = house.start(film)
    source = house.storage.path(house.job(job_id).source.key)

    def cut_short(*_arguments: Any) -> NoReturn:
        source.rename(source.with_name("elsewhere"))
        raise error

    monkeypatch.setattr(steps, "run_step", cut_short)
    drain(house)
    assert (house.job(job_id).state, house.job(job_id).code) == ("paused", "source-gone")
    source.with_name("elsewhere").rename(source)
    monkeypatch.setattr(steps, "run_step", lambda *_arguments: (_ for _ in ()).throw(error))
    monkeypatch.setattr(room, "touch", failing_with(errno.EROFS))
    sweep.sweep(tasks.bench())
    assert house.job(job_id).state == "paused"
    monkeypatch.undo()
    sweep.sweep(tasks.bench())
    drain(house)
    assert house.job(job_id).state == "done"


def test_what_is_tried_again_says_when_until_it_goes_on(house: House, film: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = house.start(film)
    broken = [True]
    run = steps.run_step

    def sometimes(*arguments: Any) -> workshop.Result:
        if broken[0] and arguments[1].kind == "video":
            raise Temporary("ffmpeg-failed", "ffmpeg ended with 1.")
        return run(*arguments)

    monkeypatch.setattr(steps, "run_step", sometimes)
    drain(house)
    view = queries.job_detail(db.session(), SYSTEM, job_id).job
    db.session.rollback()
    assert (view.state, view.code) == ("running", "ffmpeg-failed")
    assert view.message.startswith("ffmpeg ended with 1. It is tried again at ")
    assert view.message.endswith(" UTC.")
    wait_is_over(job_id)
    broken[0] = False
    with unit_of_work() as session:
        lease = ledger.take(session, "heavy", "test")
    assert lease is not None
    assert (house.job(job_id).code, house.job(job_id).message) == ("", "")
    worker.do_step(tasks.bench(), lease)
    drain(house)
    assert (house.job(job_id).state, house.job(job_id).message) == ("done", "")
