"""`./manage.py media verify` on a package that the worker has made and published."""
from __future__ import annotations

from pathlib import Path

from moviepoint.domains.media.cli import media_group
from tests.functional.media.house import House, drain


def test_a_published_film_is_read_back(house: House, film: Path) -> None:
    job_id = house.start(film)
    drain(house)
    runner, edition = house.app.test_cli_runner(), house.edition(job_id).public_id
    sound = runner.invoke(media_group, ["verify", edition])
    assert (sound.exit_code, "0 departure(s)" in sound.output) == (0, True), sound.output
    cues = house.package(job_id) / "subs_ru/data0000.vtt"
    cues.write_text(cues.read_text(encoding="utf-8").replace("MPEGTS:900000", "MPEGTS:0"), encoding="utf-8")
    faulty = runner.invoke(media_group, ["verify", "all"])
    assert faulty.exit_code == 1
    assert "subs_ru/data0000.vtt: has an X-TIMESTAMP-MAP that is not the picture's clock" in faulty.output
    assert "Departures in 1 of 1 package(s)." in faulty.output
    assert runner.invoke(media_group, ["verify", "nothing"]).exit_code == 1
