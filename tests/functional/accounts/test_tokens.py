"""Personal API tokens: what one may do, and what somebody with one, or with an account, tries."""
from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts import bearer, management, tokens
from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.accounts.narrowed import Narrowed
from moviepoint.domains.accounts.permissions import permissions
from moviepoint.domains.accounts.token_model import ApiToken
from moviepoint.domains.history.models import Revision
from moviepoint.domains.media import uploads
from moviepoint.domains.media.models import Upload
from moviepoint.domains.transfer import tasks as transfer_tasks
from moviepoint.domains.transfer import work as transfer_work
from moviepoint.domains.transfer.models import Transfer
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from moviepoint.kernel.policies import SYSTEM, Actor

LOCALES = ("en", "ru")
FILM = {"kind": "film", "original_title": "Aelita", "original_language": "ru", "texts": {"en": {"name": "Aelita"}}}


@pytest.fixture
def editor(session: Session, make_user: Callable[..., User]) -> User:
    return make_user("editor", email="editor@example.org")


@pytest.fixture
def administrator(session: Session, make_user: Callable[..., User]) -> User:
    return make_user("administrator", email="boss@example.org")


def make(actor: Actor, *scopes: str, name: str = "Import", days: int = 30) -> str:
    """Make a token, read-only without scopes, and return its secret."""
    with unit_of_work() as work:
        return tokens.create(work, actor, permissions(), LOCALES, name=name, days=days, read_only=not scopes,
                             scopes=scopes)[1]


