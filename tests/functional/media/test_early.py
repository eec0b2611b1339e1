"""A film is watched while it is encoded, and encoded again while it is watched."""
from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import m3u8
import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import early, ledger, playback, profiles, retiming, services, sweep, tasks, worker
from moviepoint.domains.media.bench import Bench, LeaseWatch
from moviepoint.domains.media.encoding import verify
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.encoding.plan import HEAVY, SEEK_TEST, SOUND
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.ledger import Lease
from moviepoint.domains.media.models import Edition, EncodingJob, EncodingStep
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.errors import Forbidden
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.adding import add
from tests.functional.media.house import House, drain
from tests.functional.media.test_copying import TWO, distrust_copies
from tests.functional.media.test_seeking import ROLLING, film
from tests.unit.media.films import X264, make, pattern, tone

RUNGS = (RungSpec(180, 600, 26), RungSpec(90, 200, 28))
SLOW = Profile(rungs=RUNGS, preset="slower", segment_seconds=2, range_segments=4)
CMAF = Profile(rungs=RUNGS, preset="ultrafast", segments="fmp4", surround_kbps=384)


@pytest.fixture(scope="module")
def feature(tools: Tools, films: Path) -> Path:
    return make(tools, films / "feature.mp4", *pattern("320x180", "24", 30), *tone(440, 30), *X264, "-c:a", "aac")


def begin(house: House, file: Path, profile: Profile, edition: Edition | None = None) -> int:
    """Start a job with a profile; of an edition, its newest source is encoded again."""
    offer = profiles.Offer("small", "Small", profile, True, False)
    source = edition.sources[-1].id if edition else house.add_source(file)
    with unit_of_work() as session:
        return services.start_job(session, SYSTEM, source, offer=offer).id


