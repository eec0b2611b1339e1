"""Static pages and menus."""
from __future__ import annotations

import re
from collections.abc import Callable

import nh3
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.accounts.models import User
from moviepoint.domains.pages.markdown import TAGS, to_html

pytestmark = pytest.mark.usefixtures("catalogue")
ABOUT = {"slug": "about", "status": "published", "texts": {
    "en": {"name": "About us", "body": "# Who\n\nAn *archive* of [silent films](https://example.org).\n\n- one\n- two"},
    "ru": {"name": "О нас", "body": "Архив **немого** кино."}}}


def test_a_page_is_written_read_and_changed(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    assert client.post("/api/v1/static-pages", json=ABOUT).status_code == 200
    english = client.get("/en/pages/about").text
    assert "<h1>About us</h1>" in english.replace(' lang="en"', "")
    assert "<h2>Who</h2>" in english
    assert "<em>archive</em>" in english
    assert "<strong>немого</strong>" in client.get("/ru/pages/about").text
    changed = client.put("/api/v1/static-pages/about", json={"slug": "archive", "texts": {"ru": {}}})
    assert changed.json == {"slug": "archive", "status": "draft", "texts": {"en": changed.json["texts"]["en"]}}
    assert client.get("/en/pages/about").status_code == 404
    assert client.delete("/api/v1/static-pages/archive").json == []


def test_a_draft_is_for_editors(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    client.post("/api/v1/static-pages", json=ABOUT | {"status": "draft"})
    assert client.get("/en/pages/about").status_code == 200
    with client.session_transaction() as stored:
        stored.clear()
    assert client.get("/en/pages/about").status_code == 404
    assert client.get("/api/v1/static-pages").json == []
    assert client.get("/api/v1/static-pages/about").status_code == 404


def test_a_page_in_another_language_says_so(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    client.post("/api/v1/static-pages", json=ABOUT | {"texts": {"en": ABOUT["texts"]["en"]}})  # type: ignore[index]
    text = client.get("/ru/pages/about").text
    assert '<h1 lang="en"' in text
    assert 'text-page__body" lang="en"' in text


@pytest.mark.parametrize(("body", "status"), [
    (ABOUT | {"slug": "About us"}, 422), (ABOUT | {"slug": ""}, 422), (ABOUT | {"texts": {}}, 422),
    (ABOUT | {"texts": {"en": {"body": "x" * 200_001}}}, 422), (ABOUT | {"texts": {"xx-nonsense": {"name": "a"}}}, 422),
    (ABOUT | {"status": "secret"}, 422)])
def test_a_page_that_cannot_be_is_refused(client: FlaskClient, sign_in: Callable[..., User], body: dict[str, object],
                                          status: int) -> None:
    sign_in("editor")
    assert client.post("/api/v1/static-pages", json=body).status_code == status
    assert client.get("/api/v1/static-pages").json == []


def test_two_pages_have_two_addresses(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    client.post("/api/v1/static-pages", json=ABOUT)
    assert client.post("/api/v1/static-pages", json=ABOUT).status_code == 409


def test_the_form_keeps_what_was_typed(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    refused = client.post("/admin/pages/new", data={"slug": "About us", "status": "draft", "body:en": "long text"})
    assert refused.status_code == 422
    assert "long text" in refused.text
    saved = client.post("/admin/pages/new", data={"slug": "about", "status": "published", "name:en": "About"})
    assert saved.status_code == 302
    assert "About" in client.get("/en/pages/about").text


@given(st.text(max_size=200) | st.from_regex(r"(<|\[x\]\(|javascript:|on\w+=|`|!\[|</?script>|\"|\)|&){1,12}"))
def test_no_markdown_becomes_a_script(text: str) -> None:
    html = str(to_html(text))
    assert html == nh3.clean(html, tags=TAGS, attributes={"a": {"href", "title"}, "ol": {"start"}},
                             url_schemes={"http", "https", "mailto"}, link_rel="noopener nofollow")
    assert not re.search(r"<script|<[^>]+\son\w+=|href=\"\s*javascript:", html, re.I)


def menu(client: FlaskClient, locale: str = "en") -> list[tuple[str, str]]:
    nav = client.get(f"/{locale}/films").text.split('<nav class="site-nav"')[1].split("</nav>")[0]
    return re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', nav)


def test_a_menu_is_arranged_and_taken_back(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    usual = menu(client)
    assert ("/en/films", "Films") in usual
    sign_in("editor")
    client.post("/api/v1/static-pages", json=ABOUT)
    saved = client.put("/api/v1/menus/header", json={"entries": [
        {"labels": {"en": "Watch", "ru": "Смотреть"}, "target": "/films"},
        {"labels": {"en": "About"}, "target": "about"},
        {"labels": {"en": "Shop"}, "target": "https://shop.example.org/?a=1&b=2"}]})
    assert saved.status_code == 200
    assert menu(client) == [("/en/films", "Watch"), ("/en/pages/about", "About"),
                            ("https://shop.example.org/?a=1&amp;b=2", "Shop")]
    assert menu(client, "ru")[0] == ("/ru/films", "Смотреть")
    client.put("/api/v1/menus/header", json={"entries": []})
    assert menu(client) == usual


@pytest.mark.parametrize("target", ["javascript:alert(1)", "//evil.example", "data:text/html,x", "no-such-page", "/a b",
                                    "/\\evil.example", "https://", " "])
def test_a_menu_leads_nowhere_bad(client: FlaskClient, sign_in: Callable[..., User], target: str) -> None:
    sign_in("editor")
    usual = menu(client)
    response = client.put("/api/v1/menus/header", json={"entries": [{"labels": {"en": "Click"}, "target": target}]})
    assert response.status_code == 422
    assert list(response.json["errors"]) == ["header[0].target"]
    assert menu(client) == usual


def test_the_menus_form(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    assert "header-0-target" in client.get("/admin/menus/").text
    refused = client.post("/admin/menus/", data={"place": "footer", "footer-0-label_0": "Bad",
                                                 "footer-0-target": "javascript:1"})
    assert refused.status_code == 422
    assert 'value="javascript:1"' in refused.text
    saved = client.post("/admin/menus/", data={"place": "footer", "footer-0-label_0": "Films",
                                               "footer-0-target": "/films"})
    assert saved.status_code == 302
    assert client.get("/api/v1/menus/footer").json == [{"labels": {"en": "Films"}, "target": "/films"}]
