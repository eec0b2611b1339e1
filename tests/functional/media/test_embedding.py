"""The player on other sites: only where editors allow it, framed by nobody else; and the text that goes with a film."""
from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.media.models import Edition
from moviepoint.kernel.db import unit_of_work
from tests.functional.media.packages import published_film  # noqa: F401 -- a fixture


@pytest.fixture
def rule(client: FlaskClient, film: Edition, make_user: Callable[..., User],
         sign_in_as: Callable[[User], User]) -> Callable[..., None]:
    """Return a function that writes a rule of the title as an editor, by the API, and signs out again."""
    editor = make_user("editor", email="rules@example.org")

    def write(audience: str = "public", embeddable: bool = True) -> None:
        sign_in_as(editor)
        answer = client.put(f"/api/v1/editions/{film.public_id}/access",
                            json={"title": {"audience": audience, "embeddable": embeddable}})
        assert answer.status_code == 200, answer.text
        client.delete_cookie("session")

    return write


def described(client: FlaskClient, url: str, **query: str) -> tuple[int, dict[str, object]]:
    answer = client.get("/oembed", query_string={"url": url, "format": "json", **query})
    return answer.status_code, answer.get_json(silent=True) or {}


def test_nothing_is_embedded_until_an_editor_allows_it(client: FlaskClient, film: Edition) -> None:
    page = client.get(f"/embed/{film.public_id}")
    assert page.status_code == 403
    assert "may not be shown on other sites" in page.text
    assert "data-player" not in page.text
    assert "Film" not in page.text.replace("This film", "")  # nor is it named
    watch = client.get(f"/en/watch/{film.public_id}")
    assert "oembed" not in watch.text
    assert "iframe" not in watch.text
    assert described(client, f"http://localhost/en/watch/{film.public_id}")[0] == 401


def test_what_is_allowed_may_be_framed_and_nothing_else_may(client: FlaskClient, film: Edition,
                                                            rule: Callable[..., None]) -> None:
    rule()
    page = client.get(f"/embed/{film.public_id}")
    assert page.status_code == 200
    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    watch = client.get(f"/en/watch/{film.public_id}")
    assert "frame-ancestors 'self'" in watch.headers["Content-Security-Policy"]
    assert watch.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert 'type="application/json+oembed"' in watch.text
    assert "&lt;iframe src=" in watch.text


def test_oembed_says_what_a_site_needs(client: FlaskClient, film: Edition, rule: Callable[..., None]) -> None:
    rule()
    for url in (f"http://localhost/en/watch/{film.public_id}?t=5", f"http://localhost/embed/{film.public_id}"):
        status, answer = described(client, url, maxwidth="480")
        assert status == 200, answer
        assert (answer["type"], answer["version"], answer["title"]) == ("video", "1.0", "Film")
        assert (answer["width"], answer["height"]) == (480, 270)
        assert f"/embed/{film.public_id}" in str(answer["html"])
    answer = described(client, url, maxheight="270")[1]
    assert (answer["width"], answer["height"]) == (480, 270)


@pytest.mark.parametrize(("url", "query", "status"), [
    ("http://elsewhere.example/en/watch/{id}", {}, 404), ("http://localhost/en/films", {}, 404), ("", {}, 404),
    ("http://localhost/en/watch/ffffffffffffffffffffffff", {}, 404), ("javascript:alert(1)", {}, 404),
    ("http://[", {}, 404), ("http://localhost/en/watch/{id}", {"format": "xml"}, 501),
    ("http://localhost/en/watch/{id}", {"maxwidth": "-1"}, 422),
    ("http://localhost/en/watch/{id}", {"maxwidth": "9" * 400}, 422)])
def test_oembed_answers_bad_questions(client: FlaskClient, film: Edition, rule: Callable[..., None], url: str,
                                      query: dict[str, str], status: int) -> None:
    rule()
    assert described(client, url.format(id=film.public_id), **query)[0] == status


def test_a_film_that_is_not_for_everybody_is_not_embedded(client: FlaskClient, film: Edition,
                                                          rule: Callable[..., None]) -> None:
    rule("registered")
    assert client.get(f"/embed/{film.public_id}").status_code == 403
    rule()
    with unit_of_work() as work:
        work.get_one(Title, film.title_id).status = "draft"
    assert client.get(f"/embed/{film.public_id}").status_code == 403


def test_the_text_is_for_whom_the_film_is(app: MoviePoint, client: FlaskClient, film: Edition,
                                          rule: Callable[..., None]) -> None:
    track = next(row for row in film.subtitles if row.path)
    folder = Path(app.extensions["moviepoint.storage"].path(f"packages/abc/{track.path}"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "whole.vtt").write_text("WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n<i>Привет</i>\n", encoding="utf-8")
    address = f"/api/v1/playback/{film.public_id}/subtitles/{track.id}/cues"
    assert client.get(address).json == [{"start_ms": 1000, "end_ms": 2500, "text": "Привет"}]
    with unit_of_work() as work:
        work.get_one(type(track), track.id).hidden = True
    assert client.get(address).status_code == 404
    with unit_of_work() as work:
        work.get_one(type(track), track.id).hidden = False
    rule("registered")
    assert client.get(address).status_code == 401


def test_editors_allow_it_on_the_editions_page(client: FlaskClient, film: Edition,
                                               sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    page = client.get(f"/admin/editions/{film.id}")
    assert 'name="embeddable" value="1">' in page.text
    answer = client.post(f"/admin/editions/{film.id}/access", data={
        "whole": "1", "audience": "public", "embeddable": "1"})
    assert answer.status_code == 302
    assert 'name="embeddable" value="1" checked' in client.get(f"/admin/editions/{film.id}").text
    client.delete_cookie("session")
    assert client.get(f"/embed/{film.public_id}").status_code == 200


def test_the_next_episode_is_the_next_seasons_first(client: FlaskClient, session: Session) -> None:
    with unit_of_work() as work:
        title = Title(kind="series", slug="series", original_title="Series", status="published")
        work.add(title)
        work.flush()
        for number in (0, 1, 2):
            season = Season(title_id=title.id, number=number)
            work.add(season)
            work.flush()
            for place in (1, 2):
                episode = Episode(season_id=season.id, number=place, original_title=f"Part {number}-{place}")
                work.add(episode)
                work.flush()
                work.add(Edition(episode_id=episode.id, package="packages/abc", duration_ms=1000,
                                 public_id=f"{number}{place}" * 12))
    around = {one: client.get(f"/en/watch/{one * 12}").text for one in ("01", "02", "11", "12", "21", "22")}
    found = {one: tuple(match[1][:2] if (match := re.search(rf'rel="{way}" href="/en/watch/(\w+)"', text)) else ""
                        for way in ("prev", "next")) for one, text in around.items()}
    assert found == {"01": ("", "02"), "02": ("01", ""), "11": ("", "12"), "12": ("11", "21"), "21": ("12", "22"),
                     "22": ("21", "")}
