"""Rungs and storyboards that come later, are replaced or removed: no other byte of the package changes."""
from __future__ import annotations

from pathlib import Path

import m3u8
import pytest
from sqlalchemy import select

from moviepoint.domains.history.models import Revision
from moviepoint.domains.media import ledger, playback, rungs, services, stills, storing, sweep, tasks, worker
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.conformance import check_package
from moviepoint.domains.media.encoding.extras import Wish
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.models import Edition, EncodingJob
from moviepoint.domains.media.remote.models import StoredPackage
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.adding import edition_with_package, hashes, live
from tests.functional.media.house import House, drain
from tests.unit.media.films import make

SMALL = RungSpec(120, 300, 28)


def wish(house: House, edition_id: int, *specs: RungSpec, storyboard: int | None = None) -> int:
    """Start a job that adds pictures; returns its id."""
    with unit_of_work() as session:
        return rungs.start(session, SYSTEM, edition_id, Wish(specs, storyboard)).id


def sizes(house: House, edition_id: int) -> list[tuple[int, int]]:
    return [(row.width, row.height) for row in live(house, edition_id)[0].video]


def frames(tools: Tools, package: Path, name: str, folder: Path) -> int:
    """Decode a rung whole; returns its frames."""
    listed = make(tools, folder / f"{name}.md5", "-protocol_whitelist", "file,pipe", "-i",
                  str(package / f"{name}.m3u8"), "-an", "-f", "framemd5").read_text()
    return sum(not line.startswith("#") for line in listed.splitlines())


@pytest.mark.parametrize("segments", ["ts", "fmp4"])
def test_a_rung_is_added_and_no_byte_of_the_film_changes(house: House, film: Path, tools: Tools, tmp_path: Path,
                                                         segments: str) -> None:
    first = house.publish(film, profile=Profile(segments=segments))  # type: ignore[arg-type]
    edition_id = house.job(first).edition_id
    edition, package = live(house, edition_id)
    before, top, size = hashes(package), edition.video[0].path, edition.package_bytes
    job_id = wish(house, edition_id, SMALL)
    drain(house)
    job = house.job(job_id)
    assert (job.state, job.message, job.kind) == ("done", "", "pictures")
    edition, package = live(house, edition_id)
    after = hashes(package)
    assert before.items() <= after.items()
    assert {name.split("/")[0].removesuffix(".m3u8") for name in after.keys() - before.keys()} == {
        f"stream_0-j{job_id}", f"iframes_0-j{job_id}"}
    assert [row.path for row in edition.video] == [top, f"stream_0-j{job_id}"]
    assert sizes(house, edition_id)[-1][1] <= 120
    assert edition.package_bytes > size
    assert frames(tools, package, top, tmp_path) == frames(tools, package, f"stream_0-j{job_id}", tmp_path)
    found = playback.load_edition(db.session(), edition.public_id)
    master = m3u8.loads(playback.master_playlist(found))
    assert [p.uri for p in master.playlists] == [f"{top}.m3u8", f"stream_0-j{job_id}.m3u8"]
    assert master.iframe_playlists[-1].uri == f"iframes_0-j{job_id}.m3u8"
    report = check_package(package, playback.master_playlist(found), programs=None)
    assert [str(departure) for departure in report.departures if f"j{job_id}" in str(departure)] == []
    assert not house.package(job_id).exists()  # its workplace


