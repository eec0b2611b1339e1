"""The worker on a real database and real files, in the test's own process."""
from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import m3u8
import pytest
from msgspec.structs import replace
from sqlalchemy import select

from moviepoint.domains.catalog.models import Image
from moviepoint.domains.media import ledger, services, storing, sweep, tasks, worker
from moviepoint.domains.media.encoding import commands, steps, verify
from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.domains.media.encoding.subtitles import UNREADABLE
from moviepoint.domains.media.models import EncodingJob
from moviepoint.domains.media.packaging import Sound, Text, Variant, render_master
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.house import House, drain


def test_a_film_goes_from_source_to_published_package(house: House, film: Path) -> None:
    job_id = house.start(film)
    drain(house)
    job, edition = house.job(job_id), house.edition(job_id)
    assert (job.state, job.code, job.message) == ("done", "", "")
    assert edition.package == job.package
    assert abs((edition.duration_ms or 0) - 13_013) < 100
    assert [v.path for v in edition.video] == ["stream_0"]
    assert [(a.path, a.language, a.label, a.default) for a in edition.audio] == [
        ("audio_ru", "ru", "Дубляж", True), ("audio_en", "en", "", False)]
    assert [(s.path, s.language) for s in edition.subtitles] == [("subs_ru", "ru")]
    assert edition.storyboard is not None
    names = {p.name for p in house.package(job_id).iterdir()}
    assert {"stream_0.m3u8", "iframes_0.m3u8", "audio_ru.m3u8", "audio_en.m3u8", "subs_ru.m3u8", "storyboard.vtt",
            "poster.jpg"} <= names
    assert ".work" not in names
    assert all(step.state == "done" for step in house.steps(job_id).values())
    assert len(job.source.sha256 or "") == 64


def test_the_master_of_the_rows_names_only_what_is_there(house: House, film: Path) -> None:
    job_id = house.publish(film)
    edition = house.edition(job_id)
    text = render_master(
        [Variant(v.path, v.width, v.height, v.codec, v.frame_rate, v.average_bandwidth, v.peak_bandwidth,
                 f"iframes_{v.position}", v.iframe_bandwidth) for v in edition.video],
        [Sound(a.path, a.language, a.label, a.kind, a.default, a.codec, a.channels, a.average_bandwidth,
               a.peak_bandwidth) for a in edition.audio],
        [Text(s.path, s.language, s.label, s.role, s.default) for s in edition.subtitles if s.path])
    master = m3u8.loads(text)
    addresses = [p.uri for p in master.playlists] + [m.uri for m in master.media] + [
        p.uri for p in master.iframe_playlists]
    assert len(addresses) == 5
    assert all((house.package(job_id) / address).is_file() for address in addresses)


def test_a_worker_killed_in_the_middle_loses_nothing(house: House, long_film: Path) -> None:
    """`kill -9` while the picture is encoded: another worker takes over, and makes no finished segment again."""
    job_id = house.start(long_film)
    first = house.run_worker(lease=5)
    house.wait(lambda: len(list(house.package(job_id).glob("stream_0/data*.ts"))) >= 2)
    children = children_of(first.pid)
    assert children
    first.kill()
    first.wait()
    house.wait(lambda: not any(alive(pid) for pid in children), seconds=3)
    rungs = list(house.package(job_id).glob("stream_*/"))
    finished = {p.name: p.stat().st_mtime_ns for p in rungs[0].glob("data*.ts")
                if all((rung / p.name).exists() for rung in rungs)}  # it may have died between two rungs
    assert house.job(job_id).state == "running"
    house.run_worker(lease=5)
    job = house.wait_for(job_id, "done", "failed", seconds=200)
    assert (job.state, job.message) == ("done", "")
    made = {p.name: p.stat().st_mtime_ns for p in rungs[0].glob("data*.ts")}
    assert finished.items() <= made.items()
    step = next(step for step in house.steps(job_id).values() if step.kind == "video")
    assert step.result is not None
    assert step.result["reused"] == len(finished)
    assert (step.fence, step.attempts) == (2, 0)


def test_two_workers_share_the_work_and_do_no_step_twice(house: House, film: Path) -> None:
    jobs = [house.start(film) for _ in range(2)]
    house.run_worker(lease=20)
    house.run_worker(lease=20)
    for job_id in jobs:
        assert house.wait_for(job_id, "done", "failed", seconds=150).state == "done"
        assert {step.fence for step in house.steps(job_id).values()} == {1}


def test_cancelling_ends_the_child_within_two_seconds(house: House, long_film: Path) -> None:
    job_id = house.start(long_film)
    process = house.run_worker()
    house.wait(lambda: list(house.package(job_id).glob(".work/video-*/stream_0/data*")))
    assert children_of(process.pid)
    began = time.monotonic()
    with unit_of_work() as session:
        services.cancel_job(session, SYSTEM, job_id)
    house.wait(lambda: not children_of(process.pid), seconds=5)
    assert time.monotonic() - began < 2
    house.wait(lambda: not house.package(job_id).exists(), seconds=15)
    assert house.job(job_id).state == "cancelled"


