"""Quick search: all that an editor can reach, and nothing else."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.schemas import PersonInput, TermInput, TitleInput, TitleTextInput
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM

FOUND = {"ael": ("Titles", "Аэлита"), "аэл": ("Titles", "Аэлита"), "prota": ("People", "Yakov Protazanov"),
         "sci": ("Genres", "Science fiction"), "genr": ("Pages", "Genres")}


@pytest.fixture
def catalogue(session: Session, queue: list[object]) -> None:
    with unit_of_work() as work:
        services.save_title(work, SYSTEM, TitleInput(kind="film", original_title="Аэлита",
                                                     texts={"en": TitleTextInput(name="Aelita")}))
        services.save_person(work, SYSTEM, PersonInput(name="Yakov Protazanov"))
        services.save_genre(work, SYSTEM, TermInput(names={"en": "Science fiction"}))
        for number in range(30):
            services.save_person(work, SYSTEM, PersonInput(name=f"Namesake {number}"))


@pytest.mark.parametrize("text", FOUND)
def test_everything_is_found_by_a_part_of_its_name(client: FlaskClient, sign_in: Callable[..., User],
                                                   catalogue: None, text: str) -> None:
    sign_in("editor")
    client.set_cookie("locale", "en")
    groups = {group["heading"]: group["hits"] for group in client.get(f"/admin/find/answers?q={text}").json}
    heading, label = FOUND[text]
    hit = next(hit for hit in groups[heading] if hit["label"] == label)
    assert client.get(hit["url"]).status_code == 200
    assert label in client.get(f"/admin/find/?q={text}").text


def test_answers_are_few_whatever_there_is(client: FlaskClient, sign_in: Callable[..., User], catalogue: None) -> None:
    sign_in("editor")
    groups = client.get("/admin/find/answers?q=namesake").json
    assert [len(group["hits"]) for group in groups] == [5]
    assert len(client.get("/admin/find/one/person?q=namesake").json) == 12


def test_commands_are_found_and_open_their_page(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    client.set_cookie("locale", "ru")
    groups = {group["heading"]: group["hits"] for group in client.get("/admin/find/answers?q=добавить").json}
    assert [hit["url"] for hit in groups["Действия"]] == ["/admin/titles/new", "/admin/people/new"]
    for group in client.get("/admin/find/answers?q=").json:
        for hit in group["hits"]:
            assert client.get(hit["url"]).status_code == 200, hit
    sign_in("translator")
    assert "/admin/jobs/" not in client.get("/admin/find/answers?q=").text


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "'; drop table titles", "x" * 5_000, "<script>"])
def test_odd_words_find_nothing_and_break_nothing(client: FlaskClient, sign_in: Callable[..., User], catalogue: None,
                                                  text: str) -> None:
    sign_in("editor")
    answer = client.get("/admin/find/answers", query_string={"q": text})
    assert answer.status_code == 200
    assert {group["heading"] for group in answer.json} <= {"Pages", "Страницы", "Commands", "Действия"}
    assert "<script>" not in client.get("/admin/find/", query_string={"q": text}).text.split("<main", 1)[1].split(
        "</main>")[0]


def test_who_may_not_is_told_nothing(client: FlaskClient, sign_in: Callable[..., User], catalogue: None) -> None:
    assert client.get("/admin/find/answers?q=ael").status_code == 302
    sign_in("member")
    assert client.get("/admin/find/answers?q=ael").status_code == 403
    client.delete_cookie("session")
    user = sign_in()
    with unit_of_work() as work:
        work.add(role := Role(name="visitor", permissions=["admin.access"]))
        user.roles = [role]
    assert client.get("/admin/find/answers?q=ael").json == []
    assert client.get("/admin/find/one/title?q=ael").status_code == 404
    assert client.get("/admin/find/one/nothing?q=ael").status_code == 404
