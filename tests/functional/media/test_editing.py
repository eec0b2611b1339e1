"""Tracks and marks of an edition: edited in the back office and by the API, live at once, and guarded."""
from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.history.models import Revision
from moviepoint.domains.media import documents, editing, edition_forms
from moviepoint.domains.media.models import (
    Edition,
    EncodingJob,
    Mark,
    SourceAsset,
)
from moviepoint.domains.media.schemas import TracksInput
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.errors import Forbidden, Unauthenticated
from tests.functional.media.editions import HOUR, TOKEN, audio, form, marks_form, master


@pytest.fixture
def film(cut: Edition) -> Edition:
    """An hour with two dubs, two subtitles and one chapter."""
    return cut


@pytest.mark.parametrize(("method", "part"), [("GET", ""), ("POST", "/tracks"), ("POST", "/marks")])
def test_the_page_is_for_those_who_manage_media(client: FlaskClient, film: Edition, sign_in: Callable[..., User],
                                                method: str, part: str) -> None:
    address = f"/admin/editions/{film.id}{part}"
    assert "/account/login" in client.open(address, method=method).headers["Location"]
    sign_in("member")
    assert client.open(address, method=method).status_code == 403
    assert client.get(f"/api/v1/editions/{film.public_id}/tracks").status_code == 403


