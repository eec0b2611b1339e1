"""The ledger: leases, fences, order, retries; on whichever database the tests run."""
from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import ledger, plugin, queries, room, services
from moviepoint.domains.media.clock import Clock
from moviepoint.domains.media.models import Edition, EncodingJob, EncodingStep, SourceAsset, Upload
from moviepoint.domains.media.slots import slot
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.tasks import POLL_SECONDS
from moviepoint.settings import Settings

Queue = list[tuple[str, dict[str, object]]]
NUMBERS = iter(range(10**6))


@pytest.fixture
def make_source(session: Session, queue: Queue) -> Callable[[], int]:
    def make() -> int:
        with unit_of_work() as work:
            title = Title(kind="film", original_title="Film", slug=f"ledger-film-{next(NUMBERS)}")
            work.add(title)
            work.flush()
            edition = Edition(title_id=title.id)
            work.add(edition)
            work.flush()
            source = SourceAsset(edition_id=edition.id, key=f"uploads/{edition.public_id}", filename="f", size=1)
            work.add(source)
            work.flush()
            return source.id
    return make


@pytest.fixture
def make_job(make_source: Callable[[], int]) -> Callable[..., int]:
    """Return a function that makes a job with inspection done and the steps given as (name, lane, stage)."""
    def make(*steps: tuple[str, str, int], priority: int = 0) -> int:
        source = make_source()
        with unit_of_work() as work:
            job = services.start_job(work, SYSTEM, source, priority)
            if steps:
                job.steps[0].state = "done"
            for position, (name, lane, stage) in enumerate(steps, start=1):
                work.add(EncodingStep(job_id=job.id, position=position, name=name, kind="video", lane=lane,
                                      stage=stage))
            work.flush()
            return job.id
    return make


def take(lane: str = "heavy", worker: str = "w", later: timedelta = timedelta(0)) -> ledger.Lease | None:
    with unit_of_work() as work:
        return ledger.take(work, lane, worker, utcnow() + later)


def step(session: Session, lease: ledger.Lease) -> EncodingStep:
    session.expire_all()
    return session.get_one(EncodingStep, lease.step_id)


def test_a_step_is_had_once(session: Session, make_job: Callable[..., int]) -> None:
    job = make_job(("a", "heavy", 1))
    lease = take()
    assert lease is not None
    assert (lease.job_id, lease.name, lease.fence) == (job, "a", 1)
    assert take() is None
    row = step(session, lease)
    assert (row.state, row.worker) == ("running", "w")
    assert session.get_one(EncodingJob, job).state == "running"


def test_lanes_are_apart(make_job: Callable[..., int]) -> None:
    make_job(("a", "heavy", 1))
    assert take("light") is None
    assert take("heavy") is not None


def test_a_lost_lease_is_taken_over_and_the_old_worker_can_write_nothing(session: Session,
                                                                         make_job: Callable[..., int]) -> None:
    make_job(("a", "heavy", 1))
    old = take(worker="old")
    assert old is not None
    assert take(later=ledger.LEASE - timedelta(seconds=2)) is None
    new = take(worker="new", later=ledger.LEASE + timedelta(seconds=1))
    assert new is not None
    assert (new.step_id, new.fence) == (old.step_id, 2)
    with unit_of_work() as work:
        assert not ledger.holds(work, old)
        assert not ledger.renew(work, old, 0.9, None)
        assert not ledger.complete(work, old, {"by": "old"})
        assert not ledger.fail(work, old, "x", "x")
        assert not ledger.fail_for_now(work, old, "x", "x")
        assert not ledger.pause(work, old, "x", "x")
        assert not ledger.release(work, old)
        assert ledger.holds(work, new)
    assert (step(session, new).worker, step(session, new).progress) == ("new", 0.0)
    with unit_of_work() as work:
        assert ledger.complete(work, new, {"by": "new"})
    assert step(session, new).result == {"by": "new"}


