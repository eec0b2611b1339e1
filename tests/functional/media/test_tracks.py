"""Tracks' fields, their removal, and their history: by the form and by the API."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.history.models import Revision
from moviepoint.domains.media import content, player
from moviepoint.domains.media.models import Edition, SubtitleTrack
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.editions import TOKEN, audio, form, marks_form, master


def test_all_fields_of_a_track_are_saved_by_the_form_and_by_the_api(client: FlaskClient, session: Session,
                                                                    cut: Edition,
                                                                    sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    response = client.post(f"/admin/editions/{cut.id}/tracks", data=form(
        cut, audio__1__studio=" Мост\nвидео ", audio__1__label_en="Bridge", audio__1__label_pt_BR="Ponte",
        audio__1__label_ru=""))
    assert response.status_code == 302
    session.expire_all()
    row = session.get_one(Edition, cut.id).audio[1]
    assert (row.studio, row.labels) == ("Мост видео", {"en": "Bridge", "pt-BR": "Ponte"})
    assert 'NAME="Русский (dubbed, Мост видео)"' in master(session, cut)
    address = f"/api/v1/editions/{cut.public_id}/tracks"
    tracks = client.get(address).json
    assert tracks["audio"][1]["labels"] == {"en": "Bridge", "pt-BR": "Ponte"}
    tracks["audio"][1] |= {"labels": {"deu": "Brücke", "en": " "}, "studio": ""}
    tracks["subtitles"][0]["studio"] = "Translators"
    saved = client.put(address, json=tracks, headers=TOKEN).json
    assert saved["audio"][1]["labels"] == {"de": "Brücke"}
    assert saved["subtitles"][0]["studio"] == "Translators"
    page = client.get(f"/admin/editions/{cut.id}").text
    assert 'name="audio-1-label_de"' in page  # no locale of the site, and yet not lost by the next save
    assert player.title_of(cut.audio[1], "de") == "Brücke"


@pytest.mark.parametrize("wrong", [
    {"offset_ms": 3_600_001}, {"offset_ms": -3_600_001}, {"labels": {"no language": "x"}}, {"studio": "x" * 121},
    {"labels": {"en": "x" * 121}}, {"offset_ms": 100}])
def test_fields_that_cannot_be_are_refused_by_row(client: FlaskClient, session: Session, cut: Edition,
                                                  sign_in: Callable[..., User], wrong: dict[str, object]) -> None:
    sign_in("editor")
    address = f"/api/v1/editions/{cut.public_id}/tracks"
    tracks = client.get(address).json
    tracks["audio"][1] |= wrong
    response = client.put(address, json=tracks, headers=TOKEN)
    assert (response.status_code, list(response.json["errors"])) == (422, ["audio-1"])  # no job of ours made this film
    assert client.get(address).json["version"] == tracks["version"]


@pytest.mark.parametrize("offset", [1.5, "soon", 10**20, None])
def test_an_offset_is_a_whole_number(client: FlaskClient, cut: Edition, sign_in: Callable[..., User],
                                     offset: object) -> None:
    sign_in("editor")
    tracks = client.get(f"/api/v1/editions/{cut.public_id}/tracks").json
    tracks["audio"][1]["offset_ms"] = offset
    assert client.put(f"/api/v1/editions/{cut.public_id}/tracks", json=tracks, headers=TOKEN).status_code == 422


def test_a_track_is_removed_by_page_and_api(client: FlaskClient, session: Session, cut: Edition,
                                            sign_in: Callable[..., User]) -> None:
    one, other = (row.id for row in cut.subtitles)
    first, last = (row.id for row in cut.audio)
    page, api = f"/admin/editions/{cut.id}/tracks", f"/api/v1/editions/{cut.public_id}/tracks"
    sign_in("member")
    assert client.post(f"{page}/subtitles/{one}/remove").status_code == 403
    assert client.delete(f"{api}/subtitles/{one}", headers=TOKEN).status_code == 403
    client.delete_cookie("session")
    sign_in("editor")
    assert client.post(f"{page}/subtitles/{one}/remove").status_code == 302
    assert [row["id"] for row in client.delete(f"{api}/subtitles/{other}", headers=TOKEN).json["audio"]] == [
        first, last]
    assert client.delete(f"{api}/subtitles/{other}", headers=TOKEN).status_code == 404
    assert client.delete(f"{api}/pictures/1", headers=TOKEN).status_code == 404
    assert client.delete(f"{api}/audio/{first}", headers=TOKEN).status_code == 200
    assert client.delete(f"{api}/audio/{last}", headers=TOKEN).status_code == 422


def test_history_shows_a_tracks_difference_and_takes_it_back(client: FlaskClient, session: Session, cut: Edition,
                                                             sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    client.post(f"/admin/editions/{cut.id}/tracks", data=form(cut))  # nothing changes
    first = form(cut, audio__1__label="Одна")
    client.post(f"/admin/editions/{cut.id}/tracks", data=first)
    client.post(f"/admin/editions/{cut.id}/marks", data=marks_form(cut, ("chapter", "0:00", "", "Two")))
    session.expire_all()
    client.post(f"/admin/editions/{cut.id}/tracks", data=form(cut, audio__1__label="Другая", audio__1__hidden="1"))
    rows = session.scalars(select(Revision).where(Revision.entity == "edition").order_by(Revision.id)).all()
    name = f"ru dub #{cut.audio[1].id}"
    assert [row.action for row in rows] == ["changed"] * 3
    assert [change["path"] for change in rows[2].changes] == [["audio", name, "label"], ["audio", name, "hidden"]]
    page = client.get(f"/admin/history/revisions/{rows[2].id}").text
    assert f"Audio · {name} · Label" in page
    assert f"/admin/editions/{cut.id}" in page
    assert client.get(f"/api/v1/revisions?entity=edition&entity_id={cut.id}").json["total_results"] == 3
    restored = client.post(f"/admin/history/revisions/{rows[0].id}/restore")
    assert restored.headers["Location"].endswith(f"/admin/editions/{cut.id}")
    session.expire_all()
    edition = session.get_one(Edition, cut.id)
    assert (edition.audio[1].label, edition.audio[1].hidden) == ("Одна", False)
    assert [(mark.label, mark.start_ms) for mark in edition.marks] == [("One", 0)]


def test_restoring_leaves_tracks_that_came_since(client: FlaskClient, session: Session, cut: Edition,
                                                 sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    client.post(f"/admin/editions/{cut.id}/tracks", data=form(cut, audio__1__label="Одна"))
    with unit_of_work() as work:
        work.add(audio("audio_fr-j9", "fr", position=0, edition_id=cut.id))
        work.delete(work.get_one(SubtitleTrack, cut.subtitles[1].id))
    revision = session.scalars(select(Revision.id).where(Revision.entity == "edition")).one()
    answer = client.post(f"/admin/history/revisions/{revision}/restore", follow_redirects=True)
    assert "Restored" in answer.text
    session.expire_all()
    assert [row.language for row in session.get_one(Edition, cut.id).audio] == ["en", "ru", "fr"]
    assert [row.language for row in session.get_one(Edition, cut.id).subtitles] == ["ru"]


def test_editions_are_found_by_title_and_by_label(client: FlaskClient, cut: Edition,
                                                  sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    for text in ("аэли", "long"):
        found = client.get(f"/admin/find/one/edition?q={text}").json
        assert [(hit["id"], hit["label"]) for hit in found] == [(cut.id, "Аэлита · Long")]
    with pytest.raises(Invalid):
        content.save(db.session(), SYSTEM, {}, None)
    with pytest.raises(Invalid):
        content.save(db.session(), SYSTEM, {"audio": {"x": {"place": "first"}}}, cut.id)
