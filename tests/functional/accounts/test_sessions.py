"""Where somebody is signed in: the list, its ends, and what a kept cookie is worth afterwards."""
from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts import management, sessions
from moviepoint.domains.accounts.devices import device_name
from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.accounts.session_tasks import forget_sessions
from moviepoint.domains.accounts.signin_models import SignIn
from moviepoint.domains.history.models import Revision
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Forbidden, NotFound
from moviepoint.kernel.policies import SYSTEM

PASSWORD, NEW = "an unusually long sentence 7", "quite another long sentence 8"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ADDRESS = "viewer@example.org"


@pytest.fixture
def member(client: FlaskClient, queue: list[object]) -> str:
    """Register an account; the client is signed out again."""
    client.post("/en/account/register", data={"email": ADDRESS, "password": PASSWORD, "password_confirm": PASSWORD})
    client.post("/en/account/logout")
    return ADDRESS


@pytest.fixture
def enter(app: MoviePoint, client: FlaskClient) -> Callable[..., FlaskClient]:
    """Return a function that signs a browser of its own in by the form."""

    def sign_in(agent: str = FIREFOX, password: str = PASSWORD, **more: str) -> FlaskClient:
        browser = app.test_client()
        answer = browser.post("/en/account/login", headers={"User-Agent": agent},
                              data={"email": ADDRESS, "password": password, **more})
        assert answer.status_code == 302, answer.text
        return browser

    return sign_in


def inside(browser: FlaskClient) -> bool:
    """Say whether a browser's cookies still sign it in."""
    return browser.get("/api/v1/account/sessions").status_code == 200


def rows(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(SignIn)) or 0


def test_signing_in_is_a_row_and_signing_out_takes_it_away(session: Session, member: str,
                                                           enter: Callable[..., FlaskClient]) -> None:
    assert rows(session) == 0
    browser = enter()
    assert rows(session) == 1
    assert inside(browser)
    browser.post("/en/account/logout")
    assert rows(session) == 0
    assert not inside(browser)


def test_the_page_names_devices_in_plain_words(member: str, enter: Callable[..., FlaskClient]) -> None:
    enter("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Mobile Safari/604.1")
    page = enter().get("/en/account/security").text
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    assert page.count("this device</em>") == 1
    assert page.index("Firefox on Linux") < page.index("Safari on iPhone")  # this one stands first