def by(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def row_of(session: Session, secret: str) -> ApiToken:
    return session.scalars(select(ApiToken).where(ApiToken.token_hash == tokens.hashed(secret))).one()


def test_a_token_does_what_its_scopes_allow_and_nothing_else(client: FlaskClient, session: Session,
                                                             administrator: User) -> None:
    secret = make(administrator, "catalog.edit")
    made = client.post("/api/v1/films", json=FILM, headers=by(secret))
    assert made.status_code == 200, made.json
    title_id = made.json["id"]
    assert client.post(f"/api/v1/films/{title_id}/publish", json={}, headers=by(secret)).status_code == 403
    for address in ("/api/v1/users", "/api/v1/roles", "/api/v1/invitations", "/api/v1/jobs", "/api/v1/revisions"):
        assert client.get(address, headers=by(secret)).status_code == 403, address
    assert client.get(f"/api/v1/films/{title_id}", headers=by(secret)).status_code == 200  # a draft of one's own


@pytest.mark.parametrize(("scopes", "asked", "answer"), [
    (("catalog.edit",), {}, True), (("catalog.edit",), {"locale": "ru"}, True),
    (("catalog.edit@ru",), {}, False), (("catalog.edit@ru",), {"locale": "ru"}, True),
    (("catalog.edit@ru",), {"locale": "en"}, False), (("catalog.edit:own",), {"own": True}, True),
    (("catalog.edit:own",), {}, False), (("catalog.publish",), {}, False)])
def test_an_actor_is_narrowed(editor: User, scopes: tuple[str, ...], asked: dict[str, Any], answer: bool) -> None:
    narrowed = Narrowed(editor, 1, "x", frozenset(scopes))
    assert narrowed.may("catalog.edit", **asked) is answer
    assert narrowed.may_in_part("catalog.edit") is ("catalog.publish" not in scopes)
    assert not narrowed.may("accounts.manage")
    assert Narrowed(editor, 1, "x", None).may("catalog.edit")
    assert not isinstance(narrowed, User)


def test_a_narrowed_grant_of_the_user_and_another_of_the_token_meet(session: Session,
                                                                    make_user: Callable[..., User]) -> None:
    user = make_user()
    user.roles = [Role(name="ru", permissions=["catalog.edit@ru"])]
    both = Narrowed(user, 1, "x", frozenset({"catalog.edit:own"}))
    assert both.may("catalog.edit", locale="ru", own=True)
    assert not both.may("catalog.edit", locale="ru")
    assert not both.may("catalog.edit", own=True)


def test_a_read_only_token_reads_what_its_user_may_see_and_writes_nothing(client: FlaskClient, session: Session,
                                                                          administrator: User) -> None:
    secret = make(administrator)
    assert client.get("/api/v1/users", headers=by(secret)).status_code == 200
    for method, address in (("post", "/api/v1/films"), ("patch", f"/api/v1/users/{administrator.id}"),
                            ("delete", "/api/v1/films/1"), ("put", "/api/v1/roles/1/grants"),
                            ("post", "/api/v1/invitations/accept")):
        answer = getattr(client, method)(address, json={}, headers=by(secret))
        assert (answer.status_code, answer.json["code"]) == (403, "read-only-token"), address


def test_what_the_user_loses_the_token_loses_at_once(client: FlaskClient, session: Session, editor: User,
                                                     administrator: User) -> None:
    secret = make(editor, "catalog.edit")
    assert client.post("/api/v1/films", json=FILM, headers=by(secret)).status_code == 200
    with unit_of_work() as work:
        management.change_user(work, administrator, editor.id, name="", active=True, roles=["member"])
    assert client.post("/api/v1/films", json=FILM, headers=by(secret)).status_code == 403
    with unit_of_work() as work:
        management.change_user(work, administrator, editor.id, name="", active=False, roles=["editor"])
    assert client.post("/api/v1/films", json=FILM, headers=by(secret)).status_code == 401
    assert client.get("/api/v1/films", headers=by(secret)).status_code == 401


@pytest.mark.parametrize("over", ["expired", "revoked", "tampered", "unknown", "empty", "hash", "no prefix"])
def test_tokens_that_are_over_let_nobody_in(client: FlaskClient, session: Session, editor: User, over: str) -> None:
    secret = make(editor, "catalog.edit")
    row = row_of(session, secret)
    with unit_of_work() as work:
        if over == "expired":
            row.expires_at = utcnow()
        elif over == "revoked":
            tokens.revoke(work, editor, row.id)
    sent = {"tampered": secret[:-1] + ("A" if secret[-1] != "A" else "B"), "unknown": "mp_" + "x" * 43, "empty": "",
            "hash": row.token_hash, "no prefix": secret.removeprefix("mp_")}.get(over, secret)
    answer = client.get("/api/v1/films", headers={"Authorization": f"Bearer {sent}"})
    assert (answer.status_code, answer.mimetype, answer.json["code"]) == (401, "application/problem+json", "bad-token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_bad_token_does_not_fall_back_to_the_cookie(client: FlaskClient, session: Session,
                                                      sign_in: Callable[..., User]) -> None:
    user = sign_in("administrator")
    assert client.get("/api/v1/users").status_code == 200
    assert client.get("/api/v1/users", headers=by("mp_wrong")).status_code == 401
    assert client.get("/api/v1/users", headers=by(make(user, "catalog.edit"))).status_code == 403


def test_outside_of_the_api_a_token_is_nothing(client: FlaskClient, session: Session, administrator: User) -> None:
    secret = make(administrator)
    for address in ("/admin/users/", "/admin/", "/en/account/tokens/"):
        assert client.get(address, headers=by(secret)).status_code == 302, address
    assert "boss@example.org" not in client.get("/en/", headers=by(secret)).text
    assert client.get("/api/v1x", headers=by(secret)).status_code == 404


@pytest.mark.parametrize("name", ["auth_token", "access_token"])
def test_no_token_is_taken_in_an_address(client: FlaskClient, session: Session, administrator: User, name: str) -> None:
    everything = administrator.get_auth_token()
    for secret in (make(administrator), everything):
        for address in ("/api/v1/users", "/api/v1/films", "/admin/users/"):
            assert client.get(f"{address}?{name}={secret}").status_code == 400, address
    assert client.get("/api/v1/users", headers={"Authentication-Token": str(everything)}).status_code == 200


def test_no_token_is_taken_in_a_body(client: FlaskClient, session: Session, administrator: User) -> None:
    for secret in (make(administrator), administrator.get_auth_token()):
        answer = client.post("/api/v1/roles", json={"name": "x", "auth_token": secret})
        assert answer.status_code in (401, 422)
        assert session.scalar(select(Role).where(Role.name == "x")) is None


def test_cookies_need_a_csrf_token_and_bearers_do_not(app: MoviePoint, client: FlaskClient, session: Session,
                                                      sign_in: Callable[..., User],
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    user = sign_in("administrator")
    secret = make(user, "accounts.manage")
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    for headers in ({}, {"Authentication-Token": "x"}, {"Authorization": "Basic eDp5"}):
        answer = client.post("/api/v1/roles", json={"name": "by cookie"}, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (400, "csrf"), headers
    assert client.post("/admin/roles/new", data={"name": "page"}, headers=by(secret)).status_code == 400
    assert client.post("/api/v1/roles", json={"name": "by bearer"}, headers=by(secret)).status_code == 200


def test_a_remembered_browser_needs_a_csrf_token_too(app: MoviePoint, client: FlaskClient, session: Session,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    """The cookie of "stay signed in" outlives the session's, and signs in as well."""
    client.set_cookie("remember_token", "whatever")
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert client.post("/api/v1/jobs/retry-failed").json["code"] == "csrf"


def test_a_token_makes_no_tokens_and_tells_of_none(client: FlaskClient, session: Session, administrator: User) -> None:
    everything = [permission.name for permission in permissions()]
    secret, other = make(administrator, *everything), make(administrator, "catalog.edit", name="Other")
    body = {"name": "child", "scopes": ["catalog.edit"]}
    assert client.post("/api/v1/tokens", json=body, headers=by(secret)).status_code == 403
    assert client.get("/api/v1/tokens", headers=by(secret)).status_code == 403
    small, other_id = make(administrator, "catalog.edit", name="Small"), row_of(session, other).id
    assert client.delete(f"/api/v1/tokens/{other_id}", headers=by(small)).status_code == 404
    assert client.delete(f"/api/v1/tokens/{row_of(session, small).id}", headers=by(small)).status_code == 204
    assert client.get("/api/v1/films", headers=by(small)).status_code == 401
    with pytest.raises(Forbidden):
        make(SYSTEM, "catalog.edit")


def test_a_token_gives_nobody_more_than_its_scopes(client: FlaskClient, session: Session, administrator: User,
                                                   editor: User, make_user: Callable[..., User]) -> None:
    member, secret = make_user("member"), make(administrator, "accounts.manage", "admin.access")
    for roles in (["administrator"], ["editor"]):
        assert client.patch(f"/api/v1/users/{member.id}", json={"roles": roles}, headers=by(secret)).status_code == 403
        assert client.post("/api/v1/invitations", headers=by(secret), json={
            "email": "x@example.org", "roles": roles, "locale": "en"}).status_code == 403
    assert client.patch(f"/api/v1/users/{editor.id}", json={"active": False}, headers=by(secret)).status_code == 403
    role = session.scalars(select(Role).where(Role.name == "member")).one()
    assert client.put(f"/api/v1/roles/{role.id}/grants", json={"grants": ["catalog.edit"]},
                      headers=by(secret)).status_code == 403


def test_a_token_without_the_scope_leaves_uploads_alone(session: Session, administrator: User) -> None:
    with unit_of_work() as work:
        upload = Upload(public_id="u" * 12, user_id=administrator.id, filename="f", size=1, state="receiving",
                        expires_at=utcnow() + timedelta(days=1))
        work.add(upload)
    small = Narrowed(administrator, 1, "x", frozenset({"catalog.edit"}))
    with pytest.raises(Forbidden):
        uploads.own_upload(session, small, upload.public_id)
    able = Narrowed(administrator, 1, "x", frozenset({"media.upload"}))
    assert uploads.own_upload(session, able, upload.public_id) is upload


@pytest.mark.parametrize("over", [False, True])
def test_an_import_by_a_token_is_worked_on_within_its_scopes(
        client: FlaskClient, session: Session, administrator: User, queue: list[tuple[str, dict[str, Any]]],
        over: bool) -> None:
    secret = make(administrator, "catalog.edit")
    answer = client.post("/api/v1/imports?content_type=genre&format=json", headers=by(secret) | {
        "Content-Type": "application/json"}, data=b'[{"slug": "noir", "names": {"en": "Noir"}}]')
    assert answer.status_code == 202, answer.json
    if over:
        with unit_of_work() as work:
            tokens.revoke(work, administrator, row_of(session, secret).id)
    transfer = session.get_one(Transfer, answer.json["id"])
    for name, arguments in [sent for sent in queue if sent[0] == "transfer.work"]:
        transfer_tasks.work(**arguments)
        assert name == "transfer.work"
    session.expire_all()
    assert transfer.state == ("failed" if over else "ready")
    if not over:
        actor = transfer_work._actor(transfer)
        assert actor.may("catalog.edit")
        assert not actor.may("catalog.publish")


@pytest.mark.parametrize(("wrong", "error"), [
    ({"name": ""}, Invalid), ({"name": " \n\t"}, Invalid), ({"days": 0}, Invalid), ({"days": 367}, Invalid),
    ({"days": -1}, Invalid), ({"scopes": []}, Invalid), ({"read_only": True}, Invalid), ({"scopes": ["*"]}, Invalid),
    ({"scopes": ["catalog.edit@xx"]}, Invalid), ({"scopes": ["catalog"]}, Invalid),
    ({"scopes": ["accounts.manage"]}, Forbidden), ({"scopes": ["catalog.edit", "accounts.manage"]}, Forbidden)])
def test_what_no_token_can_be(session: Session, editor: User, wrong: dict[str, Any], error: type[Exception]) -> None:
    values = {"name": "x", "days": 30, "scopes": ["catalog.edit"]} | wrong
    with pytest.raises(error), unit_of_work() as work:
        tokens.create(work, editor, permissions(), LOCALES, **values)
    assert session.scalars(select(ApiToken)).all() == []


def test_a_translator_scopes_to_their_language_only(session: Session, make_user: Callable[..., User]) -> None:
    user = make_user()
    with unit_of_work() as work:
        user.roles = [Role(name="ru", permissions=["catalog.edit@ru"])]
        work.flush()
    make(user, "catalog.edit@ru")
    for scope in ("catalog.edit", "catalog.edit@en", "catalog.edit:own"):
        with pytest.raises(Forbidden):
            make(user, scope)
    offered = {grant for _permission, grants in tokens.offered_scopes(user, permissions(), LOCALES) for grant in grants}
    assert offered == {"catalog.edit@ru"}


def test_nobody_hoards_tokens(session: Session, editor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 2)
    first = row_of(session, make(editor))
    make(editor)
    with pytest.raises(Conflict):
        make(editor)
    with unit_of_work() as work:
        tokens.revoke(work, editor, first.id)
    make(editor)


def test_the_secret_is_shown_once_and_kept_nowhere(client: FlaskClient, session: Session,
                                                   sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    answer = client.post("/en/account/tokens/", data={"name": "<b>Nightly</b>", "days": "30", "access": "some",
                                                      "scopes": ["catalog.edit"]})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    secret = re.findall(r">(mp_[\w-]{43})<", answer.text)[0]
    assert "<b>Nightly</b>" not in answer.text
    assert client.get("/api/v1/films", headers=by(secret)).status_code == 200
    page = client.get("/en/account/tokens/").text
    assert "&lt;b&gt;Nightly" in page
    assert secret not in page
    row = session.scalars(select(ApiToken)).one()
    assert secret not in str(vars(row))
    trail = session.scalars(select(Revision).where(Revision.entity == "token")).all()
    assert [entry.action for entry in trail] == ["created"]
    assert secret not in str([(entry.document, entry.changes) for entry in trail])
    client.post(f"/en/account/tokens/{row.id}/revoke")
    assert client.get("/api/v1/films", headers=by(secret)).status_code == 401


@pytest.mark.parametrize(("form", "status"), [
    ({"name": "x", "days": "30"}, 422), ({"name": "", "days": "30", "access": "read"}, 422),
    ({"name": "x", "days": "٣", "access": "read"}, 422), ({"name": "x", "days": "9" * 50, "access": "read"}, 422),
    ({"name": "x", "days": "30", "access": "some"}, 422),
    ({"name": "x", "days": "30", "access": "some", "scopes": "accounts.manage"}, 403)])
def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(client: FlaskClient, session: Session,
                                                              sign_in: Callable[..., User], form: dict[str, str],
                                                              status: int) -> None:
    sign_in("editor")
    answer = client.post("/ru/account/tokens/", data=form)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert f'name="name" value="{form["name"]}"' in answer.text
    assert session.scalars(select(ApiToken)).all() == []


def test_others_tokens_are_out_of_reach_but_for_who_manages_people(
        client: FlaskClient, session: Session, editor: User, administrator: User,
        make_user: Callable[..., User], sign_in_as: Callable[[User], User]) -> None:
    secret = make(editor, "catalog.edit", name="Nightly")
    row = row_of(session, secret)
    stranger = make_user("editor", email="stranger@example.org")
    with pytest.raises(NotFound), unit_of_work() as work:
        tokens.revoke(work, stranger, row.id)
    sign_in_as(stranger)
    assert client.post(f"/en/account/tokens/{row.id}/revoke").status_code == 404
    assert client.delete(f"/api/v1/tokens/{row.id}").status_code == 404
    assert client.get(f"/api/v1/users/{editor.id}/tokens").status_code == 403
    assert client.get("/api/v1/tokens").json["results"] == []
    sign_in_as(administrator)
    shown = client.get(f"/api/v1/users/{editor.id}/tokens").json["results"]
    assert [(entry["name"], entry["hint"], entry["scopes"]) for entry in shown] == [
        ("Nightly", secret[-4:], ["catalog.edit"])]
    assert not {"token", "token_hash"} & shown[0].keys()
    assert client.get("/api/v1/users/999999/tokens").status_code == 404
    assert "Nightly" in client.get(f"/admin/users/{editor.id}").text
    assert client.post(f"/admin/users/{editor.id}/tokens/{row.id}/revoke").status_code == 302
    assert client.get("/api/v1/films", headers=by(secret)).status_code == 401
    last = session.scalars(select(Revision).order_by(Revision.id.desc())).first()
    assert last is not None
    assert (last.action, last.actor_id, last.label) == ("revoked", administrator.id, "editor@example.org: Nightly")


def test_tokens_as_a_resource(client: FlaskClient, session: Session, sign_in: Callable[..., User]) -> None:
    assert client.get("/api/v1/tokens").status_code == 401
    assert client.post("/api/v1/tokens", json={"name": "x", "read_only": True}).status_code == 401
    sign_in("editor")
    made = client.post("/api/v1/tokens", json={"name": "Nightly", "scopes": ["catalog.edit"], "days": 7}).json
    assert (made["state"], made["read_only"], made["hint"]) == ("valid", False, made["token"][-4:])
    listed = client.get("/api/v1/tokens").json["results"]
    assert [(entry["id"], entry.get("token")) for entry in listed] == [(made["id"], None)]
    for wrong in ({"name": "x"}, {"name": "x", "read_only": True, "days": 1000}, {"read_only": True},
                  {"name": "x", "read_only": True, "user_id": 1}, {"name": "x", "scopes": "catalog.edit"}):
        assert client.post("/api/v1/tokens", json=wrong).status_code == 422, wrong
    assert client.post("/api/v1/tokens", json={"name": "x", "scopes": ["accounts.manage"]}).status_code == 403
    assert client.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    assert client.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    assert client.get("/api/v1/films", headers=by(made["token"])).status_code == 401
    document = client.get("/api/v1/openapi.json").json
    assert document["components"]["securitySchemes"]["token"] == {"type": "http", "scheme": "bearer"}


def test_last_used_is_written_once_a_minute(client: FlaskClient, session: Session, editor: User,
                                            count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    secret = make(editor)

    def writes() -> int:
        with count_queries() as statements:
            assert client.get("/api/v1/genres", headers=by(secret)).status_code == 200
        return sum("UPDATE api_tokens" in statement for statement in statements)

    assert [writes(), writes(), writes()] == [1, 0, 0]
    session.expire_all()
    first = row_of(session, secret).last_used_at
    assert first is not None
    with unit_of_work():
        row_of(session, secret).last_used_at = first - timedelta(minutes=1)
    assert writes() == 1


def test_history_says_which_token_it_was(client: FlaskClient, session: Session, editor: User) -> None:
    client.post("/api/v1/films", json=FILM, headers=by(make(editor, "catalog.edit", name="Nightly")))
    written = session.scalars(select(Revision).where(Revision.entity == "title")).first()
    assert written is not None
    assert (written.actor_id, written.actor_name) == (editor.id, "editor@example.org · Nightly")


def test_strangers_are_asked_to_sign_in(client: FlaskClient, session: Session) -> None:
    answer = client.get("/ru/account/tokens/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/ru/account/login?next=/ru/account/tokens/")
    assert client.post("/ru/account/tokens/", data={"name": "x", "access": "read"}).status_code == 302
    assert session.scalars(select(ApiToken)).all() == []


def test_the_page_costs_the_same_whatever_its_length(
        client: FlaskClient, session: Session, sign_in: Callable[..., User],
        count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    user, costs = sign_in("editor"), []
    for _batch in range(2):
        for _number in range(3):
            make(user)
        session.expire_all()
        with count_queries() as statements:
            client.get("/en/account/tokens/")
        costs.append(len(statements))
    assert costs[1] <= costs[0] <= 5


def test_flask_securitys_own_key_is_off(app: MoviePoint) -> None:
    assert app.config["SECURITY_TOKEN_AUTHENTICATION_KEY"] is None
    assert set(bearer.IN_ADDRESSES) >= {"auth_token"}


def test_a_sign_in_token_of_flask_security_makes_none_either(client: FlaskClient, session: Session,
                                                             administrator: User) -> None:
    """It opens the API in whole, but what it opens must not outlive it."""
    header = {"Authentication-Token": str(administrator.get_auth_token())}
    assert client.get("/api/v1/users", headers=header).status_code == 200
    assert client.post("/api/v1/tokens", json={"name": "x", "read_only": True}, headers=header).status_code == 403
    form = {"name": "x", "days": "30", "access": "read"}
    assert client.post("/en/account/tokens/", data=form, headers=header).status_code == 403
    assert session.scalars(select(ApiToken)).all() == []


def test_two_sessions_of_one_person_note_one_use(session: Session, editor: User) -> None:
    """Both have seen a token unused; the write that comes second finds it noted."""
    row, now = row_of(session, make(editor)), utcnow()
    with unit_of_work() as work:
        tokens.note_use(work, row.id, now)
        tokens.note_use(work, row.id, now + timedelta(seconds=30))
    session.expire_all()
    assert row.last_used_at == now


def test_a_token_of_somebody_elses_request_is_no_users_to_keep(client: FlaskClient, session: Session,
                                                               administrator: User) -> None:
    """A request by a token leaves no cookie by which its sender could go on without it."""
    answer = client.get("/api/v1/users", headers=by(make(administrator)))
    assert answer.status_code == 200
    assert "_user_id" not in str(answer.headers.getlist("Set-Cookie"))
    assert client.get("/api/v1/users").status_code == 401
    assert client.get("/admin/users/").status_code == 302
