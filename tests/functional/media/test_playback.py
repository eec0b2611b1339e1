"""Playback: who gets an address, what it opens, and what no tampering opens."""
from __future__ import annotations

import time
from collections.abc import Callable

import m3u8
import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import access
from moviepoint.domains.media.models import Edition
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.errors import Forbidden
from tests.functional.media.packages import playback, prefix, published_film  # noqa: F401 -- a fixture

SECRET = "s" * 48


def test_the_master_names_every_track_that_is_shown(client: FlaskClient, film: Edition) -> None:
    answer = playback(client, film)
    response = client.get(str(answer["master"]))
    assert response.mimetype == "application/vnd.apple.mpegurl"
    master = m3u8.loads(response.text)
    assert [v.uri for v in master.playlists] == ["stream_0.m3u8"]
    assert [(m.type, m.language, m.uri) for m in master.media] == [
        ("AUDIO", "en", "audio_en.m3u8"), ("AUDIO", "ru", "audio_ru.m3u8"), ("SUBTITLES", "ru", "subs_ru.m3u8")]
    assert [track["language"] for track in answer["audio"]] == ["en", "ru"]


def test_a_hidden_track_is_gone_at_the_next_load(client: FlaskClient, film: Edition) -> None:
    master = str(playback(client, film)["master"])
    with unit_of_work():
        film.audio[1].hidden = True
    assert "audio_ru" not in client.get(master).text


def test_a_segment_comes_with_ranges_and_may_be_kept(client: FlaskClient, film: Edition) -> None:
    address = f"{prefix(client, film)}/stream_0/data0000.ts"
    whole, part = client.get(address), client.get(address, headers={"Range": "bytes=10-19"})
    assert (whole.data, whole.mimetype) == (bytes(range(200)), "video/mp2t")
    assert "immutable" in whole.headers["Cache-Control"]
    assert (part.status_code, part.data) == (206, bytes(range(10, 20)))
    assert client.get(address, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("name", [
    ".staging/data0000.ts", "../secret.ts", "..%2Fsecret.ts", "%2e%2e/secret.ts", "stream_0/../../secret.ts",
    "stream_0", "stream_0/", "nothing.ts", "stream_0/data0000.ts%00.vtt", "..\\secret.ts", "/etc/passwd", "data.py"])
def test_no_address_leaves_the_package(client: FlaskClient, film: Edition, name: str) -> None:
    response = client.get(f"{prefix(client, film)}/{name}")
    assert response.status_code in (400, 403, 404, 308)
    assert b"secret" not in response.data and b"half" not in response.data


def test_a_signature_is_for_one_edition_and_one_package(client: FlaskClient, film: Edition) -> None:
    _, _, token, edition, package = prefix(client, film).split("/")
    for path in (f"/media/{token}/{'0' * 24}/{package}", f"/media/{token}/{edition}/other",
                 f"/media/s{token[1:]}/{edition}/{package}", f"/media/x/{edition}/{package}",
                 f"/media/p.{10**10:x}-{token.split('-', 1)[1]}/{edition}/{package}"):
        assert client.get(f"{path}/stream_0/data0000.ts").status_code == 403


def test_a_draft_is_for_those_who_see_drafts(
        app: MoviePoint, client: FlaskClient, film: Edition, sign_in: Callable[..., User]) -> None:
    public = prefix(client, film)
    with unit_of_work() as work:
        work.get_one(Title, film.title_id).status = "draft"
    app.extensions.pop("moviepoint.playback_facts", None)
    assert client.get(f"{public}/stream_0/data0000.ts").status_code == 403  # what was handed out ends too
    assert client.get(f"/api/v1/editions/{film.public_id}/playback").status_code == 403
    sign_in("editor")
    staff = client.get(f"{prefix(client, film)}/stream_0/data0000.ts")
    assert staff.status_code == 200
    assert "private" in staff.headers["Cache-Control"]


def test_without_a_package_there_is_nothing_to_play(client: FlaskClient, film: Edition) -> None:
    with unit_of_work():
        film.package = None
    assert client.get(f"/api/v1/editions/{film.public_id}/playback").status_code == 404
    assert client.get("/api/v1/editions/none/playback").status_code == 404


def test_the_master_of_a_replaced_package_is_gone_but_its_segments_are_not(client: FlaskClient, film: Edition) -> None:
    old = prefix(client, film)
    with unit_of_work():
        film.package = "packages/new"
    assert client.get(f"{old}/master.m3u8").status_code == 404
    assert client.get(f"{old}/stream_0/data0000.ts").status_code == 200


def test_serving_a_segment_asks_the_database_nothing(
        app: MoviePoint, client: FlaskClient, film: Edition, count_queries: Callable[[], object]) -> None:
    address = f"{prefix(client, film)}/stream_0/data0000.ts"
    client.get(address)
    with count_queries() as statements:  # type: ignore[attr-defined]
        assert client.get(address).status_code == 200
    assert statements == []


def test_an_address_is_the_same_for_all_within_the_hour() -> None:
    assert access.sign(SECRET, "e", "p", "p", now=7200) == access.sign(SECRET, "e", "p", "p", now=7200 + 3000)


def test_a_signature_ends() -> None:
    token, expires = access.sign(SECRET, "e", "p", "p", now=time.time())
    assert access.verify(SECRET, token, "e", "p", now=expires - 1).audience == "p"
    with pytest.raises(Forbidden) as caught:
        access.verify(SECRET, token, "e", "p", now=expires + 1)
    assert caught.value.code == "signature-expired"


@given(st.text(max_size=80))
def test_no_text_is_a_signature(token: str) -> None:
    with pytest.raises(Forbidden):
        access.verify(SECRET, token, "e", "p")


@given(st.integers(0, 40), st.characters(codec="ascii"))
@example(place=3, letter="D")  # a capital digit is the same number, and not the same token
def test_a_signature_with_one_letter_changed_is_none(place: int, letter: str) -> None:
    token, _ = access.sign(SECRET, "e", "p", "p", now=0)
    changed = token[:place] + letter + token[place + 1:]
    if changed != token:
        with pytest.raises(Forbidden):
            access.verify(SECRET, changed, "e", "p", now=0)


@pytest.mark.parametrize(("method", "headers", "status"), [
    ("GET", {}, 200), ("GET", {"Range": "bytes=0-9"}, 206), ("GET", {"Range": "bytes=900000-"}, 416), ("HEAD", {}, 200),
    ("GET", {"If-None-Match": "*"}, 304)])
def test_a_viewer_who_has_left_gives_the_seat_back(app: MoviePoint, client: FlaskClient, film: Edition, method: str,
                                                   headers: dict[str, str], status: int) -> None:
    address = f"{prefix(client, film)}/stream_0/data0000.ts"
    for _ in range(app.extensions["moviepoint.settings"].media_streams + 1):
        response = client.open(address, method=method, headers=headers)
        assert response.status_code == status
        response.close()


def test_more_viewers_than_seats_are_told_to_wait(app: MoviePoint, client: FlaskClient, film: Edition) -> None:
    address = f"{prefix(client, film)}/stream_0/data0000.ts"
    watching = [client.get(address, buffered=False) for _ in range(app.extensions["moviepoint.settings"].media_streams)]
    assert client.get(address).status_code == 503
    for response in watching:
        response.close()
    assert client.get(address).status_code == 200
