"""The back office: who enters, what is written by services, and what is said of what cannot be taken."""
from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Episode, Genre, Person, Title

FORM = {"kind": "film", "original_title": "Аэлита", "original_language": "ru", "year": "1924", "runtime": "111",
        "countries": "su", "name:en": "Aelita", "name:ru": "Аэлита", "overview:en": "A dream of Mars."}
PAGES = ["/admin/", "/admin/titles/", "/admin/titles/new", "/admin/people/", "/admin/people/new", "/admin/genres/",
         "/admin/jobs/"]


@pytest.fixture
def editor(sign_in: Callable[..., User], queue: list[object]) -> User:
    return sign_in("editor")


def enter(client: FlaskClient, session: Session, **values: object) -> Title:
    response = client.post("/admin/titles/new", data=FORM | values)
    assert response.status_code == 302, response.text
    return session.get_one(Title, int(response.headers["Location"].rsplit("/", 1)[1]))


@pytest.mark.parametrize("address", PAGES)
def test_strangers_sign_in_first_and_members_stay_out(client: FlaskClient, sign_in: Callable[..., User],
                                                      address: str) -> None:
    stranger = client.get(address)
    assert stranger.status_code == 302
    assert "/account/login" in stranger.headers["Location"]
    sign_in("member")
    assert client.get(address).status_code == 403


@pytest.mark.parametrize("address", PAGES)
def test_editors_see_every_page_in_both_languages(client: FlaskClient, editor: User, address: str) -> None:
    client.set_cookie("locale", "ru")
    assert "Произведения" in client.get(address).text
    client.set_cookie("locale", "en")
    assert "Titles" in client.get(address).text


def test_a_film_is_entered_with_texts_and_a_poster(client: FlaskClient, session: Session, editor: User,
                                                   queue: list[tuple[str, dict[str, object]]]) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (600, 900), "#336699").save(picture, "PNG")
    title = enter(client, session, poster=(io.BytesIO(picture.getvalue()), "poster.png"))
    assert {text.locale: text.name for text in title.texts} == {"en": "Aelita", "ru": "Аэлита"}
    assert (title.slug, title.countries, title.status) == ("aelita-1924", "SU", "draft")
    assert [image.kind for image in title.images] == ["poster"]
    assert ("search.index", {"source": "title", "ids": [title.id]}) in queue
    client.post(f"/admin/titles/{title.id}/publish")
    assert client.get("/ru/films/aelita-1924").status_code == 200


def test_an_older_form_overwrites_nothing(client: FlaskClient, session: Session, editor: User) -> None:
    title = enter(client, session)
    version = str(title.version)
    client.post(f"/admin/titles/{title.id}", data=FORM | {"version": version, "year": "1925"})
    response = client.post(f"/admin/titles/{title.id}", data=FORM | {"version": version, "year": "1926"})
    assert response.status_code == 409
    assert "Two of you have changed this" in response.text
    assert "1926" in response.text  # what was typed is not lost
    session.expire_all()
    assert session.get_one(Title, title.id).year == 1925


@pytest.mark.parametrize(("values", "said"), [
    ({"original_title": ""}, "original_title"), ({"original_title": "x" * 50_000}, "original_title"),
    ({"year": "soon"}, "year"), ({"slug": "A B"}, "slug"), ({"original_language": "klingonese"}, "no language"),
    ({"credits-0-person": "Nobody Known"}, "Nobody Known"), ({"genres": "none"}, "none")])
def test_a_fault_is_said_and_what_was_typed_comes_back(client: FlaskClient, session: Session, editor: User,
                                                       values: dict[str, str], said: str) -> None:
    response = client.post("/admin/titles/new", data=FORM | {"tagline:ru": "Уже набрано"} | values)
    assert response.status_code == 422
    assert said in response.text
    assert "Уже набрано" in response.text
    assert session.scalars(select(Title)).all() == []


