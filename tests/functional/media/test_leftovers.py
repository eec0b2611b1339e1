"""What nobody owns is removed from storage, in its time; what a row names stays, however old."""
from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import leftovers, plugin, services, storing, tasks
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.models import (
    AudioRendition,
    AudioTrack,
    Edition,
    EncodingJob,
    SourceAsset,
    Storyboard,
    SubtitleTrack,
    Upload,
    VideoRendition,
)
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.adding import add, edition_with_package, hashes, live
from tests.functional.media.house import House, drain
from tests.functional.media.packages import audio

HOUR = 3600


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that lets so many seconds pass for what looks at the age of files."""
    true, passed = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: true() + passed[0])

    def let(seconds: float) -> None:
        passed[0] += seconds
    return let


def test_files_of_uploads_that_no_row_names_go_after_a_day(house: House, later: Callable[[float], None]) -> None:
    with unit_of_work() as session:
        title = Title(kind="film", original_title="Film", slug="film")
        session.add(title)
        session.flush()
        edition = Edition(title_id=title.id)
        session.add(edition)
        session.flush()

        def upload(name: str, state: str, **values: object) -> str:
            session.add(Upload(public_id=name, size=1, state=state, expires_at=utcnow() + timedelta(days=7), **values))
            return name

        stay = {upload("coming", "receiving"), upload("there", "stored"), upload("joined", "joining"),
                upload("part", "stored", partial=True), upload("part-in-use", "used", partial=True),
                upload("kept", "used"), "imported"}
        go = {upload("discarded", "used"), "unknown", ".linked.part"}
        for name, kept in (("kept", True), ("imported", True), ("discarded", False)):
            session.add(SourceAsset(edition_id=edition.id, key=f"uploads/{name}", filename="f", size=1, kept=kept))
    folder = house.storage.path("uploads")
    for name in stay | go:
        house.storage.put(f"uploads/{name}", b"x")
        os.utime(folder / name, (0, 0))  # as a link to an old file: it has only just come all the same
    assert leftovers.remove_uploads(tasks.bench()) == 0
    later(25 * HOUR)
    assert leftovers.remove_uploads(tasks.bench()) == len(go)
    assert {path.name for path in folder.iterdir()} == stay
    later(10_000 * HOUR)
    assert leftovers.remove_uploads(tasks.bench()) == 0


def package_of(house: House, *names: str) -> tuple[int, Path]:
    """Make an edition whose rows name some of what its package holds; returns its id and the package's folder."""
    with unit_of_work() as session:
        title = Title(kind="film", original_title="Film", slug="film")
        session.add(title)
        session.flush()
        edition = Edition(title_id=title.id, package="packages/one", duration_ms=6000)
        edition.video = [VideoRendition(path="stream_0", width=320, height=180, codec="avc1", frame_rate=24.0,
                                        average_bandwidth=1, peak_bandwidth=1)]
        sound = audio("audio_en", "en")
        sound.renditions = [AudioRendition(path="audio_en-6ch", codec="ec-3", channels=6, average_bandwidth=1,
                                           peak_bandwidth=1)]
        edition.audio = [sound]
        edition.subtitles = [SubtitleTrack(path="subs_ru-j7", language="ru"), SubtitleTrack(path=None, language="de")]
        edition.storyboard = Storyboard(path="storyboard-j8.vtt", interval_ms=2000, width=160, height=90)
        session.add(edition)
        session.flush()
        number = edition.id
    for name in ("stream_0", "audio_en", "audio_en-6ch", "subs_ru-j7", *names):
        house.storage.put(f"packages/one/{name}/data0000.ts", b"x")
        house.storage.put(f"packages/one/{name}.m3u8", b"x")
    for path in ("iframes_0.m3u8", "storyboard-j8.vtt", "storyboard-j8/0000.jpg", "stills/storyboard-j8/1.jpg",
                 "poster.jpg", ".write.lock"):
        house.storage.put(f"packages/one/{path}", b"x")
    return number, house.storage.path("packages/one")


