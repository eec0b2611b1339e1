"""Tracks that are moved in time: exactly, there and back, and without touching anything else."""
from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import select

from moviepoint.domains.media import (
    services,
    storing,
)
from moviepoint.domains.media.encoding import subtitles
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.models import EncodingJob, SourceAsset
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.adding import add, edition_with_package, hashes, inputs, live, onset, save
from tests.functional.media.house import House, drain


def test_an_offset_moves_a_sound_to_the_sample_and_its_old_files_go_later(house: House, film: Path, dub: Path,
                                                                          tools: Tools, tmp_path: Path) -> None:
    first = house.publish(film)
    edition_id = house.job(first).edition_id
    made = add(house, edition_id, dub, Intent("audio", "de", "dub"))
    drain(house)
    old = f"audio_de-j{made}"
    edition, package = live(house, edition_id)
    begins = onset(tools, package, old, tmp_path)  # the encoder's own delay is in all of them
    assert begins == pytest.approx(4.0, abs=0.05)
    untouched = {name: value for name, value in hashes(package).items() if not name.startswith(old)}
    for offset in (1500, -2250):
        save(edition_id, inputs(live(house, edition_id)[0], **{edition.audio[-1].path: {"offset_ms": offset}}))
        drain(house)
        edition, package = live(house, edition_id)
        track = edition.audio[-1]
        assert (track.offset_ms, track.made_offset_ms) == (offset, offset)
        assert onset(tools, package, track.path, tmp_path) == pytest.approx(begins + offset / 1000, abs=0.001)
        assert untouched.items() <= hashes(package).items()
    assert (package / old).is_dir()  # somebody may be listening
    for marker in house.storage.path(storing.RETIRED).iterdir():
        os.utime(marker, (0, 0))
    assert storing.remove_retired(house.storage) == 2
    assert not (package / old).exists()
    assert not (package / f"{old}.m3u8").exists()
    assert (package / track.path).is_dir()


def test_an_offset_moves_subtitles_there_and_back(house: House, film: Path, sidecar: Path) -> None:
    first = house.publish(film)
    edition_id = house.job(first).edition_id
    for offset in (-1200, 800, 0):
        edition, package = live(house, edition_id)
        save(edition_id, inputs(edition, **{edition.subtitles[0].path or "": {"offset_ms": offset}}))
        drain(house)
        edition, package = live(house, edition_id)
        row = edition.subtitles[0]
        assert row.made_offset_ms == offset
        segment = subtitles.parse((package / (row.path or "") / "data0000.vtt").read_text("utf-8"), "vtt")
        assert segment.cues[0].start_ms == max(0, 1000 + offset)
        assert [cue.start_ms for cue in subtitles.read_track(package / (row.path or ""))] == [1000, 5500]
    assert [job.kind for job in db.session.scalars(select(EncodingJob).order_by(EncodingJob.id))] == [
        "film", "retime", "retime", "retime"]


def test_a_sound_whose_file_is_gone_cannot_be_moved(house: House, film: Path) -> None:
    edition_id = edition_with_package(house, film)
    with unit_of_work() as session:
        session.scalars(select(SourceAsset)).one().kept = False
    edition, _package = live(house, edition_id)
    with pytest.raises(Invalid) as refused:
        save(edition_id, inputs(edition, audio_ru={"offset_ms": 100}))
    assert list(refused.value.fields) == ["audio-0"]
    db.session.rollback()
    save(edition_id, inputs(live(house, edition_id)[0], subs_ru={"offset_ms": 100}))  # text needs no source
    assert db.session.scalars(select(EncodingJob.kind).order_by(EncodingJob.id.desc())).first() == "retime"


def test_the_last_wish_wins_whichever_job_ends_first(house: House, film: Path) -> None:
    edition_id = edition_with_package(house, film)
    for offset in (1000, 2000):
        save(edition_id, inputs(live(house, edition_id)[0], subs_ru={"offset_ms": offset}))
    first, second = db.session.scalars(select(EncodingJob.id).where(EncodingJob.kind == "retime")
                                       .order_by(EncodingJob.id)).all()
    db.session.rollback()
    with unit_of_work() as session:  # the later one is done first
        services.set_priority(session, SYSTEM, second, 50)
    drain(house)
    row = live(house, edition_id)[0].subtitles[0]
    assert (row.offset_ms, row.made_offset_ms, row.path) == (2000, 2000, f"subs_ru-j{second}")
    assert house.job(first).state == "done"