def test_a_cancelled_job_can_be_taken_up_again(house: House, film: Path) -> None:
    job_id = house.start(film)
    with unit_of_work() as session:
        services.cancel_job(session, SYSTEM, job_id)
    drain(house)
    assert house.job(job_id).state == "cancelled"
    with unit_of_work() as session:
        services.retry_job(session, SYSTEM, job_id)
    drain(house)
    assert house.job(job_id).state == "done"


def test_who_ends_late_does_not_touch_what_is_made_anew(house: House, film: Path) -> None:
    """A job is cancelled and taken up again before its worker has noticed: that one cleans up the old run, at most."""
    job_id = house.start(film)
    with unit_of_work() as session:
        lease = ledger.take(session, "light", "late")
        assert lease is not None
        services.cancel_job(session, SYSTEM, job_id)
    old = house.package(job_id)
    old.mkdir(parents=True)
    with unit_of_work() as session:
        services.retry_job(session, SYSTEM, job_id)
    new = house.package(job_id)
    assert new != old
    new.mkdir()
    worker._clean_up(tasks.bench(), lease)
    sweep.sweep(tasks.bench())
    assert new.is_dir()
    os.utime(old, (0, 0))
    sweep.sweep(tasks.bench())
    assert (old.exists(), new.is_dir()) == (False, True)
    drain(house)
    assert house.job(job_id).state == "done"


