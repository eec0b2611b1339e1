"""A film whose picture seems fit to be copied: taken as it is, or encoded after all, and never lost."""
from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from moviepoint.domains.media import playback
from moviepoint.domains.media.encoding import verify
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.conformance import check_package
from moviepoint.domains.media.encoding.plan import Plan
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.queries import job_views
from moviepoint.kernel.db import db
from tests.functional.media.adding import live
from tests.functional.media.house import House, drain
from tests.unit.media.films import make, pattern, tone
from tests.unit.media.test_copies import REGULAR

TWO = Profile(rungs=(RungSpec(180, 3000, 26), RungSpec(90, 200, 28)), preset="ultrafast", range_segments=2)


def copied(house: House, job_id: int) -> list[bool]:
    return [rung.copied for rung in msgspec.convert(house.job(job_id).plan, Plan).rungs]


def test_a_compliant_film_goes_out_as_it_came_in(house: House, regular_film: Path) -> None:
    job_id = house.start(regular_film, profile=TWO)
    drain(house)
    job = house.job(job_id)
    assert (job.state, job.message, copied(house, job_id)) == ("done", "", [True, False])
    steps = house.steps(job_id)
    assert "copy" in steps["copy-stream_0"].command
    assert "-c:a copy" in steps["audio_und"].command
    edition, package = live(house, job.edition_id)
    found = playback.load_edition(db.session(), edition.public_id)
    assert [str(d) for d in check_package(package, playback.master_playlist(found)).departures
            if d.rule not in ("slow-lines",)] == []


def test_a_film_that_only_begins_well_is_encoded_and_the_editor_is_told(house: House, tools: Tools,
                                                                       tmp_path: Path) -> None:
    film = make(tools, tmp_path / "film.mp4", *pattern(rate="24", seconds=27), *tone(440, 27), *REGULAR, "-g", "48",
                "-force_key_frames", "24.5", "-c:a", "aac")
    job_id = house.start(film, profile=TWO)
    first = house.job(job_id).package
    drain(house)
    job = house.job(job_id)
    assert (job.state, job.message, copied(house, job_id)) == ("done", "", [False, False])
    assert job.package != first
    assert not any(name.startswith("copy") for name in house.steps(job_id))
    (view,) = job_views(db.session(), [job])
    assert any("is encoded, and not taken as it is" in note and "segment 4" in note for note in view.notes)
    assert house.edition(job_id).package == job.package


def distrust_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have packages with a copied rung fail their check."""
    check = verify.finish_package

    def doubting(package: Path, plan: Plan, *rest: object) -> verify.PackageFacts:
        if plan.rungs[0].copied:
            raise verify.BadPackage("it does not decode")
        return check(package, plan, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(verify, "finish_package", doubting)


def test_a_copy_that_does_not_pass_the_check_is_encoded(house: House, regular_film: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = house.start(regular_film, profile=TWO)
    distrust_copies(monkeypatch)
    drain(house)
    assert (house.job(job_id).state, copied(house, job_id)) == ("done", [False, False])