@pytest.mark.parametrize("data", [b"", b"not a picture", b"<svg onload=alert(1)></svg>"])
def test_a_poster_that_is_none_saves_nothing(client: FlaskClient, session: Session, editor: User,
                                             data: bytes) -> None:
    response = client.post("/admin/titles/new", data=FORM | {"poster": (io.BytesIO(data), "poster.jpg")})
    assert response.status_code == 422
    assert session.scalars(select(Title)).all() == []


def test_html_is_shown_as_text(client: FlaskClient, session: Session, editor: User) -> None:
    hostile = '"><script>alert(1)</script>'
    title = enter(client, session, original_title=hostile, **{"name:en": hostile})
    for address in (f"/admin/titles/{title.id}", "/admin/titles/"):
        assert "<script>alert(1)" not in client.get(address).text


def test_credits_are_chosen_or_typed(client: FlaskClient, session: Session, editor: User) -> None:
    client.post("/admin/people/new", data={"name": "Yuliya Solntseva", "name:ru": "Юлия Солнцева",
                                           "birth_year": "1901"})
    person = session.scalars(select(Person)).one()
    title = enter(client, session, **{
        "credits-0-person": "Yuliya Solntseva", "credits-0-character": "Aelita",
        "credits-1-person_id": str(person.id), "credits-1-department": "directing", "credits-1-job": "Director",
        "credits-2-person": "", "credits-2-job": ""})
    assert [(credit.department, credit.character or credit.job) for credit in title.credits] == [
        ("acting", "Aelita"), ("directing", "Director")]
    client.post(f"/admin/people/{person.id}/delete")
    assert session.scalars(select(Person)).one() == person  # still credited


def test_several_episodes_are_entered_on_one_screen(client: FlaskClient, session: Session, editor: User) -> None:
    series = enter(client, session, kind="series", slug="serial")
    client.post(f"/admin/titles/{series.id}/seasons", data={"number": "1"})
    address = f"/admin/titles/{series.id}/seasons/1"
    data = {f"episodes-{n}-{field}": value for n in range(3) for field, value in (
        ("number", str(n + 1)), ("original_title", f"Part {n + 1}"), ("name_1", f"Часть {n + 1}"),
        ("air_date", f"1924-0{n + 1}-01"))}
    assert client.post(address, data=data).status_code == 302
    assert session.scalars(select(Episode.number).order_by(Episode.number)).all() == [1, 2, 3]
    twice = client.post(address, data={"episodes-9-number": "2", "episodes-9-original_title": "Doubled"})
    assert twice.status_code == 409
    assert "Doubled" in twice.text
    assert client.get(f"{address}/episodes/2").status_code == 200


def test_genres_are_saved_together_and_kept_while_used(client: FlaskClient, session: Session, editor: User) -> None:
    client.post("/admin/genres/", data={"terms-0-name_0": "Drama", "terms-0-name_1": "Драма",
                                        "terms-1-name_0": "War", "terms-1-name_1": "Военный"})
    drama = session.scalars(select(Genre).where(Genre.slug == "drama")).one()
    enter(client, session, genres="drama")
    client.post(f"/admin/genres/{drama.id}/delete")
    assert sorted(session.scalars(select(Genre.slug))) == ["drama", "war"]


def test_a_write_without_a_token_is_refused(app: MoviePoint, client: FlaskClient, session: Session, editor: User,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    for address in ("/admin/titles/new", "/admin/genres/", "/api/v1/films"):
        refused = client.post(address, data=FORM)
        assert refused.status_code == 400
        assert "Reload it and try again." in refused.text  # words for people, not the library's
    assert session.scalars(select(Title)).all() == []


def test_lists_and_forms_cost_the_same_whatever_their_length(
        client: FlaskClient, session: Session, editor: User,
        count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    costs = []
    for batch in range(2):
        for number in range(5):
            title = enter(client, session, slug=f"film-{batch}-{number}")
        client.get("/admin/titles/")  # what a process asks for once is asked by now
        session.expire_all()
        with count_queries() as statements:
            client.get("/admin/titles/")
            client.get(f"/admin/titles/{title.id}")
        costs.append(len(statements))
    assert costs[1] <= costs[0] <= 29
