"""The page of what is said, and its resource of the API: what is found, how it is shown, and what bad input gets."""
from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from PIL import Image

from moviepoint.domains.media.models import Edition
from moviepoint.domains.search.spoken import tasks
from moviepoint.domains.search.spoken.whoosh import WhooshSpoken
from moviepoint.kernel.db import unit_of_work
from tests.functional.search.spoken import INTERVAL, METROPOLIS, Queue, add_film, deliver, shade

Counting = Callable[[], AbstractContextManager[list[str]]]
API = "/api/v1/search/lines"


def lines(client: FlaskClient, query: str, **more: object) -> list[tuple[str, int, str]]:
    """Return (title, second, text) of each line found."""
    response = client.get(API, query_string={"query": query, **more})
    assert response.status_code == 200, response.text
    return [(hit["title"]["name"], hit["start_ms"] // 1000, hit["text"]) for hit in response.json["results"]]


@pytest.mark.parametrize(("query", "second"), [
    ("mediator between head and hands", 10), ("MEDIATOR hands", 10), ("attacking machine", 3723),
    ("earths surface", 12), ("Earth's surface", 12), ("сердце", 10), ("сердца руками", 10), ("елки", 4010),
    ("ёлка", 4010), ("разрушать машину", 3723)])
def test_a_line_is_found_in_its_language_however_inflected(client: FlaskClient, said: WhooshSpoken, query: str,
                                                           second: int) -> None:
    assert [(name, at) for name, at, _text in lines(client, query)] == [("Metropolis", second)]


@pytest.mark.parametrize("query", ["machines you idiots", "attack the machines, you idiots", "машины, безумцы"])
def test_a_sentence_that_a_cue_breaks_off_is_found(client: FlaskClient, said: WhooshSpoken, query: str) -> None:
    (_name, second, text), = lines(client, query)
    assert second == 3723
    assert "machines, you idiots?" in text or "машины, безумцы?" in text


def test_words_far_apart_are_no_line(client: FlaskClient, said: WhooshSpoken) -> None:
    assert lines(client, "mediator idiots") == []


def test_the_nearest_comes_first(client: FlaskClient, said: WhooshSpoken, queue: Queue) -> None:
    with unit_of_work() as work:
        add_film(work, "haxan", {"en": [(5, "Head, said the man, is not what hands are"), (700, "head and hands")]})
    tasks.reconcile()
    deliver(queue)
    found = lines(client, "head and hands")
    assert found[0][1] in (10, 700) and {at for _name, at, _text in found[:2]} == {10, 700}
    assert lines(client, "head hands", title=client.get(API, query_string={"query": "the man"}).json[
        "results"][0]["title"]["id"])[0][1] == 700


def test_a_word_too_many_finds_the_line_and_says_so(client: FlaskClient, said: WhooshSpoken) -> None:
    found = client.get(API, query_string={"query": "mediator between head and legs"}).json
    assert (found["loose"], [hit["start_ms"] for hit in found["results"]]) == (True, [10_000])
    assert "One of them is missing" in client.get("/en/search/lines?q=mediator+between+head+and+legs").text
    assert client.get(API, query_string={"query": "mediator legs"}).json["total_results"] == 0


def test_a_hit_says_all_that_a_client_needs(client: FlaskClient, said: WhooshSpoken,
                                            films: dict[str, Edition]) -> None:
    found = client.get(API, query_string={"query": "death descends", "language": "ru"}).json
    hit, = found["results"]
    public_id = films["metropolis"].public_id
    assert hit["title"]["name"] == "Метрополис"
    assert hit["title"]["url"] == "/ru/films/metropolis-1927"
    assert (hit["edition"], hit["language"], hit["start_ms"], hit["end_ms"]) == (public_id, "en", 3800_000, 3801_900)
    assert [hit["text"][first:end] for first, end in hit["marks"]] == ["Death", "descends"]
    assert hit["url"] == f"/ru/watch/{public_id}?t=3800&subtitles=en"
    assert (found["total_titles"], found["languages"], found["loose"]) == (1, {"en": 1}, False)


def test_the_picture_is_that_of_the_second(client: FlaskClient, said: WhooshSpoken) -> None:
    hit, = client.get(API, query_string={"query": "death descends"}).json["results"]
    for _again in range(2):  # the second time it is kept
        response = client.get(hit["picture"])
        assert (response.status_code, response.mimetype) == (200, "image/jpeg")
        assert "immutable" in response.headers["Cache-Control"]
        picture = Image.open(io.BytesIO(response.data))
        assert picture.size == (160, 90)
        assert abs(picture.getpixel((80, 45))[0] - shade(3800 // INTERVAL)) < 6
    beyond = client.get(re.sub(r"still/\d+", "still/999999", hit["picture"]))
    assert beyond.status_code == 200
    forged = hit["picture"].replace("/media/p.", "/media/a.")
    assert client.get(forged).status_code == 403


def test_a_film_without_a_storyboard_has_no_picture(client: FlaskClient, said: WhooshSpoken) -> None:
    hit, = client.get(API, query_string={"query": "lovely throat"}).json["results"]
    assert client.get(hit["picture"]).status_code == 404  # its row says there is one, its files are not there


@pytest.mark.parametrize(("address", "shown"), [
    ("/en/search/lines?q=maria", "3 lines · 2 titles"), ("/ru/search/lines?q=maria", "3 реплики · 2 названия"),
    ("/en/search/lines?q=heart", "1 line · 1 title"), ("/ru/search/lines?q=heart", "1 реплика · 1 название")])
def test_the_page_counts_lines_and_films(client: FlaskClient, said: WhooshSpoken, address: str, shown: str) -> None:
    assert shown in html.unescape(client.get(address).text)


def test_the_page_shows_marks_time_language_and_place(client: FlaskClient, said: WhooshSpoken,
                                                      films: dict[str, Edition]) -> None:
    page = html.unescape(client.get("/en/search/lines?q=attack+machines").text)
    assert "<mark>attack</mark>" in page
    assert "1:02:03" in page and "English" in page
    assert f"/en/watch/{films['metropolis'].public_id}?t=3723&subtitles=en" in page
    assert re.search(r'<img src="/media/p\.[^"]+/still/372\.jpg" width="160" height="90" alt=""', page)
    russian = html.unescape(client.get("/ru/search/lines?q=разрушать").text)
    assert 'lang="ru" dir="ltr"' in russian and "<mark>разрушать</mark>" in russian


def test_text_of_a_cue_is_text(client: FlaskClient, said: WhooshSpoken, queue: Queue) -> None:
    with unit_of_work() as work:
        add_film(work, "haxan", {"en": [(5, "&lt;script&gt;alert(1)&lt;/script&gt; <i>burning</i> witches")]})
    tasks.reconcile()
    deliver(queue)
    page = client.get("/en/search/lines?q=witches").text
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page
    assert lines(client, "burning witches")[0][2] == "<script>alert(1)</script> burning witches"


def test_languages_narrow_and_can_be_taken_back(client: FlaskClient, said: WhooshSpoken, queue: Queue) -> None:
    with unit_of_work() as work:
        add_film(work, "haxan", {"pt-BR": [(5, "Metropolis, Maria")]})
    tasks.reconcile()
    deliver(queue)
    every = client.get(API, query_string={"query": "maria"}).json
    assert every["languages"] == {"en": 3, "pt-BR": 1}
    narrowed = client.get(API, query_string={"query": "maria", "subtitle_language": "pt"}).json
    assert [hit["language"] for hit in narrowed["results"]] == ["pt-BR"]
    assert narrowed["languages"] == every["languages"]
    page = html.unescape(client.get("/en/search/lines?q=maria&subtitle_language=pt-BR").text)
    assert 'href="/en/search/lines?q=maria"' in page
    assert 'href="/en/search/lines?q=maria&subtitle_language=en"' in page
    base = html.unescape(client.get("/en/search/lines?q=maria&subtitle_language=pt").text)
    assert 'aria-current="true">Portuguese <span class="chip__count">1<' in base
    none = html.unescape(client.get("/en/search/lines?q=maria&subtitle_language=de").text)
    assert "Nobody says" in none and "German" in none


def test_more_lines_of_a_film_are_a_page_of_their_own(client: FlaskClient, said: WhooshSpoken, queue: Queue) -> None:
    with unit_of_work() as work:
        add_film(work, "haxan", {"en": [(n * 5, f"witch number {n}") for n in range(70)]})
    tasks.reconcile()
    deliver(queue)
    page = html.unescape(client.get("/en/search/lines?q=witch").text)
    assert page.count('class="spoken__line"') == 3
    address = re.search(r'href="(/en/search/lines\?q=witch&title=\d+)"', page)
    assert address is not None
    alone = html.unescape(client.get(address[1]).text)
    assert alone.count('class="spoken__line"') == 30
    assert 'href="/en/search/lines?q=witch"' in alone  # back to all films
    last = html.unescape(client.get(f"{address[1]}&page=3").text)
    assert last.count('class="spoken__line"') == 10
    assert "witch</mark> number 69" in last
    assert client.get(f"{address[1]}&page=4").status_code == 404


def test_the_api_pages_over_films_without_a_gap_or_a_repetition(client: FlaskClient, said: WhooshSpoken,
                                                                queue: Queue) -> None:
    with unit_of_work() as work:
        for slug in ("haxan", "sherlock-jr", "le-voyage"):
            add_film(work, slug, {"en": [(n * 5, f"witch number {n}") for n in range(7)]})
    tasks.reconcile()
    deliver(queue)
    whole = lines(client, "witch", page_size=100)
    assert len(whole) == len(set(whole)) == 21
    parts = [line for page in range(1, 6) for line in lines(client, "witch", page_size=5, page=page)]
    assert parts == whole
    assert lines(client, "witch", page_size=5, page=6) == []


@pytest.mark.parametrize("query", ["", "%20", "AND%20OR%20NOT", "%22%22", "*", "%00", "%ED%A0%80", "said%3A*", "---",
                                   "%3Cscript%3Ealert(1)%3C/script%3E", "(" * 150, "%F0%9F%8E%AC", "a" * 200,
                                   "%E2%80%AE", "%CC%81%CC%81", "_", "you," * 40])
def test_hostile_queries_are_only_words(client: FlaskClient, said: WhooshSpoken, query: str) -> None:
    for address in (f"/en/search/lines?q={query}", f"{API}?query={query}"):
        response = client.get(address)
        assert response.status_code == (200 if len(query) <= 200 else 422), address
        assert "<script>alert" not in response.text and "Traceback" not in response.text


@pytest.mark.parametrize("more", ["q=" + "a" * 10_000, "q=maria&subtitle_language=klingonish",
                                  "q=maria&subtitle_language=%3Cb%3E", "q=maria&title=soon", "q=maria&title=-1",
                                  "q=maria&title=" + "9" * 40, "q=maria&title=²"])
def test_a_query_that_cannot_be_run_is_answered_in_words(client: FlaskClient, said: WhooshSpoken, more: str) -> None:
    for locale in ("en", "ru"):
        response = client.get(f"/{locale}/search/lines?{more}")
        assert response.status_code in (400, 422)
        assert 'role="alert"' in response.text and "<main" in response.text


@pytest.mark.parametrize("page", ["-1", "0", "x", "1e9", "1000000000", "²", "2"])
def test_a_page_that_is_none_is_not_found(client: FlaskClient, said: WhooshSpoken, page: str) -> None:
    assert client.get(f"/en/search/lines?q=maria&page={quote(page)}").status_code == 404


@pytest.mark.parametrize("more", [{"query": "a" * 201}, {"subtitle_language": "klingonish"}, {"page": -1},
                                  {"page": 10**9}, {"title": "soon"}, {"title": -3}, {"title": 10**30},
                                  {"page_size": 101}, {"language": "?"}])
def test_the_api_refuses_with_a_problem(client: FlaskClient, said: WhooshSpoken, more: dict[str, object]) -> None:
    response = client.get(API, query_string={"query": "maria", **more})
    assert response.status_code in (400, 422)
    assert response.content_type == "application/problem+json"


def test_a_title_that_is_not_there_has_no_lines(client: FlaskClient, said: WhooshSpoken) -> None:
    assert lines(client, "maria", title=999_999) == []
    assert client.get("/en/search/lines?q=maria&title=999999").status_code == 200


def test_the_two_searches_lead_to_each_other(client: FlaskClient, said: WhooshSpoken, index: object) -> None:
    titles = html.unescape(client.get("/en/search?q=maria").text)
    assert '<a href="/en/search/lines?q=maria">In what is said</a>' in titles
    said_page = html.unescape(client.get("/ru/search/lines?q=maria").text)
    assert 'href="/ru/search?q=maria"' in said_page
    assert 'action="/ru/search/lines"' in said_page


def test_without_an_index_the_page_says_so_and_one_is_made(client: FlaskClient, films: object,
                                                           no_spoken: WhooshSpoken, queue: Queue) -> None:
    response = client.get("/en/search/lines?q=maria")
    assert response.status_code == 503
    assert "being prepared" in response.text
    assert client.get(f"{API}?query=maria").content_type == "application/problem+json"
    assert queue == [("search.rebuild_spoken", {"instead_of": ""})] * 2
    deliver(queue)
    assert len(list(no_spoken.folder.glob("v*-*"))) == 1  # the first message was enough
    assert len(lines(client, "maria")) == 3


def test_queries_do_not_grow_with_films_or_lines(client: FlaskClient, said: WhooshSpoken, queue: Queue,
                                                 count_queries: Counting, sign_in: Callable[..., object]) -> None:
    with count_queries() as one:
        client.get("/en/search/lines?q=throat")
    with unit_of_work() as work:
        for slug in ("haxan", "sherlock-jr", "le-voyage"):
            add_film(work, slug, METROPOLIS)
    tasks.reconcile()
    deliver(queue)
    with count_queries() as many:
        assert "9 lines · 5 titles" in client.get("/en/search/lines?q=maria").text
    assert len(many) <= len(one) <= 8
    sign_in("member")
    with count_queries() as signed_in:
        assert client.get("/en/search/lines?q=maria").status_code == 200
    assert len(signed_in) <= 8, signed_in
