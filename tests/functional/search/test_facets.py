"""Facets: values from the domains that know them, counts that are right beside any choice, changes that arrive."""
from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from itertools import product

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Episode, Season, Title, TitleScore
from moviepoint.domains.community.services import ratings
from moviepoint.domains.media import editing, watch_rules
from moviepoint.domains.media.models import AudioTrack, Edition, SubtitleTrack
from moviepoint.domains.media.schemas import TrackInput, TracksInput
from moviepoint.domains.search import engine, services, tasks
from moviepoint.domains.search.engine import current_facets, current_sources
from moviepoint.domains.search.queries import make_query, run
from moviepoint.domains.search.whoosh_index import WhooshIndex
from moviepoint.hooks.types import SearchFacet
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM

Queue = list[tuple[str, dict[str, object]]]
Counting = Callable[[], AbstractContextManager[list[str]]]


def title(session: Session, slug: str) -> Title:
    return session.scalars(select(Title).where(Title.slug.startswith(slug))).one()


def edition(session: Session, audio: Iterable[str], subtitles: Iterable[str] = (), package: str | None = "p/1",
            **owner: int) -> Edition:
    made = Edition(package=package, **owner)
    made.audio = [AudioTrack(path=f"audio_{n}", language=tag, codec="aac", channels=2, average_bandwidth=1,
                             peak_bandwidth=1) for n, tag in enumerate(audio)]
    made.subtitles = [SubtitleTrack(path=f"subs_{n}", language=tag) for n, tag in enumerate(subtitles)]
    session.add(made)
    session.flush()
    return made


@pytest.fixture
def films(catalogue: Session, no_index: WhooshIndex) -> Session:
    """Index: a film in three languages, a series by one episode, one that is not encoded yet, and one for roles."""
    vampires = title(catalogue, "les-vampires")
    episode = catalogue.scalars(select(Episode).join(Season).where(Season.title_id == vampires.id)).first()
    assert episode is not None
    edition(catalogue, ["de", "ru", "und"], ["en", "pt-BR"], title_id=title(catalogue, "metropolis").id)
    edition(catalogue, ["fr"], ["ru"], episode_id=episode.id)
    edition(catalogue, ["en"], package=None, title_id=title(catalogue, "nosferatu").id)
    closed = edition(catalogue, ["sv"], ["en"], title_id=title(catalogue, "haxan").id)
    watch_rules.save_rule(catalogue, SYSTEM, closed, whole=True, audience="roles", roles=["editor"])
    for slug, score in (("metropolis", 8.24), ("nosferatu", 6.96), ("haxan", 5.0)):
        catalogue.add(TitleScore(title_id=title(catalogue, slug).id, counts=[0] * 10, votes=3, total=20, score=score))
    catalogue.commit()
    services.rebuild(catalogue, no_index, current_sources())
    return catalogue


def found(client: FlaskClient, address: str) -> list[str]:
    return sorted(hit["name"] for hit in client.get(f"/api/v1/search?query=ruler&{address}").json["results"])


@pytest.mark.parametrize(("address", "names"), [
    ("watch=now", ["Metropolis", "The Vampires"]), ("audio=ru", ["Metropolis"]), ("audio=fr", ["The Vampires"]),
    ("audio=fr&audio=de", ["Metropolis", "The Vampires"]), ("audio=sv", ["Häxan"]), ("audio=en", []),
    ("audio=und", []), ("subtitles=pt", ["Metropolis"]), ("subtitles=pt-BR", ["Metropolis"]),
    ("subtitles=en", ["Häxan", "Metropolis"]), ("rating=6", ["Metropolis", "Nosferatu"]),
    ("rating=7", ["Metropolis", "Nosferatu"]), ("rating=8", ["Metropolis"]), ("rating=9", []),
    ("rating=8&rating=6", ["Metropolis", "Nosferatu"]), ("audio=ru&watch=now&rating=8", ["Metropolis"]),
    ("audio=ru&rating=9", []), ("country=FR", ["The Vampires"]), ("country=nowhere", []), ("genre=horror&genre=", [
        "Häxan", "Nosferatu"]), ("year=1900s&year=1922", ["A Trip to the Moon", "Häxan", "Nosferatu"])])
