"""Ratings: by page and by API, their sums, and what is refused."""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint, create_app
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.catalog.models import TitleScore
from moviepoint.domains.catalog.schemas import TitleInput
from moviepoint.domains.catalog.search import title_documents
from moviepoint.domains.community.models import Rating
from moviepoint.domains.community.services import ratings
from moviepoint.domains.community.tasks import recount
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from moviepoint.kernel.policies import SYSTEM
from moviepoint.settings import Settings

Counter = Callable[[], AbstractContextManager[list[str]]]
PAGE = "/en/films/metropolis-1927"


def test_a_rating_is_given_changed_and_taken_back_on_the_page(client: FlaskClient, metropolis: int,
                                                              sign_in: Callable[..., User]) -> None:
    assert "Nobody has rated this yet." in client.get(PAGE).text
    sign_in("member")
    for value, mean in ((7, "7.0"), (9, "9.0")):
        answer = client.post(f"/en/ratings/{metropolis}", data={"value": value, "back": PAGE})
        assert (answer.status_code, answer.location) == (303, PAGE)
        text = client.get(PAGE).text
        assert f"</span>{mean}</p>" in text
        assert f'value="{value}" checked' in text
        assert "1 rating" in text
    client.post(f"/en/ratings/{metropolis}", data={"remove": 1, "back": PAGE})
    assert "Nobody has rated this yet." in client.get(PAGE).text


def test_strangers_see_the_histogram_and_are_asked_to_sign_in(client: FlaskClient, metropolis: int,
                                                              members: Callable[[int], list[User]]) -> None:
    with unit_of_work() as session:
        for value, person in zip((8, 8, 4), members(3), strict=True):
            ratings.rate(session, person, metropolis, value)
    text = client.get(PAGE).text
    assert "8: 2 ratings" in text
    assert "4: 1 rating" in text
    assert "3: 0 ratings" in text
    assert "6.7" in text
    assert "Sign in to rate" in text
    assert "6,7" in client.get(PAGE.replace("/en/", "/ru/")).text
    answer = client.post(f"/en/ratings/{metropolis}", data={"value": 3, "back": PAGE})
    assert answer.location.startswith("/en/account/login?next=")
    assert "metropolis-1927" in answer.location


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "/\\evil.example", "", "/a\nb"])
def test_the_way_back_leads_nowhere_else(client: FlaskClient, metropolis: int, sign_in: Callable[..., User],
                                         back: str) -> None:
    sign_in("member")
    answer = client.post(f"/en/ratings/{metropolis}", data={"value": 3, "back": back})
    assert answer.location == "/en/"


@pytest.mark.parametrize("value", ["11", "0", "-1", "", "x", "7.5", "9" * 30, "²"])
def test_what_is_no_rating_is_refused_in_words(client: FlaskClient, session: Session, metropolis: int,
                                               sign_in: Callable[..., User], value: str) -> None:
    sign_in("member")
    answer = client.post(f"/en/ratings/{metropolis}", data={"value": value, "back": PAGE})
    assert answer.status_code == 422
    assert "A rating is a whole number from 1 to 10." in answer.text or "This must be a number." in answer.text
    assert session.scalar(select(func.count(Rating.id))) == 0


def test_only_members_rate_and_only_what_is_public(client: FlaskClient, metropolis: int,
                                                   title_id: Callable[[str], int],
                                                   make_user: Callable[..., User]) -> None:
    member = make_user("member")
    with unit_of_work() as session:
        for actor, title, error in ((None, metropolis, Unauthenticated), (SYSTEM, metropolis, Forbidden),
                                    (make_user(), metropolis, Forbidden), (member, title_id("a-draft-1930"), NotFound),
                                    (member, 2**31 - 1, NotFound)):
            with pytest.raises(error):
                ratings.rate(session, actor, title, 5)
        with pytest.raises(Invalid):
            ratings.rate(session, member, metropolis, 11)


def test_the_api_rates_and_says_what_is_wrong(client: FlaskClient, metropolis: int,
                                              sign_in: Callable[..., User]) -> None:
    assert client.put(f"/api/v1/ratings/{metropolis}", json={"value": 7}).status_code == 401
    sign_in("member")
    given = client.put(f"/api/v1/ratings/{metropolis}", json={"value": 7}).json
    assert given == {"title_id": metropolis, "votes": 1, "mean": 7.0, "score": 7.0, "own": 7,
                     "counts": [0, 0, 0, 0, 0, 0, 1, 0, 0, 0]}
    refused = client.put(f"/api/v1/ratings/{metropolis}", json={"value": 11})
    assert (refused.status_code, refused.json["code"]) == (422, "rating")
    assert refused.json["errors"] == {"value": ["A rating is a whole number from 1 to 10."]}
    for body in ({"value": "many"}, {"value": 3, "user_id": 1}, {}):
        assert client.put(f"/api/v1/ratings/{metropolis}", json=body).status_code == 422
    assert [row["value"] for row in client.get("/api/v1/ratings").json["results"]] == [7]
    assert client.get("/api/v1/ratings/2147483647").status_code == 404
    assert client.delete(f"/api/v1/ratings/{metropolis}").json["votes"] == 0


