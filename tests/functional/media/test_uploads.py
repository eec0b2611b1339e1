"""Uploads by tus 1.0: what a client may rely on, and what a broken or hostile one cannot do."""
from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import uploads
from moviepoint.domains.media.models import Edition, EncodingJob, SubtitleTrack, Upload
from moviepoint.kernel.db import unit_of_work, utcnow

TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = TUS | {"Content-Type": "application/offset+octet-stream"}
URL = "/api/v1/uploads"


@pytest.fixture(autouse=True)
def editor(sign_in: Callable[..., User], queue: list[object]) -> User:
    return sign_in("editor")


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def create(client: FlaskClient, size: int, **values: str) -> str:
    response = client.post(URL, headers=TUS | {"Upload-Length": str(size), "Upload-Metadata": metadata(**values)})
    assert response.status_code == 201, response.text
    return "/" + response.headers["Location"].split("/", 3)[3]


def send(client: FlaskClient, address: str, offset: int, data: bytes, **headers: str) -> TestResponse:
    return client.patch(address, data=data, headers=CHUNK | {"Upload-Offset": str(offset)} | headers)


def stored(app: MoviePoint, session: Session, address: str) -> tuple[Upload, Path]:
    upload = session.scalars(select(Upload).where(Upload.public_id == address.rsplit("/", 1)[1])).one()
    return upload, app.extensions["moviepoint.storage"].path(upload.key)


def test_a_file_arrives_in_chunks_and_is_stored(app: MoviePoint, client: FlaskClient, session: Session) -> None:
    address = create(client, 10, filename="фильм.mkv")
    assert send(client, address, 0, b"01234").headers["Upload-Offset"] == "5"
    head = client.head(address, headers=TUS)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("5", "10")
    assert head.headers["Cache-Control"] == "no-store"
    assert send(client, address, 5, b"56789").status_code == 204
    upload, path = stored(app, session, address)
    assert (upload.state, upload.filename, path.read_bytes()) == ("stored", "фильм.mkv", b"0123456789")


def test_a_whole_file_for_an_edition_starts_its_job(client: FlaskClient, session: Session,
                                                    queue: list[tuple[str, dict[str, object]]]) -> None:
    with unit_of_work() as work:
        title = Title(kind="film", slug="film", original_title="Film")
        work.add(title)
    edition = client.post("/api/v1/editions", json={"title_id": title.id}).json
    address = create(client, 3, edition=edition["id"])
    send(client, address, 0, b"abc")
    job = session.scalars(select(EncodingJob)).one()
    assert job.edition.public_id == edition["id"]
    assert ("media.work", {"lane": "light"}) in queue
    assert client.head(address, headers=TUS).headers["Upload-Offset"] == "3"


def test_an_upload_can_be_encoded_later_but_once(client: FlaskClient) -> None:
    with unit_of_work() as work:
        title = Title(kind="film", slug="later", original_title="Later")
        work.add(title)
    address = create(client, 3)
    assert client.post(f"{address}/encode", json={"title_id": title.id}).status_code == 409  # not whole yet
    send(client, address, 0, b"abc")
    assert client.post(f"{address}/encode", json={"title_id": title.id}).json["state"] == "queued"
    assert client.post(f"{address}/encode", json={"title_id": title.id}).status_code == 409
    assert client.delete(address, headers=TUS).status_code == 422  # it is a film's source now


@pytest.mark.parametrize("offset", [1, 4, 11])
def test_a_wrong_offset_changes_nothing(client: FlaskClient, offset: int) -> None:
    address = create(client, 10)
    assert send(client, address, offset, b"xx").status_code == 409
    assert client.head(address, headers=TUS).headers["Upload-Offset"] == "0"


def test_more_bytes_than_announced_are_refused(app: MoviePoint, client: FlaskClient, session: Session) -> None:
    address = create(client, 4)
    response = send(client, address, 0, b"12345")
    assert (response.status_code, response.json["code"]) == (422, "upload-size")
    upload, path = stored(app, session, address)
    assert upload.state == "receiving"
    assert path.stat().st_size <= 4


def test_a_wrong_checksum_is_not_kept(client: FlaskClient) -> None:
    address = create(client, 6)
    wrong = base64.b64encode(hashlib.sha1(b"other").digest()).decode()
    response = send(client, address, 0, b"abc", **{"Upload-Checksum": f"sha1 {wrong}"})
    assert response.status_code == 460
    assert client.head(address, headers=TUS).headers["Upload-Offset"] == "0"
    right = base64.b64encode(hashlib.sha256(b"abc").digest()).decode()
    assert send(client, address, 0, b"abc", **{"Upload-Checksum": f"sha256 {right}"}).status_code == 204


