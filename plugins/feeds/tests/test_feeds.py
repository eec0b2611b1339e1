"""The feeds: well-formed whatever a title is called, in the address's language, without drafts."""
from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from moviepoint.plugin_api import Title, TitleText, unit_of_work

ATOM = "{http://www.w3.org/2005/Atom}"
HOSTILE = "<script>alert('1')</script> & \"Ёлка\" ]]>"


def enter(number: int, status: str = "published", name: str = "") -> None:
    with unit_of_work() as work:
        title = Title(kind="film", slug=f"film-{number}", original_title=name or f"Film {number}", year=1924,
                      status=status, published_at=datetime(2026, 1, 1 + number, tzinfo=UTC))
        title.texts = [TitleText(locale="ru", name=f"Фильм {number}", overview="О чём он.")]
        work.add(title)


def titles(client: FlaskClient, address: str) -> list[str | None]:
    root = ElementTree.fromstring(client.get(address).data)
    found = [*root.iterfind(f"{ATOM}entry/{ATOM}title"), *root.iterfind("channel/item/title")]
    return [element.text for element in found]


@pytest.mark.parametrize("kind", ["atom", "rss"])
def test_the_newest_come_first_in_the_address_language(client: FlaskClient, session: Session, kind: str) -> None:
    enter(1)
    enter(2)
    enter(3, status="draft")
    assert titles(client, f"/ru/feeds/titles.{kind}") == ["Фильм 2 (1924)", "Фильм 1 (1924)"]
    assert titles(client, f"/en/feeds/titles.{kind}") == ["Film 2 (1924)", "Film 1 (1924)"]


@pytest.mark.parametrize("kind", ["atom", "rss"])
def test_a_hostile_title_is_only_text(client: FlaskClient, session: Session, kind: str) -> None:
    enter(1, name=HOSTILE)
    assert titles(client, f"/en/feeds/titles.{kind}") == [f"{HOSTILE} (1924)"]


@pytest.mark.parametrize(("kind", "mimetype"), [("atom", "application/atom+xml"), ("rss", "application/rss+xml")])
def test_an_empty_feed_is_a_feed(client: FlaskClient, session: Session, kind: str, mimetype: str) -> None:
    response = client.get(f"/en/feeds/titles.{kind}")
    assert (response.status_code, response.mimetype) == (200, mimetype)
    assert titles(client, f"/en/feeds/titles.{kind}") == []


def test_an_unchanged_feed_is_not_sent_again(client: FlaskClient, session: Session) -> None:
    enter(1)
    first = client.get("/en/feeds/titles.atom")
    assert client.get("/en/feeds/titles.atom", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert "max-age=300" in first.headers["Cache-Control"]


def test_every_page_names_the_feeds(client: FlaskClient, session: Session) -> None:
    page = client.get("/ru/").text
    assert 'href="/ru/feeds/titles.atom"' in page
    assert "Новинки (RSS)" in page


def test_other_kinds_and_languages_are_not_there(client: FlaskClient, session: Session) -> None:
    for address in ("/en/feeds/titles.json", "/xx/feeds/titles.atom", "/feeds/titles.atom"):
        assert client.get(address).status_code == 404


def test_the_cost_does_not_grow(client: FlaskClient, session: Session,
                                count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    costs = []
    for start in (1, 11):
        for number in range(start, start + 10):
            enter(number)
        with count_queries() as statements:
            client.get("/en/feeds/titles.atom")
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 5
