"""The catalogue's pages as a client without a browser sees them."""
from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.models import Image, Title
from moviepoint.domains.catalog.schemas import CreditInput, PersonInput, TitleInput, TitleTextInput
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.fresh import forget
from moviepoint.kernel.policies import SYSTEM
from moviepoint.shells.site.fragments import forget_fragments

SERIES = "/series/les-vampires-1915"
PAGES = ("/", "/films", "/series", "/genres/horror", "/films/metropolis-1927", SERIES, f"{SERIES}/season/1",
         f"{SERIES}/season/2/episode/3", "/people/fritz-lang")
Counter = Callable[[], AbstractContextManager[list[str]]]

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize("path", PAGES)
def test_pages_answer(client: FlaskClient, path: str, locale: str) -> None:
    response = client.get(f"/{locale}{path}")
    assert response.status_code == 200
    assert f'<html lang="{locale}"' in response.text


@pytest.mark.parametrize("path", [
    "/films/no-such-film", "/series/metropolis-1927", "/films/les-vampires-1915", "/genres/no-such", "/people/nobody",
    f"{SERIES}/season/9", f"{SERIES}/season/1/episode/99", "/films?page=0", "/films?page=2", "/films?page=-1",
    "/films?page=x", "/films?page=99999999999999999999", "/films?page=²"])
def test_what_is_not_there_is_a_themed_404(client: FlaskClient, path: str) -> None:
    response = client.get(f"/ru{path}")
    assert response.status_code == 404
    assert "Здесь ничего не показывают" in response.text


def test_an_unknown_language_is_a_404(client: FlaskClient) -> None:
    assert client.get("/xx/films").status_code == 404


def draft_picture(session: Session) -> str:
    """Return the address of the draft's poster."""
    image = session.scalars(select(Image.id).join(Title, Title.id == Image.title_id)
                            .where(Title.slug == "a-draft-1930")).one()
    return f"/images/{image}/185.webp"


def test_visitors_see_nothing_of_a_draft(client: FlaskClient, session: Session) -> None:
    assert client.get("/en/films/a-draft-1930").status_code == 404
    assert client.get(draft_picture(session)).status_code == 404
    assert "A Draft" not in client.get("/en/").text + client.get("/en/films").text