@pytest.mark.parametrize(("agent", "name"), [
    (FIREFOX, "Firefox on Linux"), ("", "Unknown device"), ("curl/8.1", "curl"),
    ("<script>alert(1)</script>", "Unknown device"),
    ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140 Safari/537 Edg/140.0", "Edge on Windows"),
    ("Mozilla/5.0 (Windows NT 10.0) Chrome/138.0 YaBrowser/25.8 Safari/537", "Yandex Browser on Windows"),
    ("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537", "Chrome on Android"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18 Safari/605", "Safari on macOS")])
def test_device_names(app: MoviePoint, agent: str, name: str) -> None:
    with app.test_request_context("/en/"):
        assert device_name(agent) == name


def test_a_long_forged_user_agent_is_cut_and_shown_as_text(session: Session, member: str,
                                                           enter: Callable[..., FlaskClient]) -> None:
    browser = enter("<b>x</b>" * 500)
    assert len(session.scalars(select(SignIn.user_agent)).one()) == 300
    assert "<b>x</b>" not in browser.get("/en/account/security").text


def test_one_device_is_signed_out_from_another(session: Session, member: str,
                                               enter: Callable[..., FlaskClient]) -> None:
    lost, here = enter(remember="y"), enter()
    there = max(here.get("/api/v1/account/sessions").json, key=lambda row: not row["current"])
    assert here.post(f"/en/account/sessions/{there['id']}/end").status_code == 302
    assert not inside(lost)  # neither by the session's cookie nor by "stay signed in"
    lost.delete_cookie("session")
    assert not inside(lost)
    assert inside(here)
    assert session.scalars(select(Revision.action).where(Revision.entity == "user")).all() == ["signed_out"]


def test_sign_out_everywhere_else(member: str, enter: Callable[..., FlaskClient]) -> None:
    others, here = [enter(), enter(remember="y")], enter()
    assert here.post("/en/account/sessions/end-others").status_code == 302
    assert [inside(browser) for browser in others] == [False, False]
    assert inside(here)
    assert len(here.get("/api/v1/account/sessions").json) == 1


def test_staying_signed_in_outlives_the_browser(member: str, enter: Callable[..., FlaskClient]) -> None:
    kept, passing = enter(remember="y"), enter()
    for browser in (kept, passing):
        browser.delete_cookie("session")
    assert inside(kept)
    assert not inside(passing)


def test_a_changed_password_ends_the_other_sessions_at_once(session: Session, member: str,
                                                            enter: Callable[..., FlaskClient]) -> None:
    thief, owner = enter(remember="y"), enter()
    answer = owner.post("/en/account/change", data={"password": PASSWORD, "new_password": NEW,
                                                    "new_password_confirm": NEW})
    assert answer.status_code == 302
    assert not inside(thief)
    assert inside(owner)
    assert rows(session) == 1  # what is over is not kept either
    assert "password_changed" in session.scalars(select(Revision.action)).all()


def test_who_is_shut_out_and_let_in_again_has_to_sign_in_again(session: Session, member: str,
                                                               enter: Callable[..., FlaskClient],
                                                               make_user: Callable[..., User]) -> None:
    make_user("administrator")  # without one, nobody can be shut out
    browser = enter(remember="y")
    user = session.scalars(select(User).where(User.email == member)).one()
    management.change_user(session, SYSTEM, user.id, name="", active=False, roles=["member"])
    session.commit()
    assert not inside(browser)
    management.change_user(session, SYSTEM, user.id, name="", active=True, roles=["member"])
    session.commit()
    assert not inside(browser)
    assert inside(enter())


def test_a_cookie_of_the_old_kind_is_worth_nothing(session: Session, client: FlaskClient,
                                                   make_user: Callable[..., User]) -> None:
    user = make_user("administrator")
    for value in (user.fs_uniquifier, str(user.id), "", "x" * 5000, f"{user.fs_uniquifier}.x", "\x00"):
        with client.session_transaction() as cookie:
            cookie["_user_id"] = value
        assert not inside(client)


def test_the_token_is_nowhere_to_be_read(session: Session, client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in()
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    row = session.scalars(select(SignIn)).one()
    assert token not in (row.token_hash, row.stamp)
    shown = client.get("/api/v1/account/sessions")
    assert token not in shown.text
    assert row.token_hash not in shown.text
    assert row.stamp not in shown.text


def test_nobody_ends_or_sees_a_strangers_session(session: Session, client: FlaskClient, sign_in: Callable[..., User],
                                                 make_user: Callable[..., User]) -> None:
    victim = make_user(email="victim@example.org")
    row, _token = sessions.begin(session, victim, address="", user_agent="")
    session.commit()
    attacker = sign_in()
    with pytest.raises(NotFound):
        sessions.end(session, attacker, attacker.id, row.id)  # one's own, by another's number
    with pytest.raises(Forbidden):
        sessions.end(session, attacker, victim.id, row.id)
    with pytest.raises(Forbidden):
        sessions.of_user(session, attacker, victim.id)
    assert client.post(f"/en/account/sessions/{row.id}/end").status_code == 404
    assert client.delete(f"/api/v1/account/sessions/{row.id}").status_code == 404
    for address in ("sessions", f"sessions/{row.id}", "second-factor"):
        assert client.delete(f"/api/v1/users/{victim.id}/{address}").status_code == 403
    assert client.get(f"/api/v1/users/{victim.id}/sessions").status_code == 403
    assert client.get("/api/v1/users/999999/sessions").status_code == 403  # nor who there is
    assert rows(session) == 2


def test_a_manager_ends_sessions_but_not_of_who_may_more(session: Session, make_user: Callable[..., User]) -> None:
    manager, administrator = make_user(email="manager@example.org"), make_user("administrator")
    member = make_user("member", email="m@example.org")
    manager.roles = [Role(name="manager", permissions=["admin.access", management.MANAGE]), *member.roles]
    for user in (administrator, member):
        sessions.begin(session, user, address="", user_agent="")
    session.commit()
    sessions.end_all(session, manager, member.id)
    with pytest.raises(Forbidden):
        sessions.end_all(session, manager, administrator.id)
    assert sessions.of_user(session, manager, member.id) == []
    assert len(sessions.of_user(session, manager, administrator.id)) == 1


def test_the_back_office_shows_and_ends_sessions(session: Session, client: FlaskClient, sign_in: Callable[..., User],
                                                 make_user: Callable[..., User]) -> None:
    user = make_user("editor")
    for _number in range(2):
        row, _token = sessions.begin(session, user, address="198.51.100.7", user_agent=FIREFOX)
    session.commit()
    sign_in("administrator")
    page = client.get(f"/admin/users/{user.id}")
    assert page.text.count("198.51.100.7") == 2
    assert client.post(f"/admin/users/{user.id}/sessions/{row.id}/end").status_code == 302
    assert client.get(f"/admin/users/{user.id}").text.count("198.51.100.7") == 1
    assert client.post(f"/admin/users/{user.id}/sessions/end").status_code == 302
    assert "198.51.100.7" not in client.get(f"/admin/users/{user.id}").text
    written = select(Revision.action).where(Revision.entity_id == user.id).order_by(Revision.id)
    assert session.scalars(written).all() == ["signed_out", "signed_out_everywhere"]


def test_anonymous_visitors_are_asked_to_sign_in(client: FlaskClient) -> None:
    answer = client.get("/ru/account/security")
    assert answer.status_code == 302
    assert answer.location.startswith("/ru/account/login")
    assert client.get("/api/v1/account/sessions").status_code == 401
    assert client.get("/api/v1/account/sign-in").status_code == 401
    assert client.delete("/api/v1/account/sessions").status_code == 401
    assert client.post("/en/account/sessions/end-others").status_code == 401


def test_last_seen_is_written_once_in_five_minutes(session: Session, client: FlaskClient,
                                                   sign_in: Callable[..., User]) -> None:
    sign_in()
    row = session.scalars(select(SignIn)).one()
    first = row.seen_at
    inside(client)
    session.expire_all()
    assert session.scalars(select(SignIn)).one().seen_at == first
    session.execute(update(SignIn).values(seen_at=first - timedelta(minutes=6)))
    session.commit()
    inside(client)
    session.expire_all()
    row = session.scalars(select(SignIn)).one()
    assert row.seen_at >= first
    assert row.address == "127.0.0.1"


def test_seeing_saves_nothing_else_of_the_request(app: MoviePoint, session: Session, client: FlaskClient,
                                                  sign_in: Callable[..., User]) -> None:
    user = sign_in()
    session.execute(update(SignIn).values(seen_at=utcnow() - timedelta(minutes=6)))
    session.commit()
    number = user.id
    answer = client.post("/en/account/change", data={"password": "wrong", "new_password": "x"})
    assert answer.status_code == 200
    session.expire_all()
    assert session.get(User, number).password == user.password
    assert session.scalars(select(SignIn.seen_at)).one() > utcnow() - timedelta(minutes=1)


def test_a_session_costs_no_query(client: FlaskClient, sign_in: Callable[..., User],
                                  count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    sign_in("editor")
    client.get("/api/v1/genres")
    with count_queries() as statements:
        client.get("/admin/")
    assert len([text for text in statements if "sign_ins" in text]) == 1
    assert len([text for text in statements if "FROM users" in text]) == 0  # the session's query brings the user
    with count_queries() as statements:
        assert inside(client)
    assert len(statements) <= 5


def test_what_nobody_uses_is_over_and_forgotten(app: MoviePoint, session: Session, client: FlaskClient,
                                                sign_in: Callable[..., User]) -> None:
    sign_in()
    assert inside(client)
    session.execute(update(SignIn).values(seen_at=utcnow() - sessions.IDLE - timedelta(minutes=1)))
    session.commit()
    assert not inside(client)
    forget_sessions()
    assert rows(session) == 0


def test_living_sessions_are_not_forgotten(session: Session, make_user: Callable[..., User]) -> None:
    user = make_user()
    sessions.begin(session, user, address="", user_agent="")
    session.commit()
    forget_sessions()
    assert rows(session) == 1
    user.fs_uniquifier = "0" * 64
    session.commit()
    forget_sessions()
    assert rows(session) == 0


def test_signing_in_a_thousand_times_keeps_fifty_rows(session: Session, make_user: Callable[..., User]) -> None:
    user, other = make_user(), make_user("member")
    sessions.begin(session, other, address="", user_agent="")
    sessions.begin(session, user, address="", user_agent="")
    for _number in range(sessions.MOST + 10):
        last, token = sessions.begin(session, user, address="", user_agent="")
    session.commit()
    numbers = set(session.scalars(select(SignIn.id).where(SignIn.user_id == user.id)))
    assert len(numbers) == sessions.MOST
    assert last.id in numbers
    assert sessions.find(session, token) is not None
    assert rows(session) == sessions.MOST + 1


def test_the_task_is_there(app: MoviePoint) -> None:
    assert "accounts.sessions" in app.extensions["moviepoint.tasks"].names()
