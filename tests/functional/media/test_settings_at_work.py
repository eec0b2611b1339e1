"""Settings that only show in what a worker does: cores shared among slots, and sources that are not kept."""
from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from moviepoint.domains.media import rungs, services, sources, tasks
from moviepoint.domains.media.encoding import commands
from moviepoint.domains.media.encoding.extras import Wish
from moviepoint.domains.media.encoding.plan import make_plan
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.models import SourceAsset
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.house import House, drain
from tests.unit.media.test_plan import PROBE

RUNGS = (RungSpec(180, 600, 30), RungSpec(90, 200, 30))


@pytest.mark.parametrize(("cores", "slots", "threads"), [
    (8, 1, 0), (8, 2, 4), (8, 3, 2), (2, 2, 1), (2, 4, 1), (None, 2, 1)])
def test_the_cores_of_a_machine_are_shared_out_among_its_slots(
        house: House, cores: int | None, slots: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One slot leaves the number to the encoder, which takes them all."""
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setitem(house.app.extensions, "moviepoint.settings", replace(house.settings, encode_slots=slots))
    assert tasks.bench().threads == threads


@pytest.mark.parametrize(("profile", "with_three", "with_all"), [
    (Profile(rungs=RUNGS), "-threads 3", "-threads 0"),
    (Profile(rungs=RUNGS, codec="hevc", segments="fmp4"), ":pools=3", ""),
    (Profile(rungs=RUNGS, codec="av1", preset="8", segments="fmp4"), ":lp=3", "")])
def test_each_encoder_is_told_its_threads(profile: Profile, with_three: str, with_all: str) -> None:
    """Every rung's encoder is; where all cores are free, nothing is said to those that take them by themselves."""
    plan = make_plan(PROBE, profile)
    assert len(plan.rungs) == 2
    told = " ".join(commands.video_range("film", PROBE, plan, 0, None, 3))
    untold = " ".join(commands.video_range("film", PROBE, plan, 0, None, 0))
    assert told.count(with_three) == 2
    assert with_three not in untold
    assert untold.count(with_all) >= 2
    for word in ("pools", "lp="):
        assert word not in untold


def test_a_worker_with_two_slots_encodes_with_half_of_the_cores(house: House, film: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    monkeypatch.setitem(house.app.extensions, "moviepoint.settings", replace(house.settings, encode_slots=2))
    job_id = house.start(film, profile=Profile(rungs=RUNGS, preset="ultrafast"))
    drain(house)
    assert house.job(job_id).state == "done"
    [step] = [step for step in house.steps(job_id).values() if step.kind == "video"]
    assert step.command.count("-threads 3") == 2


@pytest.mark.parametrize("pinned", [False, True])
def test_a_source_goes_when_its_film_is_published_unless_somebody_keeps_it(
        house: House, film: Path, pinned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(house.app.extensions, "moviepoint.settings", replace(house.settings, keep_sources=False))
    job_id = house.start(film, profile=Profile(rungs=RUNGS[1:], preset="ultrafast"))
    number = house.job(job_id).source_id
    path = house.storage.path(house.job(job_id).source.key)
    if pinned:
        with unit_of_work() as session:
            sources.pin_source(session, SYSTEM, number, pinned=True)
    drain(house)
    assert house.job(job_id).state == "done"
    assert (path.exists(), house.job(job_id).source.kept) == (pinned, pinned)
    assert house.edition(job_id).package is not None
    with unit_of_work() as session:
        if pinned:
            assert services.start_job(session, SYSTEM, number).source_id == number
            return
        with pytest.raises(Invalid, match="discarded after it had been encoded"):
            services.start_job(session, SYSTEM, number)
        with pytest.raises(Invalid, match="discarded after it had been encoded"):
            rungs.start(session, SYSTEM, house.job(job_id).edition_id, Wish(storyboard_seconds=0))
        assert session.get_one(SourceAsset, number).filename == film.name, "the row tells of it"
