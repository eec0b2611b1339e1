"""Source files and the text of subtitles, at their edges."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.history.models import Revision
from moviepoint.domains.media.encoding import subtitles
from moviepoint.domains.media.models import AudioTrack, Edition, EncodingJob, SourceAsset, SubtitleTrack
from moviepoint.kernel.db import unit_of_work

TOKEN = {"Authentication-Token": "x"}
PROBE = {"container": "matroska", "size": 3, "duration_ms": 1000, "claimed_ms": 1000, "bit_rate": 24,
         "video": {"index": 0, "codec": "h264", "width": 1440, "height": 1080, "rotation": 0, "sample_aspect": [4, 3],
                   "frame_rate": [24000, 1001], "variable": False, "interlaced": False, "hdr": True, "bit_depth": 10,
                   "start": [0, 1]},
         "audio": [{"index": 1, "codec": "aac", "channels": 6, "sample_rate": 48000, "language": "ru",
                    "title": "Мост"}],
         "subtitles": [{"index": 2, "codec": "subrip", "text": True, "language": "en", "role": "forced"}]}


@pytest.fixture
def film(app: MoviePoint, session: Session, make_user: Callable[..., User], queue: list[object]) -> Iterator[Edition]:
    """An edition with a source that is there, one that is gone, and a track of two cues."""
    storage = app.extensions["moviepoint.storage"]
    user = make_user("editor", email="who@example.org")
    with unit_of_work() as work:
        title = Title(kind="film", slug="film", original_title="Аэлита", status="published")
        work.add(title)
        work.flush()
        edition = Edition(title_id=title.id, package="packages/cues", duration_ms=60_000)
        edition.sources = [
            SourceAsset(key="uploads/src", filename="Аэлита «1».mkv", size=3, probe=PROBE, created_by_id=user.id),
            SourceAsset(key="uploads/gone", filename="old.mkv", size=9, kept=False)]
        edition.audio = [AudioTrack(path="audio_ru", language="ru", codec="mp4a.40.2", channels=2,
                                    average_bandwidth=1, peak_bandwidth=1)]
        edition.subtitles = [SubtitleTrack(path="subs_ru", language="ru", made_offset_ms=500, offset_ms=500),
                             SubtitleTrack(path=None, language="de", position=1)]
        work.add(edition)
    storage.put("uploads/src", b"abc")
    cues = subtitles.parse("1\n00:00:01,000 --> 00:00:02,000\n<i>Раз</i> & <b>два</b>\n\n"
                           "2\n00:00:03,000 --> 00:00:09,000\n<script>x</script>\n", "srt").cues
    folder = storage.path("packages/cues")
    subtitles.write_track(cues, folder, "subs_ru", Fraction(6), Fraction(60), 500)
    yield edition
    storage.delete("packages/cues")
    storage.delete("uploads/src")


def test_sources_say_what_they_hold_and_who_sent_them(client: FlaskClient, film: Edition,
                                                      sign_in: Callable[..., User]) -> None:
    address = f"/api/v1/editions/{film.public_id}/sources"
    assert client.get(address, headers=TOKEN).status_code == 401
    sign_in("editor")
    first, second = client.get(address).json
    assert first["streams"] == ["h264 1920×1080, 23.976 fps, HDR", "aac ru 6ch Мост", "subrip en forced"]
    assert (first["uploaded_by"], first["kept"], first["use"]) == ("who@example.org", True, "film")
    assert first["job_id"] is None
    assert (second["kept"], second["streams"], second["uploaded_by"]) == (False, [], "")
    text = client.get(f"/admin/editions/{film.id}").text
    for said in ("h264 1920×1080", "who@example.org", "Аэлита «1».mkv", "discarded", "not known yet"):
        assert said in text


@pytest.mark.parametrize("part", ["/api/v1/sources/{}/file", "/admin/editions/sources/{}/file"])
def test_a_source_is_downloaded_by_those_who_may(client: FlaskClient, film: Edition, sign_in: Callable[..., User],
                                                 part: str) -> None:
    there, gone = (part.format(source.id) for source in film.sources)
    assert client.get(there, headers=TOKEN).status_code in (302, 401)
    sign_in("member")
    assert client.get(there).status_code == 403
    client.delete_cookie("session")
    sign_in("editor")
    response = client.get(there, headers={"Range": "bytes=1-"})
    assert (response.status_code, response.data, response.mimetype) == (206, b"bc", "application/octet-stream")
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in response.headers["Cache-Control"]
    assert client.get(gone).status_code == 404
    assert client.get(part.format(10**9)).status_code == 404


def test_a_source_is_pinned_and_deleted_and_history_tells(app: MoviePoint, client: FlaskClient, session: Session,
                                                          film: Edition, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    number = film.sources[0].id
    storage = app.extensions["moviepoint.storage"]
    assert client.post(f"/api/v1/sources/{number}/pin", json={"pinned": True}, headers=TOKEN).json["pinned"] is True
    assert client.post(f"/admin/editions/sources/{number}/unpin").status_code == 302
    assert session.get_one(SourceAsset, number, populate_existing=True).pinned is False
    assert storage.exists("uploads/src")
    shown = client.delete(f"/api/v1/sources/{number}", headers=TOKEN).json
    assert (shown["kept"], shown["filename"]) == (False, "Аэлита «1».mkv")
    assert not storage.exists("uploads/src")
    assert client.delete(f"/api/v1/sources/{number}", headers=TOKEN).status_code == 409
    assert client.post(f"/api/v1/sources/{number}/pin", json={"pinned": True}, headers=TOKEN).status_code == 409
    assert client.post(f"/api/v1/sources/{number}/encode", headers=TOKEN).status_code == 422
    rows = session.scalars(select(Revision).where(Revision.action == "changed_source").order_by(Revision.id)).all()
    assert [row.changes[0]["path"][2:] for row in rows] == [["pinned"], ["pinned"], ["kept"]]
    assert {(row.entity, row.entity_id, row.label) for row in rows} == {("edition", film.id, "Аэлита")}


def test_a_source_that_is_being_encoded_stays(client: FlaskClient, session: Session, film: Edition,
                                              sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    number = film.sources[0].id
    job = client.post(f"/api/v1/sources/{number}/encode", headers=TOKEN).json
    assert (job["kind"], job["state"]) == ("film", "queued")
    assert client.delete(f"/api/v1/sources/{number}", headers=TOKEN).status_code == 409
    assert client.post(f"/admin/editions/sources/{number}/discard", follow_redirects=True).status_code == 200
    assert session.get_one(SourceAsset, number, populate_existing=True).kept
    assert len(session.scalars(select(EncodingJob)).all()) == 1


def test_cues_are_read_by_page_as_viewers_see_them(client: FlaskClient, film: Edition,
                                                   sign_in: Callable[..., User]) -> None:
    address = f"/api/v1/editions/{film.public_id}/tracks/{film.subtitles[0].id}/cues"
    assert client.get(address, headers=TOKEN).status_code == 401
    sign_in("member")
    assert client.get(address).status_code == 403
    client.delete_cookie("session")
    sign_in("editor")
    found = client.get(address).json
    assert found["results"] == [{"start_ms": 1500, "end_ms": 2500, "text": "Раз & два"},
                                {"start_ms": 3500, "end_ms": 9500, "text": "x"}]
    second = client.get(f"{address}?page=2&page_size=1").json
    assert (second["total_pages"], second["total_results"], second["results"][0]["start_ms"]) == (2, 2, 3500)
    assert client.get(f"{address}?page=9").json["results"] == []
    assert client.get(f"{address}?page_size=1001").status_code == 422
    images = film.subtitles[1].id
    assert client.get(f"/api/v1/editions/{film.public_id}/tracks/{images}/cues").status_code == 404
    other = f"/api/v1/editions/{film.public_id}/tracks/{film.subtitles[0].id + 999}/cues"
    assert client.get(other).status_code == 404


def test_segments_of_old_packages_give_their_cues_too(app: MoviePoint, client: FlaskClient, film: Edition,
                                                      sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    Path(app.extensions["moviepoint.storage"].path(f"packages/cues/subs_ru/{subtitles.WHOLE}")).unlink()
    found = client.get(f"/api/v1/editions/{film.public_id}/tracks/{film.subtitles[0].id}/cues").json
    assert [cue["start_ms"] for cue in found["results"]] == [1500, 3500]  # as they were moved: not once more


def test_the_page_costs_the_same_for_one_source_and_many(client: FlaskClient, session: Session, film: Edition,
                                                         sign_in: Callable[..., User],
                                                         count_queries: Callable[[], AbstractContextManager[list[str]]],
                                                         ) -> None:
    user = sign_in("editor")
    client.get(f"/admin/editions/{film.id}")
    with count_queries() as few:
        client.get(f"/admin/editions/{film.id}")
    with unit_of_work() as work:
        for number in range(10):
            source = SourceAsset(edition_id=film.id, key=f"uploads/{number}", filename=f"{number}.mkv", size=1,
                                 created_by_id=user.id)
            work.add(source)
            work.flush()
            work.add(EncodingJob(edition_id=film.id, source_id=source.id, package=f"packages/{number}",
                                 state="failed", created_by_id=user.id))
    with count_queries() as many:
        assert "9.mkv" in client.get(f"/admin/editions/{film.id}").text
    assert len(many) <= len(few) + 4  # jobs, their steps, names and users: once each, however many
