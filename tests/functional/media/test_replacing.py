"""A published film whose tracks change: nobody who is watching notices, and no byte of the picture changes."""
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import m3u8
import pytest
from flask import g, request_started
from flask.testing import FlaskClient

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import editing, services, storing
from moviepoint.domains.media.encoding import subtitles
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.models import Edition, SourceAsset
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.testing import Client
from tests.functional.media.adding import add, edition_with_package, hashes, inputs, live, onset, save
from tests.functional.media.house import House, drain
from tests.unit.media.films import X264, make, pattern, pgs, tone


@pytest.fixture
def viewer(house: House) -> Iterator[FlaskClient]:
    """Give a client of the house's own app, whose requests share nothing."""

    def forget(_app: object, **_: object) -> None:
        g.__dict__.clear()

    request_started.connect(forget, house.app)
    house.app.test_client_class = Client
    yield house.app.test_client()
    request_started.disconnect(forget, house.app)


def publish(edition_id: int) -> None:
    with unit_of_work() as session:
        session.get_one(Title, session.get_one(Edition, edition_id).title_id).status = "published"


def master_of(viewer: FlaskClient, edition: Edition) -> tuple[str, m3u8.M3U8]:
    """Return the prefix of a film's addresses, and its master playlist."""
    address = viewer.get(f"/api/v1/editions/{edition.public_id}/playback").json["master"]
    return address.rsplit("/", 1)[0], m3u8.loads(viewer.get(address).text)


def status(viewer: FlaskClient, address: str) -> int:
    return viewer.get(address).status_code


def picture(package: Path) -> dict[str, str]:
    return {name: value for name, value in hashes(package).items() if name.startswith(("stream_", "iframes_"))}


def names(master: m3u8.M3U8) -> set[str]:
    return {one.uri.removesuffix(".m3u8") for one in master.media}


def test_a_dub_is_replaced_while_somebody_listens_to_it(house: House, film: Path, dub: Path, viewer: FlaskClient,
                                                        tools: Tools, tmp_path: Path) -> None:
    edition_id = edition_with_package(house, film)
    publish(edition_id)
    edition, package = live(house, edition_id)
    save(edition_id, inputs(edition, audio_ru={"label": "Студия", "labels": {"en": "Studio"}, "offset_ms": 300}))
    drain(house)
    edition, package = live(house, edition_id)
    row_id, old = edition.audio[0].id, edition.audio[0].path
    pictures, size = picture(package), edition.package_bytes
    prefix, before = master_of(viewer, edition)
    assert old in names(before)
    job = add(house, edition_id, dub, Intent("audio", replaces=row_id))
    drain(house)
    assert house.job(job).state == "done"
    edition, package = live(house, edition_id)
    row = edition.audio[0]
    assert (row.id, row.path, row.language, row.label, row.labels, row.default, row.hidden) == (
        row_id, f"audio_ru-j{job}", "ru", "Студия", {"en": "Studio"}, True, False)
    assert (row.offset_ms, row.made_offset_ms, row.channels) == (0, 0, 1)
    assert len(edition.audio) == 2
    assert onset(tools, package, row.path, tmp_path) == pytest.approx(4.0, abs=0.05)
    assert abs(edition.package_bytes - size) < 300_000
    assert picture(package) == pictures
    again, after = master_of(viewer, edition)
    assert again == prefix  # whoever holds the old master has the same addresses
    assert row.path in names(after)
    assert old not in names(after)
    segments = m3u8.loads(viewer.get(f"{prefix}/{old}.m3u8").text).segments
    assert [status(viewer, f"{prefix}/{segment.uri}") for segment in segments] == [200] * 3
    for marker in house.storage.path(storing.RETIRED).iterdir():
        os.utime(marker, (0, 0))
    assert storing.remove_retired(house.storage) == 2  # the one before the offset, and this
    assert status(viewer, f"{prefix}/{segments[0].uri}") == 404
    assert status(viewer, f"{prefix}/{row.path}/data0000.ts") == 200


