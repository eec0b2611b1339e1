"""Inviting by mail: the whole way through a real mail server, and what strangers and lesser managers try."""
from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts import invitations, management, tasks
from moviepoint.domains.accounts.invitation_model import Invitation
from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.history.models import Revision
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from moviepoint.kernel.policies import SYSTEM, Actor
from tests.smtp import Inbox, mail_server

Queue = list[tuple[str, dict[str, Any]]]
PASSWORD = "an unusually long sentence 7"
LOCALES = ("en", "ru")


@pytest.fixture
def inbox(app: MoviePoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """Run a real mail server, and have the site use it."""
    with mail_server(app, monkeypatch) as handler:
        yield handler


@pytest.fixture
def administrator(session: Session, make_user: Callable[..., User]) -> User:
    with unit_of_work():
        user = make_user("administrator", email="boss@example.org")
        user.name = "Ada"
    return user


def invite(actor: Actor, email: str = "new@example.org", roles: Collection[str] = ("editor",), *, locale: str = "en",
           name: str = "") -> Invitation:
    with unit_of_work() as work:
        return invitations.invite(work, actor, LOCALES, email, roles, locale=locale, name=name)


def asked_long_ago(row: Invitation) -> None:
    """Let the pause between two mails be over."""
    row.expires_at -= invitations.AGAIN


def mailed(row: Invitation) -> str:
    """Make the link's secret as the task that sends the mail does, and return it."""
    with unit_of_work() as work:
        claimed = invitations.claim(work, row.id, utcnow())
        assert claimed is not None
        invitations.sent(work, row.id, claimed[1], utcnow())
    return claimed[1]


def accept(token: str, name: str = "Grace") -> User:
    with unit_of_work() as work:
        return invitations.accept(work, token, "hash", name)


def count_users(session: Session) -> int:
    return len(session.scalars(select(User.id)).all())


@pytest.mark.parametrize(("locale", "subject", "greeting"), [
    ("en", "Ada invites you to MoviePoint", "Hello Grace,"),
    ("ru", "Ada приглашает вас на MoviePoint", "Здравствуйте, Grace!")])
def test_the_whole_way_from_the_form_to_being_signed_in(
        client: FlaskClient, session: Session, sign_in: Callable[..., User], queue: Queue, inbox: Inbox,
        locale: str, subject: str, greeting: str) -> None:
    actor = sign_in("administrator")
    with unit_of_work():
        actor.name = "Ada"
    answer = client.post("/admin/users/invitations/", headers={"X-Forwarded-Host": "evil.example.com"}, data={
        "email": "Grace@Example.org", "name": "Grace", "locale": locale, "roles": ["editor", "member"]})
    assert answer.status_code == 302
    assert inbox.mails == []  # nothing leaves in the request
    (name, arguments), = queue
    assert name == "accounts.invitation"
    assert arguments.keys() == {"invitation_id"}  # no secret lies in the queue
    tasks.send_invitation(**arguments)
    mail, = inbox.mails
    assert inbox.envelopes == [["Grace@example.org"]]
    assert mail["Subject"] == subject
    texts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    assert [part.get_content_type() for part in mail.walk() if not part.is_multipart()] == ["text/plain", "text/html"]
    assert all(greeting in text for text in texts)
    links = {re.search(r"https?://[^\s\"<]+", text)[0] for text in texts}  # type: ignore[index]
    link, = links
    assert link.startswith(f"https://films.example.org/{locale}/account/invitation/")
    assert f'lang="{locale}"' in texts[1]
    token = link.rsplit("/", 1)[1]
    stored = session.scalars(select(Invitation)).one()
    assert token not in str(vars(stored))
    client.delete_cookie("session")
    path = link.removeprefix("https://films.example.org")
    page = client.get(path)
    assert (page.status_code, page.headers["Referrer-Policy"], page.headers["Cache-Control"]) == (
        200, "no-referrer", "no-store")
    assert "Grace@example.org" in page.text
    answer = client.post(path, data={"name": "Grace Hopper", "password": PASSWORD, "password_confirm": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert client.get("/admin/titles/").status_code == 200
    user = session.scalars(select(User).where(User.email == "Grace@example.org")).one()
    assert (user.name, user.locale, sorted(role.name for role in user.roles)) == (
        "Grace Hopper", locale, ["editor", "member"])
    client.post("/en/account/logout")
    signed_in = client.post("/en/account/login", data={"email": "grace@example.org", "password": PASSWORD})
    assert signed_in.status_code == 302


def test_a_mail_server_that_is_away_is_asked_again(session: Session, administrator: User, queue: Queue,
                                                   inbox: Inbox) -> None:
    row = invite(administrator)
    inbox.answer = "451 Not now"
    tasks.send_invitation(row.id)
    assert (row.state(), row.tries, inbox.mails) == ("waiting", 1, [])
    inbox.answer = "250 OK"
    tasks.send_invitations()
    assert inbox.mails == []  # too soon: the first try could still be under way
    with unit_of_work():
        row.tried_at = utcnow() - invitations.TRY_AGAIN - timedelta(seconds=1)
    tasks.send_invitations()
    assert (row.state(), row.tries, len(inbox.mails)) == ("sent", 2, 1)
    tasks.send_invitations()
    tasks.send_invitation(row.id)  # a message that came twice
    assert len(inbox.mails) == 1


def test_a_lost_message_is_made_up_for_and_trying_ends(session: Session, administrator: User, queue: Queue,
                                                       inbox: Inbox) -> None:
    row = invite(administrator)
    assert invitations.to_send(session, utcnow()) == [row.id]
    with unit_of_work():
        row.tries = invitations.MAX_TRIES
    assert invitations.to_send(session, utcnow()) == []
    tasks.send_invitation(row.id)
    assert inbox.mails == []
    with unit_of_work() as work:
        asked_long_ago(row)
        invitations.send_again(work, administrator, row.id)
    tasks.send_invitation(row.id)
    assert len(inbox.mails) == 1


def test_two_senders_send_one_mail(session: Session, administrator: User, queue: Queue) -> None:
    row = invite(administrator)
    with unit_of_work() as work:
        assert invitations.claim(work, row.id, utcnow()) is not None
    with unit_of_work() as work:
        assert invitations.claim(work, row.id, utcnow()) is None


def test_a_link_works_once(session: Session, administrator: User, queue: Queue) -> None:
    token = mailed(invite(administrator))
    user = accept(token)
    users = count_users(session)
    with pytest.raises(Conflict, match="accepted already"):
        accept(token, "Mallory")
    assert (count_users(session), user.name) == (users, "Grace")


@pytest.mark.parametrize("over", ["expired", "revoked", "sent again", "tampered"])
def test_links_that_are_over_let_nobody_in(client: FlaskClient, session: Session, administrator: User, queue: Queue,
                                           over: str) -> None:
    row = invite(administrator)
    token = mailed(row)
    with unit_of_work() as work:
        if over == "expired":
            row.expires_at = utcnow() - timedelta(seconds=1)
        elif over == "revoked":
            invitations.revoke(work, administrator, row.id)
        elif over == "sent again":
            asked_long_ago(row)
            invitations.send_again(work, administrator, row.id)
    if over == "tampered":
        token = token[:-1] + ("A" if token[-1] != "A" else "B")
    users = count_users(session)
    path = f"/en/account/invitation/{token}"
    status = 409 if over in ("expired", "revoked") else 404
    assert client.get(path).status_code == status
    assert client.post(path, data={"password": PASSWORD, "password_confirm": PASSWORD}).status_code == status
    answer = client.post("/api/v1/invitations/accept", json={"token": token, "password": PASSWORD})
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert count_users(session) == users
    with pytest.raises((Conflict, NotFound)):
        accept(token)


def test_the_hash_is_no_key(client: FlaskClient, session: Session, administrator: User, queue: Queue) -> None:
    row = invite(administrator)
    mailed(row)
    for guess in (row.token_hash, "", "None", "%00", "\ud800".encode("utf-8", "surrogatepass").hex(), "é" * 40):
        answer = client.post("/api/v1/invitations/accept", json={"token": guess, "password": PASSWORD})
        assert answer.status_code == 404, guess


@pytest.mark.parametrize("email", ["boss@example.org", "BOSS@Example.ORG", "Boss@EXAMPLE.org"])
def test_who_is_registered_is_not_invited(session: Session, administrator: User, queue: Queue, email: str) -> None:
    with pytest.raises(Conflict, match="registered"):
        invite(administrator, email)
    assert queue == []


def test_an_address_is_invited_once_at_a_time(session: Session, administrator: User, queue: Queue) -> None:
    first = invite(administrator, "New@Example.org")
    for email in ("new@example.org", "NEW@example.org"):
        with pytest.raises(Conflict, match="invited already"):
            invite(administrator, email)
    with unit_of_work() as work:
        invitations.revoke(work, administrator, first.id)
    second = invite(administrator)
    with unit_of_work():
        second.expires_at = utcnow() - timedelta(days=1)
    third = invite(administrator)  # one that has expired is not in the way
    assert (second.state(), third.state()) == ("revoked", "waiting")


def test_two_who_invite_at_the_same_moment_make_one_invitation(
        session: Session, administrator: User, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    invite(administrator)
    monkeypatch.setattr(invitations, "_make_room", lambda *_arguments: None)  # neither sees the other's row yet
    with pytest.raises(Conflict, match="invited already"):
        invite(administrator, "NEW@example.org")
    assert len(session.scalars(select(Invitation)).all()) == 1


def test_whoever_has_registered_meanwhile_gets_no_roles_by_the_link(
        client: FlaskClient, session: Session, administrator: User, queue: Queue,
        make_user: Callable[..., User]) -> None:
    token = mailed(invite(administrator))
    squatter = make_user("member", email="NEW@example.org")
    path = f"/en/account/invitation/{token}"
    answer = client.post(path, data={"password": PASSWORD, "password_confirm": PASSWORD})
    assert answer.status_code == 409
    assert [role.name for role in squatter.roles] == ["member"]
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("email", ["a@example.org\nBcc: b@example.org", "a@example.org\r\nX: y", "a b@example.org", "",
                                   "a@example.org,b@example.org", "<a@example.org>", "a" * 300 + "@example.org",
                                   "a@localhost", "a@exa\x00mple.org"])
def test_what_is_no_address_is_refused(session: Session, administrator: User, queue: Queue, email: str) -> None:
    with pytest.raises(Invalid):
        invite(administrator, email)
    assert queue == []


def test_line_breaks_and_markup_in_names_stay_text(session: Session, administrator: User, queue: Queue,
                                                   inbox: Inbox) -> None:
    with unit_of_work():
        administrator.name = "Ada\r\nBcc: victim@example.org"
    row = invite(administrator, name="<b>Eve</b>\r\nBcc: c@example.org\x07")
    assert row.name == "<b>Eve</b> Bcc: c@example.org"
    tasks.send_invitation(row.id)
    mail, = inbox.mails
    assert mail["Bcc"] is None
    assert inbox.envelopes == [["new@example.org"]]
    plain, html = (part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
    assert "<b>" not in html
    assert "<b>Eve</b>" in plain
    user = accept(mailed_again(administrator, row), "G\u202ehopp\ner")
    assert user.name == "G hopp er"


def mailed_again(actor: Actor, row: Invitation) -> str:
    with unit_of_work() as work:
        asked_long_ago(row)
        invitations.send_again(work, actor, row.id)
    return mailed(row)


@pytest.fixture
def manager(session: Session, make_user: Callable[..., User]) -> User:
    """Make somebody who may manage people and edit Russian texts, and nothing else."""
    user = make_user(email="manager@example.org")
    with unit_of_work() as work:
        user.roles = [Role(name="manager", permissions=["admin.access", management.MANAGE, "catalog.edit@ru"]),
                      session.scalars(select(Role).where(Role.name == "member")).one()]
        work.flush()
    return user


def test_nobody_invites_to_what_they_may_not_give(session: Session, manager: User, administrator: User,
                                                  make_user: Callable[..., User], queue: Queue) -> None:
    for roles in (["administrator"], ["editor"], ["member", "contributor"]):
        with pytest.raises(Forbidden):
            invite(manager, roles=roles)
    with pytest.raises(Invalid):
        invite(manager, roles=["emperor"])
    with pytest.raises(Invalid):
        invite(manager, roles=["member"], locale="xx")
    for stranger in (make_user("editor"), make_user("member")):
        with pytest.raises(Forbidden):
            invite(stranger, roles=["member"])
    assert session.scalars(select(Invitation)).all() == []
    invite(manager, roles=["member", "manager"])
    row = invite(administrator, "second@example.org", ["administrator"])
    with pytest.raises(Forbidden), unit_of_work() as work:
        asked_long_ago(row)
        invitations.send_again(work, manager, row.id)
    assert row.invited_by_name == "Ada"


def test_what_an_inviter_may_not_give_any_more_their_mail_does_not_give(session: Session, manager: User,
                                                                      administrator: User, queue: Queue) -> None:
    grown, gone = (mailed(invite(manager, f"{name}@example.org", ["manager"])) for name in ("grown", "gone"))
    with unit_of_work() as work:  # the role has grown since, by somebody's hand who may
        role = session.scalars(select(Role).where(Role.name == "translator")).one()
        row = session.scalars(select(Invitation).where(Invitation.email == "grown@example.org")).one()
        row.roles = [role]
        role.permissions = ["catalog.publish"]
        work.flush()
    with pytest.raises(Forbidden):
        accept(grown)
    with unit_of_work():
        manager.active = False
    with pytest.raises(Forbidden):
        accept(gone)
    row = session.scalars(select(Invitation).where(Invitation.email == "gone@example.org")).one()
    assert accept(mailed_again(administrator, row)).may(management.MANAGE)  # an administrator answers for it now


def test_the_system_invites_too(session: Session, queue: Queue) -> None:
    assert accept(mailed(invite(SYSTEM, roles=["administrator"]))).may("catalog.publish")


def test_weak_passwords_are_refused_and_the_link_stays_good(client: FlaskClient, session: Session, administrator: User,
                                                            queue: Queue) -> None:
    token = mailed(invite(administrator))
    path = f"/ru/account/invitation/{token}"
    for password, again in (("short", "short"), (PASSWORD, PASSWORD + "x"), ("", ""), ("x" * 1_001, "x" * 1_001)):
        answer = client.post(path, data={"name": "Typed", "password": password, "password_confirm": again})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert 'value="Typed"' in answer.text
        if again == password:
            assert client.post("/api/v1/invitations/accept",
                               json={"token": token, "password": password}).status_code == 422
    assert client.post(path, data={"password": PASSWORD, "password_confirm": PASSWORD}).status_code == 302


def test_who_is_signed_in_is_asked_to_sign_out_first(client: FlaskClient, session: Session, administrator: User,
                                                     sign_in: Callable[..., User], queue: Queue) -> None:
    token = mailed(invite(administrator))
    editor = sign_in("editor")
    path, users = f"/en/account/invitation/{token}", count_users(session)
    for answer in (client.get(path), client.post(path, data={"password": PASSWORD, "password_confirm": PASSWORD})):
        assert editor.email in answer.text
        assert 'name="password"' not in answer.text
    assert count_users(session) == users


def test_the_form_needs_its_csrf_token(app: MoviePoint, client: FlaskClient, session: Session, administrator: User,
                                       queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    token = mailed(invite(administrator))
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    answer = client.post(f"/en/account/invitation/{token}", data={"password": PASSWORD, "password_confirm": PASSWORD})
    assert answer.status_code == 400


def test_the_page_says_what_was_wrong_and_keeps_what_was_typed(client: FlaskClient, session: Session,
                                                               sign_in: Callable[..., User], queue: Queue) -> None:
    sign_in("administrator")
    answer = client.post("/admin/users/invitations/", data={"email": "<nobody>", "name": "Typed", "locale": "ru",
                                                            "roles": ["translator"]})
    assert answer.status_code == 422
    assert 'value="&lt;nobody&gt;"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert re.search(r'value="translator" checked', answer.text)


def test_only_roles_that_one_may_give_are_offered(client: FlaskClient, session: Session, manager: User,
                                                  sign_in_as: Callable[[User], User]) -> None:
    sign_in_as(manager)
    page = client.get("/admin/users/invitations/").text
    assert re.findall(r'name="roles" value="(\w+)"', page) == ["translator", "member", "manager"]


def test_invitations_as_a_resource(client: FlaskClient, session: Session, sign_in: Callable[..., User],
                                   queue: Queue) -> None:
    token, body = {"Authentication-Token": "x"}, {"email": "new@example.org", "roles": ["editor"], "locale": "ru"}
    assert client.get("/api/v1/invitations").status_code == 401
    assert client.post("/api/v1/invitations", json=body).status_code == 401
    sign_in("editor")
    assert client.get("/api/v1/invitations").status_code == 403
    assert client.post("/api/v1/invitations", json=body, headers=token).status_code == 403
    client.delete_cookie("session")
    sign_in("administrator")
    made = client.post("/api/v1/invitations", json=body, headers=token).json
    assert (made["state"], made["roles"], made["locale"]) == ("waiting", ["editor"], "ru")
    assert client.post("/api/v1/invitations", json=body, headers=token).status_code == 409
    for wrong in ({"email": "nobody"}, {"roles": ["x"]}, {"roles": "editor"}, {"locale": "xx"}, {"token_hash": "x"},
                  {"email": "a@example.org\nBcc: b@example.org"}):
        assert client.post("/api/v1/invitations", json=body | wrong, headers=token).status_code == 422, wrong
    listed = client.get("/api/v1/invitations?open=true").json
    assert ([row["id"] for row in listed["results"]], listed["total_results"]) == ([made["id"]], 1)
    assert not [name for name in listed["results"][0] if "token" in name]
    with unit_of_work():
        asked_long_ago(session.get_one(Invitation, made["id"]))
    assert client.post(f"/api/v1/invitations/{made['id']}/send", headers=token).json["state"] == "waiting"
    assert client.delete(f"/api/v1/invitations/{made['id']}", headers=token).json["state"] == "revoked"
    assert client.delete(f"/api/v1/invitations/{made['id']}", headers=token).status_code == 409
    assert client.get("/api/v1/invitations?open=true").json["results"] == []
    assert client.get("/api/v1/invitations?open=false").json["total_results"] == 1
    assert client.delete("/api/v1/invitations/999999", headers=token).status_code == 404
    assert [name for name, _arguments in queue] == ["accounts.invitation"] * 2


def test_an_invitation_is_accepted_as_a_resource(client: FlaskClient, session: Session, administrator: User,
                                                 queue: Queue) -> None:
    body = {"token": mailed(invite(administrator)), "password": PASSWORD, "name": "Grace"}
    assert client.post("/api/v1/invitations/accept", json=body).json["email"] == "new@example.org"
    assert client.get("/api/v1/users").status_code == 401  # nobody is signed in by it
    assert client.post("/en/account/login", data={"email": "new@example.org", "password": PASSWORD}).status_code == 302


def test_every_step_leaves_a_row_of_history_without_secrets(session: Session, administrator: User,
                                                           queue: Queue) -> None:
    row = invite(administrator)
    first = mailed(row)
    second = mailed_again(administrator, row)
    user = accept(second)
    trail = session.scalars(select(Revision).where(
        Revision.entity.in_(["invitation", "user"])).order_by(Revision.id)).all()
    assert [(entry.entity, entry.action, entry.actor_id) for entry in trail] == [
        ("invitation", "created", administrator.id), ("invitation", "sent_again", administrator.id),
        ("invitation", "accepted", user.id), ("user", "created", user.id)]
    written = str([(entry.document, entry.changes) for entry in trail])
    assert all(secret not in written for secret in (first, second, str(row.token_hash), "hash"))


def test_the_list_costs_the_same_whatever_its_length(
        client: FlaskClient, session: Session, sign_in: Callable[..., User], queue: Queue,
        count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    actor, costs = sign_in("administrator"), []
    for batch in range(2):
        for number in range(4):
            invite(actor, f"new-{batch}-{number}@example.org", ["editor", "member"])
        session.expire_all()
        with count_queries() as statements:
            page = client.get("/admin/users/invitations/").text
        costs.append(len(statements))
        assert len(set(re.findall(r"new-\d-\d@", page))) == 4 * (batch + 1)
    assert costs[1] <= costs[0] <= 9


def test_asking_again_and_again_waits(client: FlaskClient, session: Session, sign_in: Callable[..., User],
                                      queue: Queue) -> None:
    row = invite(sign_in("administrator"))
    answer = client.post(f"/api/v1/invitations/{row.id}/send")
    assert (answer.status_code, answer.mimetype) == (429, "application/problem+json")
    assert 540 < int(answer.headers["Retry-After"]) <= 600
    assert "Wait 10 minutes" in answer.json["detail"]
    assert len(queue) == 1
    with unit_of_work():
        asked_long_ago(row)
    assert client.post(f"/api/v1/invitations/{row.id}/send").status_code == 200
    assert client.post(f"/api/v1/invitations/{row.id}/send").status_code == 429
    assert len(queue) == 2
