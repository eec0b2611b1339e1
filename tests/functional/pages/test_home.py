"""The home page as editors arrange it."""
from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.history.queries import of_entity
from moviepoint.kernel.db import unit_of_work

pytestmark = pytest.mark.usefixtures("catalogue")
ROWS = "/api/v1/home-rows"


def headings(client: FlaskClient, locale: str = "en") -> list[str]:
    """Return the headings of the rows on the home page."""
    return re.findall(r'<h2 id="row-[^"]*">([^<]+)</h2>', client.get(f"/{locale}/").text)


def cards(client: FlaskClient, heading: str) -> list[str]:
    """Return the addresses of the titles of one row."""
    section = client.get("/en/").text.split(f">{heading}</h2>")[1].split("</section>")[0]
    return re.findall(r'<a href="/en/(?:films|series)/([^"/]+)">', section)


def save(client: FlaskClient, *rows: dict[str, object]) -> object:
    response = client.put(ROWS, json={"rows": list(rows)})
    assert response.status_code == 200, response.text
    return response.json


def test_without_rows_the_usual_ones_are_shown(client: FlaskClient) -> None:
    found = headings(client)
    assert found[0] == "New on the site"
    assert found[-1] == "Films"
    assert "Фильмы" in headings(client, "ru")


def test_rows_stand_as_editors_have_put_them(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    save(client, {"kind": "picked", "headings": {"en": "Our four", "ru": "Наша четвёрка"},
                  "options": {"titles": ["metropolis-1927", "les-vampires-1915"]}},
         {"kind": "rule", "headings": {"en": "Old"}, "options": {"to_year": 1916, "order": "year"}},
         {"kind": "newest", "headings": {"en": "Nobody sees this"}, "hidden": True})
    assert headings(client) == ["Our four", "Old"]
    assert headings(client, "ru") == ["Наша четвёрка", "Old"]
    assert cards(client, "Our four") == ["metropolis-1927", "les-vampires-1915"]
    assert "les-vampires-1915" in cards(client, "Old")
    assert "metropolis-1927" not in cards(client, "Old")


def test_a_genre_names_its_row_in_every_language(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    save(client, {"kind": "genre", "options": {"genre": "horror"}})
    assert headings(client) == ["Horror"]
    assert headings(client, "ru") == ["Ужасы"]


def test_the_head_of_the_page_is_the_first_of_its_titles_that_is_public(
        client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    save(client, {"kind": "stage", "options": {"titles": ["a-draft-1930", "les-vampires-1915"]}})
    text = client.get("/en/").text
    assert "les-vampires-1915" in text.split('class="stage stage--home"')[1].split('class="section row"')[0]
    assert "a-draft-1930" not in text


def test_a_head_without_a_public_title_leaves_the_page_as_it_is(client: FlaskClient,
                                                                sign_in: Callable[..., User]) -> None:
    usual = client.get("/en/").text.count('class="stage stage--home"')
    sign_in("editor")
    save(client, {"kind": "stage", "options": {"titles": ["a-draft-1930"]}}, {"kind": "newest"})
    text = client.get("/en/").text
    assert text.count('class="stage stage--home"') == usual == 1
    assert "a-draft-1930" not in text
    assert headings(client) == ["New on the site"]


def test_a_draft_among_picked_titles_is_left_out_until_it_is_public(
        client: FlaskClient, session: Session, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    save(client, {"kind": "picked", "headings": {"en": "Ours"}, "options": {"titles": ["a-draft-1930",
                                                                                        "metropolis-1927"]}})
    assert cards(client, "Ours") == ["metropolis-1927"]
    with unit_of_work():
        session.scalars(select(Title).where(Title.slug == "a-draft-1930")).one().status = "published"
    assert cards(client, "Ours") == ["a-draft-1930", "metropolis-1927"]


@pytest.mark.parametrize(("row", "field"), [
    ({"kind": "recipes"}, "rows[0].kind"),
    ({"kind": "genre"}, "rows[0].genre"),
    ({"kind": "genre", "options": {"genre": "cookery"}}, "rows[0].genre"),
    ({"kind": "rule", "options": {"from_year": "soon"}}, "rows[0].from_year"),
    ({"kind": "rule", "options": {"from_year": "19271"}}, "rows[0].from_year"),
    ({"kind": "picked", "options": {"titles": ["no-such-film"]}}, "rows[0].titles"),
    ({"kind": "picked", "options": {"titles": [1] * 61}}, "rows[0].titles"),
    ({"kind": "newest", "options": {"limit": 10**9}}, "rows[0].options")])
def test_what_cannot_be_is_said_at_its_row_and_nothing_changes(
        client: FlaskClient, sign_in: Callable[..., User], row: dict[str, object], field: str) -> None:
    sign_in("editor")
    save(client, {"kind": "newest", "headings": {"en": "As it was"}})
    response = client.put(ROWS, json={"rows": [row]})
    assert response.status_code == 422
    assert list(response.json["errors"]) == [field]
    assert headings(client) == ["As it was"]


def test_only_who_may_arranges(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    assert client.put(ROWS, json={"rows": []}).status_code == 401
    sign_in("member")
    assert client.put(ROWS, json={"rows": []}).status_code == 403
    assert client.get("/admin/home/").status_code == 403


def test_the_form_adds_saves_and_keeps_what_was_typed(client: FlaskClient, sign_in: Callable[..., User],
                                                      session: Session) -> None:
    sign_in("editor")
    usual = client.post("/admin/home/", data={"verb": "usual"}).text
    assert 'name="rows-2-kind"' in usual
    assert headings(client)[0] == "New on the site"  # nothing was saved
    typed = {"rows-0-kind": "rule", "rows-0-heading_0": "Silent", "rows-0-option_to_year": "19x9"}
    refused = client.post("/admin/home/", data=typed | {"verb": "save"})
    assert refused.status_code == 422
    assert 'value="19x9"' in refused.text
    assert "Type a year of four digits." in refused.text
    added = client.post("/admin/home/", data=typed | {"verb": "add", "add": "picked"}).text
    assert 'value="Silent"' in added
    assert 'name="rows-1-option_titles"' in added
    saved = client.post("/admin/home/", data=typed | {"rows-0-option_to_year": "1929", "verb": "save"})
    assert saved.status_code == 302
    assert headings(client) == ["Silent"]
    removed = client.post("/admin/home/", data=typed | {"rows-0-remove": "1", "verb": "save"})
    assert removed.status_code == 302
    assert headings(client)[0] == "New on the site"
    assert [revision.action for revision in of_entity(session, "home-page", 1, 5)] == ["changed", "changed"]


def test_a_hundred_times_as_many_rows_cost_no_more_queries(
        client: FlaskClient, sign_in: Callable[..., User],
        count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    sign_in("editor")
    visitor = client.application.test_client()
    save(client, {"kind": "newest"})
    with count_queries() as few:
        visitor.get("/en/")
    save(client, *({"kind": "rule", "options": {"from_year": 1900 + n}} for n in range(30)))
    with count_queries() as many:
        visitor.get("/en/")
    assert len(many) <= len(few) <= 8, "\n".join(many)