def test_each_facet_narrows_and_all_together_do(client: FlaskClient, films: Session, address: str,
                                                names: list[str]) -> None:
    assert found(client, address) == names


def test_every_count_is_what_the_choice_would_give(client: FlaskClient, films: Session) -> None:
    """Whatever is chosen elsewhere: a count is the total of the same search with that value alone in its facet."""
    for elsewhere in ({}, {"watch": "now"}, {"kind": "film", "year": "1920s"}, {"subtitles": "en", "genre": "horror"}):
        asked = "&".join(f"{name}={value}" for name, value in elsewhere.items())
        facets = client.get(f"/api/v1/search?query=ruler&{asked}").json["facets"]
        checked = 0
        for name, counts in facets.items():
            others = "&".join(f"{other}={value}" for other, value in elsewhere.items() if other != name)
            for value, count in counts.items():
                total = client.get(f"/api/v1/search?query=ruler&{others}&{name}={value}").json["total_results"]
                assert total == count, (elsewhere, name, value)
                checked += 1
        assert checked >= 8


def test_the_page_offers_them_in_the_readers_language(client: FlaskClient, films: Session) -> None:
    page = html.unescape(client.get("/ru/search?q=ruler&audio=ru").text)
    for words in ("Язык озвучки", "немецкий", "Можно смотреть сейчас", "8 и выше", "1920-е", "Германия"):
        assert words in page, words
    assert 'href="/ru/search?q=ruler&audio=ru&audio=de"' in page  # either language
    assert 'href="/ru/search?q=ruler"' in page  # takes the choice back
    assert '<details class="facets" open>' in page
    assert '<details class="facets">' in client.get("/ru/search?q=ruler").text


def test_a_choice_that_leaves_nothing_can_be_taken_back(client: FlaskClient, films: Session) -> None:
    page = html.unescape(client.get("/en/search?q=ruler&rating=9&audio=sv").text)
    assert "Nothing is left after this choice" in page
    assert 'href="/en/search?q=ruler&audio=sv"' in page
    assert 'href="/en/search?q=ruler&rating=9"' in page


def test_a_page_asks_the_database_a_fixed_number_of_times(client: FlaskClient, films: Session,
                                                          count_queries: Counting) -> None:
    client.get("/en/search?q=ruler")
    with count_queries() as statements:
        client.get("/en/search?q=ruler&genre=horror&audio=sv&rating=6")
    assert len(statements) <= 8


def deliver(queue: Queue, index: WhooshIndex) -> None:
    while queue:
        name, arguments = queue.pop(0)
        if name == "search.index":  # what is said has an index of its own
            tasks.index(**arguments)
    index._checked = 0.0


def test_hiding_a_track_and_closing_a_film_reach_the_index(
        client: FlaskClient, films: Session, no_index: WhooshIndex, queue: Queue) -> None:
    metropolis = title(films, "metropolis").id
    with unit_of_work() as work:
        film = work.scalars(select(Edition).where(Edition.title_id == metropolis)).one()
        editing.save_tracks(work, SYSTEM, film.id, TracksInput(
            [TrackInput(row.id, row.language, hidden=row.language == "ru") for row in film.audio],
            [TrackInput(row.id, row.language, kind="full") for row in film.subtitles]))
    deliver(queue, no_index)
    assert found(client, "audio=ru") == []
    with unit_of_work() as work:
        film = work.scalars(select(Edition).where(Edition.title_id == metropolis)).one()
        watch_rules.save_rule(work, SYSTEM, film, whole=False, audience="link")
    deliver(queue, no_index)
    assert found(client, "watch=now") == ["The Vampires"]


def test_a_vote_reaches_the_index(client: FlaskClient, films: Session, no_index: WhooshIndex, queue: Queue,
                                  sign_in: Callable[..., User]) -> None:
    member = sign_in("member")
    trip = title(films, "le-voyage").id
    with unit_of_work() as work:
        ratings.rate(work, member, trip, 10)
    deliver(queue, no_index)
    assert "A Trip to the Moon" in found(client, "rating=6")
    with unit_of_work() as work:
        ratings.unrate(work, member, trip)
    deliver(queue, no_index)
    assert "A Trip to the Moon" not in found(client, "rating=6")