@pytest.mark.parametrize("header", ["rot13 abc", "sha1", "sha1 %%%"])
def test_a_checksum_that_is_not_understood_is_refused(client: FlaskClient, header: str) -> None:
    assert send(client, create(client, 6), 0, b"abc", **{"Upload-Checksum": header}).status_code == 422


class Broken(io.RawIOBase):
    """A body of ten bytes whose connection breaks after three."""

    def __init__(self) -> None:
        self.pieces = [b"abc"]
        self.position = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = 0) -> int:
        self.position = 10 if whence == io.SEEK_END else 0
        return self.position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self.pieces:
            raise ConnectionResetError
        piece = self.pieces.pop()
        buffer[:len(piece)] = piece
        return len(piece)


def test_what_arrived_before_the_connection_broke_is_kept(client: FlaskClient) -> None:
    address = create(client, 10)
    client.patch(address, input_stream=Broken(), headers=CHUNK | {"Upload-Offset": "0"})
    assert client.head(address, headers=TUS).headers["Upload-Offset"] == "3"


def test_giving_up_removes_the_bytes(app: MoviePoint, client: FlaskClient, session: Session) -> None:
    address = create(client, 10)
    send(client, address, 0, b"123")
    path = stored(app, session, address)[1]
    assert client.delete(address, headers=TUS).status_code == 204
    assert not path.exists()
    assert client.head(address, headers=TUS).status_code == 404


def test_abandoned_uploads_expire(app: MoviePoint, client: FlaskClient, session: Session) -> None:
    old, young = create(client, 10), create(client, 10)
    with unit_of_work():
        stored(app, session, old)[0].expires_at = utcnow() - timedelta(seconds=1)
    path = stored(app, session, old)[1]
    with unit_of_work() as work:
        assert uploads.expire_uploads(work, app.extensions["moviepoint.storage"]) == 1
    assert not path.exists()
    assert client.head(young, headers=TUS).status_code == 200