def test_what_editors_do_to_tracks_is_in_the_next_master_and_moves_no_picture(
        house: House, film: Path, dub: Path, sidecar: Path, viewer: FlaskClient) -> None:
    edition_id = edition_with_package(house, film)
    publish(edition_id)
    edition, package = live(house, edition_id)
    pictures = picture(package)
    prefix, _master = master_of(viewer, edition)
    sound = add(house, edition_id, dub, Intent("audio", "de", "dub"))
    text = add(house, edition_id, sidecar, Intent("subtitles", "de"))
    drain(house)
    edition, package = live(house, edition_id)
    data = inputs(edition, **{"audio_ru": {"hidden": True, "default": False}, "audio_en": {"default": True},
                              f"audio_de-j{sound}": {"label": "Arena"}, f"subs_de-j{text}": {"offset_ms": 500}})
    data.audio.reverse()
    save(edition_id, data)
    _prefix, master = master_of(viewer, live(house, edition_id)[0])
    heard = [one for one in master.media if one.type == "AUDIO"]
    assert [(one.uri, one.language, one.default) for one in heard] == [
        (f"audio_de-j{sound}.m3u8", "de", "NO"), ("audio_en.m3u8", "en", "YES")]
    assert "Arena" in heard[0].name
    drain(house)
    edition, package = live(house, edition_id)
    moved = edition.subtitles[1].path or ""
    assert moved not in ("", f"subs_de-j{text}")
    assert moved in names(master_of(viewer, edition)[1])
    with unit_of_work() as session:
        editing.remove_track(session, SYSTEM, house.storage, edition_id, edition.audio[0].id, "audio")
    edition, package = live(house, edition_id)
    assert f"audio_de-j{sound}" not in names(master_of(viewer, edition)[1])
    assert picture(package) == pictures
    gone = (f"audio_de-j{sound}/data0000.ts", f"subs_de-j{text}/data0000.vtt", "audio_ru/data0000.ts")
    assert [status(viewer, f"{prefix}/{name}") for name in gone] == [200] * 3


@pytest.fixture(scope="session")
def blu_ray(tools: Tools, films: Path) -> Path:
    """Thirteen seconds with a dub and with subtitles in pictures."""
    return make(tools, films / "blu-ray.mkv", *pattern(rate="24", seconds=13), *tone(440, 13), "-i",
                str(pgs(films / "x.sup")), "-map", "0:v", "-map", "1:a", "-map", "2:s", *X264, "-c:a", "aac", "-c:s",
                "copy", "-metadata:s:s:0", "language=ger", "-metadata:s:a:0", "language=ger")


def test_subtitles_in_pictures_get_their_text_by_upload_and_keep_it(house: House, blu_ray: Path, sidecar: Path,
                                                                     viewer: FlaskClient) -> None:
    edition_id = edition_with_package(house, blu_ray)
    publish(edition_id)
    edition, package = live(house, edition_id)
    row = edition.subtitles[0]
    row_id, pictures = row.id, picture(package)
    assert (row.path, row.language, row.source_format) == (None, "de", "hdmv_pgs_subtitle")
    assert "text version" in row.note
    job = add(house, edition_id, sidecar, Intent("subtitles", replaces=row_id))
    drain(house)
    edition, package = live(house, edition_id)
    row = edition.subtitles[0]
    assert (row.id, row.path, row.source_format, row.note) == (row_id, f"subs_de-j{job}", "srt", "")
    assert [cue.text for cue in subtitles.read_track(package / (row.path or ""))] == ["Eins", "Zwei"]
    assert row.path in names(master_of(viewer, edition)[1])
    assert picture(package) == pictures
    source = db.session.get_one(SourceAsset, edition.audio[0].source_id)
    db.session.rollback()
    with unit_of_work() as session:
        services.start_job(session, SYSTEM, source.id)
    drain(house)
    edition, package = live(house, edition_id)
    assert [(row.id, row.path, row.note) for row in edition.subtitles] == [(row_id, f"subs_de-j{job}", "")]
    assert len(subtitles.read_track(package / (edition.subtitles[0].path or ""))) == 2
    with unit_of_work() as session:
        editing.remove_track(session, SYSTEM, house.storage, edition_id, row_id, "subtitles")
        services.start_job(session, SYSTEM, source.id)
    drain(house)
    assert [row.path for row in live(house, edition_id)[0].subtitles] == [None]  # the pictures are there again


