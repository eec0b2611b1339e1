"""The catalogue's API: reading, writing, languages, rights, and what is refused."""
from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from PIL import Image

from moviepoint.domains.accounts.models import User

FILM = {"original_title": "Аэлита", "original_language": "rus", "year": 1924, "runtime": 111, "countries": ["SU"],
        "texts": {"en": {"name": "Aelita", "overview": "A dream of Mars."}, "ru": {"name": "Аэлита"}}}


@pytest.fixture
def editor(sign_in: Callable[..., User], queue: list[object]) -> User:
    return sign_in("editor")


def enter(client: FlaskClient, plural: str = "films", publish: bool = True, **values: object) -> dict[str, object]:
    response = client.post(f"/api/v1/{plural}", json=FILM | values)
    assert response.status_code == 200, response.text
    entered = dict(response.json)
    if publish:
        entered = dict(client.post(f"/api/v1/{plural}/{entered['id']}/publish").json)
    return entered


def test_a_film_is_entered_published_and_read(client: FlaskClient, editor: User) -> None:
    film = enter(client, publish=False)
    assert (film["slug"], film["status"], film["original_language"]) == ("aelita-1924", "draft", "ru")
    anonymous = client.application.test_client()
    assert anonymous.get(f"/api/v1/films/{film['id']}").status_code == 404
    client.post(f"/api/v1/films/{film['id']}/publish")
    assert anonymous.get(f"/api/v1/films/{film['id']}").json["name"] == "Aelita"


@pytest.mark.parametrize(("language", "name", "said"), [
    ("ru", "Аэлита", "ru"), ("ru-RU", "Аэлита", "ru"), ("rus", "Аэлита", "ru"), ("en", "Aelita", "en"),
    ("de", "Aelita", "en"), ("", "Aelita", "en")])
def test_texts_come_in_the_language_asked_for(client: FlaskClient, editor: User, language: str, name: str,
                                              said: str) -> None:
    film = enter(client)
    response = client.get(f"/api/v1/films/{film['id']}?language={language}")
    assert (response.json["name"], response.headers["Content-Language"]) == (name, said)


def test_a_field_falls_back_by_itself(client: FlaskClient, editor: User) -> None:
    film = enter(client)
    answer = client.get(f"/api/v1/films/{film['id']}?language=ru").json
    assert (answer["name"], answer["language"], answer["overview"]) == ("Аэлита", "ru", "A dream of Mars.")


def test_what_is_left_out_stays(client: FlaskClient, editor: User) -> None:
    film = enter(client)
    changed = client.patch(f"/api/v1/films/{film['id']}", json={"runtime": 120}).json
    assert (changed["runtime"], changed["year"], changed["name"]) == (120, 1924, "Aelita")


def test_an_older_version_is_refused(client: FlaskClient, editor: User) -> None:
    film = enter(client)
    address = f"/api/v1/films/{film['id']}"
    assert client.patch(address, json={"year": 1925, "version": film["version"]}).status_code == 200
    assert client.patch(address, json={"year": 1926, "version": film["version"]}).status_code == 409
    assert client.get(address).json["year"] == 1925


def test_a_series_has_seasons_and_episodes(client: FlaskClient, editor: User) -> None:
    series = enter(client, "series", slug="serial")
    seasons = f"/api/v1/series/{series['id']}/seasons"
    assert client.post(seasons, json={"number": 0}).json["number"] == 0
    assert client.post(seasons, json={"number": 1}).status_code == 200
    assert client.post(seasons, json={"number": 1}).status_code == 409
    body = {"number": 3, "original_title": "Эпизод", "texts": {"ru": {"name": "Эпизод"}, "en": {"name": "Episode"}}}
    assert client.post(f"{seasons}/1/episodes", json=body).json["name"] == "Episode"
    assert client.post(f"{seasons}/1/episodes", json=body).status_code == 409
    assert client.get(f"{seasons}/1?language=ru").json["episodes"][0]["name"] == "Эпизод"
    assert client.get(f"/api/v1/series/{series['id']}").json["seasons"][1]["episode_count"] == 1
    assert client.delete(f"{seasons}/1/episodes/3").status_code == 204
    assert client.get(f"{seasons}/1/episodes/3").status_code == 404
    film = enter(client, slug="a-film")
    assert client.post(f"/api/v1/series/{film['id']}/seasons", json={"number": 1}).status_code == 422


