"""Who may watch: the audience of a title and of an edition, links, and how soon each of them ends."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.history.models import Revision
from moviepoint.domains.media import delivery
from moviepoint.domains.media.models import Edition
from moviepoint.kernel.db import unit_of_work, utcnow
from tests.functional.media.packages import prefix, published_film  # noqa: F401 -- a fixture

SEGMENT = "stream_0/data0000.ts"


@pytest.fixture(autouse=True)
def always_asked(app: MoviePoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is remembered: what a test changes holds at the next request."""
    monkeypatch.setattr(delivery, "FRESH_SECONDS", 0.0)
    app.extensions.pop("moviepoint.playback_facts", None)


@pytest.fixture
def open_to(client: FlaskClient, film: Edition, make_user: Callable[..., User],
            sign_in_as: Callable[[User], User]) -> Callable[..., None]:
    """Return a function that says who may watch, as an editor by the API, and signs out again."""

    editor = make_user("editor", email="rules@example.org")

    def say(audience: str, *roles: str, whole: bool = True) -> None:
        sign_in_as(editor)
        rule = {"audience": audience, "roles": list(roles)}
        answer = client.put(f"/api/v1/editions/{film.public_id}/access", json={"title" if whole else "edition": rule})
        assert answer.status_code == 200, answer.text
        client.delete_cookie("session")

    return say


def asked(client: FlaskClient, edition: Edition, **query: str) -> int:
    return client.get(f"/api/v1/editions/{edition.public_id}/playback", query_string=query).status_code


def test_who_is_signed_in_watches_and_is_told_apart(
        client: FlaskClient, film: Edition, open_to: Callable[..., None],
        sign_in: Callable[..., User]) -> None:
    public = prefix(client, film)
    open_to("registered")
    assert client.get(f"{public}/{SEGMENT}").status_code == 403
    assert asked(client, film) == 401
    page = client.get(f"/en/watch/{film.public_id}")
    assert page.status_code == 401
    assert "Sign in to watch this film." in page.text
    about = client.get("/en/films/film")
    assert about.status_code == 200
    assert "sign in to watch" in about.text
    sign_in("member")
    mine = prefix(client, film)
    answer = client.get(f"{mine}/{SEGMENT}")
    assert answer.status_code == 200
    assert "private" in answer.headers["Cache-Control"]
    assert "public" not in answer.headers["Cache-Control"]
    assert client.get(f"/en/watch/{film.public_id}").status_code == 200


def test_a_locked_user_stops_and_so_does_one_whose_role_is_gone(
        client: FlaskClient, film: Edition, open_to: Callable[..., None],
        sign_in: Callable[..., User]) -> None:
    with unit_of_work() as work:
        work.add(Role(name="school", permissions=[]))
    open_to("roles", "school")
    sign_in("member")
    assert asked(client, film) == 403
    assert "not open to your account" in client.get(f"/en/watch/{film.public_id}").text
    client.delete_cookie("session")
    pupil = sign_in("school")
    mine = prefix(client, film)
    assert client.get(f"{mine}/{SEGMENT}").status_code == 200
    with unit_of_work() as work:
        work.get_one(User, pupil.id).roles = []
    assert client.get(f"{mine}/{SEGMENT}").status_code == 403
    with unit_of_work() as work:
        user = work.get_one(User, pupil.id)
        user.roles = [work.scalars(select(Role).where(Role.name == "school")).one()]
    assert client.get(f"{mine}/{SEGMENT}").status_code == 200
    with unit_of_work() as work:
        work.get_one(User, pupil.id).active = False
    assert client.get(f"{mine}/{SEGMENT}").status_code == 403


def test_a_link_opens_until_it_is_revoked_or_ends(
        client: FlaskClient, film: Edition, open_to: Callable[..., None],
        sign_in: Callable[..., User]) -> None:
    open_to("link")
    assert asked(client, film) == 403
    sign_in("editor")
    address = f"/api/v1/editions/{film.public_id}/links"
    made = client.post(address, json={"days": 3, "label": "Jury"}).json
    client.delete_cookie("session")
    token = made["url"].partition("link=")[2]
    assert asked(client, film, link=token) == 200
    assert asked(client, film, link=token[:-1] + ("0" if token[-1] != "0" else "1")) == 403
    page = client.get(f"/en/watch/{film.public_id}?link={token}")
    assert page.status_code == 200
    master = client.get(f"/api/v1/editions/{film.public_id}/playback?link={token}").json["master"]
    assert token not in master
    segment = f"{master.rsplit('/', 1)[0]}/{SEGMENT}"
    assert client.get(segment).status_code == 200
    assert client.post(f"/api/v1/playback/{film.public_id}/plays?link={token}").status_code == 200
    sign_in("editor")
    assert client.delete(f"{address}/{made['id']}").json["open"] is False
    assert [(one["label"], one["open"]) for one in client.get(address).json] == [("Jury", False)]
    client.delete_cookie("session")
    assert client.get(segment).status_code == 403
    assert asked(client, film, link=token) == 403


