"""Dubs and subtitles that come later: they are added without a byte of the film being touched."""
from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import m3u8
import pytest
from sqlalchemy import select, update

from moviepoint.domains.history.models import Revision
from moviepoint.domains.media import (
    editing,
    ledger,
    playback,
    player,
    publishing,
    retiming,
    services,
    storing,
    sweep,
    tasks,
    worker,
)
from moviepoint.domains.media.encoding import subtitles
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.models import AudioTrack, Edition, EncodingJob, EncodingStep, Mark, SourceAsset
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.adding import add, edition_with_package, hashes, inputs, live, save
from tests.functional.media.house import House, drain


def test_a_dub_and_a_subtitle_are_added_and_no_byte_of_the_film_changes(house: House, film: Path, dub: Path,
                                                                        sidecar: Path) -> None:
    first = house.publish(film)
    edition_id = house.job(first).edition_id
    _edition, package = live(house, edition_id)
    before = hashes(package)
    sound = add(house, edition_id, dub, Intent("audio", "de", "dub", studio="Arena"))
    text = add(house, edition_id, sidecar, Intent("subtitles", "de", "sdh", label="Für alle"))
    drain(house)
    assert [(house.job(job).state, house.job(job).message) for job in (sound, text)] == [("done", "")] * 2
    edition, package = live(house, edition_id)
    after = hashes(package)
    assert before.items() <= after.items()
    assert {name.split("/")[0].removesuffix(".m3u8") for name in after.keys() - before.keys()} == {
        f"audio_de-j{sound}", f"subs_de-j{text}"}
    track = edition.audio[-1]
    assert (track.language, track.kind, track.studio) == ("de", "dub", "Arena")
    assert not track.default
    assert not track.hidden
    assert (track.codec, track.channels, track.average_bandwidth > 0) == ("mp4a.40.2", 1, True)
    words = edition.subtitles[-1]
    assert (words.language, words.role, words.label, words.note) == ("de", "sdh", "Für alle", "")
    master = m3u8.loads(playback.master_playlist(playback.load_edition(db.session(), edition.public_id)))
    assert {m.uri for m in master.media} >= {f"audio_de-j{sound}.m3u8", f"subs_de-j{text}.m3u8"}
    assert all((package / m.uri).is_file() for m in master.media)
    assert not house.package(sound).exists()  # its workplace
    assert edition.package_bytes >= sum(p.stat().st_size for p in package.rglob("*.ts"))
    shown = [row.action for row in db.session.scalars(select(Revision).where(Revision.entity == "edition"))]
    assert shown.count("job_started") == 3
    assert shown.count("encoded") == 3


def test_a_track_waits_for_its_film(house: House, film: Path, sidecar: Path) -> None:
    source = house.add_source(film)
    edition_id = db.session.get_one(SourceAsset, source).edition_id
    db.session.rollback()
    text = add(house, edition_id, sidecar, Intent("subtitles", "de"))
    drain(house)
    assert (house.job(text).state, house.job(text).code) == ("paused", retiming.WAITS)
    sweep.sweep(tasks.bench())
    assert house.job(text).state == "paused"  # there is still no film
    with unit_of_work() as session:
        services.start_job(session, SYSTEM, source)
    drain(house)
    assert house.job(text).state == "done"
    assert [row.language for row in live(house, edition_id)[0].subtitles] == ["ru", "de"]


def test_a_dub_of_another_length_is_held_for_the_editor(house: House, film: Path, short_dub: Path) -> None:
    first = house.publish(film)
    edition_id = house.job(first).edition_id
    job = add(house, edition_id, short_dub, Intent("audio", "fr"))
    drain(house)
    assert house.job(job).state == "done"
    track = live(house, edition_id)[0].audio[-1]
    assert (track.language, track.kind, track.hidden) == ("fr", "dub", True)
    assert int(track.note.removeprefix("length:")) == pytest.approx(-8013, abs=60)
    assert "shorter than the film" in player.note_words(track.note)
    lengths = [segment.duration for segment in m3u8.load(str(house.storage.path(
        f"{live(house, edition_id)[0].package}/{track.path}.m3u8"))).segments]
    assert sum(lengths) == pytest.approx(13.013, abs=0.1)


