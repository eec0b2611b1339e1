"""The feeds: well-formed whatever a title is called, in the address's language, without drafts."""
from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.plugin_api import Genre, Title, TitleText, User, unit_of_work

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


def test_a_feed_is_what_its_standard_asks_for(client: FlaskClient, session: Session) -> None:
    enter(1, name="A \x0b name \ufffe that XML cannot hold")
    root = ElementTree.fromstring(client.get("/ru/feeds/titles.atom").data)
    for holder in (root, *root.iterfind(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(holder.findall(f"{ATOM}{name}")) == 1, name
        assert datetime.fromisoformat(holder.findtext(f"{ATOM}updated", "")).tzinfo is not None
        assert holder.findtext(f"{ATOM}id", "").startswith("http://")
    assert {link.get("rel") for link in root.iterfind(f"{ATOM}link")} == {"self", "alternate"}
    ids = [entry.findtext(f"{ATOM}id") for entry in root.iterfind(f"{ATOM}entry")]
    assert len(ids) == len(set(ids)) == 1
    rss = ElementTree.fromstring(client.get("/en/feeds/titles.rss").data)
    assert rss.find("channel/item/guid").get("isPermaLink") == "true"  # type: ignore[union-attr]
    parsedate_to_datetime(rss.findtext("channel/item/pubDate", ""))


def test_a_genre_has_a_feed_of_its_own(client: FlaskClient, session: Session) -> None:
    enter(1)
    enter(2)
    with unit_of_work() as work:
        genre = Genre(slug="drama")
        work.add(genre)
        work.scalars(select(Title).where(Title.slug == "film-1")).one().genres = [genre]
    for kind in ("atom", "rss"):
        assert titles(client, f"/ru/feeds/genres/drama.{kind}") == ["Фильм 1 (1924)"]
    assert client.get("/en/feeds/genres/none.atom").status_code == 404
    page = client.get("/ru/genres/drama").text
    assert 'type="application/atom+xml" title="Новинки этого жанра (Atom)" href="/ru/feeds/genres/drama.atom"' in page
    assert "genres/drama.atom" not in client.get("/ru/films").text


def test_a_members_reviews_are_a_feed_if_their_page_is_for_everybody(
        client: FlaskClient, session: Session, make_user: Callable[..., User],
        sign_in_as: Callable[[User], User]) -> None:
    enter(1)
    enter(2)
    sign_in_as(make_user("member"))
    for number, spoiler in ((1, {}), (2, {"spoiler": "1"})):
        title = session.scalars(select(Title).where(Title.slug == f"film-{number}")).one()
        client.post(f"/en/reviews/write/{title.id}", data={"text": "It *ends* <well>.", "locale": "en", **spoiler})
    handle = client.get("/en/account/me").location.rsplit("/", 1)[1]
    page = client.get(f"/en/members/{handle}").text
    assert f'href="/en/feeds/members/{handle}/reviews.atom"' in page
    client.delete_cookie("session")
    root = ElementTree.fromstring(client.get(f"/en/feeds/members/{handle}/reviews.atom").data)
    summaries = {entry.findtext(f"{ATOM}summary"): entry.findtext(f"{ATOM}author/{ATOM}name")
                 for entry in root.iterfind(f"{ATOM}entry")}
    assert summaries.keys() == {"It ends <well>.", "This review tells how it ends."}
    assert all(summaries.values())
    assert "@" not in root.findtext(f"{ATOM}title", "")
    sign_in_as(session.scalars(select(User)).first())  # type: ignore[arg-type]
    client.post("/en/account/profile", data={"handle": handle, "name": "V", "visibility": "members"})
    assert client.get(f"/en/feeds/members/{handle}/reviews.atom").status_code == 404


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
