"""A film that is encoded in one piece does not keep others waiting: it gives way, and goes on where it stands."""
from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from moviepoint.domains.media import ledger
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.profiles import Profile
from moviepoint.domains.media.ledger import Lease
from moviepoint.domains.media.models import EncodingJob, EncodingStep
from moviepoint.kernel.db import db, unit_of_work
from tests.functional.media.house import House, drain
from tests.unit.media.films import make, pattern, tone

SHORT_TURNS = Profile(segment_seconds=2, range_segments=3)


@pytest.fixture(scope="module")
def recording(tools: Tools, films: Path) -> Path:
    """Forty seconds of a broadcast: a transport stream has no index, so no worker can begin in its middle."""
    return make(tools, films / "recording.ts", *pattern("640x360", "25", 40), "-c:v", "mpeg2video", "-q:v", "4")


@pytest.fixture(scope="module")
def clip(tools: Tools, films: Path) -> Path:
    """Twelve seconds, which are cut into ranges."""
    return make(tools, films / "clip.mp4", *pattern("320x180", "25", 12), "-c:v", "mpeg4", "-q:v", "4")


def test_a_short_film_is_ready_before_a_long_one_that_is_one_piece(house: House, recording: Path, clip: Path) -> None:
    long = house.start(recording, profile=SHORT_TURNS)
    short = house.start(clip, profile=SHORT_TURNS)
    drain(house)
    assert {house.job(job_id).state for job_id in (long, short)} == {"done"}
    (piece,), ranges = ([step for step in house.steps(job_id).values() if step.kind == "video"]
                        for job_id in (long, short))
    assert len(ranges) == 2
    assert all(part.finished_at < piece.finished_at for part in ranges)
    assert piece.fence >= 2
    assert piece.result is not None
    assert piece.result["frames"] == 1000
    assert piece.result["reused"] >= SHORT_TURNS.range_segments, "what was made is not made again"


def test_a_sound_gives_way_to_nobody(house: House, tools: Tools, tmp_path: Path) -> None:
    """It would begin anew each time, and two of them would never end."""
    film = make(tools, tmp_path / "sounding.ts", *pattern("160x90", "25", 40), *tone(440, 40), "-c:v", "mpeg2video",
                "-c:a", "mp2")
    jobs = [house.start(film, profile=Profile(segment_seconds=2, range_segments=1)) for _ in range(2)]
    drain(house)
    for job_id in jobs:
        assert house.job(job_id).state == "done"
        assert house.steps(job_id)["audio_und"].fence == 1


def test_alone_it_goes_on_to_its_end(house: House, recording: Path) -> None:
    job_id = house.start(recording, profile=SHORT_TURNS)
    drain(house)
    (piece,) = (step for step in house.steps(job_id).values() if step.kind == "video")
    assert (house.job(job_id).state, piece.yielded, piece.fence) == ("done", 0, 1)


def test_way_is_given_only_to_who_would_come_next(house: House, recording: Path) -> None:
    """Those that matter less go on waiting; among equals the front of each film goes first."""
    mine = _begun(house, recording)
    later = _waiting(house, recording, priority=-5)
    assert not _gives_way(mine)
    assert house.steps(mine.job_id)["video"].state == "running"
    with unit_of_work() as session:
        session.get_one(EncodingJob, later).priority = 0
    assert _gives_way(mine)
    assert not _gives_way(mine), "what was given back is nobody's"
    step = house.steps(mine.job_id)["video"]
    assert (step.state, step.yielded, step.worker) == ("queued", 1, "me")
    assert [_take(house).job_id for _ in range(2)] == [later, mine.job_id]


def test_a_step_that_gave_way_often_does_not_count_as_deadly(house: House, recording: Path) -> None:
    lease = _begun(house, recording)
    with unit_of_work() as session:
        step = session.get_one(EncodingStep, lease.step_id)
        step.fence, step.yielded, step.lease_until = ledger.MAX_LOST + 20, 21, None
        assert ledger.end_deadly_steps(session) == 0
        assert step.job.state == "running"


def _begun(house: House, film: Path) -> Lease:
    _waiting(house, film)
    return _take(house)


def _waiting(house: House, film: Path, priority: int = 0) -> int:
    """A job whose picture waits to be encoded."""
    job_id = house.start(film, priority)
    with unit_of_work() as session:
        session.scalars(select(EncodingStep).where(EncodingStep.job_id == job_id)).one().state = "done"
        session.add(EncodingStep(job_id=job_id, position=1, name="video", kind="video", lane="heavy"))
    return job_id


def _take(house: House) -> Lease:
    with unit_of_work() as session:
        lease = ledger.take(session, "heavy", "me")
    db.session.remove()
    assert lease is not None
    return lease


def _gives_way(lease: Lease) -> bool:
    with unit_of_work() as session:
        return ledger.give_way(session, lease)