@pytest.mark.parametrize(("headers", "status"), [
    ({}, 412), (TUS, 422), (TUS | {"Upload-Length": "0"}, 422), (TUS | {"Upload-Length": "-5"}, 422),
    (TUS | {"Upload-Length": "9" * 30}, 422), (TUS | {"Upload-Length": str(10**15)}, 413),
    (TUS | {"Upload-Length": "5", "Upload-Concat": "whole"}, 422), (TUS | {"Upload-Concat": "final"}, 422),
    (TUS | {"Upload-Concat": "final;"}, 422), (TUS | {"Upload-Concat": "final;/api/v1/uploads/none"}, 404),
    (TUS | {"Upload-Length": "5", "Upload-Metadata": "filename %%%"}, 422),
    (TUS | {"Upload-Length": "5", "Upload-Metadata": f"edition {base64.b64encode(b'nothing').decode()}"}, 404),
])
def test_a_bad_announcement_is_refused(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    response = client.post(URL, headers=headers)
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"


def test_a_full_disk_is_said_before_a_byte_is_taken(
        app: MoviePoint, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.extensions["moviepoint.storage"], "free_bytes", lambda: 600 * 2**20)
    first = client.post(URL, headers=TUS | {"Upload-Length": str(60 * 2**20)})
    second = client.post(URL, headers=TUS | {"Upload-Length": str(60 * 2**20)})  # the first is still to come
    assert (first.status_code, second.status_code) == (201, 507)


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\..\\boot.ini", "a\r\nX-Evil: 1.mkv", "\0.mkv"])
def test_a_filename_is_only_a_name(app: MoviePoint, client: FlaskClient, session: Session, name: str) -> None:
    upload, path = stored(app, session, create(client, 5, filename=name))
    assert not set(upload.filename) & set("/\\\r\n\0")
    assert path.parent.name == "uploads"


def test_others_cannot_touch_an_upload(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    address = create(client, 10)
    sign_in("member")
    assert client.head(address, headers=TUS).status_code == 403
    assert send(client, address, 0, b"x").status_code == 403
    assert client.delete(address, headers=TUS).status_code == 403
    assert client.post(URL, headers=TUS | {"Upload-Length": "5"}).status_code == 403


def test_nobody_uploads_without_signing_in(app: MoviePoint) -> None:
    assert app.test_client().post(URL, headers=TUS | {"Upload-Length": "5"}).status_code == 401


def test_the_server_says_what_it_can(client: FlaskClient) -> None:
    headers = client.options(URL).headers
    assert headers["Tus-Version"] == "1.0.0"
    assert set(headers["Tus-Extension"].split(",")) == {
        "creation", "expiration", "checksum", "termination", "concatenation"}
    assert headers["Tus-Max-Size"] == str(200 * 2**30)


def test_a_series_takes_no_film(client: FlaskClient) -> None:
    with unit_of_work() as work:
        title = Title(kind="series", slug="series", original_title="Series")
        work.add(title)
    response = client.post("/api/v1/editions", json={"title_id": title.id})
    assert response.status_code == 422
    assert client.post("/api/v1/editions", json={"title_id": 10**6}).status_code == 404
    assert client.post("/api/v1/editions", json={}).status_code == 422


def test_an_edition_is_made_once_per_label(client: FlaskClient, session: Session) -> None:
    with unit_of_work() as work:
        title = Title(kind="film", slug="cuts", original_title="Cuts")
        work.add(title)
    bodies = [{"title_id": title.id}, {"title_id": title.id}, {"title_id": title.id, "label": "Director's cut"}]
    ids = [client.post("/api/v1/editions", json=body).json["id"] for body in bodies]
    assert len(set(ids)) == 2
    assert [e.label for e in session.scalars(select(Edition).order_by(Edition.position))] == ["", "Director's cut"]


@pytest.fixture
def edition_id(client: FlaskClient) -> str:
    with unit_of_work() as work:
        title = Title(kind="film", slug="several", original_title="Several")
        work.add(title)
    return str(client.post("/api/v1/editions", json={"title_id": title.id}).json["id"])


def test_names_are_guessed_before_anything_is_sent(client: FlaskClient, session: Session) -> None:
    found = client.post(f"{URL}/guess", json={"filenames": ["film.mkv", "film.ru.forced.srt", "film.de.m4a"]}).json
    assert [(one["intent"]["use"], one["intent"]["language"], one["intent"]["kind"]) for one in found] == [
        ("film", "und", ""), ("subtitles", "ru", "forced"), ("audio", "de", "dub")]
    assert session.scalars(select(Upload)).all() == []
    assert client.post(f"{URL}/guess", json={"filenames": ["x"] * 201}).status_code == 422
    client.delete_cookie("session")
    assert client.post(f"{URL}/guess", json={"filenames": []}, headers={"Authentication-Token": "x"}).status_code == 401


def test_each_upload_becomes_what_it_was_said_to_be(client: FlaskClient, session: Session, edition_id: str) -> None:
    said = {"film.mkv": {}, "a.de.m4a": {}, "b.srt": {"use": "subtitles", "language": "rus", "kind": "sdh",
                                                     "label": "  Для\nвсех ", "studio": "S", "encoding": "CP1251"}}
    for name, more in said.items():
        address = create(client, 3, filename=name, edition=edition_id, **more)
        assert client.get(address).json["job_id"] is None
        send(client, address, 0, b"abc")
        shown = client.get(address).json
        assert session.get_one(EncodingJob, shown["job_id"]).source.filename == name
    jobs = session.scalars(select(EncodingJob).order_by(EncodingJob.id)).all()
    assert [(job.kind, job.steps[0].kind) for job in jobs] == [
        ("film", "inspect"), ("tracks", "inspect-tracks"), ("tracks", "inspect-tracks")]
    assert [(job.source.intent or {})["language"] for job in jobs] == ["und", "de", "ru"]
    intent = jobs[2].source.intent or {}
    assert (intent["kind"], intent["label"], intent["studio"], intent["encoding"]) == ("sdh", "Для всех", "S", "cp1251")
    assert jobs[1].source.created_by_id == jobs[1].created_by_id is not None


@pytest.mark.parametrize("said", [
    {"use": "folder"}, {"use": "audio", "language": "not a language"}, {"use": "audio", "kind": "forced"},
    {"use": "subtitles", "kind": "dub"}, {"use": "subtitles", "encoding": "klingon"},
    {"use": "audio", "replaces": "999"}, {"use": "subtitles", "replaces": "x"}, {"use": "audio", "replaces": "-1"},
    {"use": "subtitles", "encoding": "utf-8\0"}, {"use": "audio", "language": "en-" + "x" * 60}])
def test_what_cannot_be_is_refused_before_a_byte_is_sent(client: FlaskClient, session: Session, edition_id: str,
                                                         said: dict[str, str]) -> None:
    response = client.post(URL, headers=TUS | {"Upload-Length": "3",
                                               "Upload-Metadata": metadata(edition=edition_id, **said)})
    assert (response.status_code, response.mimetype) == (422, "application/problem+json")
    assert session.scalars(select(Upload)).all() == []


def test_unfinished_uploads_are_found_again_by_who_sent_them(client: FlaskClient, edition_id: str,
                                                             sign_in: Callable[..., User]) -> None:
    addresses = [create(client, 10, filename=name, edition=edition_id) for name in ("film.mkv", "film.de.srt")]
    send(client, addresses[0], 0, b"01234")
    done = create(client, 1, filename="x.fr.srt", edition=edition_id)
    send(client, done, 0, b"x")
    found = client.get(f"{URL}?edition={edition_id}").json
    assert [(one["filename"], one["offset"], one["size"], one["intent"]["use"]) for one in found] == [
        ("film.mkv", 5, 10, "film"), ("film.de.srt", 0, 10, "subtitles")]
    assert client.get(f"{URL}?edition=nothing").status_code == 404
    client.delete_cookie("session")
    sign_in("editor")
    assert client.get(f"{URL}?edition={edition_id}").json == []
    client.delete_cookie("session")
    sign_in("member")
    assert client.get(f"{URL}?edition={edition_id}").status_code == 403


def test_a_large_chunk_of_somebody_with_a_cookie_is_taken(app: MoviePoint, client: FlaskClient, session: Session,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of the CSRF token looks at the body before the view does."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    monkeypatch.setitem(app.config, "WTF_CSRF_CHECK_DEFAULT", False)
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1000)
    with client:
        token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/admin/").text)
    assert token
    signed = {"X-CSRFToken": token[1]}
    address = "/" + client.post(URL, headers=TUS | signed | {"Upload-Length": "3000"}).headers["Location"].split(
        "/", 3)[3]
    assert send(client, address, 0, bytes(3000), **signed).status_code == 204
    assert stored(app, session, address)[1].stat().st_size == 3000


@pytest.mark.parametrize(("kind", "status"), [("application/json", 413), ("application/offset+octet-stream", 401)])
def test_only_a_chunk_may_have_any_size(client: FlaskClient, app: MoviePoint, monkeypatch: pytest.MonkeyPatch,
                                        kind: str, status: int) -> None:
    """What others look at before the view does, as JSON, would be read into memory whole."""
    client.post("/en/account/logout")
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1000)
    answer = client.patch(f"{URL}/abc", headers=TUS | {"Upload-Offset": "0", "Content-Type": kind}, data=bytes(3000))
    assert answer.status_code == status


def test_who_only_uploads_replaces_nothing(client: FlaskClient, session: Session, edition_id: str,
                                           sign_in: Callable[..., User]) -> None:
    with unit_of_work() as work:
        work.add(Role(name="contributor-of-files", permissions=["media.upload"]))
        edition = work.scalars(select(Edition).where(Edition.public_id == edition_id)).one()
        row = SubtitleTrack(edition_id=edition.id, path=None, language="de", position=0)
        work.add(row)
    said = TUS | {"Upload-Length": "3", "Upload-Metadata": metadata(
        edition=edition_id, filename="x.srt", use="subtitles", replaces=str(row.id))}
    assert client.post(URL, headers=said).status_code == 201
    upload = session.scalars(select(Upload)).one()
    assert (upload.intent or {})["replaces"] == row.id
    client.delete_cookie("session")
    sign_in("contributor-of-files")
    assert client.post(URL, headers=said).status_code == 403
    plain = TUS | {"Upload-Length": "3", "Upload-Metadata": metadata(edition=edition_id, filename="x.srt")}
    assert client.post(URL, headers=plain).status_code == 201


def test_what_replaces_a_track_belongs_to_its_edition(client: FlaskClient, edition_id: str) -> None:
    with unit_of_work() as work:
        title = Title(kind="film", slug="another", original_title="Another")
        work.add(title)
        work.flush()
        other = Edition(title_id=title.id)
        other.subtitles = [SubtitleTrack(path=None, language="de", position=0)]
        work.add(other)
    said = {"use": "subtitles", "replaces": str(other.subtitles[0].id)}
    for more in ({"edition": edition_id}, {}):
        answer = client.post(URL, headers=TUS | {"Upload-Length": "3", "Upload-Metadata": metadata(**said, **more)})
        assert (answer.status_code, answer.json["code"]) == (422, "replaces")