@pytest.mark.parametrize("part", ["tracks", "marks"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_nobody_reads_or_writes_tables_without_signing_in(client: FlaskClient, film: Edition, method: str,
                                                          part: str) -> None:
    response = client.open(f"/api/v1/editions/{film.public_id}/{part}", method=method, headers=TOKEN,
                           json={} if method == "PUT" else None)
    assert (response.status_code, response.mimetype) == (401, "application/problem+json")


def test_services_check_by_themselves(session: Session, film: Edition, make_user: Callable[..., User]) -> None:
    with pytest.raises(Forbidden):
        editing.save_tracks(session, make_user("member"), film.id, TracksInput())
    with pytest.raises(Unauthenticated):
        editing.save_tracks(session, None, film.id, TracksInput())  # type: ignore[arg-type]


@pytest.mark.parametrize(("locale", "word"), [("en", "Tracks"), ("ru", "Дорожки")])
def test_the_page_says_what_an_edition_is(client: FlaskClient, film: Edition, sign_in: Callable[..., User],
                                          locale: str, word: str) -> None:
    sign_in("editor")
    client.set_cookie("locale", locale)
    text = client.get(f"/admin/editions/{film.id}").text
    for said in (word, "Аэлита · Long", "1:00:00.000", "1280×720", "2500", "film.mkv", "needs a text version",
                 "data-player-settings"):
        assert said in text
    assert client.get("/admin/editions/999999").status_code == 404
    assert f"/admin/editions/{film.id}" in client.get(f"/admin/titles/{film.title_id}").text


def test_an_edition_that_is_not_ready_has_a_page_without_a_player(
        client: FlaskClient, session: Session, film: Edition, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    with unit_of_work():
        film.package = film.duration_ms = None
        film.video, film.audio, film.subtitles, film.marks = [], [], [], []
    text = client.get(f"/admin/editions/{film.id}").text
    assert "not ready" in text and "There are no tracks yet." in text
    assert "data-player-settings" not in text


def test_an_episodes_edition_is_named_by_its_series(client: FlaskClient, session: Session,
                                                    sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    with unit_of_work() as work:
        series = Title(kind="series", slug="serial", original_title="Serial")
        work.add(series)
        work.flush()
        season = Season(title_id=series.id, number=2)
        work.add(season)
        work.flush()
        episode = Episode(season_id=season.id, number=7, original_title="Seventh")
        work.add(episode)
        work.flush()
        edition = Edition(episode_id=episode.id)
        work.add(edition)
    assert "Serial 2×7" in client.get(f"/admin/editions/{edition.id}").text


def test_saved_tracks_are_live_in_the_master_and_in_history(client: FlaskClient, session: Session, film: Edition,
                                                            sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    english, russian = film.audio
    data = form(film, audio__0__id=str(russian.id), audio__0__language="rus", audio__0__kind="voice-over",
                audio__0__label='Студия "А"\n#EXT', audio__1__id=str(english.id), audio__1__language="en",
                audio__1__kind="original", audio__1__default="1", audio__0__default="-", subtitles__0__hidden="1")
    assert client.post(f"/admin/editions/{film.id}/tracks", data=data).status_code == 302
    lines = [line for line in master(session, film).splitlines() if line.startswith("#EXT-X-MEDIA")]
    assert [re.findall(r'LANGUAGE="(\w+)"', line)[0] for line in lines] == ["ru", "en"]
    assert not any(line.startswith("#EXT\"") or "TYPE=SUBTITLES" in line for line in lines)
    saved = session.get_one(Edition, film.id)
    assert [(row.kind, row.default, row.language) for row in saved.audio] == [
        ("voice-over", False, "ru"), ("original", True, "en")]
    revision = session.scalars(select(Revision).where(Revision.entity == "edition")).one()
    assert (revision.entity_id, revision.label) == (film.id, "Аэлита · Long")


def test_saving_what_is_there_already_writes_no_history(client: FlaskClient, session: Session, film: Edition,
                                                        sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    assert client.post(f"/admin/editions/{film.id}/tracks", data=form(film)).status_code == 302
    assert session.scalars(select(Revision).where(Revision.entity == "edition")).all() == []


def test_a_track_is_moved_in_the_form_without_script_and_nothing_is_saved(
        client: FlaskClient, session: Session, film: Edition, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    data = form(film, audio__1__label="typed just now", move="audio-1-up")
    text = client.post(f"/admin/editions/{film.id}/tracks", data=data).text
    assert re.search(r'name="audio-0-label" value="typed just now"', text)
    session.expire_all()
    assert [row.language for row in film.audio] == ["en", "ru"]


@pytest.mark.parametrize("move", ["audio-0-up", "audio-1-down", "audio-99999-up", "video-0-up", "audio--1-up", "\0"])
def test_a_move_that_cannot_be_changes_nothing(client: FlaskClient, film: Edition, sign_in: Callable[..., User],
                                               move: str) -> None:
    sign_in("editor")
    text = client.post(f"/admin/editions/{film.id}/tracks", data=form(film, move=move)).text
    assert re.findall(r'name="audio-\d-language" value="(\w+)"', text) == ["en", "ru"]


@pytest.mark.parametrize(("changed", "said"), [
    ({"audio__0__language": "klingonese"}, "is no language"),
    ({"audio__0__language": "x" * 10_000}, "is no language"),
    ({"audio__0__language": "en-" + "-".join(["latn"] * 20)}, "is no language"),
    ({"audio__0__kind": "opera"}, "no kind of track"),
    ({"audio__1__default": "1"}, "Only one track can be the default"),
    ({"audio__0__hidden": "1"}, "A hidden track cannot be the default"),
    ({"audio__0__default": "-", "audio__0__hidden": "1", "audio__1__hidden": "1"}, "must be shown"),
    ({"audio__1__language": "eng", "audio__1__kind": "original"}, "cannot tell this track from number 1"),
    ({"audio__0__label": "x" * 121}, "at most 120 characters")])
def test_what_cannot_be_is_said_beside_its_row_and_kept_in_the_form(
        client: FlaskClient, session: Session, film: Edition, sign_in: Callable[..., User], changed: dict[str, str],
        said: str) -> None:
    sign_in("editor")
    before = editing.tracks_document(film)
    response = client.post(f"/admin/editions/{film.id}/tracks", data=form(film, subtitles__0__label="typed", **changed))
    assert response.status_code == 422
    assert re.search(rf'class="fault"[^<]*{re.escape(said)}', response.text)
    assert 'value="typed"' in response.text
    session.expire_all()
    assert editing.tracks_document(film) == before


def test_html_in_a_label_is_text(client: FlaskClient, film: Edition, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    hostile = '"><script>alert(1)</script>'
    client.post(f"/admin/editions/{film.id}/tracks", data=form(film, audio__1__label=hostile))
    client.post(f"/admin/editions/{film.id}/marks", data=marks_form(film, ("chapter", "0:00", "", hostile)))
    text = client.get(f"/admin/editions/{film.id}").text
    assert "<script>alert(1)" not in text
    assert text.count("&lt;script&gt;alert(1)") == 2


@pytest.mark.parametrize("part", ["tracks", "marks"])
def test_of_two_editors_the_second_overwrites_nothing(client: FlaskClient, session: Session, film: Edition,
                                                      sign_in: Callable[..., User], part: str) -> None:
    sign_in("editor")
    forms = {
        "tracks": (form(film, audio__1__label="first"), form(film, audio__1__label="second")),
        "marks": (marks_form(film, ("chapter", "0:01", "", "first")),
                  marks_form(film, ("chapter", "0:02", "", "second")))}
    first, second = forms[part]
    assert client.post(f"/admin/editions/{film.id}/{part}", data=first).status_code == 302
    response = client.post(f"/admin/editions/{film.id}/{part}", data=second)
    assert response.status_code == 409
    assert "Somebody else has saved this" in response.text and 'value="second"' in response.text
    session.expire_all()
    assert "first" in {film.audio[1].label, film.marks[0].label}
    version = re.findall(r'name="version" value="(\w+)"', response.text)[part == "marks"]
    again = client.post(f"/admin/editions/{film.id}/{part}", data=second | {"version": version})
    assert again.status_code == 409  # the form that came back is still the old one


def test_a_table_with_tracks_missing_or_strange_is_refused(client: FlaskClient, film: Edition,
                                                           sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    address = f"/api/v1/editions/{film.public_id}/tracks"
    table: dict[str, Any] = client.get(address).json
    rows = table["audio"]
    for wrong in ([], rows[:1], [rows[0], rows[0]], [*rows, rows[0]], [rows[0], rows[1] | {"id": 999_999}]):
        assert client.put(address, json=table | {"audio": wrong}, headers=TOKEN).status_code == 409
    assert client.put(address, json=table | {"audio": "all"}, headers=TOKEN).status_code == 422


def test_the_api_reads_and_writes_tracks(client: FlaskClient, film: Edition, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    address = f"/api/v1/editions/{film.public_id}/tracks"
    table = client.get(address).json
    assert [row["language"] for row in table["audio"]] == ["en", "ru"]
    changed = table | {"audio": [table["audio"][1] | {"label": "Studio"}, table["audio"][0]]}
    saved = client.put(address, json=changed, headers=TOKEN)
    assert saved.status_code == 200
    assert [row["label"] for row in saved.json["audio"]] == ["Studio", ""]
    assert saved.json["version"] == client.get(address).json["version"] != table["version"]
    assert client.put(address, json=changed, headers=TOKEN).status_code == 409
    assert client.get("/api/v1/editions/none/tracks").status_code == 404


def test_marks_are_typed_as_times(client: FlaskClient, session: Session, film: Edition,
                                  sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    data = marks_form(film, ("credits", "0:55:00", "1:00:00.000", ""), ("chapter", "0:10:00.5", "", "Two"),
                      ("intro", "1:05", "2:00,250", ""), ("chapter", "0:00", "0:10:00.5", "One"),
                      ("chapter", "", "", ""))
    assert client.post(f"/admin/editions/{film.id}/marks", data=data).status_code == 302
    session.expire_all()
    assert [(mark.kind, mark.start_ms, mark.end_ms) for mark in film.marks] == [
        ("chapter", 0, 600_500), ("intro", 65_000, 120_250), ("chapter", 600_500, None),
        ("credits", 3_300_000, HOUR)]
    assert 'value="0:10:00.500"' in client.get(f"/admin/editions/{film.id}").text


@pytest.mark.parametrize(("row", "said"), [
    (("chapter", "1:00:00.001", "", "x"), "outside the film"), (("chapter", "1:00:00", "", "x"), "outside the film"),
    (("intro", "0:10", "1:00:00.001", ""), "outside the film"), (("intro", "0:10", "", ""), "Say when this ends"),
    (("intro", "0:10", "0:10", ""), "ends before it begins"), (("intro", "0:10", "0:05", ""), "ends before"),
    (("chapter", "1000000000000", "", "x"), "Write times as"), (("chapter", "0:99", "", "x"), "Write times as"),
    (("chapter", "-0:01", "", "x"), "Write times as"), (("chapter", "٠:٠١", "", "x"), "Write times as"),
    (("chapter", "", "0:10", "x"), "Write times as"), (("intro", "0:10", "soon", ""), "Write times as"),
    (("opera", "0:10", "", "x"), "no kind of mark"), (("chapter", "0:10", "", "x" * 201), "at most 200 characters"),
    (("chapter", "0:00", "", "x"), "before number 1 has ended")])
def test_a_mark_that_cannot_be_is_said_beside_its_row(
        client: FlaskClient, session: Session, film: Edition, sign_in: Callable[..., User],
        row: tuple[str, str, str, str], said: str) -> None:
    sign_in("editor")
    response = client.post(f"/admin/editions/{film.id}/marks",
                           data=marks_form(film, ("chapter", "0:00", "0:01", "First"), row))
    assert response.status_code == 422
    assert re.search(rf'id="e-marks-1"[^<]*{re.escape(said)}', response.text)
    session.expire_all()
    assert [mark.label for mark in film.marks] == ["One"]


def test_an_intro_may_lie_in_a_chapter_but_not_in_a_recap(client: FlaskClient, film: Edition,
                                                          sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    address = f"/api/v1/editions/{film.public_id}/marks"
    chapter = {"kind": "chapter", "start_ms": 0, "label": "One"}
    intro = {"kind": "intro", "start_ms": 10, "end_ms": 90}
    assert client.put(address, json={"marks": [chapter, intro]}, headers=TOKEN).status_code == 200
    recap = {"kind": "recap", "start_ms": 89, "end_ms": 99}
    refused = client.put(address, json={"marks": [chapter, intro, recap]}, headers=TOKEN)
    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["marks-2"]
    assert len(client.get(address).json["marks"]) == 2


@pytest.mark.parametrize("start", [-1, 10**12, 2**70, HOUR])
def test_numbers_out_of_all_bounds_are_refused(client: FlaskClient, film: Edition, sign_in: Callable[..., User],
                                               start: int) -> None:
    sign_in("editor")
    address = f"/api/v1/editions/{film.public_id}/marks"
    response = client.put(address, json={"marks": [{"kind": "chapter", "start_ms": start}]}, headers=TOKEN)
    assert response.status_code == 422
    many = [{"kind": "chapter", "start_ms": number} for number in range(501)]
    assert client.put(address, json={"marks": many}, headers=TOKEN).status_code == 422


@pytest.mark.parametrize("value", [0, 1, 999, 60_000, HOUR - 1, 35_999_999, 99 * HOUR])
def test_a_written_time_is_read_as_itself(value: int) -> None:
    assert edition_forms.milliseconds(documents.stamp(value)) == value


def test_the_page_costs_the_same_whatever_an_edition_holds(
        client: FlaskClient, session: Session, film: Edition, sign_in: Callable[..., User],
        count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    sign_in("editor")
    costs = []
    for batch in range(2):
        with unit_of_work() as work:
            for number in range(10):
                work.add(audio(f"a{batch}-{number}", "fr", edition_id=film.id, position=9))
                work.add(Mark(edition_id=film.id, kind="chapter", start_ms=1000 * (number + 1)))
                source = SourceAsset(edition_id=film.id, key="k", filename="more.mkv", size=1)
                work.add(source)
                work.flush()
                work.add(EncodingJob(edition_id=film.id, source_id=source.id, state="done"))
        client.get(f"/admin/editions/{film.id}")
        session.expire_all()
        with count_queries() as statements:
            assert client.get(f"/admin/editions/{film.id}").status_code == 200
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 24


def test_a_film_with_its_media_is_edited_in_twelve_queries(
        client: FlaskClient, session: Session, film: Edition, sign_in: Callable[..., User],
        count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    sign_in("editor")
    title_id = film.title_id
    page = client.get(f"/admin/titles/{title_id}")
    assert page.status_code == 200
    session.expunge_all()
    with count_queries() as statements:
        text = client.get(f"/admin/titles/{title_id}").text
    assert len(statements) <= 12, "\n".join(statements)
    assert "<dt>Picture</dt><dd>1280×720</dd><dt>Audio</dt><dd>English, original, Russian, dubbed</dd>" in text
    assert re.findall(r"<dt>Subtitles</dt><dd>([^<]*)", text) == ["Russian", "German "]