def test_few_votes_are_pulled_to_the_mean_of_the_site() -> None:
    assert ratings.weighted(10, 1, 6, prior=5) == pytest.approx((10 + 5 * 6) / 6)
    assert ratings.weighted(9, 1000, 6, prior=5) == pytest.approx(8.985, abs=.001)
    assert ratings.weighted(0, 0, 6) == 0


def test_lists_sort_by_the_weighted_mean(client: FlaskClient, title_id: Callable[[str], int], metropolis: int,
                                         members: Callable[[int], list[User]]) -> None:
    nosferatu, moon = title_id("nosferatu-eine-symphonie-des-grauens-1922"), title_id("le-voyage-dans-la-lune-1902")
    with unit_of_work() as session:
        people = members(12)
        for person in people:
            ratings.rate(session, person, metropolis, 9)
            ratings.rate(session, person, moon, 3)
        ratings.rate(session, people[0], nosferatu, 10)  # one enthusiast does not make it the best
    recount()
    text = client.get("/en/films?order=rating").text
    places = [text.index(f">{name}</a>") for name in ("Metropolis", "Nosferatu", "A Trip to the Moon", "Sherlock Jr.")]
    assert places == sorted(places)


def test_a_sum_leans_on_the_sites_mean_once_an_hour(session: Session, metropolis: int, title_id: Callable[[str], int],
                                                    members: Callable[[int], list[User]]) -> None:
    moon = title_id("le-voyage-dans-la-lune-1902")
    with unit_of_work() as work:
        ratings.rate(work, members(1)[0], metropolis, 10)
        for person in members(3):
            ratings.rate(work, person, moon, 2)
    assert session.get_one(TitleScore, metropolis).score == pytest.approx(10)
    recount()
    site = (10 + 6) / 4
    assert session.get_one(TitleScore, metropolis, populate_existing=True).score == pytest.approx(
        ratings.weighted(10, 1, site))


def test_search_documents_tell_the_rating(session: Session, metropolis: int, make_user: Callable[..., User]) -> None:
    assert [(found.rating, found.votes) for found in title_documents(session, [metropolis])] == [(None, 0)]
    with unit_of_work() as work:
        ratings.rate(work, make_user("member"), metropolis, 8)
    assert [(found.rating, found.votes) for found in title_documents(session, [metropolis])] == [(8.0, 1)]


def test_a_title_with_many_ratings_costs_as_many_queries(client: FlaskClient, metropolis: int,
                                                         count_queries: Counter,
                                                         members: Callable[[int], list[User]]) -> None:
    client.get(PAGE)
    with count_queries() as before:
        client.get(PAGE)
    with unit_of_work() as session:
        for value, person in enumerate(members(10), 1):
            ratings.rate(session, person, metropolis, value)
    with count_queries() as after:
        client.get(PAGE)
    assert len(after) == len(before)


@pytest.fixture
def site(tmp_path: Path, settings: Settings) -> Iterator[MoviePoint]:
    """Give an app with a database of its own, on which threads really meet; PostgreSQL's is the suite's."""
    app = create_app(Settings(instance=tmp_path, secret_key="t" * 48, rate_limits=False, plugins=(),
                              database_url=settings.database_url))
    with app.app_context():
        upgrade_all()
        with unit_of_work() as session:
            for number in range(4):
                create_user(session, f"racer-{number}@example.org", "x" * 20, ["member"])
            title = catalog.save_title(session, SYSTEM, TitleInput(kind="film", original_title="Race"))
            catalog.publish(session, SYSTEM, title.id)
            app.config["RACE"] = title.id
        db.session.remove()
    yield app
    with app.app_context():
        with unit_of_work() as session:
            catalog.delete_title(session, SYSTEM, app.config["RACE"])
            catalog.purge(session, SYSTEM, app.config["RACE"])
            for user in session.scalars(select(User).where(User.email.startswith("racer-"))):
                session.delete(user)
        db.session.remove()
        db.engine.dispose()


def test_votes_at_once_are_all_counted_and_none_twice(site: MoviePoint) -> None:
    title_id, faults = site.config["RACE"], []
    gate = threading.Barrier(8)

    def vote(email: str, value: int) -> None:
        with site.app_context():
            try:
                user = db.session().scalars(select(User).where(User.email == email)).one()
                gate.wait()
                with unit_of_work() as session:
                    ratings.rate(session, user, title_id, value)
            except Exception as error:
                faults.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=vote, args=(f"racer-{n % 4}@example.org", 3 + n // 4)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with site.app_context():
        score = db.session().get_one(TitleScore, title_id)
        values = db.session().scalars(select(Rating.value).where(Rating.title_id == title_id)).all()
        assert len(values) == score.votes == 4
        assert sum(values) == score.total
        db.session.remove()
