"""Members' pages, their privacy, following and news."""
from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.catalog.models import Season
from moviepoint.domains.catalog.schemas import EpisodeInput, TextInput
from moviepoint.domains.community.models import Follow, Profile
from moviepoint.domains.community.schemas.lists import DiaryInput
from moviepoint.domains.community.schemas.profiles import ProfileInput
from moviepoint.domains.community.services import diary, profiles, ratings
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.policies import SYSTEM

Members = Callable[[int], list[User]]
SignIn = Callable[..., User]


def handle_of(user: User, **settings: object) -> str:
    """Make a user's profile, with what is set there."""
    with unit_of_work() as session:
        profiles.save_profile(session, user, ProfileInput(**settings))  # type: ignore[arg-type]
        return profiles.ensure_profile(session, user).handle


def test_an_address_is_never_part_of_a_page(client: FlaskClient, session: Session, metropolis: int) -> None:
    with unit_of_work() as work:
        nameless = create_user(work, "secret.person@example.org", "!", ["member"])
        ratings.rate(work, nameless, metropolis, 8)
    handle = handle_of(nameless)
    assert handle == f"viewer-{nameless.id}"
    for path in (f"/en/members/{handle}", f"/en/members/{handle}/ratings", f"/api/v1/members/{handle}"):
        text = client.get(path).text
        assert "secret" not in text
        assert "@example" not in text


def test_two_of_a_name_have_two_addresses(members: Members) -> None:
    one, other = members(2)
    with unit_of_work():
        one.name = other.name = "Вера Холодная"
    assert handle_of(one) == "vera-kholodnaia"
    assert handle_of(other) == f"vera-kholodnaia-{other.id}"


@pytest.mark.parametrize(("visibility", "stranger", "member"), [("public", 200, 200), ("members", 404, 200),
                                                                ("private", 404, 404)])
def test_a_page_is_seen_by_whom_its_owner_lets(client: FlaskClient, metropolis: int, members: Members,
                                               sign_in: SignIn, visibility: str, stranger: int, member: int) -> None:
    handle = handle_of(members(1)[0], visibility=visibility)
    for path in (f"/en/members/{handle}", f"/en/members/{handle}/lists", f"/api/v1/members/{handle}"):
        assert client.get(path).status_code == stranger
    sign_in("member")
    assert client.get(f"/en/members/{handle}").status_code == member
    assert client.put(f"/api/v1/follows/members/{handle}").status_code == (204 if member == 200 else 404)


def test_ratings_are_shown_or_not(client: FlaskClient, metropolis: int, members: Members) -> None:
    [owner] = members(1)
    with unit_of_work() as session:
        ratings.rate(session, owner, metropolis, 9)
    handle = handle_of(owner)
    assert "9 of 10" in client.get(f"/en/members/{handle}").text
    handle_of(owner, shows_ratings=False)
    assert "9 of 10" not in client.get(f"/en/members/{handle}").text
    assert client.get(f"/en/members/{handle}/ratings").status_code == 404


def test_the_form_changes_a_profile_and_says_what_is_wrong(client: FlaskClient, session: Session, members: Members,
                                                           sign_in: SignIn) -> None:
    taken = handle_of(members(1)[0])
    user = sign_in("member")
    form = {"name": "Asta", "handle": "asta-nielsen", "about": "<i>Silent</i>", "visibility": "members",
            "shows_diary": 1}
    assert client.post("/en/account/profile", data=form).status_code == 303
    profile = session.get_one(Profile, user.id)
    assert (profile.handle, profile.visibility, profile.shows_ratings) == ("asta-nielsen", "members", False)
    assert "&lt;i&gt;Silent" in client.get("/en/members/asta-nielsen").text
    for wrong in ({"handle": taken}, {"handle": "a"}, {"handle": "../admin"}, {"handle": "ася"}, {"name": " "},
                  {"visibility": "secret"}, {"about": "x" * 2001}):
        answer = client.post("/en/account/profile", data=form | wrong)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text or "visibility" in wrong
    assert session.get_one(Profile, user.id, populate_existing=True).handle == "asta-nielsen"


def test_following_and_news(client: FlaskClient, session: Session, metropolis: int, title_id: Callable[[str], int],
                            members: Members, sign_in: SignIn) -> None:
    [other] = members(1)
    handle, vampires = handle_of(other, name="Musidora"), title_id("les-vampires-1915")
    user = sign_in("member")
    client.post(f"/en/members/{handle}/follow")
    client.post(f"/en/account/follow/{vampires}", data={"back": "/en/series/les-vampires-1915"})
    assert "Follow no more" in client.get(f"/en/members/{handle}").text
    assert "Followed" in client.get("/en/series/les-vampires-1915").text
    assert "Nothing yet." in client.get("/en/account/news").text  # what was there before is no news
    with unit_of_work() as work:
        diary.log(work, other, DiaryInput(title_id=metropolis, watched_on=date(2026, 1, 1)))
        season = work.scalars(select(Season).where(Season.title_id == vampires, Season.number == 2)).one()
        catalog.save_episode(work, SYSTEM, season.id, EpisodeInput(number=4, texts={"en": TextInput(name="Satanas")}))
    text = client.get("/en/account/news").text
    assert "Musidora" in text
    assert "Metropolis" in text
    assert "Satanas" in text
    assert [row["handle"] or row["title_id"] for row in client.get("/api/v1/follows").json["results"]] == [
        vampires, handle]
    handle_of(other, visibility="private")
    assert "Musidora" not in client.get("/en/account/news").text
    client.delete(f"/api/v1/follows/members/{handle}")
    client.delete(f"/api/v1/follows/titles/{vampires}")
    assert session.scalars(select(Follow).where(Follow.user_id == user.id)).all() == []


def test_what_cannot_be_followed(metropolis: int, members: Members, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = members(2)
    own, his = handle_of(one), handle_of(other)
    with unit_of_work() as session:
        for call, error in ((lambda: profiles.follow_member(session, one, own), Invalid),
                            (lambda: profiles.follow_member(session, one, "nobody-here"), NotFound),
                            (lambda: profiles.follow_title(session, one, metropolis), Invalid),
                            (lambda: profiles.save_profile(session, one, ProfileInput(handle=his)), Conflict)):
            with pytest.raises(error):
                call()
        for _ in range(2):  # twice is once
            profiles.follow_member(session, one, his)
        assert len(session.scalars(select(Follow)).all()) == 1
        monkeypatch.setattr(profiles, "MOST_FOLLOWED", 1)
        with pytest.raises(Invalid):
            profiles.follow_member(session, one, his)


@pytest.mark.parametrize("path", ["/account/me", "/account/profile", "/account/news", "/account/lists/",
                                  "/account/lists/watchlist", "/account/diary/new/1", "/reviews/write/1"])
def test_strangers_are_asked_to_sign_in(client: FlaskClient, session: Session, path: str) -> None:
    answer = client.get(f"/en{path}")
    assert answer.status_code == 302
    assert answer.location.startswith("/en/account/login?next=")
