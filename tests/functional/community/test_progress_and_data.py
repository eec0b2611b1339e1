"""Resuming on another device, taking one's data along, and leaving."""
from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from flask_security import hash_password
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import TitleScore
from moviepoint.domains.community.models import Profile, Rating, Review, WatchPosition
from moviepoint.domains.community.schemas.lists import DiaryInput, ListInput
from moviepoint.domains.community.schemas.reviews import ReviewInput
from moviepoint.domains.community.services import diary, lists, ratings, reviews
from moviepoint.domains.history.models import Revision
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.watch_models import WatchRule
from moviepoint.kernel.db import unit_of_work

SignIn = Callable[..., User]
Members = Callable[[int], list[User]]


@pytest.fixture
def edition(session: Session, metropolis: int) -> str:
    """Make an edition of Metropolis that is said to have a package."""
    with unit_of_work() as work:
        made = Edition(title_id=metropolis, package="packages/x", duration_ms=6_000_000)
        work.add(made)
    return made.public_id


def test_one_goes_on_where_one_stopped(client: FlaskClient, session: Session, edition: str, metropolis: int,
                                       sign_in: SignIn) -> None:
    address = f"/api/v1/progress/{edition}"
    assert client.put(address, json={"position": 5, "duration": 6000}).status_code == 401
    assert "Continue watching" not in client.get("/en/").text
    sign_in("member")
    assert client.get(address).status_code == 404
    for position in (1200, 3000):
        assert client.put(address, json={"position": position, "duration": 6000}).status_code == 204
    assert client.get(address).json["position"] == 3000
    assert [(row["edition"], row["title_id"]) for row in client.get("/api/v1/progress").json] == [
        (edition, metropolis)]
    home = client.get("/en/").text
    assert "Continue watching" in home
    assert 'value="50"' in home
    assert "51 min left" in home
    watch = client.get(f"/en/watch/{edition}").text
    assert '"position": 3000' in watch
    client.put(address, json={"position": 5990, "duration": 6000})
    assert "Continue watching" not in client.get("/en/").text  # it is over
    assert client.delete(address).status_code == 204
    assert session.scalars(select(WatchPosition)).all() == []


def test_editors_put_what_one_has_begun_where_they_like(client: FlaskClient, edition: str, sign_in: SignIn) -> None:
    visitor = client.application.test_client()
    sign_in("editor")
    assert client.put(f"/api/v1/progress/{edition}", json={"position": 3000, "duration": 6000}).status_code == 204
    rows = [{"kind": "newest"}, {"kind": "continue", "headings": {"en": "Where you were", "ru": "Где вы были"}}]
    assert client.put("/api/v1/home-rows", json={"rows": rows}).status_code == 200
    home = client.get("/en/").text
    assert home.index("New on the site") < home.index("Where you were") < home.index("51 min left")
    assert "Где вы были" in client.get("/ru/").text
    assert "Where you were" not in visitor.get("/en/").text
    client.put("/api/v1/home-rows", json={"rows": rows[:1]})
    assert "51 min left" not in client.get("/en/").text


@pytest.mark.parametrize("body", [{"position": -1, "duration": 10}, {"position": 11, "duration": 10},
                                  {"position": 1, "duration": 0}, {"position": 1, "duration": 10**9},
                                  {"position": "x", "duration": 10}, {"position": 1}])
def test_a_position_that_cannot_be_is_refused(client: FlaskClient, edition: str, sign_in: SignIn,
                                              body: dict[str, object]) -> None:
    sign_in("member")
    assert client.put(f"/api/v1/progress/{edition}", json=body).status_code == 422


def test_nothing_is_kept_of_what_one_may_not_watch(client: FlaskClient, session: Session, edition: str,
                                                   metropolis: int, sign_in: SignIn) -> None:
    with unit_of_work() as work:
        work.add(WatchRule(title_id=metropolis, audience="link", roles=[]))
    sign_in("member")
    assert client.put(f"/api/v1/progress/{edition}", json={"position": 1, "duration": 10}).status_code == 403
    assert client.put("/api/v1/progress/nothing-here", json={"position": 1, "duration": 10}).status_code == 404