def test_a_killed_worker_is_taken_over_within_forty_seconds() -> None:
    """At worst it has just renewed, the sweep has just looked, and so has the thread that gets the sweep's message."""
    sweeps = [task.every for task in plugin.register_tasks() if task.name == "media.sweep"]
    assert len(sweeps) == 1
    assert sweeps[0] is not None
    itself = timedelta(seconds=3)  # what a sweep and the taking of a step may last
    assert ledger.LEASE + sweeps[0] + timedelta(seconds=POLL_SECONDS) + itself < timedelta(seconds=40)
    assert 4 * ledger.BEAT <= ledger.LEASE, "a beat that is late loses no lease"


def test_a_clock_that_was_set_is_not_believed_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, now, at = Clock(), utcnow(), [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])
    settle = timedelta(seconds=25)
    assert clock.steady(now, settle)
    at[0] += 60
    assert clock.steady(now + timedelta(seconds=61), settle), "clocks are put right by little all the time"
    for hours in (1, -1):
        at[0] += 60
        now += timedelta(hours=hours)
        assert not clock.steady(now + timedelta(seconds=at[0] - 100), settle)
        at[0] += 24
        assert not clock.steady(now + timedelta(seconds=at[0] - 100), settle)
        at[0] += 2
        assert clock.steady(now + timedelta(seconds=at[0] - 100), settle)


def test_renewing_keeps_a_lease(session: Session, make_job: Callable[..., int]) -> None:
    make_job(("a", "heavy", 1))
    lease = take()
    assert lease is not None
    with unit_of_work() as work:
        work.execute(update(EncodingStep).where(EncodingStep.id == lease.step_id)
                     .values(lease_until=utcnow() + timedelta(seconds=1)))
        assert ledger.renew(work, lease, 1.7, 2.5, "ffmpeg -i x")
    row = step(session, lease)
    assert (row.progress, row.speed, row.command) == (1.0, 2.5, "ffmpeg -i x")
    assert take(later=timedelta(seconds=5)) is None


def test_stages_wait_for_each_other(make_job: Callable[..., int]) -> None:
    make_job(("a", "heavy", 1), ("b", "heavy", 1), ("check", "light", 2), ("publish", "light", 3))
    first, second = take(), take()
    assert first is not None
    assert second is not None
    for lease in (first, second):
        assert take("light") is None
        with unit_of_work() as work:
            ledger.complete(work, lease, {})
    check = take("light")
    assert check is not None
    assert check.name == "check"
    assert take("light") is None
    with unit_of_work() as work:
        ledger.complete(work, check, {})
        assert ledger.lanes_with_work(work) == {"light"}


def test_a_short_film_is_not_stuck_behind_a_long_one(make_job: Callable[..., int]) -> None:
    long = make_job(*((f"range-{n}", "heavy", 1) for n in range(5)))
    short = make_job(("range-0", "heavy", 1), ("range-1", "heavy", 1))
    order = [lease.job_id for _ in range(7) if (lease := take()) is not None]
    assert order == [long, short, long, short, long, long, long]


def test_priority_goes_first(session: Session, make_job: Callable[..., int], make_user: Callable[..., User]) -> None:
    make_job(("a", "heavy", 1))
    urgent = make_job(("a", "heavy", 1), ("b", "heavy", 1), priority=5)
    assert [lease.job_id for _ in range(2) if (lease := take()) is not None] == [urgent, urgent]
    with unit_of_work() as work:
        assert services.set_priority(work, make_user("editor"), urgent, -3).priority == -3
        with pytest.raises(Invalid):
            services.set_priority(work, SYSTEM, urgent, 1000)


def test_temporary_failures_pause_longer_each_time_and_end_at_the_fifth(session: Session,
                                                                        make_job: Callable[..., int]) -> None:
    job = make_job(("a", "heavy", 1))
    later = timedelta(0)
    for attempt in range(1, ledger.MAX_FAILURES + 1):
        lease = take(later=later)
        assert lease is not None, f"attempt {attempt}"
        with unit_of_work() as work:
            assert ledger.fail_for_now(work, lease, "ffmpeg-failed", "It broke.", "the log")
        row = step(session, lease)
        assert row.attempts == attempt
        if attempt < ledger.MAX_FAILURES:
            assert row.state == "queued"
            pause = ledger.PAUSES[attempt - 1]
            assert row.not_before is not None
            assert abs(row.not_before - utcnow() - pause) < timedelta(seconds=5)
            assert take(later=pause - timedelta(seconds=5)) is None
            later = pause + timedelta(seconds=1)
    found = session.get_one(EncodingJob, job)
    assert (found.state, found.code, found.message) == ("failed", "ffmpeg-failed", "It broke.")
    assert row.log == "the log"
    assert take(later=timedelta(days=1)) is None