def test_a_replaced_dub_stays_replaced_when_the_film_is_encoded_again(house: House, film: Path, dub: Path) -> None:
    edition_id = edition_with_package(house, film)
    edition = live(house, edition_id)[0]
    russian = edition.audio[0].id
    jobs = []
    for _ in range(2):  # what has replaced a track can be replaced
        jobs.append(add(house, edition_id, dub, Intent("audio", replaces=russian)))
        drain(house)
    source = db.session.get_one(SourceAsset, live(house, edition_id)[0].audio[1].source_id)
    db.session.rollback()
    with unit_of_work() as session:
        services.start_job(session, SYSTEM, source.id)
    drain(house)
    edition, package = live(house, edition_id)
    assert [(row.id == russian, row.language, row.path, row.hidden) for row in edition.audio] == [
        (True, "ru", f"audio_ru-j{jobs[1]}", False), (False, "en", "audio_en", False)]
    assert (package / f"audio_ru-j{jobs[1]}" / "data0000.ts").is_file()


def test_a_dub_of_another_length_waits_beside_the_one_it_was_to_replace(house: House, film: Path,
                                                                        short_dub: Path) -> None:
    edition_id = edition_with_package(house, film)
    row = live(house, edition_id)[0].audio[0]
    before = (row.id, row.path, row.hidden)
    add(house, edition_id, short_dub, Intent("audio", replaces=row.id))
    drain(house)
    rows = live(house, edition_id)[0].audio
    assert (rows[0].id, rows[0].path, rows[0].hidden) == before
    assert (rows[2].language, rows[2].kind, rows[2].hidden, rows[2].note[:7]) == ("ru", rows[0].kind, True, "length:")


def test_what_replaces_a_track_is_one_track_and_the_track_is_there(house: House, film: Path, dub: Path,
                                                                   sidecar: Path) -> None:
    edition_id = edition_with_package(house, film)
    edition = live(house, edition_id)[0]
    russian, read = edition.audio[0].id, edition.subtitles[0].id
    several = add(house, edition_id, film, Intent("audio", replaces=russian))
    drain(house)
    assert (house.job(several).state, house.job(several).code) == ("failed", "several-tracks")
    late = add(house, edition_id, dub, Intent("audio", replaces=russian))
    text = add(house, edition_id, sidecar, Intent("subtitles", replaces=read))
    with unit_of_work() as session:
        editing.remove_track(session, SYSTEM, house.storage, edition_id, russian, "audio")
    drain(house)
    assert (house.job(late).state, house.job(late).code) == ("failed", "track-gone")
    assert house.job(text).state == "done"
    assert [row.language for row in live(house, edition_id)[0].tracks] == ["en", "ru"]


def test_an_offset_of_the_old_file_does_not_overtake_the_new_one(house: House, film: Path, sidecar: Path) -> None:
    edition_id = edition_with_package(house, film)
    edition = live(house, edition_id)[0]
    row_id = edition.subtitles[0].id
    save(edition_id, inputs(edition, subs_ru={"offset_ms": 700}))
    with unit_of_work() as session:  # there and back: the old file's job is to make it at nought
        session.get_one(Edition, edition_id).subtitles[0].made_offset_ms = 700
    save(edition_id, inputs(live(house, edition_id)[0], subs_ru={"offset_ms": 0}))
    job = add(house, edition_id, sidecar, Intent("subtitles", replaces=row_id))
    with unit_of_work() as session:
        services.set_priority(session, SYSTEM, job, 50)
    drain(house)
    edition, package = live(house, edition_id)
    assert (edition.subtitles[0].path, edition.subtitles[0].offset_ms) == (f"subs_ru-j{job}", 0)
    assert [cue.text for cue in subtitles.read_track(package / f"subs_ru-j{job}")] == ["Eins", "Zwei"]
