"""The search page, its suggestions, and search in the API."""
from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from moviepoint.domains.search import tasks
from moviepoint.domains.search.whoosh_index import WhooshIndex

Counting = Callable[[], AbstractContextManager[list[str]]]


@pytest.mark.parametrize(("address", "shown"), [
    ("/en/search?q=metropolis", "Metropolis"), ("/ru/search?q=метрополис", "Метрополис"),
    ("/ru/search?q=metropolsi", "Метрополис"), ("/en/search?q=метрополис", "Metropolis"),
    ("/en/search?q=le+voyage", "A Trip to the Moon"), ("/ru/search?q=фриц+ланг", "Фриц Ланг"),
    ("/en/search?q=vampir", "The Vampires"), ("/en/search?q=haxan", "Häxan")])
def test_a_visitor_finds_in_either_language(client: FlaskClient, index: WhooshIndex, address: str, shown: str) -> None:
    response = client.get(address)
    assert response.status_code == 200
    assert shown in html.unescape(re.sub("</?mark>", "", response.text))


def test_a_draft_is_not_found(client: FlaskClient, index: WhooshIndex) -> None:
    assert client.get("/api/v1/search?query=a+draft").json["total_results"] == 0
    assert client.get("/en/search/suggest?q=draft").json == []


def test_choices_narrow_and_can_be_taken_back(client: FlaskClient, index: WhooshIndex) -> None:
    everything = client.get("/api/v1/search?query=ruler").json
    assert everything["facets"]["kind"] == {"film": 6, "series": 1}
    horror = client.get("/api/v1/search?query=ruler&genre=horror").json
    assert sorted(hit["name"] for hit in horror["results"]) == ["Häxan", "Nosferatu"]
    assert horror["facets"]["genre"] == everything["facets"]["genre"]
    page = html.unescape(client.get("/en/search?q=ruler&genre=horror").text)
    assert "/en/search?q=ruler&genre=horror&genre=drama" in page  # either of them
    assert 'href="/en/search?q=ruler"' in page  # takes the choice of horror away


def test_years_by_decade(client: FlaskClient, index: WhooshIndex) -> None:
    found = client.get("/api/v1/search?query=ruler&year=1900s").json
    assert [hit["name"] for hit in found["results"]] == ["A Trip to the Moon"]


@pytest.mark.parametrize("address", [
    "/en/search?q=" + "a" * 10_000, "/en/search?q=night&kind=recipe", "/en/search?q=night&year=soon",
    "/en/search?q=night&year=%F0%9F%8E%AC"])
def test_a_query_that_cannot_be_run_is_answered_in_words(client: FlaskClient, index: WhooshIndex, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 422 or response.status_code == 400
    assert "Traceback" not in response.text and "<main" in response.text


@pytest.mark.parametrize("page", ["-1", "0", "x", "1e3", "9" * 40, "²"])
def test_a_page_that_is_none_is_not_found(client: FlaskClient, index: WhooshIndex, page: str) -> None:
    assert client.get(f"/en/search?q=metropolis&page={quote(page)}").status_code == 404


@pytest.mark.parametrize("query", ["", "%20", "AND%20OR%20NOT", "%22%22", "*", "%00",
                                   "%3Cscript%3Ealert(1)%3C/script%3E", "%ED%A0%80", "title%3A*", "(" * 150])
def test_hostile_queries_are_only_words(client: FlaskClient, index: WhooshIndex, query: str) -> None:
    for address in (f"/en/search?q={query}", f"/en/search/suggest?q={query}", f"/api/v1/search?query={query}"):
        response = client.get(address)
        assert response.status_code == 200, address
        assert "<script>alert" not in response.text


def test_beyond_the_last_page_nothing_is_shown(client: FlaskClient, index: WhooshIndex) -> None:
    response = client.get("/api/v1/search?query=metropolis&page=50")
    assert (response.status_code, response.json["results"]) == (200, [])
    assert client.get("/en/search?q=metropolis&page=50").status_code in (200, 404)


def test_unknown_genre_is_a_clear_nothing(client: FlaskClient, index: WhooshIndex) -> None:
    response = client.get("/en/search?q=metropolis&genre=cookery")
    assert response.status_code == 200
    assert client.get("/api/v1/search?query=metropolis&genre=cookery").json["total_results"] == 0


def test_the_api_answers_in_the_language_asked_for_and_pages(client: FlaskClient, index: WhooshIndex) -> None:
    first = client.get("/api/v1/search?query=ruler&language=ru&page_size=3").json
    assert (first["total_results"], first["total_pages"], len(first["results"])) == (7, 3, 3)
    last = client.get("/api/v1/search?query=ruler&language=ru&page_size=3&page=3").json
    assert len(last["results"]) == 1
    assert client.get("/api/v1/search?query=metropolis&language=ru").json["results"][0]["name"] == "Метрополис"
    assert client.get("/api/v1/search?query=metropolsi").json["did_you_mean"] == "metropolis"


@pytest.mark.parametrize("address", ["/api/v1/search?query=" + "a" * 201, "/api/v1/search?query=a&year=soon",
                                     "/api/v1/search?query=a&kind=recipe", "/api/v1/search?query=a&page=-1"])
def test_the_api_refuses_with_a_problem(client: FlaskClient, index: WhooshIndex, address: str) -> None:
    response = client.get(address)
    assert response.status_code in (400, 422)
    assert response.content_type == "application/problem+json"


def test_suggestions_name_titles_and_people(client: FlaskClient, index: WhooshIndex) -> None:
    assert client.get("/en/search/suggest?q=metr").json[0]["name"] == "Metropolis"
    found = client.get("/ru/search/suggest?q=ланг").json
    assert [(hit["name"], hit["url"]) for hit in found] == [("Фриц Ланг", "/ru/people/fritz-lang")]


def test_without_an_index_the_page_says_so_and_one_is_made(
        client: FlaskClient, catalogue: object, no_index: WhooshIndex, queue: list[tuple[str, object]]) -> None:
    response = client.get("/en/search?q=metropolis")
    assert response.status_code == 503
    assert "being prepared" in response.text
    assert [name for name, _ in queue] == ["search.rebuild"]
    assert client.get("/en/search/suggest?q=metr").json == []
    assert client.get("/api/v1/search?query=metropolis").content_type == "application/problem+json"
    assert [name for name, _ in queue] == ["search.rebuild"] * 2
    for _name, arguments in queue:
        tasks.rebuild(**arguments)
    assert len(list(no_index.folder.glob("v*-*"))) == 1  # the first message was enough
    assert client.get("/en/search?q=metropolis").status_code == 200


def test_queries_do_not_grow_with_hits(client: FlaskClient, index: WhooshIndex, count_queries: Counting) -> None:
    client.get("/en/search?q=ruler")  # what is kept for some seconds is there
    with count_queries() as one:
        client.get("/en/search?q=ruler&year=1900s")
    with count_queries() as many:
        client.get("/en/search?q=ruler")
    with count_queries() as people:
        client.get("/en/search?q=lang")
    assert len(many) == len(one)
    assert max(len(many), len(people)) <= 8