def test_credits_keep_their_order(client: FlaskClient, editor: User) -> None:
    people = [client.post("/api/v1/people", json={"name": name}).json["id"] for name in ("Solntseva", "Protazanov")]
    film = enter(client, credits=[{"person_id": people[1], "department": "directing", "job": "Director"},
                                  {"person_id": people[0], "character": "Aelita"}])
    assert [credit["name"] for credit in film["credits"]] == ["Protazanov", "Solntseva"]
    assert client.get(f"/api/v1/people/{people[0]}").json["titles"][0]["id"] == film["id"]
    assert client.delete(f"/api/v1/people/{people[0]}").status_code == 409
    client.patch(f"/api/v1/films/{film['id']}", json={"credits": []})
    assert client.delete(f"/api/v1/people/{people[0]}").status_code == 204


def test_a_genre_in_use_is_kept(client: FlaskClient, editor: User) -> None:
    genre = client.post("/api/v1/genres", json={"names": {"en": "Science fiction", "ru": "Фантастика"}}).json
    enter(client, genres=[genre["slug"]])
    assert client.delete(f"/api/v1/genres/{genre['id']}").status_code == 409
    assert client.get("/api/v1/genres?language=ru").json["results"][0]["name"] == "Фантастика"
    assert client.get(f"/api/v1/films?genre={genre['slug']}").json["total_results"] == 1


def test_a_poster_is_taken_in_sizes(client: FlaskClient, editor: User) -> None:
    film = enter(client)
    picture = io.BytesIO()
    Image.new("RGB", (800, 1200), "#c04020").save(picture, "JPEG")
    address = f"/api/v1/films/{film['id']}/images/poster"
    shown = client.put(address, data=picture.getvalue(), content_type="image/jpeg").json
    assert client.get(shown["urls"]["342"]).mimetype == "image/webp"
    assert client.get(f"/api/v1/films/{film['id']}").json["poster"]["placeholder"].startswith("#c")
    for bad in (b"", b"<svg onload=alert(1)>", b"GIF89a" + bytes(50), picture.getvalue()[:300]):
        assert client.put(address, data=bad, content_type="image/png").status_code == 422


@pytest.mark.parametrize(("body", "field"), [
    ({"year": "soon"}, "year"), ({"year": 99999}, "year"), ({"original_title": ""}, "original_title"),
    ({"original_title": "x" * 50_000}, "original_title"), ({"colour": "red"}, "colour"),
    ({"original_language": "klingonese"}, "original_language"), ({"genres": ["none"]}, "genres"),
    ({"credits": [{"person_id": 10**6}]}, "credits"), ({"end_year": 1900}, "end_year"), ({"kind": "series"}, "kind"),
    ({"texts": {"xx-nonsense-": {"name": "x"}}}, "texts"), ({"slug": "A B"}, "slug")])
def test_a_faulty_field_is_named_and_nothing_is_written(client: FlaskClient, editor: User, body: dict[str, object],
                                                        field: str) -> None:
    response = client.post("/api/v1/films", json=FILM | body)
    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert field in response.json["errors"], response.json
    assert client.get("/api/v1/films?status=draft").json["total_results"] == 0


@pytest.mark.parametrize("data", [b"{", b"[1", b"\xff\xfe", b"nonsense"])
def test_a_body_that_is_not_json_is_a_bad_request(client: FlaskClient, editor: User, data: bytes) -> None:
    response = client.post("/api/v1/films", data=data, content_type="application/json")
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=1000000000", "page_size=1000", "sort_by=password.asc",
                                   "sort_by=year", "year=abc", "status=secret", "language=!!",
                                   "language=ru-" + "-".join(["12345678"] * 100)])
def test_a_faulty_query_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/v1/films?{query}").status_code == 422


def test_members_and_strangers_write_nothing(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    assert client.post("/api/v1/films", json=FILM).status_code == 401
    sign_in("member")
    assert client.post("/api/v1/films", json=FILM).status_code == 403
    assert client.post("/api/v1/genres", json={"names": {"en": "x"}}).status_code == 403
    assert client.get("/api/v1/films?status=draft").json["total_results"] == 0


def test_html_in_a_title_is_text(client: FlaskClient, editor: User) -> None:
    film = enter(client, original_title="<script>alert(1)</script>", texts={})
    page = client.get(f"/en/films/{film['slug']}").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_list_costs_the_same_whatever_its_length(
        client: FlaskClient, editor: User, count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    costs = []
    for round_number in range(2):
        for number in range(4):
            enter(client, slug=f"film-{round_number}-{number}")
        with count_queries() as statements:
            assert client.get("/api/v1/films").status_code == 200
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 7


def test_the_document_names_every_resource(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    for path in ("/api/v1/{plural}", "/api/v1/people", "/api/v1/genres", "/api/v1/search", "/api/v1/jobs",
                 "/api/v1/editions/{public_id}/playback"):
        assert path in document["paths"], sorted(document["paths"])
    assert client.get("/api/v1/docs/scalar/").status_code == 200