@pytest.mark.parametrize(("data", "use", "code"), [
    (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "subtitles", "not-subtitles"),
    (b"1\n00:00:05,000 --> 00:00:04,000\nback\n", "subtitles", "no-cues"),
    (b"\x00\x01\x02\x03" * 200, "subtitles", "not-subtitles"),
    (b"\x00\x01\x02\x03" * 200, "audio", "unknown-format"),
    (b"ffconcat version 1.0\nfile /etc/passwd\n", "audio", "playlist"),
    (b"<?xml version='1.0'?><!DOCTYPE tt [<!ENTITY x 'y'>]><tt xmlns='http://www.w3.org/ns/ttml'><body/></tt>",
     "subtitles", "not-subtitles")])
def test_what_is_no_track_is_refused_in_words(house: House, film: Path, tmp_path: Path, data: bytes, use: str,
                                              code: str) -> None:
    edition_id = edition_with_package(house, film)
    path = tmp_path / "x.srt"
    path.write_bytes(data)
    job_id = add(house, edition_id, path, Intent(use))  # type: ignore[arg-type]
    drain(house)
    job = house.job(job_id)
    assert (job.state, job.code) == ("failed", code)
    assert len(job.message) > 20
    assert len(live(house, edition_id)[0].tracks) == 3


def test_a_guessed_encoding_is_said_and_an_editors_choice_wins(house: House, film: Path, tmp_path: Path) -> None:
    edition_id = edition_with_package(house, film)
    path = tmp_path / "x.srt"
    path.write_bytes("1\n00:00:01,000 --> 00:00:02,000\nЁж\n".encode("koi8-r"))
    add(house, edition_id, path, Intent("subtitles", "ru", "forced"))
    add(house, edition_id, path, Intent("subtitles", "ru", "sdh", encoding="koi8-r"))
    drain(house)
    edition, package = live(house, edition_id)
    guessed, chosen = edition.subtitles[-2:]
    assert "guess" in guessed.note
    assert chosen.note == ""
    assert subtitles.read_track(package / (chosen.path or ""))[0].text == "Ёж"


def test_cancelling_a_track_leaves_the_film_alone(house: House, film: Path, dub: Path) -> None:
    edition_id = edition_with_package(house, film)
    before = hashes(live(house, edition_id)[1])
    job = add(house, edition_id, dub, Intent("audio", "de"))
    with unit_of_work() as session:
        services.cancel_job(session, SYSTEM, job)
    sweep.sweep(tasks.bench())
    drain(house)
    assert house.job(job).state == "cancelled"
    assert hashes(live(house, edition_id)[1]) == before
    with unit_of_work() as session:
        services.retry_job(session, SYSTEM, job)
    drain(house)
    assert house.job(job).state == "done"


def test_encoding_again_keeps_what_editors_have_made_of_tracks_and_chapters(house: House, film: Path,
                                                                            sidecar: Path) -> None:
    edition_id = edition_with_package(house, film)
    added = add(house, edition_id, sidecar, Intent("subtitles", "de"))
    drain(house)
    edition, _package = live(house, edition_id)
    ids = [row.id for row in edition.tracks]
    data = inputs(edition, audio_ru={"label": "Студия", "kind": "voice-over", "default": False, "studio": "Мост",
                                     "labels": {"en": "Bridge"}},
                  audio_en={"default": True, "offset_ms": 400}, subs_ru={"hidden": True})
    data.audio.reverse()
    save(edition_id, data)
    with unit_of_work() as session:
        session.get_one(Edition, edition_id).marks.append(Mark(kind="chapter", label="Mine", start_ms=0))
    drain(house)
    source = db.session.scalars(select(SourceAsset).order_by(SourceAsset.id)).first()
    assert source is not None
    db.session.rollback()
    with unit_of_work() as session:
        again = services.start_job(session, SYSTEM, source.id).id
    drain(house)
    assert house.job(again).state == "done"
    edition, package = live(house, edition_id)
    assert edition.package == house.job(again).package
    assert sorted(row.id for row in edition.tracks) == sorted(ids)
    english, russian = edition.audio
    assert (russian.language, russian.label, russian.kind, russian.studio, russian.labels) == (
        "ru", "Студия", "voice-over", "Мост", {"en": "Bridge"})
    assert (english.default, russian.default) == (True, False)
    assert (english.offset_ms, english.made_offset_ms, english.path) == (400, 400, "audio_en")
    assert [(row.language, row.hidden, row.path) for row in edition.subtitles] == [
        ("ru", True, "subs_ru"), ("de", False, f"subs_de-j{added}")]
    assert [mark.label for mark in edition.marks] == ["Mine"]
    assert (package / f"subs_de-j{added}" / "data0000.vtt").is_file()
    assert (package / f"subs_de-j{added}.m3u8").is_file()


