"""An ffmpeg that cannot bring HDR to SDR: such films are refused with a sentence, and all others are encoded."""
from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from moviepoint.cli.check import check
from moviepoint.domains.media import services, tasks, worker
from moviepoint.domains.media.bench import Bench
from moviepoint.domains.media.encoding.binaries import Tools, find_tools
from moviepoint.domains.media.encoding.plan import LANES
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.settings import Settings
from tests.functional.media.house import House, drain
from tests.unit.media.awkward import HDR10, wide_colours, x265
from tests.unit.media.awkward import film as made


@pytest.fixture
def lesser(tools: Tools, tmp_path: Path) -> Path:
    """The real ffmpeg, of which one filter is not told."""
    script = tmp_path / "ffmpeg"
    script.write_text(f"#!/bin/sh\ncase \"$*\" in\n*-filters*) {tools.ffmpeg} \"$@\" | grep -v zscale ;;\n"
                      f"*) exec {tools.ffmpeg} \"$@\" ;;\nesac\n")
    script.chmod(0o755)
    return script


def with_tools(house: House, lesser: Path, tools: Tools) -> Bench:
    settings = msgspec.structs.replace(house.settings, ffmpeg=str(lesser), ffprobe=str(tools.ffprobe))
    return msgspec.structs.replace(tasks.bench(), settings=settings)


def test_hdr_is_refused_and_taken_up_again_with_a_better_ffmpeg(house: House, lesser: Path, tools: Tools,
                                                                tmp_path: Path) -> None:
    bench = with_tools(house, lesser, tools)
    assert not find_tools(bench.settings.ffmpeg, bench.settings.ffprobe).tone_mapping
    job_id = house.start(made("hdr.mp4", *x265(HDR10), *wide_colours("smpte2084"), "-tag:v", "hvc1")(tools, tmp_path))
    while sum(worker.work(bench, lane) for lane in LANES):
        continue
    job = house.job(job_id)
    assert (job.state, job.code) == ("failed", "no-tone-mapping")
    assert "zscale" in job.message
    with unit_of_work() as session:
        services.retry_job(session, SYSTEM, job_id)
    drain(house)
    assert house.job(job_id).state == "done"


def test_other_films_are_encoded(house: House, lesser: Path, tools: Tools, film: Path) -> None:
    job_id, bench = house.start(film), with_tools(house, lesser, tools)
    while sum(worker.work(bench, lane) for lane in LANES):
        continue
    assert house.job(job_id).state == "done"


def test_check_says_so(lesser: Path, tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for program, said in ((lesser, True), (tools.ffmpeg, False)):
        settings = Settings(instance=tmp_path, secret_key="b" * 48, plugins=(), ffmpeg=str(program),
                            ffprobe=str(tools.ffprobe))
        monkeypatch.setattr(sys.modules[check.callback.__module__], "load_settings", lambda found=settings: found)
        result = CliRunner().invoke(check)
        assert ("films in HDR are refused" in result.output) == said, result.output
