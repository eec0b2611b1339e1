"""Tracks and tracks that are moved in time wait for room before they begin, as films do."""
from __future__ import annotations

from pathlib import Path

import pytest

from moviepoint.domains.media import sweep, tasks
from moviepoint.domains.media.encoding.naming import Intent
from tests.functional.media.adding import add, edition_with_package, inputs, live, save
from tests.functional.media.house import House, drain

FULL = 512 * 2**20 + 1000  # the reserve, and next to nothing


def test_what_is_added_to_a_film_waits_for_room_before_it_begins(house: House, film: Path, dub: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    edition_id = edition_with_package(house, film)
    monkeypatch.setattr(house.storage, "free_bytes", lambda: FULL)
    job = add(house, edition_id, dub, Intent("audio", "de", "dub"))
    drain(house)
    assert (house.job(job).state, house.job(job).code) == ("paused", "disk-full")
    assert "begins by itself" in house.job(job).message
    assert not list(house.package(job).glob("audio_*"))
    monkeypatch.undo()
    sweep.sweep(tasks.bench())
    drain(house)
    assert house.job(job).state == "done"

    monkeypatch.setattr(house.storage, "free_bytes", lambda: FULL)
    edition, _package = live(house, edition_id)
    moved = next(row.path for row in edition.audio if row.language == "de")
    save(edition_id, inputs(edition, **{moved: {"offset_ms": 500}}))
    drain(house)
    assert (house.job(job + 1).kind, house.job(job + 1).state, house.job(job + 1).code) == (
        "retime", "paused", "disk-full")
    assert not list(house.package(job + 1).glob("audio_*"))
    monkeypatch.undo()
    sweep.sweep(tasks.bench())
    drain(house)
    assert house.job(job + 1).state == "done"