def test_a_permanent_failure_ends_the_job_at_once(session: Session, make_job: Callable[..., int]) -> None:
    job = make_job(("a", "heavy", 1), ("b", "heavy", 1))
    first, second = take(), take()
    assert first is not None
    assert second is not None
    with unit_of_work() as work:
        assert ledger.fail(work, first, "truncated", "The file is cut off.")
        assert not ledger.holds(work, second), "the others stop"
    assert session.get_one(EncodingJob, job).state == "failed"


def test_a_paused_job_gives_nothing_and_loses_nothing(session: Session, make_job: Callable[..., int]) -> None:
    job = make_job(("a", "heavy", 1), ("b", "heavy", 1))
    lease = take()
    assert lease is not None
    with unit_of_work() as work:
        assert ledger.pause(work, lease, "disk-full", "No room.")
    assert take() is None
    assert step(session, lease).state == "queued"
    with unit_of_work() as work:
        services.retry_job(work, SYSTEM, job)
    assert take() is not None


def test_a_step_that_kills_its_workers_is_given_up(session: Session, make_job: Callable[..., int]) -> None:
    job = make_job(("a", "heavy", 1))
    lease = take()
    assert lease is not None
    with unit_of_work() as work:
        work.execute(update(EncodingStep).where(EncodingStep.id == lease.step_id)
                     .values(fence=ledger.MAX_LOST, lease_until=utcnow() - timedelta(seconds=1)))
        assert ledger.end_deadly_steps(work) == 1
    session.expire_all()
    assert session.get_one(EncodingJob, job).code == "worker-lost"


def test_cancelling_stops_everything_and_sends_the_sweep(session: Session, make_job: Callable[..., int],
                                                         queue: Queue) -> None:
    job = make_job(("a", "heavy", 1), ("b", "heavy", 1))
    lease = take()
    assert lease is not None
    with unit_of_work() as work:
        services.cancel_job(work, SYSTEM, job)
        assert not ledger.holds(work, lease)
    assert ("media.sweep", {}) in queue
    assert take() is None
    states = session.scalars(select(EncodingStep.state).where(EncodingStep.job_id == job)
                             .order_by(EncodingStep.position)).all()
    assert states == ["done", "running", "cancelled"]


def test_a_failed_job_is_retried_from_where_it_stands(session: Session, make_job: Callable[..., int]) -> None:
    job = make_job(("a", "heavy", 1), ("b", "heavy", 1))
    first, second = take(), take()
    assert first is not None
    assert second is not None
    with unit_of_work() as work:
        ledger.complete(work, first, {"kept": True})
        ledger.fail(work, second, "x", "x")
        services.retry_job(work, SYSTEM, job)
    again = take()
    assert again is not None
    assert again.step_id == second.step_id
    assert again.fence > second.fence
    assert step(session, first).result == {"kept": True}


@pytest.mark.parametrize("verb", [services.cancel_job, services.retry_job])
def test_only_who_may_gives_orders(make_job: Callable[..., int], make_user: Callable[..., User],
                                   verb: Callable[..., EncodingJob]) -> None:
    job, member = make_job(), make_user("member")
    with unit_of_work() as work:
        with pytest.raises(Forbidden):
            verb(work, member, job)
        with pytest.raises(Unauthenticated):
            verb(work, None, job)
        with pytest.raises(NotFound):
            verb(work, SYSTEM, 10**9)