def on_delivery(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something whenever segments have been delivered, in the middle of the work."""
    plain = worker.LeaseWatch.delivered

    def delivered(watch: worker.LeaseWatch) -> None:
        plain(watch)
        act()

    monkeypatch.setattr(worker.LeaseWatch, "delivered", delivered)


def master_of(house: House, job_id: int) -> str:
    edition = house.edition(job_id)
    return playback.addresses(house.app.extensions["moviepoint.hooks"], house.settings.secret_key, db.session(),
                              edition, SYSTEM, early=house.job(job_id).package).master


def get(client: FlaskClient, address: str) -> str:
    """Ask in a thread of its own, as another process would: the worker's session is not the request's."""
    found: list[str] = []

    def ask() -> None:
        with client.get(address) as response:
            found.append(response.text if response.status_code == 200 else "")

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return found[0]


def test_editors_watch_what_is_there(house: House, feature: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The master names what has begun; its playlists grow, and end as finished ones at the same addresses."""
    job_id, client = begin(house, feature, SLOW), house.app.test_client()
    seen: list[str] = []

    def look() -> None:
        address = master_of(house, job_id)
        text = get(client, address)
        if text and "audio_und" in text:
            seen.append(get(client, address.replace("master", "stream_1")))
        db.session.rollback()

    on_delivery(monkeypatch, look)
    while sum(worker.work(tasks.bench(), lane) for lane in ("light", "sound", "heavy")):
        continue
    grown = [m3u8.loads(text) for text in seen if text]
    assert len(grown) >= 8
    assert [len(p.segments) for p in grown] == sorted(len(p.segments) for p in grown)
    assert grown[0].playlist_type == "event"
    assert all(grown[0].segments[0].uri == playlist.segments[0].uri for playlist in grown)
    assert all(not playlist.is_endlist for playlist in grown)
    done = (house.package(job_id) / "stream_1.m3u8").read_text()
    assert "PLAYLIST-TYPE:VOD" in done
    assert done.rstrip().endswith("#EXT-X-ENDLIST")
    assert done.count("#EXTINF") == 15


def test_nobody_else_sees_a_film_that_is_being_made(house: House, feature: Path) -> None:
    job_id = begin(house, feature, SLOW)
    edition = house.edition(job_id)
    with pytest.raises(Forbidden):
        playback.addresses(house.app.extensions["moviepoint.hooks"], house.settings.secret_key, db.session(), edition,
                           None, early=house.job(job_id).package)


def test_a_setting_lets_viewers_begin_early(house: House, feature: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house.app.extensions["moviepoint.settings"] = msgspec.structs.replace(house.settings, publish_early=True)
    job_id = begin(house, feature, SLOW)
    with unit_of_work() as session:
        session.get_one(Title, house.edition(job_id).title_id).status = "published"
    shown: list[tuple[str | None, int]] = []

    def look() -> None:
        edition = house.edition(job_id)
        shown.append((edition.package, len(edition.audio)))
        db.session.rollback()

    on_delivery(monkeypatch, look)
    while sum(worker.work(tasks.bench(), lane) for lane in ("light", "sound", "heavy")):
        continue
    assert shown[0] == (None, 0)
    assert shown[-1] == (house.job(job_id).package, 1)  # before the check has come to it
    edition = house.edition(job_id)
    assert house.job(job_id).state == "done"
    assert [row.path for row in edition.audio] == ["audio_und"]
    assert [row.path for row in edition.video] == ["stream_0", "stream_1"]
    assert edition.video[0].iframe_bandwidth > 0  # measured, and no cap any more
    assert edition.video[0].peak_bandwidth != 600 * early.KBPS


def test_what_was_shown_early_is_taken_back_when_the_film_fails(house: House, feature: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    house.app.extensions["moviepoint.settings"] = msgspec.structs.replace(house.settings, publish_early=True)
    job_id = begin(house, feature, SLOW)

    def stop() -> None:
        edition = house.edition(job_id)
        if edition.package is not None:
            with unit_of_work() as session:
                services.cancel_job(session, SYSTEM, job_id)
        db.session.rollback()

    on_delivery(monkeypatch, stop)
    while sum(worker.work(tasks.bench(), lane) for lane in ("light", "sound", "heavy")):
        continue
    assert house.job(job_id).state == "cancelled"
    sweep.sweep(tasks.bench())
    edition = house.edition(job_id)
    assert (edition.package, edition.video, edition.audio) == (None, [], [])


def shown_early(house: House, feature: Path) -> int:
    """Begin a film, and work at it until viewers see what is there of it; returns its job's id."""
    house.app.extensions["moviepoint.settings"] = msgspec.structs.replace(house.settings, publish_early=True)
    job_id = begin(house, feature, CMAF)
    while house.edition(job_id).package is None:
        with unit_of_work() as session:
            lease = ledger.take(session, "light", "test") or ledger.take(session, "sound", "test") \
                or ledger.take(session, "heavy", "test")
        worker.do_step(tasks.bench(), lease)
    return job_id


def test_who_takes_a_film_up_again_leaves_nothing_of_the_old_one_on_show(house: House, feature: Path) -> None:
    """As a second click does, before any sweep has come by."""
    job_id = shown_early(house, feature)
    for verb, shown in ((services.cancel_job, None), (services.retry_job, None), (services.cancel_job, None)):
        with unit_of_work() as session:
            verb(session, SYSTEM, job_id)
        assert house.edition(job_id).package is shown
    for path in house.storage.path("packages").iterdir():
        os.utime(path, (0, 0))  # of a film whose encoding has taken long
    sweep.sweep(tasks.bench())
    assert list(house.storage.path("packages").glob("[!.]*")) == []


def test_a_film_that_fails_its_check_twice_is_shown_to_nobody(house: House, feature: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    def doubting(*_: object) -> None:
        raise verify.BadPackage("it does not decode")

    monkeypatch.setattr(verify, "finish_package", doubting)
    job_id = shown_early(house, feature)
    drain(house)
    assert house.job(job_id).state == "failed"
    sweep.sweep(tasks.bench())
    edition = house.edition(job_id)
    assert (edition.package, edition.published_at, edition.video, edition.audio) == (None, None, [], [])


def test_what_a_member_has_sent_is_not_shown_before_it_is_whole(house: House, feature: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    """Its title may be approved at any moment, by who has seen what was there then."""
    house.app.extensions["moviepoint.settings"] = msgspec.structs.replace(house.settings, publish_early=True)
    job_id, shown = begin(house, feature, CMAF), []
    title_id = house.edition(job_id).title_id
    with unit_of_work() as session:
        member = create_user(session, "member@example.org", "!", ["member"], "Member")
        session.get_one(Title, title_id).added_by_id = member.id
        session.get_one(EncodingJob, job_id).created_by_id = member.id
    on_delivery(monkeypatch, lambda: shown.append(house.edition(job_id).package))
    drain(house)
    assert {*shown} == {None}
    assert house.edition(job_id).package == house.job(job_id).package


def test_a_dub_waits_for_a_film_that_may_still_be_taken_back(house: House, feature: Path, dub: Path) -> None:
    house.app.extensions["moviepoint.settings"] = msgspec.structs.replace(house.settings, keep_sources=False)
    job_id = shown_early(house, feature)
    with unit_of_work() as session:  # nobody works at the film meanwhile
        session.execute(update(EncodingStep).where(EncodingStep.state == "queued")
                        .values(not_before=utcnow() + timedelta(minutes=10)))
    added = add(house, house.edition(job_id).id, dub, Intent("audio", "de", "dub"))
    drain(house)
    sweep.sweep(tasks.bench())
    drain(house)
    assert (house.job(added).state, house.job(added).code) == ("paused", retiming.WAITS)
    with unit_of_work() as session:
        session.execute(update(EncodingStep).values(not_before=None))
    drain(house)
    assert house.job(added).state == "done"
    assert [row.language for row in house.edition(job_id).audio] == ["und", "de"]


def test_what_was_shown_early_is_taken_back_when_the_film_is_planned_anew(
        house: House, regular_film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else viewers would sit before a film that grows no more. They may begin again as soon as enough is there."""
    house.app.extensions["moviepoint.settings"] = msgspec.structs.replace(house.settings, publish_early=True)
    monkeypatch.setattr(early, "ENOUGH_SECONDS", 12)
    distrust_copies(monkeypatch)
    job_id = begin(house, regular_film, TWO)
    given_up, shown = house.job(job_id).package, []

    def look() -> None:
        shown.append((house.job(job_id).package, house.edition(job_id).package))
        db.session.rollback()

    on_delivery(monkeypatch, look)
    while sum(worker.work(tasks.bench(), lane) for lane in ("light", "sound", "heavy")):
        continue
    package = house.job(job_id).package
    assert (house.job(job_id).state, house.edition(job_id).package) == ("done", package)
    assert {(given_up, given_up), (package, None), (package, package)} <= {*shown}
    assert (package, given_up) not in shown


def test_nobody_begins_a_film_that_may_be_planned_anew(house: House, tools: Tools, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it can be cut into ranges is tried last here: all of its picture is there by then."""
    house.app.extensions["moviepoint.settings"] = msgspec.structs.replace(house.settings, publish_early=True)
    job_id = begin(house, film(tools, tmp_path, ROLLING, monkeypatch), TWO)
    given_up, shown = house.job(job_id).package, []
    on_delivery(monkeypatch, lambda: shown.append(house.edition(job_id).package))
    tried = worker.KINDS[SEEK_TEST]

    def late(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
        for lane in (SOUND, HEAVY):
            assert worker.work(bench, lane)
        assert early.progress(house.storage, house.job(job_id)).seconds > early.ENOUGH_SECONDS
        tried(bench, lease, watch)

    monkeypatch.setitem(worker.KINDS, SEEK_TEST, late)
    drain(house)
    package = house.job(job_id).package
    assert (house.edition(job_id).package, package in shown, given_up in shown) == (package, True, False)


def test_a_film_is_encoded_anew_while_the_old_one_plays(house: House, feature: Path, tools: Tools,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    """From MPEG-TS to fMP4: the old address works until the new package is there, and half a day longer."""
    first = begin(house, feature, msgspec.structs.replace(SLOW, preset="ultrafast"))
    drain(house)
    edition = house.edition(first)
    old, names = edition.package, [row.id for row in edition.audio]
    during: list[str | None] = []
    on_delivery(monkeypatch, lambda: during.append(house.edition(first).package))
    second = begin(house, feature, CMAF, edition)
    drain(house)
    assert house.job(second).state == "done", house.job(second).message
    assert set(during) == {old}
    edition = house.edition(second)
    assert (edition.package, edition.segment_format) == (house.job(second).package, "fmp4")
    assert [row.id for row in edition.audio] == names
    assert old is not None
    assert (house.storage.path(old) / "stream_0.m3u8").is_file()
    addresses = playback.addresses(house.app.extensions["moviepoint.hooks"], house.settings.secret_key, db.session(),
                                   edition, SYSTEM)
    db.session.rollback()
    client = house.app.test_client()
    master, manifest = get(client, addresses.master), get(client, addresses.dash)
    assert 'CODECS="avc1.' in master
    path = house.package(second) / "manifest.mpd"
    path.write_text(manifest, encoding="utf-8")
    said = subprocess.run([str(tools.ffprobe), "-v", "error", "-count_packets", "-show_entries",
                           "stream=codec_type,nb_read_packets,width", "-of", "json", str(path)],
                          capture_output=True, check=True, timeout=60, text=True)
    streams = msgspec.json.decode(said.stdout)["streams"]
    assert sorted((s["codec_type"], s.get("width", 0)) for s in streams) == [
        ("audio", 0), ("video", 160), ("video", 320)]
    assert {int(s["nb_read_packets"]) for s in streams if s["codec_type"] == "video"} == {720}
