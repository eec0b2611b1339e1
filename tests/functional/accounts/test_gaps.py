"""What two people do at the same time, and how often one may try: the matrix, the last administrator, the limits."""
from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint, create_app
from moviepoint.domains.accounts import management
from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.accounts.permissions import permissions
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.history.models import Revision
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Conflict, Forbidden
from moviepoint.kernel.limits import limiter, visitor
from moviepoint.kernel.policies import SYSTEM
from moviepoint.settings import Settings
from tests.functional.accounts.locks import second_waits

LOCALES = ("en", "ru")


def role(session: Session, name: str) -> Role:
    return session.scalars(select(Role).where(Role.name == name)).one()


def column(target: Role, *ticks: str, was: str | None = None) -> dict[str, Any]:
    """Return what the matrix sends for one role."""
    return {f"shown:{target.id}": "1", f"was:{target.id}": " ".join(sorted(target.permissions)) if was is None else was,
            f"grant:{target.id}": list(ticks)}


def save(actor: Any, target: Role, *grants: str) -> None:
    with unit_of_work() as work:
        management.set_grants(work, actor, permissions(), LOCALES, target.id, grants)


def test_the_matrix_overwrites_nobody(client: FlaskClient, session: Session, sign_in: Callable[..., User]) -> None:
    sign_in("administrator")
    member, editor = role(session, "member"), role(session, "editor")
    save(SYSTEM, member, "media.upload", "catalog.edit:own")
    page = client.get("/admin/roles/").text
    seen = re.findall(rf'name="was:{member.id}" value="([^"]*)"', page)
    assert seen == ["catalog.edit:own media.upload"]
    save(SYSTEM, member, "catalog.edit:own", "catalog.edit@ru")  # somebody else: takes uploads, adds Russian
    mine = column(member, "media.upload", "admin.access", was=seen[0])  # I take one's own, add entering
    answer = client.post("/admin/roles/", data=mine | column(editor, "admin.access"))
    assert answer.status_code == 409
    session.expire_all()
    assert role(session, "member").permissions == ["catalog.edit:own", "catalog.edit@ru"]
    assert "catalog.edit" in role(session, "editor").permissions  # all or nothing
    shown = answer.text
    assert "member: added: catalog.edit@ru; taken away: media.upload" in shown
    ticked = re.findall(rf'name="grant:{member.id}" value="([^"]*)" checked', shown)
    assert sorted(ticked) == ["admin.access", "catalog.edit@ru"]  # both people's changes together
    assert re.findall(rf'name="grant:{editor.id}" value="([^"]*)" checked', shown) == ["admin.access"]
    was = re.findall(rf'name="was:{member.id}" value="([^"]*)"', shown)[0]
    again = client.post("/admin/roles/", data=column(member, *ticked, was=was))
    assert again.status_code == 302
    session.expire_all()
    assert role(session, "member").permissions == ["admin.access", "catalog.edit@ru"]


def test_what_is_refused_stays_ticked(client: FlaskClient, session: Session, make_user: Callable[..., User],
                                      sign_in_as: Callable[[User], User]) -> None:
    user = make_user()
    with unit_of_work() as work:
        user.roles = [Role(name="manager", permissions=["admin.access", management.MANAGE]), role(session, "member")]
        work.flush()
    sign_in_as(user)
    member = role(session, "member")
    before = list(member.permissions)
    answer = client.post("/admin/roles/", data=column(member, "admin.access", "catalog.publish"))
    assert answer.status_code == 403
    assert re.findall(rf'name="grant:{member.id}" value="([^"]*)" checked', answer.text) == [
        "admin.access", "catalog.publish"]
    session.expire_all()
    assert role(session, "member").permissions == before


def test_a_switched_off_plugins_grant_is_no_news(client: FlaskClient, session: Session,
                                                 sign_in: Callable[..., User]) -> None:
    sign_in("administrator")
    member = role(session, "member")
    with unit_of_work():
        member.permissions = ["gone.plugin"]
    assert client.post("/admin/roles/", data=column(member, "catalog.edit:own")).status_code == 302
    session.expire_all()
    assert role(session, "member").permissions == ["catalog.edit:own", "gone.plugin"]


def test_the_resource_takes_what_one_has_seen(client: FlaskClient, session: Session,
                                              sign_in: Callable[..., User]) -> None:
    sign_in("administrator")
    member = role(session, "member")
    address = f"/api/v1/roles/{member.id}/grants"
    known = list(member.permissions)
    assert client.put(address, json={"grants": ["media.upload"], "was": known}).status_code == 200
    stale = client.put(address, json={"grants": [], "was": []})
    assert (stale.status_code, stale.json["code"]) == (409, "changed")
    assert client.put(address, json={"grants": [], "was": ["media.upload"]}).json["grants"] == []
    assert client.put(address, json={"grants": ["media.upload"]}).status_code == 200


@pytest.mark.parametrize(("was", "mine", "theirs", "together"), [
    ("ab", "ab", "abc", "abc"), ("ab", "abd", "abc", "abcd"), ("ab", "a", "abc", "ac"), ("ab", "ab", "b", "b"),
    ("ab", "b", "a", ""), ("", "a", "a", "a"), ("a", "", "", "")])
def test_two_peoples_changes_together(was: str, mine: str, theirs: str, together: str) -> None:
    assert management.merged(was, mine, theirs) == set(together)