def test_editors_see_a_draft_at_its_address_only(client: FlaskClient, session: Session,
                                                 sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    assert client.get("/en/films/a-draft-1930").status_code == 200
    with client.get(draft_picture(session)) as picture:
        assert (picture.status_code, picture.mimetype) == (200, "image/webp")
        assert "private" in picture.headers["Cache-Control"]
    assert "A Draft" not in client.get("/en/").text + client.get("/en/films").text


def test_public_pictures_are_kept_for_a_year(client: FlaskClient) -> None:
    source = re.search(r'src="(/images/\d+/342\.webp)"', client.get("/en/films/metropolis-1927").text)
    assert source is not None
    with client.get(source[1]) as response:
        assert "immutable" in response.headers["Cache-Control"]
    assert client.get(source[1].replace("342", "343")).status_code == 404


def test_a_missing_translation_falls_back_per_field_and_says_so(client: FlaskClient) -> None:
    text = client.get("/ru/films/metropolis-1927").text
    assert re.search(r"<h1>Метрополис</h1>", text)
    text = client.get("/ru/films/haxan-1922").text
    assert '<h1 lang="en" dir="ltr">Häxan</h1>' in text


def test_canonical_alternates_and_schema(client: FlaskClient) -> None:
    text = client.get("/ru/films/metropolis-1927?utm_source=x").text
    assert '<link rel="canonical" href="http://127.0.0.1:8000/ru/films/metropolis-1927">' in text
    assert '<link rel="alternate" hreflang="en" href="http://127.0.0.1:8000/en/films/metropolis-1927">' in text
    assert 'hreflang="x-default"' in text
    schema = schema_of(text)
    assert (schema["@type"], schema["name"], schema["datePublished"]) == ("Movie", "Метрополис", "1927")
    assert schema["director"][0]["name"] == "Фриц Ланг"


def schema_of(text: str) -> dict[str, Any]:
    """Return the schema.org node of what a page is about."""
    found = re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', text, re.S)
    assert found is not None
    about: dict[str, Any] = json.loads(found[1])["@graph"][0]
    return about


def test_a_hostile_title_stays_text(client: FlaskClient) -> None:
    evil = "</script><script>alert(1)</script>"
    with unit_of_work() as work:
        title = services.save_title(work, SYSTEM, TitleInput(kind="film", original_title=evil, slug="evil", texts={
            "en": TitleTextInput(overview=f'"{evil}')}))
        services.publish(work, SYSTEM, title.id)
    text = client.get("/en/films/evil").text
    assert "<script>alert" not in text
    assert schema_of(text)["name"] == evil


@pytest.mark.parametrize(("path", "most"), [
    ("/", 8), ("/films", 5), ("/films/metropolis-1927", 8), (SERIES, 8), (f"{SERIES}/season/2", 8),
    (f"{SERIES}/season/2/episode/1", 8), ("/people/fritz-lang", 7), ("/genres/horror", 6)])
def test_queries_are_few_and_do_not_grow(client: FlaskClient, count_queries: Counter, path: str, most: int) -> None:
    client.get(f"/en{path}")
    forget_fragments()  # a page costs most when none of its parts is kept
    with count_queries() as before:
        client.get(f"/en{path}")
    more_rows()
    with count_queries() as after:
        assert client.get(f"/en{path}").status_code == 200
    assert len(before) <= most, "\n".join(before)
    assert len(after) <= len(before) + 1, "\n".join(after)  # a part may appear that was empty before


def test_titles_like_this_one_are_read_once_and_anew_when_a_title_changes(client: FlaskClient,
                                                                         count_queries: Counter) -> None:
    for _ in range(2):
        with count_queries() as asked:
            page = client.get("/en/films/metropolis-1927").text
    assert "More like this" in page
    assert not [text for text in asked if "row_number" in text]
    more_rows()
    with count_queries() as asked:
        client.get("/en/films/metropolis-1927")
    assert [text for text in asked if "row_number" in text]


def test_titles_like_this_one_that_another_process_takes_down_are_gone_too(client: FlaskClient) -> None:
    more_rows()
    assert "/films/film-0-1920" in client.get("/en/films/metropolis-1927").text
    with unit_of_work() as work:  # past the services: this process is told of nothing
        work.execute(update(Title).where(Title.slug == "film-0-1920").values(status="archived", updated_at=utcnow()))
    forget("catalogue_state")  # as after two seconds
    assert "/films/film-0-1920" not in client.get("/en/films/metropolis-1927").text


def more_rows() -> None:
    """Add films in every genre, with people of their own, and credits to Metropolis."""
    with unit_of_work() as work:
        people = [services.save_person(work, SYSTEM, PersonInput(name=f"Extra {n}")) for n in range(8)]
        credits = [CreditInput(person_id=person.id, character="A worker") for person in people]
        for number in range(12):
            title = services.save_title(work, SYSTEM, TitleInput(
                kind="film", original_title=f"Film {number}", year=1920, genres=["horror", "drama"], credits=credits,
                texts={"en": TitleTextInput(name=f"Film {number}"), "ru": TitleTextInput(name=f"Фильм {number}")}))
            services.publish(work, SYSTEM, title.id)


def test_lists_turn_pages_and_keep_their_order(client: FlaskClient) -> None:
    with unit_of_work() as work:
        for number in range(70):
            title = services.save_title(work, SYSTEM, TitleInput(
                kind="film", original_title=f"Reel {number:02d}", year=1900 + number % 30))
            services.publish(work, SYSTEM, title.id)
    text = client.get("/en/films?order=year&page=2").text
    years = [int(year) for year in re.findall(r'card__line">(\d{4})', text)]
    assert len(years) == 36
    assert years == sorted(years)
    assert 'rel="next" href' not in client.get("/en/films?order=year&page=3").text
    assert 'href="/en/films?order=year" rel="prev"' in text
    assert '<link rel="canonical" href="http://127.0.0.1:8000/en/films?page=2&amp;order=year">' in text


def test_an_empty_site_says_so(client: FlaskClient, session: Session) -> None:
    with unit_of_work() as work:
        for title_id in work.scalars(select(Title.id).where(Title.status == "published")).all():
            services.unpublish(work, SYSTEM, title_id)
    response = client.get("/en/")
    assert response.status_code == 200
    assert "Nothing is published here yet" in response.text


@pytest.mark.parametrize(("role", "sees_office"), [("administrator", True), ("editor", True), ("member", False)])
def test_the_account_menu_leads_editors_to_the_back_office(client: FlaskClient, sign_in: Callable[..., User], role: str,
                                                           sees_office: bool) -> None:
    sign_in(role)
    text = client.get("/en/").text
    assert "Sign out" in text
    assert ("Back office" in text) is sees_office
