"""One account of promised bytes: what jobs have still to write, and what is still to come of uploads."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import update
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import joining, room, uploads
from moviepoint.domains.media.models import Edition, EncodingJob, EncodingStep, SourceAsset, Upload
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.errors import InsufficientStorage
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.policies import SYSTEM
from moviepoint.settings import Settings

RESERVE = 1000
NUMBERS = iter(range(10**6))


@pytest.fixture
def small(settings: Settings) -> Settings:
    return replace(settings, free_disk_reserve_bytes=RESERVE)


@pytest.fixture
def disk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], LocalStorage]]:
    """Return a function that gives the storage with so many bytes free."""
    storage = LocalStorage(settings.media_path)

    def give(free: int) -> LocalStorage:
        monkeypatch.setattr(storage, "free_bytes", lambda: free)
        return storage
    return give  # type: ignore[return-value]


def planned(session: Session, state: str = "running", needed: int = 10_000, done: float = 0.0) -> EncodingJob:
    """Make a job that needs so many bytes, of whose picture a share is done."""
    title = Title(kind="film", original_title="Film", slug=f"room-film-{next(NUMBERS)}")
    session.add(title)
    session.flush()
    edition = Edition(title_id=title.id)
    session.add(edition)
    session.flush()
    source = SourceAsset(edition_id=edition.id, key=f"uploads/{edition.public_id}", filename="f", size=1)
    session.add(source)
    session.flush()
    job = EncodingJob(edition_id=edition.id, source_id=source.id, state=state, plan={"bytes_needed": needed})
    job.steps = [EncodingStep(name="a", kind="video", weight=3.0, progress=done),
                 EncodingStep(name="b", kind="audio", weight=1.0, progress=done),
                 EncodingStep(name="c", kind="checksum", weight=50.0, progress=1.0)]
    session.add(job)
    session.flush()
    return job


def announced(session: Session, storage: LocalStorage, size: int, arrived: int = 0, **values: object) -> Upload:
    upload = Upload(size=size, filename="a.mkv", expires_at=utcnow() + timedelta(days=1), **values)
    session.add(upload)
    session.flush()
    storage.put(upload.key, bytes(arrived))
    return upload


def test_a_job_leaves_room_for_uploads_that_are_still_to_come(session: Session, small: Settings,
                                                              disk: Callable[[int], LocalStorage]) -> None:
    with unit_of_work() as work:
        job = planned(work, "queued")
        announced(work, disk(0), 6000, arrived=1000)
        needed = RESERVE + 12_000 + 5000
        assert not room.enough(work, disk(needed - 1), small, job)
        assert room.enough(work, disk(needed), small, job)


def test_an_upload_leaves_what_jobs_are_promised(session: Session, small: Settings,
                                                 disk: Callable[[int], LocalStorage]) -> None:
    with unit_of_work() as work:
        planned(work, done=0.5)  # 6,000 bytes are still to be written
        planned(work, "paused")
        planned(work, "done")
        with pytest.raises(InsufficientStorage):
            uploads.create_upload(work, SYSTEM, disk(RESERVE + 6000 + 99), small, size=100)
        assert uploads.create_upload(work, SYSTEM, disk(RESERVE + 6000 + 100), small, size=100).size == 100


def test_what_is_announced_is_promised_and_what_has_arrived_is_not(session: Session, small: Settings,
                                                                   disk: Callable[[int], LocalStorage]) -> None:
    with unit_of_work() as work:
        announced(work, disk(0), 500, arrived=200)
        announced(work, disk(0), 900, arrived=900, state="stored")
        assert room.left(work, disk(RESERVE + 700), small) == 400


def test_joining_takes_the_largest_part_once_more(session: Session, small: Settings,
                                                  disk: Callable[[int], LocalStorage]) -> None:
    with unit_of_work() as work:
        parts = [announced(work, disk(0), size, arrived=size, state="stored", partial=True) for size in (300, 700)]
        joining.create_joined(work, SYSTEM, disk(RESERVE + 700), small, parts=[part.public_id for part in parts])
        assert room.left(work, disk(RESERVE + 700), small) == 0


def test_the_account_asks_as_often_for_many_as_for_one(session: Session, small: Settings,
                                                       disk: Callable[[int], LocalStorage],
                                                       count_queries: Callable[[], AbstractContextManager[list[str]]],
                                                       ) -> None:
    costs = []
    for count in (1, 9):
        with unit_of_work() as work:
            for _ in range(count):
                planned(work)
                announced(work, disk(0), 10)
        with count_queries() as statements, unit_of_work() as work:
            room.left(work, disk(10**6), small)
        costs.append(len(statements))
    assert costs == [2, 2]


def test_more_bytes_than_fit_into_four(session: Session, small: Settings, disk: Callable[[int], LocalStorage]) -> None:
    with unit_of_work() as work:
        planned(work, needed=50 * 2**30)
        work.execute(update(EncodingStep).values(progress=0.0))
        assert room.left(work, disk(100 * 2**30 + RESERVE), small) == 40 * 2**30