def test_a_track_is_removed_and_the_last_sound_stays(house: House, film: Path) -> None:
    edition_id = edition_with_package(house, film)
    edition, _package = live(house, edition_id)
    russian, english = (row.id for row in edition.audio)
    with unit_of_work() as session:
        editing.remove_track(session, SYSTEM, house.storage, edition_id, russian, "audio")
    edition, _package = live(house, edition_id)
    assert [row.path for row in edition.audio] == ["audio_en"]
    assert [path.name.partition(".")[2] for path in house.storage.path(storing.RETIRED).iterdir()] == ["audio_ru"]
    with pytest.raises(Invalid), unit_of_work() as session:
        editing.remove_track(session, SYSTEM, house.storage, edition_id, english, "audio")
    assert db.session.scalars(select(AudioTrack.path)).all() == ["audio_en"]
    assert Fraction(edition.duration_ms or 0, 1000) > 12


def test_publishing_a_track_twice_does_no_harm(house: House, film: Path, sidecar: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    edition_id = edition_with_package(house, film)
    job = add(house, edition_id, sidecar, Intent("subtitles", "de"))
    finish = publishing.finish
    calls: list[int] = []

    def die_once(session: object, of: EncodingJob) -> None:
        calls.append(of.id)
        if len(calls) == 1:
            raise OSError("the disk went away after the files were brought in")
        finish(session, of)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing, "finish", die_once)
    drain(house)
    assert (house.job(job).state, house.job(job).code) == ("paused", "storage-away")
    assert [row.language for row in live(house, edition_id)[0].subtitles] == ["ru"]
    with unit_of_work() as session:
        session.execute(update(EncodingStep).values(not_before=None))
    sweep.sweep(tasks.bench())
    drain(house)
    edition, package = live(house, edition_id)
    assert [row.path for row in edition.subtitles] == ["subs_ru", f"subs_de-j{job}"]
    assert len(subtitles.read_track(package / f"subs_de-j{job}")) == 2


def test_a_source_is_kept_while_another_job_needs_it(house: House, film: Path) -> None:
    first = house.start(film)
    with unit_of_work() as session:
        job = session.get_one(EncodingJob, first)
        other = EncodingJob(edition_id=job.edition_id, source_id=job.source_id, kind="retime", state="paused",
                            package="packages/other")
        session.add(other)
        session.flush()
        assert publishing.discarded(session, job, keep_source=False) is None
        other.state = "done"
        session.flush()
        job.source.pinned = True
        assert publishing.discarded(session, job, keep_source=False) is None
        job.source.pinned = False
        assert publishing.discarded(session, job, keep_source=False) == job.source.key


def test_a_running_step_tells_its_last_lines(house: House, film: Path) -> None:
    job_id = house.start(film)
    with unit_of_work() as session:
        lease = ledger.take(session, "light", "me")
        assert lease is not None
    watch = worker.LeaseWatch(tasks.bench(), lease)
    watch.began("ffmpeg -i SOURCE")
    watch.said("first\nlast")
    watch._looked = watch._beaten = 0.0
    watch(0.25, 1.5)
    step = house.steps(job_id)["inspect"]
    assert (step.log, step.command, step.speed, step.progress) == ("first\nlast", "ffmpeg -i SOURCE", 1.5, 0.25)