def test_who_was_demoted_while_waiting_does_nothing_more(session: Session, make_user: Callable[..., User],
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    """What the session knew of the actor before the wait does not count after it."""
    make_user("administrator", email="stays@example.org")
    actor, member = make_user("administrator", email="gone@example.org"), make_user("member")
    with unit_of_work() as work:
        work.execute(text("delete from user_roles where user_id = :id"), {"id": actor.id})  # behind the session's back
    assert actor.may(management.MANAGE)
    with pytest.raises(Forbidden), unit_of_work() as work:
        management.change_user(work, actor, member.id, name="", active=True, roles=["administrator"])


@pytest.fixture
def two(app: MoviePoint, settings: Settings) -> Iterator[tuple[int, int]]:
    """Commit two administrators on PostgreSQL, seen by every connection; nothing of them stays."""
    if not settings.database_url.startswith("postgresql"):
        pytest.skip("SQLite lets one writer in after the other")
    with app.app_context():
        with unit_of_work() as work:
            ids = [create_user(work, f"{name}@example.org", "x", ["administrator"]).id for name in ("one", "two")]
        db.session.remove()
        yield ids[0], ids[1]
        db.session.remove()
        with unit_of_work() as work:
            work.execute(delete(User).where(User.id.in_(ids)))
            work.execute(delete(Revision).where(Revision.entity == "user", Revision.entity_id.in_(ids)))
        db.session.remove()


def demote(app: MoviePoint, actor_id: int, user_id: int, outcome: list[str], before_commit: Callable[[], None]) -> None:
    with app.app_context():
        try:
            actor = db.session().get_one(User, actor_id)
            with unit_of_work() as work:
                management.change_user(work, actor, user_id, name="", active=True, roles=["member"])
                before_commit()
            outcome.append("done")
        except (Conflict, Forbidden) as error:
            outcome.append(type(error).__name__)
        finally:
            db.session.remove()


def test_two_administrators_who_demote_each_other_leave_one(app: MoviePoint, settings: Settings,
                                                            two: tuple[int, int]) -> None:
    """The first holds its transaction open until the second waits for its lock, or has gone past it."""
    outcome: list[str] = []
    inside, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        go_on.wait(30)

    first = threading.Thread(target=demote, args=(app, two[0], two[1], outcome, hold))
    second = threading.Thread(target=demote, args=(app, two[1], two[0], outcome, lambda: None))
    second_waits(settings.database_url, first, inside, second, go_on)
    assert sorted(outcome) == ["Forbidden", "done"]
    left = db.session().scalars(select(User.id).where(
        User.active, User.roles.any(Role.name == "administrator"), User.id.in_(two))).all()
    assert list(left) == [two[0]]


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[FlaskClient]:
    """Give a client of a site with its rate limits on."""
    app = create_app(Settings(instance=tmp_path / "instance", secret_key="s" * 48, plugins=()))
    app.config.update(WTF_CSRF_ENABLED=False)
    with app.app_context():
        upgrade_all()
        db.session.remove()
    limiter.reset()
    yield app.test_client()
    limiter.reset()
    limiter.enabled = False
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def attempt(client: FlaskClient, locale: str = "en", address: str = "10.0.0.1", **more: Any) -> Any:
    wrong = {"email": "nobody@example.org", "password": "wrong wrong wrong"}
    values = more or {"data": wrong}
    return client.post(f"/{locale}/account/login", environ_overrides={"REMOTE_ADDR": address},
                       **{name: wrong if value is None else value for name, value in values.items()})


def test_guessing_is_stopped_in_words(strict: FlaskClient) -> None:
    assert {attempt(strict).status_code for _ in range(20)} == {200}
    for locale, words in (("en", "Too many attempts from your address"), ("ru", "Слишком много попыток")):
        page = attempt(strict, locale)
        assert (page.status_code, page.mimetype) == (429, "text/html")
        assert words in page.text
        assert "site-header" in page.text  # in the theme's clothes
        assert 0 < int(page.headers["Retry-After"]) <= 60
    for json in (attempt(strict, json=None), attempt(strict, json=None, headers={"Accept": "application/json"})):
        assert (json.status_code, json.mimetype) == (429, "application/problem+json")
        assert json.json["detail"].startswith("Too many attempts")
        assert int(json.headers["Retry-After"]) > 0
    assert strict.get("/en/account/login", environ_overrides={"REMOTE_ADDR": "10.0.0.1"}).status_code == 200
    assert attempt(strict, address="10.0.0.2").status_code == 200


def test_json_attempts_count_like_the_forms(strict: FlaskClient) -> None:
    assert {attempt(strict, json=None).status_code for _ in range(20)} == {400}
    assert attempt(strict).status_code == 429


def test_a_household_of_ipv6_addresses_is_one_visitor(strict: FlaskClient) -> None:
    for number in range(20):
        attempt(strict, address=f"2001:db8::{number:x}:1")
    assert attempt(strict, address="2001:db8::ffff").status_code == 429
    assert attempt(strict, address="2001:db8:0:1::1").status_code == 200


@pytest.mark.parametrize(("address", "counted"), [
    ("10.1.2.3", "10.1.2.3"), ("::ffff:10.1.2.3", "10.1.2.3"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
    ("fe80::1%eth0", "fe80::/64"), ("unix:", "unix:"), ("", "127.0.0.1")])
def test_how_visitors_are_counted(app: MoviePoint, address: str, counted: str) -> None:
    with app.test_request_context(environ_overrides={"REMOTE_ADDR": address}):
        assert visitor() == counted


def test_invitation_links_are_not_tried_at_will(strict: FlaskClient) -> None:
    codes = [strict.post("/api/v1/invitations/accept", json={"token": "x", "password": "y"}).status_code
             for _ in range(21)]
    assert set(codes[:20]) == {404}
    assert codes[20] == 429


def test_other_limits_are_said_in_words_too(strict: FlaskClient) -> None:
    for _number in range(120):
        strict.get("/api/v1/search?query=x")
    answer = strict.get("/api/v1/search?query=x")
    assert answer.status_code == 429
    assert "per 1 minute" not in answer.json["detail"]