def test_tracks_that_no_row_names_go_half_a_day_after_they_were_found(house: House,
                                                                      later: Callable[[float], None]) -> None:
    number, package = package_of(house)
    named = hashes(package)
    for path in ("audio_de-j4/data0000.ts", "audio_de-j4.m3u8", "stream_1-j5/data0000.ts", "stream_1-j5.m3u8",
                 "iframes_1-j5.m3u8", "storyboard/0000.jpg", "storyboard.vtt", "subs_en-j6.m3u8"):
        house.storage.put(f"packages/one/{path}", b"x")
    assert leftovers.mark_tracks(tasks.bench()) == 0, "they have only just come"
    later(2 * HOUR)
    assert leftovers.mark_tracks(tasks.bench()) == 5
    assert leftovers.mark_tracks(tasks.bench()) == 0
    for marker in house.storage.path(storing.RETIRED).iterdir():
        os.utime(marker, (time.time(), time.time()))
    later(11 * HOUR)
    assert storing.remove_retired(house.storage) == 0, "somebody may be watching them"
    later(2 * HOUR)
    assert storing.remove_retired(house.storage) == 5
    assert hashes(package) == named
    later(10_000 * HOUR)
    assert leftovers.mark_tracks(tasks.bench()) == storing.remove_retired(house.storage) == 0
    assert hashes(package) == named
    assert number


@pytest.mark.parametrize("state", ["queued", "running", "paused"])
def test_nothing_is_marked_in_a_film_that_a_job_works_at(house: House, later: Callable[[float], None],
                                                         state: str) -> None:
    """Its tracks are brought in before their rows are written, and the playlists of an early film grow."""
    number, _package = package_of(house, "audio_de-j4")
    with unit_of_work() as session:
        source = SourceAsset(edition_id=number, key="uploads/x", filename="f", size=1)
        session.add(source)
        session.flush()
        session.add(EncodingJob(edition_id=number, source_id=source.id, state=state, kind="tracks"))
    later(100 * HOUR)
    assert leftovers.mark_tracks(tasks.bench()) == 0
    with unit_of_work() as session:
        session.query(EncodingJob).update({"state": "failed"})
    assert leftovers.mark_tracks(tasks.bench()) == 1


def test_a_mark_is_taken_back_when_a_row_names_the_track(house: House, later: Callable[[float], None]) -> None:
    number, package = package_of(house, "audio_de-j4")
    later(2 * HOUR)
    assert leftovers.mark_tracks(tasks.bench()) == 1
    with unit_of_work() as session:
        session.add(AudioTrack(edition_id=number, path="audio_de-j4", language="de", codec="mp4a.40.2", channels=2,
                               average_bandwidth=1, peak_bandwidth=1))
    assert leftovers.mark_tracks(tasks.bench()) == 0
    later(100 * HOUR)
    assert storing.remove_retired(house.storage) == 0
    assert (package / "audio_de-j4").is_dir()


def test_a_job_that_was_called_off_after_it_brought_its_track_in_leaves_nothing(
        house: House, film: Path, sidecar: Path, later: Callable[[float], None]) -> None:
    edition_id = edition_with_package(house, film)
    _edition, package = live(house, edition_id)
    before = hashes(package)
    job = add(house, edition_id, sidecar, Intent("subtitles", "de"))
    drain(house)
    with unit_of_work() as session:  # as if it had died between the link and the commit, and been cancelled
        edition = session.get_one(Edition, edition_id)
        [row] = [row for row in edition.subtitles if row.language == "de"]
        edition.subtitles.remove(row)
        session.get_one(EncodingJob, job).state = "running"
    later(2 * HOUR)
    assert leftovers.remove_leftovers(tasks.bench()) == 0
    with unit_of_work() as session:
        services.cancel_job(session, SYSTEM, job)
    assert leftovers.remove_leftovers(tasks.bench()) == 1
    later(13 * HOUR)
    assert storing.remove_retired(house.storage) == 1
    assert hashes(package) == before


def test_bringing_a_track_in_takes_its_mark_back(house: House) -> None:
    for path in ("new/subs_de/data0000.vtt", "new/subs_de.m3u8"):
        house.storage.put(f"packages/{path}", b"x")
    marker = f"{storing.RETIRED}/one.subs_de"
    house.storage.put(marker, b"")
    assert storing.carry(house.storage, "packages/new", "packages/one", "subs_de")
    assert not house.storage.exists(marker)


def test_it_is_looked_for_by_the_clock() -> None:
    assert [task.every for task in plugin.register_tasks() if task.name == "media.leftovers"] == [timedelta(hours=1)]
