"""`./manage.py media verify` on a package that the worker has made and published."""
from __future__ import annotations

from pathlib import Path

import pytest

from moviepoint.domains.media import cli, playback
from moviepoint.domains.media.cli import media_group
from moviepoint.domains.media.encoding.conformance import Report
from moviepoint.domains.media.encoding.errors import DiskFull, Temporary
from moviepoint.domains.media.models import Edition
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.errors import NotFound
from tests.functional.media.house import House


def test_a_published_film_is_read_back(house: House, film: Path) -> None:
    job_id = house.publish(film)
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


def test_every_picture_is_decoded_when_that_is_asked_for(house: House, film: Path) -> None:
    job_id = house.publish(film)
    runner, edition = house.app.test_cli_runner(), house.edition(job_id).public_id
    whole = runner.invoke(media_group, ["verify", edition, "--decode"])
    assert (whole.exit_code, "0 departure(s)" in whole.output) == (0, True), whole.output
    segment = house.package(job_id) / "stream_0/data0001.ts"
    data = bytearray(segment.read_bytes())
    for packet in range(188 * 20, len(data) - 188, 188 * 3):  # the stream's own bytes; the packets' heads stay
        data[packet + 60:packet + 180] = bytes(120)
    segment.write_bytes(data)
    damaged = runner.invoke(media_group, ["verify", edition, "--decode"])
    assert damaged.exit_code == 1
    assert "stream_0.m3u8" in damaged.output
    assert "[decoding]" in damaged.output


def test_what_the_master_declares_is_measured_in_the_streams(house: House, film: Path) -> None:
    job_id = house.publish(film)
    with unit_of_work() as session:
        edition = session.merge(house.edition(job_id))
        edition.video[0].width, edition.video[0].height, edition.audio[0].channels = 640, 360, 6
    runner, public_id = house.app.test_cli_runner(), house.edition(job_id).public_id
    found = runner.invoke(media_group, ["verify", public_id]).output
    assert "RESOLUTION=640x360" in found
    assert "CHANNELS=6, and 1 measured" in found


@pytest.mark.parametrize(("error", "sentence"), [
    (Temporary("too-slow", "The work took longer than 9 seconds."), "The work took longer than 9 seconds."),
    (DiskFull(), "The disk is full."), (NotFound(), "Not Found")])
def test_one_package_that_cannot_be_checked_does_not_keep_the_rest(
        house: House, film: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str) -> None:
    edition = house.edition(house.publish(film))
    with unit_of_work() as session:
        other = Edition(title_id=edition.title_id, label="Longer", position=1, package=edition.package)
        session.add(other)

    def fail(*_arguments: object, **_more: object) -> Report:
        raise error

    monkeypatch.setattr(cli, "check_package", fail)
    monkeypatch.setattr(playback, "master_playlist", lambda edition: "")
    done = house.app.test_cli_runner().invoke(media_group, ["verify", "all"])
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert f"({edition.public_id}): not checked: {sentence}" in done.output
    assert f"({other.public_id}): not checked: {sentence}" in done.output
