"""From a subtitle file to a line that is found: encoded, added, moved, replaced, removed, by a worker's own steps."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.media import editing, services
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.search.spoken import engine, tasks
from moviepoint.domains.search.spoken import services as spoken
from moviepoint.domains.search.spoken.whoosh import WhooshSpoken
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.adding import add, edition_with_package, inputs, live, save
from tests.functional.media.house import House, drain

Queue = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def sent(house: House) -> Iterator[Queue]:
    """Keep what is sent to the worker; work on media is done by `drain`."""
    messages: Queue = []
    queue = house.app.extensions["moviepoint.tasks"]
    queue.enqueue = lambda name, **arguments: messages.append((name, arguments))
    yield messages
    del queue.enqueue


def found(sent: Queue, *terms: str) -> list[int]:
    """Do the work of the search's messages; return the seconds at which the terms are said."""
    while sent:
        name, arguments = sent.pop(0)
        if name == "search.index_spoken":
            tasks.index(**arguments)
        elif name == "search.index":
            tasks.index(spoken.TITLE, arguments["ids"])
        db.session.rollback()
    index = engine.current_spoken()
    assert isinstance(index, WhooshSpoken)
    index._checked = 0.0
    return sorted(index.lines(hits.track_id, hits.state)[place >> 8 & 0xFFFFFFFF].start_ms // 1000
                  for hits in index.find(terms) for place in hits.places)


def test_the_index_follows_a_track_through_its_life(house: House, film: Path, sidecar: Path, tmp_path: Path,
                                                    sent: Queue) -> None:
    edition_id = edition_with_package(house, film)
    title_id = live(house, edition_id)[0].title_id
    assert title_id is not None
    add(house, edition_id, sidecar, Intent("subtitles", "de"))
    drain(house)
    assert found(sent, "zwei") == []  # the film is a draft
    with unit_of_work() as work:
        catalog.publish(work, SYSTEM, title_id)
    assert found(sent, "zwei") == [11]
    save(edition_id, inputs(edition := live(house, edition_id)[0], **{
        edition.subtitles[-1].path or "": {"offset_ms": -3000}}))
    drain(house)
    assert found(sent, "zwei") == [8]
    other = tmp_path / "other.srt"
    other.write_text("1\n00:00:04,000 --> 00:00:06,000\nDrei\n", encoding="utf-8")
    track = live(house, edition_id)[0].subtitles[-1]
    add(house, edition_id, other, Intent("subtitles", "de", replaces=track.id))
    drain(house)
    assert found(sent, "zwei") == []
    assert len(found(sent, "drei")) == 1
    with unit_of_work() as work:
        services.start_job(work, SYSTEM, live(house, edition_id)[0].sources[0].id)
    drain(house)  # a new package, into which the track is carried
    assert len(found(sent, "drei")) == 1
    with unit_of_work() as work:
        editing.remove_track(work, SYSTEM, house.storage, edition_id, track.id, "subtitles")
    assert found(sent, "drei") == []