def test_a_link_is_for_one_edition_and_opens_no_draft(
        client: FlaskClient, film: Edition, open_to: Callable[..., None],
        sign_in: Callable[..., User], session: Session) -> None:
    with unit_of_work() as work:
        other = Edition(title_id=film.title_id, label="Long", package="packages/abc")
        work.add(other)
    open_to("link")
    sign_in("editor")
    made = client.post(f"/api/v1/editions/{film.public_id}/links", json={"days": 3}).json
    assert client.post(f"/api/v1/editions/{film.public_id}/links", json={"days": 0}).status_code == 422
    client.delete_cookie("session")
    token = made["url"].partition("link=")[2]
    assert (asked(client, film, link=token), asked(client, other, link=token)) == (200, 403)
    with unit_of_work() as work:
        work.get_one(Title, film.title_id).status = "draft"
    assert asked(client, film, link=token) == 403


def test_an_edition_s_own_rule_goes_before_its_title_s(
        client: FlaskClient, film: Edition, open_to: Callable[..., None]) -> None:
    open_to("registered")
    open_to("public", whole=False)
    assert asked(client, film) == 200
    open_to("", whole=False)
    assert asked(client, film) == 401


def test_episodes_take_the_rule_of_their_series(client: FlaskClient, session: Session,
                                                sign_in: Callable[..., User]) -> None:
    with unit_of_work() as work:
        title = Title(kind="series", slug="s", original_title="S", status="published")
        season = Season(number=1, title=title)
        episodes = [Episode(number=number, season=season) for number in (1, 2)]
        work.add_all([title, season, *episodes])
        work.flush()
        first, second = (Edition(episode_id=episode.id, package="packages/abc") for episode in episodes)
        work.add_all([first, second])
    assert asked(client, second) == 200
    sign_in("editor")
    client.put(f"/api/v1/editions/{first.public_id}/access", json={"title": {"audience": "registered"}})
    client.delete_cookie("session")
    assert (asked(client, first), asked(client, second)) == (401, 401)


def test_a_title_in_the_bin_does_not_play(client: FlaskClient, film: Edition) -> None:
    public = prefix(client, film)
    with unit_of_work() as work:
        work.get_one(Title, film.title_id).deleted_at = utcnow()
    assert client.get(f"{public}/{SEGMENT}").status_code == 403
    assert asked(client, film) == 403


@pytest.mark.parametrize("rule", [{"audience": "friends"}, {"audience": "roles"},
                                  {"audience": "roles", "roles": ["nobody"]}])
def test_a_rule_that_cannot_be_is_refused(client: FlaskClient, film: Edition, sign_in: Callable[..., User],
                                          rule: dict[str, object]) -> None:
    sign_in("editor")
    assert client.put(f"/api/v1/editions/{film.public_id}/access", json={"title": rule}).status_code == 422


def test_only_who_manages_media_says_who_may_watch(client: FlaskClient, film: Edition,
                                                   sign_in: Callable[..., User]) -> None:
    address = f"/api/v1/editions/{film.public_id}"
    assert client.get(f"{address}/access").status_code == 401
    sign_in("member")
    for response in (client.get(f"{address}/access"), client.put(f"{address}/access", json={}),
                     client.get(f"{address}/links"), client.post(f"{address}/links", json={"days": 1}),
                     client.delete(f"{address}/links/x")):
        assert response.status_code == 403


def test_the_back_office_says_it_too_and_history_keeps_it(
        client: FlaskClient, film: Edition, sign_in: Callable[..., User], session: Session) -> None:
    sign_in("editor")
    page = f"/admin/editions/{film.id}"
    assert client.post(f"{page}/access", data={"whole": "1", "audience": "roles"}).status_code == 422
    assert client.post(f"{page}/access", data={"whole": "1", "audience": "registered"}).status_code == 302
    assert client.post(f"{page}/links", data={"days": "x"}).status_code == 422
    assert client.post(f"{page}/links", data={"days": "3", "label": "Press"}).status_code == 302
    made = client.get(f"/api/v1/editions/{film.public_id}/links").json[0]
    shown = client.get(page).text
    assert made["url"].replace("&", "&amp;") in shown
    assert client.post(f"{page}/links/{made['id']}/revoke").status_code == 302
    assert client.get(f"/api/v1/editions/{film.public_id}/access").json["title"]["audience"] == "registered"
    assert [row.action for row in session.scalars(select(Revision).where(Revision.entity == "edition")
                                                  .order_by(Revision.id))] == [
        "access_changed", "link_made", "link_revoked"]
    assert client.get(f"/admin/history/edition/{film.id}").status_code == 200
