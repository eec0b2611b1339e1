"""Subtitle files that do not say what letters they are written in: hidden, looked at, and read as an editor chooses."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import editing, lettering, playback, publishing, services, tasks
from moviepoint.domains.media.encoding import sidecars, subtitles
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.models import Edition, EncodingJob, SourceAsset, SubtitleTrack
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.sentences import join, sentence
from tests.functional.media.adding import add, edition_with_package, inputs, live, save
from tests.functional.media.house import House, drain
from tests.unit.media.dialogue import srt

HEDGEHOG = "1\n00:00:01,000 --> 00:00:02,000\nЁж\n".encode("koi8-r")  # two letters say little
TOKEN = {"Authentication-Token": "x"}


@pytest.fixture
def hedgehog(tmp_path: Path) -> Path:
    path = tmp_path / "film.ru.srt"
    path.write_bytes(HEDGEHOG)
    return path


def row_of(edition: Edition, row_id: int) -> SubtitleTrack:
    return next(row for row in edition.subtitles if row.id == row_id)


def guessed(house: House, film: Path, file: Path, intent: Intent = Intent("subtitles", "ru", "sdh")) -> tuple[int, int]:
    """Return the ids of an edition and of its track whose letters are a guess."""
    edition_id = edition_with_package(house, film)
    add(house, edition_id, file, intent)
    drain(house)
    return edition_id, live(house, edition_id)[0].subtitles[-1].id


def choose(house: House, edition_id: int, row_id: int, encoding: str) -> int | None:
    with unit_of_work() as session:
        job = lettering.choose(session, SYSTEM, house.storage, edition_id, row_id, encoding)
        return job.id if job else None


def test_a_guess_is_hidden_until_an_editor_chooses_and_then_shown_in_its_own_row(house: House, film: Path,
                                                                              hedgehog: Path) -> None:
    edition_id, row_id = guessed(house, film, hedgehog)
    edition, package = live(house, edition_id)
    row = row_of(edition, row_id)
    assert (row.hidden, row.default, row.guessed) == (True, False, True)
    assert "guess" in row.note
    assert row.path not in playback.master_playlist(edition)
    looked = lettering.look(db.session(), SYSTEM, house.storage, edition, row_id)
    assert looked.previews[0].encoding == looked.encoding != "koi8-r"
    assert ("Ёж",) in [preview.lines for preview in looked.previews]
    assert len({preview.lines for preview in looked.previews}) == len(looked.previews)
    save(edition_id, inputs(edition, **{row.path or "": {"label": "Для всех", "offset_ms": 250, "hidden": True}}))
    drain(house)
    job = choose(house, edition_id, row_id, "KOI8-R")
    with pytest.raises(Conflict):
        choose(house, edition_id, row_id, "cp866")
    drain(house)
    assert house.job(job or 0).state == "done"
    edition, package = live(house, edition_id)
    row = row_of(edition, row_id)
    assert (row.hidden, row.guessed, row.note, row.label, row.offset_ms, row.made_offset_ms) == (
        False, False, "", "Для всех", 250, 250)
    assert (row.path, row.language, row.role) == (f"subs_ru-j{job}", "ru", "sdh")
    assert [(cue.start_ms, cue.text) for cue in subtitles.read_track(package / (row.path or ""))] == [(1000, "Ёж")]
    assert row.path in playback.master_playlist(edition)
    assert row.letters["encoding"] == "koi8-r"
    source_id = row.source_id or 0
    with unit_of_work() as session:  # encoding the file again reads it as was chosen
        session.delete(row_of(session.get_one(Edition, edition_id), row_id))
        services.start_job(session, SYSTEM, source_id)
    drain(house)
    row = live(house, edition_id)[0].subtitles[-1]
    assert (row.guessed, row.letters["encoding"]) == (False, "koi8-r")


def test_a_right_guess_is_confirmed_without_a_job_and_what_else_is_noted_stays(house: House, film: Path,
                                                                              tmp_path: Path) -> None:
    path = tmp_path / "x.ru.srt"
    path.write_bytes(HEDGEHOG + b"\n2\nno time\n")
    edition_id, row_id = guessed(house, film, path)
    row = row_of(live(house, edition_id)[0], row_id)
    encoding, jobs = row.letters["encoding"], len(db.session.query(EncodingJob).all())
    assert choose(house, edition_id, row_id, encoding) is None
    row = row_of(live(house, edition_id)[0], row_id)
    assert (row.hidden, row.guessed) == (False, False)
    assert row.note == "Line 5: a cue without a time."
    assert len(db.session.query(EncodingJob).all()) == jobs
    assert choose(house, edition_id, row_id, encoding) is None  # twice does no harm


def test_showing_a_guess_in_the_table_confirms_it(house: House, film: Path, hedgehog: Path) -> None:
    edition_id, row_id = guessed(house, film, hedgehog)
    edition = live(house, edition_id)[0]
    save(edition_id, inputs(edition, **{row_of(edition, row_id).path or "": {"hidden": False, "default": True}}))
    row = row_of(live(house, edition_id)[0], row_id)
    assert (row.hidden, row.default, row.guessed, row.note) == (False, True, False, "")


def test_a_replacement_that_is_a_guess_hides_the_row_and_gives_it_back_as_it_was(house: House, film: Path,
                                                                               hedgehog: Path) -> None:
    edition_id = edition_with_package(house, film)
    edition = live(house, edition_id)[0]
    row_id, path = edition.subtitles[0].id, edition.subtitles[0].path or ""
    save(edition_id, inputs(edition, **{path: {"default": True}}))
    add(house, edition_id, hedgehog, Intent("subtitles", replaces=row_id))
    drain(house)
    row = row_of(live(house, edition_id)[0], row_id)
    assert (row.hidden, row.default, row.guessed) == (True, False, True)
    choose(house, edition_id, row_id, "koi8-r")
    drain(house)
    row = row_of(live(house, edition_id)[0], row_id)
    assert (row.hidden, row.default, row.guessed) == (False, True, False)


def test_the_file_of_a_guess_is_kept_until_it_is_settled(house: House, film: Path, hedgehog: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    settings = msgspec.structs.replace(house.settings, keep_sources=False)
    bench = tasks.bench()
    monkeypatch.setattr(tasks, "bench", lambda: type(bench)(settings, bench.storage, bench.threads))
    edition_id, row_id = guessed(house, film, hedgehog)
    edition = live(house, edition_id)[0]
    assert [source.kept for source in edition.sources] == [False, True]
    choose(house, edition_id, row_id, "koi8-r")
    drain(house)
    edition = live(house, edition_id)[0]
    assert [source.kept for source in edition.sources] == [False, False]
    assert not house.storage.path(edition.sources[1].key).exists()
    with pytest.raises(Invalid, match="not there any more"):
        choose(house, edition_id, row_id, "cp866")


@pytest.mark.parametrize("name", ["klingon", "base64", "", "../x", "\0", "unicode_escape", "x" * 99])
def test_an_encoding_that_is_none_is_refused_in_words(house: House, film: Path, hedgehog: Path, name: str) -> None:
    edition_id, row_id = guessed(house, film, hedgehog)
    with pytest.raises(Invalid, match="no text encoding"):
        choose(house, edition_id, row_id, name)


def test_what_has_no_file_of_text_has_no_letters_to_choose(house: House, film: Path, hedgehog: Path,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    edition_id, row_id = guessed(house, film, hedgehog)
    edition = live(house, edition_id)[0]
    own = edition.subtitles[0].id
    with pytest.raises(Invalid, match="text file of its own"):
        choose(house, edition_id, own, "cp866")
    for stranger in (edition.audio[0].id + 10_000, 0, -1):
        with pytest.raises(NotFound):
            lettering.look(db.session(), SYSTEM, house.storage, edition, stranger)
    path = house.storage.path(edition.sources[1].key)
    path.write_bytes(bytes(range(256)) * 100)  # something else lies there now
    assert lettering.look(db.session(), SYSTEM, house.storage, edition, row_id).previews
    monkeypatch.setattr(subtitles, "MAX_BYTES", 100)
    with pytest.raises(Invalid, match="20 MB"):
        lettering.look(db.session(), SYSTEM, house.storage, edition, row_id)
    path.unlink()
    with pytest.raises(Invalid, match="not there any more"):
        lettering.look(db.session(), SYSTEM, house.storage, edition, row_id)


def test_letters_in_which_nothing_can_be_read_fail_the_job_and_leave_the_track(house: House, film: Path,
                                                                              hedgehog: Path) -> None:
    edition_id, row_id = guessed(house, film, hedgehog)
    before = row_of(live(house, edition_id)[0], row_id).path
    job = choose(house, edition_id, row_id, "utf-16-le")
    drain(house)
    assert (house.job(job or 0).state, house.job(job or 0).code) == ("failed", "not-subtitles")
    row = row_of(live(house, edition_id)[0], row_id)
    assert (row.path, row.hidden, row.guessed) == (before, True, True)


def test_a_sure_file_is_shown_at_once_and_can_still_be_read_otherwise(house: House, film: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.pl.srt"
    path.write_bytes(srt("pl", 0, 8).encode("cp1250"))
    edition_id, row_id = guessed(house, film, path, Intent("subtitles", "pl"))
    row = row_of(live(house, edition_id)[0], row_id)
    assert (row.hidden, row.guessed, row.note, row.letters["encoding"]) == (False, False, "", "cp1250")
    choose(house, edition_id, row_id, "iso8859-2")
    drain(house)
    edition, package = live(house, edition_id)
    row = row_of(edition, row_id)
    assert (row.hidden, row.letters["encoding"]) == (False, "iso8859-2")
    assert "zapomnia\u0142e\x9c" in subtitles.read_track(package / (row.path or ""))[0].text
    with unit_of_work() as session:
        editing.remove_track(session, SYSTEM, house.storage, edition_id, row_id, "subtitles")


def test_only_the_guess_goes_out_of_a_note() -> None:
    fault = sentence("Line %(line)s: %(fault)s", line=1, fault="x")
    assert sidecars.without_guess(join((sidecars.guess("cp866"), fault))) == fault
    assert sidecars.without_guess(sidecars.guess("cp866")) == ""
    assert sidecars.without_guess("other-length") == "other-length"
    assert sidecars.without_guess(fault) is fault


@pytest.fixture
def waiting(app: MoviePoint, session: Session, queue: list[object]) -> Iterator[Edition]:
    """An edition with a track whose letters are a guess, and its file."""
    storage = app.extensions["moviepoint.storage"]
    with unit_of_work() as work:
        title = Title(kind="film", slug="film", original_title="Аэлита", status="published")
        work.add(title)
        work.flush()
        edition = Edition(title_id=title.id, package="packages/letters", duration_ms=60_000)
        edition.sources = [SourceAsset(
            key="uploads/letters", filename="x.srt", size=9, intent={"use": "subtitles"},
            probe={"container": "text", "size": 9, "duration_ms": 0, "claimed_ms": 0, "bit_rate": 0})]
        work.add(edition)
        work.flush()
        edition.subtitles = [SubtitleTrack(
            path="subs_ru", language="ru", hidden=True, note=sidecars.guess("cp1251"), source_id=edition.sources[0].id,
            origin={"stream": None, "letters": {"encoding": "cp1251", "sure": False, "shown": True, "default": False}})]
    said = "<script>alert(1)</script> Ёж & ёлка"
    storage.put("uploads/letters", f"1\n00:00:01,000 --> 00:00:02,000\n{said}\n".encode("koi8-r"))
    yield edition
    storage.delete("uploads/letters")


def test_the_page_shows_how_the_file_reads_and_takes_a_choice(client: FlaskClient, waiting: Edition, session: Session,
                                                               sign_in: Callable[..., User]) -> None:
    row = waiting.subtitles[0]
    page = f"/admin/editions/{waiting.id}/subtitles/{row.id}/letters"
    assert client.get(page).status_code == 302  # to sign in
    sign_in("editor")
    assert page in client.get(f"/admin/editions/{waiting.id}").text
    text = client.get(page, headers={"Accept-Language": "en"}).text
    assert "alert(1) Ёж &amp; ёлка" in text
    assert "KOI8-R" in text
    assert "viewers do not see this track" in text
    assert text.index("Windows-1251") < text.index("KOI8-R")
    assert "DOS-437" in client.get(f"{page}?encoding=cp437").text
    assert client.get(f"{page}?encoding=klingon").status_code == 422
    assert client.get(f"/admin/editions/{waiting.id}/subtitles/{row.id + 999}/letters").status_code == 404
    answer = client.post(page, data={"encoding": "klingon"})
    assert (answer.status_code, "klingon" in answer.text) == (422, True)
    assert client.post(page, data={"encoding": "cp1251"}).status_code == 302
    session.expire_all()
    assert (row.hidden, row.guessed, row.note) == (False, False, "")
    client.application.extensions["moviepoint.storage"].delete("uploads/letters")
    answer = client.get(page, headers={"Accept-Language": "en"})
    assert (answer.status_code, "not there any more" in answer.text) == (422, True)


def test_the_api_shows_previews_and_takes_a_choice(client: FlaskClient, waiting: Edition, session: Session,
                                                   sign_in: Callable[..., User]) -> None:
    row = waiting.subtitles[0]
    address = f"/api/v1/editions/{waiting.public_id}/tracks/{row.id}/letters"

    def post(body: Any) -> Any:
        return client.post(address, json=body, headers=TOKEN)

    assert client.get(address, headers=TOKEN).status_code == 401
    assert post({"encoding": "cp866"}).status_code == 401
    sign_in("member")
    assert (client.get(address).status_code, post({"encoding": "cp866"}).status_code) == (403, 403)
    client.delete_cookie("session")
    sign_in("editor")
    shown = client.get(address).json
    assert (shown["encoding"], shown["guessed"]) == ("cp1251", True)
    assert {"encoding": "koi8-r", "lines": ["alert(1) Ёж & ёлка"]} in shown["previews"]
    assert client.get(f"{address}?encoding=klingon").status_code == 422
    assert client.get(address.replace(f"tracks/{row.id}", "tracks/999999")).status_code == 404
    assert post({"encoding": "klingon"}).status_code == 422
    assert post({"encoding": ""}).status_code == 422
    assert post({"letters": "cp866"}).status_code == 422
    assert "was not encoded here" in post({"encoding": "koi8-r"}).json["detail"]  # its film is not ours
    assert post({"encoding": "cp1251"}).json == {"encoding": "cp1251", "job_id": None}
    session.expire_all()
    assert (row.hidden, row.guessed) == (False, False)


def test_pictures_without_text_keep_their_source(house: House, film: Path) -> None:
    first = house.start(film)
    with unit_of_work() as session:
        job = session.get_one(EncodingJob, first)
        row = SubtitleTrack(edition_id=job.edition_id, source_id=job.source_id, path=None)
        session.add(row)
        session.flush()
        assert publishing.discarded(session, job, keep_source=False) is None
        row.path = "subs_ru"
        session.flush()
        assert publishing.discarded(session, job, keep_source=False) == job.source.key