def test_a_rung_of_the_same_size_takes_the_place_of_the_other(house: House, film: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    edition_id = edition_with_package(house, film)
    edition, package = live(house, edition_id)
    old, shape = edition.video[0].path, sizes(house, edition_id)
    first = hashes(package)
    job_id = wish(house, edition_id, RungSpec(180, 200, 40))
    drain(house)
    assert sizes(house, edition_id) == shape
    edition, package = live(house, edition_id)
    assert edition.video[0].path == f"stream_0-j{job_id}"
    assert first.items() <= hashes(package).items()  # whoever watches the old one goes on
    monkeypatch.setattr(storing, "GRACE_SECONDS", -1)
    sweep.sweep(tasks.bench())
    left = hashes(package)
    assert not any(name.startswith((f"{old}/", f"{old}.", "iframes_0.")) for name in left)
    assert any(name.startswith(f"stream_0-j{job_id}/") for name in left)


def test_a_rung_is_removed_but_not_the_last_one(house: House, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edition_id = edition_with_package(house, film)
    wish(house, edition_id, SMALL)
    drain(house)
    edition, package = live(house, edition_id)
    kept, gone = edition.video[0], edition.video[1]
    name = gone.path
    with unit_of_work() as session:
        rungs.remove(session, SYSTEM, house.storage, edition_id, gone.id)
    edition, package = live(house, edition_id)
    assert [row.path for row in edition.video] == [kept.path]
    assert (package / name).is_dir()  # for half a day
    monkeypatch.setattr(storing, "GRACE_SECONDS", -1)
    sweep.sweep(tasks.bench())
    assert not any(path.name.startswith((name, "iframes_0-j")) for path in package.iterdir())
    with pytest.raises(Invalid), unit_of_work() as session:
        rungs.remove(session, SYSTEM, house.storage, edition_id, kept.id)
    with pytest.raises(NotFound), unit_of_work() as session:
        rungs.remove(session, SYSTEM, house.storage, edition_id, gone.id)
    shown = [row.action for row in db.session.scalars(select(Revision).where(Revision.entity == "edition"))]
    assert "rung_removed" in shown


def test_a_new_storyboard_stands_beside_the_old_one(house: House, film: Path) -> None:
    edition_id = edition_with_package(house, film)
    edition, package = live(house, edition_id)
    before = hashes(package)
    assert edition.storyboard is not None
    with unit_of_work() as session:
        session.add(StoredPackage(package=edition.package, state="released"))
    job_id = wish(house, edition_id, storyboard=3)
    drain(house)
    assert house.job(job_id).state == "done"
    assert db.session.scalars(select(StoredPackage.state)).all() == ["waiting"]  # for the bucket, where there is one
    edition, package = live(house, edition_id)
    assert before.items() <= hashes(package).items()
    assert edition.storyboard is not None
    assert (edition.storyboard.path, edition.storyboard.interval_ms) == (f"storyboard-j{job_id}.vtt", 3000)
    index = (package / edition.storyboard.path).read_text()
    assert index.count(" --> ") == 5
    assert f"storyboard-j{job_id}/0000.jpg#xywh=" in index
    with house.app.test_request_context():
        src = stills.address(house.settings.secret_key, edition.public_id, package.name, "s",
                             edition.storyboard.name, 1)
    assert house.app.test_client().get(src).mimetype == "image/jpeg"


@pytest.mark.parametrize(("specs", "code"), [((RungSpec(1080, 6000, 22),), "too-large-rung"),
                                             ((SMALL, RungSpec(120, 500, 20)), "same-size")])
def test_what_makes_no_sense_is_refused_in_words(house: House, film: Path, specs: tuple[RungSpec, ...],
                                                 code: str) -> None:
    edition_id = edition_with_package(house, film)
    before = hashes(live(house, edition_id)[1])
    job = house.job(wish(house, edition_id, *specs))
    drain(house)
    job = house.job(job.id)
    assert (job.state, job.code) == ("failed", code)
    assert hashes(live(house, edition_id)[1]) == before


def test_nothing_is_begun_without_a_film_a_file_or_a_wish(house: House, film: Path) -> None:
    with pytest.raises(Invalid):
        wish(house, edition_with_package(house, film))
    job = house.job(house.start(film))
    with pytest.raises(Invalid):
        wish(house, job.edition_id, SMALL)
    drain(house)
    wish(house, job.edition_id, SMALL)
    with pytest.raises(Conflict):
        wish(house, job.edition_id, SMALL)
    drain(house)
    with unit_of_work() as session:
        session.get_one(EncodingJob, job.id).source.kept = False
    with pytest.raises(Invalid):
        wish(house, job.edition_id, SMALL)


def test_a_film_that_is_encoded_again_meanwhile_wins(house: House, film: Path) -> None:
    edition_id = edition_with_package(house, film)
    job_id = wish(house, edition_id, SMALL)
    with unit_of_work() as session:
        lease = ledger.take(session, "light", "test")
    assert lease is not None
    worker.do_step(tasks.bench(), lease)  # it is planned
    with unit_of_work() as session:
        package = session.get_one(Edition, edition_id).package = services.new_package()
    house.storage.path(package).mkdir()
    drain(house)
    job = house.job(job_id)
    assert (job.state, job.code) == ("failed", "film-changed")
    assert len(live(house, edition_id)[0].video) == 1