@pytest.mark.parametrize(("name", "data", "code"), [
    ("notes.mp4", b"Shopping: milk, bread.\n" * 40, "text"),
    ("film.mkv", b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:6,\n/etc/passwd\n", "playlist"),
    ("film.mp4", b"ffconcat version 1.0\nfile '../other'\n", "playlist"),
    ("film.webm", b"<!DOCTYPE html><html><body>404</body></html>", "web-page"),
    ("film.mov", b"", "empty"),
    ("film.avi", bytes(range(256)) * 100, "unknown-format"),
])
def test_what_is_no_film_is_refused_in_words(house: House, tmp_path: Path, name: str, data: bytes, code: str) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    job_id = house.start(file)
    drain(house)
    job = house.job(job_id)
    assert (job.state, job.code) == ("failed", code)
    assert job.message.endswith(".")
    assert house.steps(job_id)["inspect"].state == "failed"
    assert house.edition(job_id).package is None


def test_a_truncated_film_says_how_much_is_missing(house: House, film: Path, tmp_path: Path) -> None:
    file = tmp_path / "cut.mkv"
    data = film.read_bytes()
    file.write_bytes(data[:len(data) // 2])
    job_id = house.start(file)
    drain(house)
    assert house.job(job_id).code == "truncated"
    assert "49 %" in house.job(job_id).message or "50 %" in house.job(job_id).message


def test_a_full_disk_pauses_and_goes_on_by_itself(house: House, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.storage, "free_bytes", lambda: 513 * 2**20)
    job_id = house.start(film)
    drain(house)
    assert (house.job(job_id).state, house.job(job_id).code) == ("paused", "disk-full")
    assert "room" in house.job(job_id).message
    sweep.sweep(tasks.bench())
    assert house.job(job_id).state == "paused"
    monkeypatch.undo()
    sweep.sweep(tasks.bench())
    drain(house)
    assert house.job(job_id).state == "done"


def test_no_film_is_blamed_while_the_disk_is_full(house: House, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ffmpeg calls half a segment a success, which then looks like a film that is cut off."""
    job_id = house.start(film)

    def cut_short(*_arguments: Any) -> NoReturn:
        monkeypatch.setattr(house.storage, "free_bytes", lambda: 2**20)
        raise Refused("truncated", "The picture ends or breaks after 3.0 s.")

    monkeypatch.setattr(steps, "run_step", cut_short)
    drain(house)
    assert (house.job(job_id).state, house.job(job_id).code) == ("paused", "disk-full")
    monkeypatch.undo()
    sweep.sweep(tasks.bench())
    drain(house)
    assert house.job(job_id).state == "done"


def test_a_source_that_is_away_pauses_the_job(house: House, film: Path) -> None:
    job_id = house.start(film)
    path = house.storage.path(house.job(job_id).source.key)
    path.rename(path.with_name("elsewhere"))
    drain(house)
    assert (house.job(job_id).state, house.job(job_id).code) == ("paused", "source-gone")
    path.with_name("elsewhere").rename(path)
    sweep.sweep(tasks.bench())
    drain(house)
    assert house.job(job_id).state == "done"


def test_a_new_package_replaces_the_old_one_at_once(house: House, film: Path) -> None:
    first = house.start(film)
    drain(house)
    old, tracks = house.package(first), {a.id for a in house.edition(first).audio}
    os.utime(old, (0, 0))  # it was made long ago
    with unit_of_work() as session:
        second = services.start_job(session, SYSTEM, house.job(first).source_id).id
    assert house.edition(first).package == house.job(first).package
    drain(house)
    assert house.edition(first).package == house.job(second).package != house.job(first).package
    assert len(house.edition(first).audio) == len(tracks)
    sweep.sweep(tasks.bench())
    assert old.exists(), "somebody may be watching it still"
    marker = house.storage.path(f"{storing.REPLACED}/{old.name}")
    os.utime(marker, (time.time() - 13 * 3600,) * 2)
    sweep.sweep(tasks.bench())
    assert not old.exists()
    assert not marker.exists()
    assert house.package(second).exists()


def test_what_a_job_has_left_that_failed_is_kept_for_a_week_and_can_be_made_again(house: House, film: Path) -> None:
    job_id = house.start(film)
    while not any(step.kind == "video" and step.state == "done" for step in house.steps(job_id).values()):
        with unit_of_work() as session:
            lease = ledger.take(session, "light", "test") or ledger.take(session, "heavy", "test")
        assert lease is not None
        worker.do_step(tasks.bench(), lease)
    with unit_of_work() as session:
        ledger.fail_job(session, job_id, "test", "It failed.")
    sweep.sweep(tasks.bench())
    assert list(house.package(job_id).glob("stream_0/*.ts"))
    with unit_of_work() as session:
        session.get_one(EncodingJob, job_id).finished_at = utcnow() - timedelta(days=8)
    sweep.sweep(tasks.bench())
    assert not house.package(job_id).exists()
    with unit_of_work() as session:
        services.retry_job(session, SYSTEM, job_id)
    drain(house)
    assert house.job(job_id).state == "done"


def test_the_catalogue_gets_a_picture_from_the_film(house: House, film: Path) -> None:
    job_id = house.start(film)
    drain(house)
    pictures = list(db.session.scalars(select(Image).where(Image.title_id == house.edition(job_id).title_id)))
    assert [picture.kind for picture in pictures] == ["backdrop"]


@pytest.mark.parametrize(("faults", "state", "code"), [(1, "done", ""), (9, "failed", "bad-package")])
def test_a_package_that_fails_its_check_is_made_again_once(house: House, film: Path, monkeypatch: pytest.MonkeyPatch,
                                                           faults: int, state: str, code: str) -> None:
    job_id = house.start(film)
    first, check, left = house.job(job_id).package, verify.finish_package, [faults]

    def failing(*arguments: Any) -> verify.PackageFacts:
        if left[0]:
            left[0] -= 1
            raise verify.BadPackage("a segment was lost")
        return check(*arguments)

    monkeypatch.setattr(verify, "finish_package", failing)
    drain(house)
    job = house.job(job_id)
    assert (job.state, job.code) == (state, code)
    assert job.package != first
    assert house.edition(job_id).package == (job.package if state == "done" else None)


def test_without_ffmpeg_a_job_fails_with_the_remedy(house: House, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = house.start(film)
    lacking = replace(house.settings, ffmpeg="/nowhere/ffmpeg", ffprobe="/nowhere/ffprobe")
    monkeypatch.setitem(house.app.extensions, "moviepoint.settings", lacking)
    drain(house)
    assert (house.job(job_id).state, house.job(job_id).code) == ("failed", "no-ffmpeg")
    assert "apt-get install ffmpeg" in house.job(job_id).message


def children_of(pid: int) -> list[int]:
    """The pids of all programs below a process that are ffmpeg or its sandbox."""
    found, parents = [], {pid}
    processes = {int(p.name): p for p in Path("/proc").iterdir() if p.name.isdigit()}
    for number in sorted(processes):
        try:
            stat = (processes[number] / "stat").read_text()
        except OSError:
            continue
        name, rest = stat.split("(", 1)[1].rsplit(")", 1)
        state, parent = rest.split()[:2]
        if int(parent) in parents and state != "Z":
            parents.add(number)
            if name in ("ffmpeg", "bwrap"):
                found.append(number)
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_subtitles_that_cannot_be_read_do_not_fail_their_film(house: House, film: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    """They are kept as a hidden track, with a sentence for the editor."""
    plain = commands.extract_subtitles
    monkeypatch.setattr(commands, "extract_subtitles", lambda source, probe, stream: [
        "0:99" if argument == f"0:{stream}" else argument for argument in plain(source, probe, stream)])
    job_id = house.start(film)
    drain(house)
    assert (house.job(job_id).state, house.job(job_id).message) == ("done", "")
    track = house.edition(job_id).subtitles[0]
    assert (track.language, track.hidden, track.default) == ("ru", True, False)
    assert track.note == UNREADABLE