def test_values_are_loaded_in_a_number_of_queries_that_does_not_grow(films: Session, count_queries: Counting) -> None:
    source = current_sources()["title"]
    ids = list(source.ids(films))
    with count_queries() as one:
        list(source.load(films, ids[:1]))
    films.expire_all()
    with count_queries() as many:
        list(source.load(films, ids))
    assert len(many) <= len(one) + 4  # relations that the one title has none of


def test_a_name_is_taken_once(app: MoviePoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def facet(name: str) -> SearchFacet:
        return SearchFacet(name, name, lambda _session, values: {})

    class Hooks:
        @staticmethod
        def collect(_name: str) -> list[SearchFacet]:
            return [facet("mood"), facet("sort_by"), facet("mood"), facet("page")]

    monkeypatch.delitem(app.extensions, engine._FACETS, raising=False)
    monkeypatch.setitem(app.extensions, "moviepoint.hooks", Hooks())
    try:
        with app.app_context():
            assert [each.name for each in current_facets()] == ["mood"]
    finally:
        app.extensions.pop(engine._FACETS, None)


@pytest.mark.parametrize(("sort_by", "names"), [
    ("year.asc", ["A Trip to the Moon", "The Vampires"]), ("rating.desc", ["Metropolis", "Nosferatu", "Häxan"]),
    ("title.asc", ["A Trip to the Moon", "Häxan", "Metropolis", "Nosferatu"]),
    ("title.desc", ["The Vampires"])])
def test_orders(client: FlaskClient, films: Session, sort_by: str, names: list[str]) -> None:
    hits = client.get(f"/api/v1/search?query=ruler&sort_by={sort_by}").json["results"]
    assert [hit["name"] for hit in hits][:len(names)] == names


def test_by_title_is_by_the_title_that_is_shown(client: FlaskClient, films: Session) -> None:
    hits = client.get("/api/v1/search?query=ruler&sort_by=title.asc&language=ru").json["results"]
    names = [hit["name"] for hit in hits]
    assert "Вампиры" in names
    assert names == sorted(names, key=str.casefold)


def test_the_page_offers_orders_and_forgets_no_choice(client: FlaskClient, films: Session) -> None:
    page = html.unescape(client.get("/en/search?q=ruler&kind=film&order=title&page=1").text)
    assert 'href="/en/search?q=ruler&kind=film&order=rating"' in page
    assert 'href="/en/search?q=ruler&kind=film"' in page  # the best match is the usual order
    assert 'href="/en/search?q=ruler&kind=film&kind=series&order=title"' in page
    assert client.get("/en/search?q=ruler&order=sideways").status_code == 200


@pytest.mark.parametrize("sort_by", ["year", "year.up", "id.asc", "rating.", "%00", "title.asc.desc"])
def test_the_api_refuses_an_order_that_is_none(client: FlaskClient, films: Session, sort_by: str) -> None:
    response = client.get(f"/api/v1/search?query=ruler&sort_by={sort_by}")
    assert response.status_code in (400, 422)
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize(("name", "value"), list(product(
    ("kind", "genre", "country", "audio", "rating", "watch"), ("%00", "%ED%A0%80", "%27%22%3Cb%3E", "x" * 90))))
def test_hostile_values_are_values(client: FlaskClient, films: Session, name: str, value: str) -> None:
    for address in (f"/en/search?q=ruler&{name}={value}", f"/api/v1/search?query=ruler&{name}={value}"):
        response = client.get(address)
        assert response.status_code in (200, 400, 422)
        assert response.content_type.endswith("json") or "<b>" not in response.text


def test_more_choices_than_a_person_makes_are_not_looked_at(client: FlaskClient, films: Session) -> None:
    many = "&".join(f"genre=g{n}" for n in range(400))
    assert client.get(f"/en/search?q=ruler&{many}").status_code == 200
    assert client.get(f"/api/v1/search?query=ruler&{many}").status_code in (400, 422)
    assert run(engine.current_index(), make_query("ruler", {"genre": [f"g{n}" for n in range(400)]})).total == 0