def test_an_upload_becomes_a_source_once(session: Session, make_source: Callable[[], int], queue: Queue) -> None:
    edition = session.get_one(SourceAsset, make_source()).edition_id
    with unit_of_work() as work:
        upload = Upload(size=5, filename="a.mkv", state="stored", expires_at=utcnow())
        early = Upload(size=5, filename="b.mkv", state="receiving", expires_at=utcnow())
        work.add_all([upload, early])
        work.flush()
        job = services.encode_upload(work, SYSTEM, upload.id, edition)
        assert (job.source.key, job.source.filename, upload.state) == (upload.key, "a.mkv", "used")
        for number in (upload.id, early.id):
            with pytest.raises(Conflict):
                services.encode_upload(work, SYSTEM, number, edition)
        with pytest.raises(NotFound):
            services.encode_upload(work, SYSTEM, upload.id, 10**9)
    assert queue == [("media.work", {"lane": "light"})]


def test_a_discarded_source_cannot_be_encoded(session: Session, make_source: Callable[[], int]) -> None:
    number = make_source()
    with unit_of_work() as work:
        work.get_one(SourceAsset, number).kept = False
        with pytest.raises(Invalid, match="discarded"):
            services.start_job(work, SYSTEM, number)
        with pytest.raises(NotFound):
            services.start_job(work, SYSTEM, 10**9)


def test_progress_and_time_left_come_from_weights(session: Session, make_job: Callable[..., int]) -> None:
    job = make_job(("a", "heavy", 1), ("b", "heavy", 1))
    lease = take()
    assert lease is not None
    with unit_of_work() as work:
        ledger.renew(work, lease, 0.5, 2.0)
        row = work.get_one(EncodingJob, job)
        row.plan, row.started_at = {"notes": ["Hello."]}, utcnow() - timedelta(seconds=30)
        work.execute(update(EncodingStep).where(EncodingStep.job_id == job, EncodingStep.name == "inspect")
                     .values(progress=1.0, weight=2.0))
    session.expire_all()
    view = queries.job_detail(session, SYSTEM, job).job
    assert view.progress == pytest.approx((2 + 0.5) / 4)
    assert view.speed == 2.0
    assert view.remaining_seconds == pytest.approx(18, abs=2)
    assert view.notes == ["Hello."]
    assert view.can_cancel
    assert not view.can_retry


def test_lists_take_a_query_for_the_jobs_and_one_for_their_steps(session: Session, make_job: Callable[..., int],
                                                                 make_user: Callable[..., User]) -> None:
    for _ in range(3):
        make_job(("a", "heavy", 1))
    editor = make_user("editor")
    rows = list(session.scalars(queries.jobs(editor, queries.JobFilter(state="queued"))))
    assert [view.id for view in queries.job_views(session, rows)] == sorted((r.id for r in rows), reverse=True)
    with pytest.raises(Forbidden):
        queries.jobs(make_user("member"))


def test_room_is_promised_to_running_jobs(session: Session, make_job: Callable[..., int],
                                          settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = LocalStorage(settings.media_path)
    first, second = make_job(("a", "heavy", 1)), make_job(("a", "heavy", 1))
    small = replace(settings, free_disk_reserve_bytes=1000)
    with unit_of_work() as work:
        for number in (first, second):
            work.get_one(EncodingJob, number).plan = {"bytes_needed": 10_000}
        job = work.get_one(EncodingJob, second)
        for free, enough in ((24_999, False), (25_000, True)):
            monkeypatch.setattr(storage, "free_bytes", lambda free=free: free)
            others = work.scalars(select(EncodingJob).where(EncodingJob.id.not_in((first, second))))
            assert not any(other.plan for other in others if other.state in ledger.LIVE)
            assert room.enough(work, storage, small, job) is enough


def test_slots_are_held_and_given_back(settings: Settings) -> None:
    folder = settings.instance / "test-slots"
    with (slot(folder, "heavy", 2) as first, slot(folder, "heavy", 2) as second,
          slot(folder, "heavy", 2) as third, slot(folder, "sound", 2) as other):
        assert (first, second, third, other) == (0, 1, None, 0)
    with slot(folder, "heavy", 2) as again:
        assert again == 0