def test_strangers_cost_the_home_page_nothing(client: FlaskClient, edition: str,
                                              count_queries: Callable[[], object]) -> None:
    client.get("/en/")
    with count_queries() as seen:  # type: ignore[attr-defined]
        client.get("/en/")
    assert not [statement for statement in seen if "watch_positions" in statement]


def active(user: User, other: User, title_id: int) -> None:
    """Do a little of everything."""
    with unit_of_work() as session:
        ratings.rate(session, user, title_id, 9)
        ratings.rate(session, other, title_id, 5)
        diary.log(session, user, DiaryInput(title_id=title_id, watched_on=date(2026, 1, 1), tags=["tag"]))
        lists.add(session, user, lists.save_list(session, user, ListInput(name="A list")).id, title_id, "a note")
        reviews.save_review(session, user, title_id, ReviewInput(text="First thought."), "en")
        reviews.save_review(session, user, title_id, ReviewInput(text="Second thought."), "en")
        theirs = reviews.save_review(session, other, title_id, ReviewInput(text="Theirs."), "en")
        reviews.vote(session, user, theirs.id, True)


def test_all_that_is_kept_can_be_taken_along(client: FlaskClient, metropolis: int, sign_in: SignIn,
                                             members: Members) -> None:
    user = sign_in("member")
    active(user, members(1)[0], metropolis)
    answer = client.get("/en/account/data/everything.json")
    assert answer.headers["Content-Disposition"] == "attachment; filename=my-data.json"
    data = json.loads(answer.text)
    assert data["account"]["email"] == user.email
    assert data["ratings"][0]["value"] == 9
    assert data["diary"][0]["tags"] == ["tag"]
    assert data["list_items"][0]["note"] == "a note"
    assert [row["text"] for row in data["reviews"]] == ["Second thought."]
    assert [row["text"] for row in data["earlier_reviews"]] == ["First thought."]
    assert data["titles"][str(metropolis)] == {"name": "Metropolis", "year": 1927}
    assert "Theirs." not in answer.text
    for secret in ("password", "fs_uniquifier", "token_hash", "argon2"):
        assert secret not in answer.text


def test_who_leaves_leaves_nothing_behind(client: FlaskClient, session: Session, metropolis: int, sign_in: SignIn,
                                          members: Members) -> None:
    user, [other] = sign_in("member"), members(1)
    active(user, other, metropolis)
    user_id, address = user.id, user.email
    with unit_of_work():
        user.password = hash_password("a very long sentence")
    for form in ({"email": "wrong@example.org", "password": "a very long sentence"},
                 {"email": address, "password": "wrong"}, {}):
        assert client.post("/en/account/data/leave", data=form).status_code == 422
    assert client.post("/api/v1/my-data/leave", json={"email": address}).status_code == 422
    answer = client.post("/en/account/data/leave", data={"email": address, "password": "a very long sentence"})
    assert answer.status_code == 303
    session.expire_all()
    for model in (User, Profile):
        assert session.get(model, user_id) is None
    for model in (Rating, Review):
        assert [row.user_id for row in session.scalars(select(model))] == [other.id]
    score = session.get_one(TitleScore, metropolis)
    assert (score.votes, score.total) == (1, 5)
    assert session.scalars(select(Review.helpful)).one() == 0
    trail = session.scalars(select(Revision).where(Revision.entity == "user", Revision.entity_id == user_id)).all()
    assert [(row.action, row.actor_id) for row in trail] == [("deleted", None)]
    assert not [row for row in session.scalars(select(Revision)) if address in row.actor_name + row.label]
    assert "Sign in" in client.get("/en/").text


def test_the_last_administrator_stays(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    user = sign_in("administrator")
    with unit_of_work():
        user.password = None
    assert client.post("/api/v1/my-data/leave", json={"email": user.email}).status_code == 409
    assert session.get(User, user.id) is not None
