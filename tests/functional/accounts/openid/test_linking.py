"""Accounts that are here already: linking, unlinking, the same address, and what else an identity is part of."""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask_security import hash_password
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts import identities, security_notices
from moviepoint.domains.accounts.identity_model import Identity
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.notice_models import Notice
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.accounts.signin_models import Passkey
from moviepoint.domains.history.models import Revision
from moviepoint.kernel.db import unit_of_work
from tests.openid_provider import ANN, BOB, Provider

from .conftest import Visitor

Who = Callable[[], dict[str, str]]
Another = Callable[..., Visitor]
PASSWORD = "an unusually long sentence 7"
SECURITY = "/en/account/security"


@pytest.fixture
def member(visitor: Visitor, session: Session) -> Visitor:
    """Give a member with a password, ann@example.org, who is signed in."""
    with unit_of_work() as work:
        create_user(work, "ann@example.org", hash_password(PASSWORD), ["member"])
    enter(visitor)
    return visitor


def enter(visitor: Visitor) -> None:
    visitor.browser.post("/en/account/login", data={"email": "ann@example.org", "password": PASSWORD})
    assert visitor.inside() == "ann@example.org"


def told(session: Session) -> list[str]:
    return [row.data["what"] for row in session.scalars(select(Notice).order_by(Notice.id))]


def test_linking_and_signing_in_by_it(member: Visitor, session: Session, known: Who) -> None:
    form = 'action="/en/account/openid/example/link"'
    assert form in member.browser.get(SECURITY).text
    answer = member.go("/link")
    assert answer.location == SECURITY
    page = member.browser.get(SECURITY).text
    assert "Linked: Example signs you in here from now on." in page
    assert "/unlink" in page
    assert form not in page
    assert known() == {"ann-1": "ann@example.org"}
    assert told(session) == ["identity_linked"]
    assert "identity_linked" in session.scalars(select(Revision.action)).all()
    member.leave()
    member.go()
    assert member.inside() == "ann@example.org"
    assert member.go("/link").location == SECURITY
    assert "signs you in here already" in member.browser.get(SECURITY).text
    assert session.scalar(select(func.count(Identity.id))) == 1


@pytest.mark.parametrize(("verified", "slug"), [(True, "example"), (False, "example"), (False, "trusted"),
                                                ("true", "trusted"), (1, "trusted")])
def test_an_address_alone_opens_nobodys_account(member: Visitor, another: Another, known: Who, session: Session,
                                                verified: object, slug: str) -> None:
    thief = another(slug)
    thief.provider.person = {"sub": "thief", "email": "Ann@Example.org", "email_verified": verified}
    answer = thief.go()
    assert answer.status_code == 409
    assert "Sign in to it as you usually do, and link the two under Sign-in and security" in answer.text
    assert not thief.inside()
    assert known() == {}
    assert told(session) == []


def test_a_verified_address_of_a_trusted_provider_does(member: Visitor, another: Another, known: Who,
                                                       session: Session) -> None:
    owner = another("trusted")
    owner.go()
    assert owner.inside() == "ann@example.org"
    assert known() == {"ann-1": "ann@example.org"}
    assert told(session) == ["identity_linked"]


def test_but_not_an_account_whose_own_address_nobody_has_confirmed(member: Visitor, another: Another, known: Who,
                                                                   session: Session) -> None:
    """Somebody else may have registered with it, and would stay in with their password."""
    with unit_of_work() as work:
        work.scalars(select(User)).one().confirmed_at = None
    owner = another("trusted")
    assert owner.go().status_code == 409
    assert known() == {}


def test_a_new_password_by_mail_unlinks_whoever_came_before_the_owner(member: Visitor, session: Session, known: Who,
                                                                      queue: list[Any]) -> None:
    member.go("/link")
    with unit_of_work() as work:
        work.scalars(select(User)).one().confirmed_at = None
    member.leave()
    member.browser.post("/en/account/reset", data={"email": "ann@example.org"})
    body = next(str(arguments["body"]) for name, arguments in reversed(queue) if name == "accounts.mail")
    link = next(word for word in body.split() if "/account/reset/" in word).removeprefix("http://127.0.0.1:8000")
    member.browser.post(link, data={"password": PASSWORD + "!", "password_confirm": PASSWORD + "!"})
    assert known() == {}


def test_an_identity_is_one_persons(member: Visitor, another: Another, known: Who, provider: Provider) -> None:
    member.go("/link")
    provider.person = BOB
    other = another()
    other.go()
    provider.person = ANN
    answer = other.go("/link")
    assert answer.status_code == 409
    assert "signs in somebody else here" in answer.text
    assert known() == {"ann-1": "ann@example.org", "bob-2": "bob@example.org"}


def test_linking_asks_who_has_not_shown_lately_that_it_is_them(member: Visitor, known: Who) -> None:
    with member.browser.session_transaction() as cookie:
        cookie["fs_paa"] = time.time() - 7200
        cookie.pop("fs_gexp", None)
    answer = member.browser.post("/en/account/openid/example/link")
    assert "/en/account/verify" in answer.location
    assert known() == {}


def test_unlinking_asks_who_has_not_shown_lately_that_it_is_them(member: Visitor, known: Who,
                                                                 session: Session) -> None:
    member.go("/link")
    row = session.scalars(select(Identity)).one()
    with member.browser.session_transaction() as cookie:
        cookie["fs_paa"] = time.time() - 7200
        cookie.pop("fs_gexp", None)
    answer = member.browser.post(f"/en/account/openid/identities/{row.id}/unlink")
    assert "/en/account/verify" in answer.location
    refused = member.browser.delete(f"/api/v1/account/identities/{row.id}")
    assert (refused.status_code, refused.json["code"]) == (403, "not-fresh")
    assert known() == {"ann-1": "ann@example.org"}


def test_linking_is_ended_by_who_began_it(member: Visitor, another: Another, known: Who, provider: Provider) -> None:
    """A session that changes hands in between does not carry the link over to the next person."""
    back = provider.visit(member.set_out("/link"))
    member.leave()
    provider.person = BOB
    member.go()
    assert member.inside() == "bob@example.org"
    answer = member.browser.get(back)
    assert answer.status_code == 400
    assert known() == {"bob-2": "bob@example.org"}
    stranger = another()
    assert stranger.browser.post("/en/account/openid/example/link").status_code == 401
    assert stranger.browser.post("/en/account/openid/example/verify").status_code == 401


def test_not_without_end(member: Visitor, session: Session, provider: Provider) -> None:
    user = session.scalars(select(User)).one()
    with unit_of_work() as work:
        work.add_all(Identity(user_id=user.id, provider="example", issuer=provider.url, subject=str(number))
                     for number in range(identities.MOST))
    answer = member.go("/link")
    assert answer.status_code == 409
    assert "as many accounts as one can here" in answer.text


def test_unlinking(member: Visitor, another: Another, session: Session, known: Who) -> None:
    member.go("/link")
    elsewhere = another()
    elsewhere.go()
    assert elsewhere.inside()
    row = session.scalars(select(Identity)).one()
    answer = member.browser.post(f"/en/account/openid/identities/{row.id}/unlink")
    assert answer.location == SECURITY
    assert "Unlinked. It no longer signs in here." in member.browser.get(SECURITY).text
    assert known() == {}
    assert (member.inside(), elsewhere.inside()) == ("ann@example.org", "")
    assert told(session) == ["identity_linked", "identity_unlinked"]
    assert elsewhere.go().status_code == 409  # the address is known, and no more than that


def test_the_only_way_in_stays(visitor: Visitor, session: Session, known: Who, app: MoviePoint) -> None:
    visitor.go()
    row = session.scalars(select(Identity)).one()
    visitor.browser.post(f"/en/account/openid/identities/{row.id}/unlink")
    assert "This is the only way in that you have." in visitor.browser.get(SECURITY).text
    answer = visitor.browser.delete(f"/api/v1/account/identities/{row.id}")
    assert answer.status_code == 409
    assert known() == {"ann-1": "ann@example.org"}
    with unit_of_work() as work:  # one of a provider that the settings no longer name is no way in
        work.add(Identity(user_id=row.user_id, provider="gone", issuer="https://gone.example", subject="7"))
    assert visitor.browser.delete(f"/api/v1/account/identities/{row.id}").status_code == 409
    assert "gone.example" in visitor.browser.get(SECURITY).text
    answer = visitor.browser.post("/en/account/change", data={"new_password": PASSWORD,
                                                              "new_password_confirm": PASSWORD})
    assert answer.status_code == 302
    assert visitor.browser.delete(f"/api/v1/account/identities/{row.id}").status_code == 204
    visitor.leave()
    enter(visitor)


def key_of(user_id: int, name: str) -> Passkey:
    return Passkey(user_id=user_id, credential_id=name.encode(), public_key=b"k", device_type="x", usage="first",
                   name=name)


def test_a_passkey_is_a_way_in_and_the_last_one_stays(visitor: Visitor, session: Session) -> None:
    visitor.go()
    row = session.scalars(select(Identity)).one()
    with unit_of_work() as work:
        work.add_all([key_of(row.user_id, "Phone"), key_of(row.user_id, "Blue key")])
    session.expire_all()
    assert visitor.browser.delete(f"/api/v1/account/identities/{row.id}").status_code == 204
    for name, left in (("Phone", 1), ("Blue key", 1)):
        visitor.browser.post("/en/account/wan-delete", data={"name": name})
        assert session.scalar(select(func.count(Passkey.id))) == left
    assert "Set a password or link an account first." in visitor.browser.get("/en/account/wan-register").text
    answer = visitor.browser.post("/en/account/wan-delete", json={"name": "Blue key"},
                                  headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert visitor.browser.post("/en/account/wan-delete", json=["Blue key"]).status_code < 500


def test_ones_own_by_the_api(member: Visitor, provider: Provider, another: Another, session: Session) -> None:
    member.go("/link")
    row, = member.browser.get("/api/v1/account/identities").json
    assert {name: row[name] for name in ("provider", "label", "issuer", "subject", "email")} == {
        "provider": "example", "label": "Example", "issuer": provider.url, "subject": "ann-1",
        "email": "ann@example.org"}
    ways = member.browser.get("/api/v1/account/sign-in").json
    assert (ways["password"], ways["identities"]) == (True, ["Example"])
    stranger = another()
    provider.person = BOB
    stranger.go()
    assert stranger.browser.delete(f"/api/v1/account/identities/{row['id']}").status_code == 404
    assert stranger.browser.get(f"/api/v1/users/{session.scalars(select(Identity)).first().user_id}/identities"  # type: ignore[union-attr]
                                ).status_code == 403
    assert member.browser.delete(f"/api/v1/account/identities/{row['id']}").status_code == 204
    assert member.browser.get("/api/v1/account/identities").json == []


def test_who_manages_people_sees_and_unlinks(visitor: Visitor, another: Another, session: Session, client: Any,
                                             sign_in: Callable[..., User]) -> None:
    owner = another()
    owner.go()
    row = session.scalars(select(Identity)).one()
    sign_in("administrator")
    page = client.get(f"/admin/users/{row.user_id}").text
    assert "Accounts elsewhere" in page
    assert "Unlink: Example" in page
    assert client.get(f"/api/v1/users/{row.user_id}/identities").json[0]["subject"] == "ann-1"
    assert client.post(f"/admin/users/{row.user_id}/identities/{row.id}/unlink").status_code == 302
    assert client.get(f"/api/v1/users/{row.user_id}/identities").json == []
    assert not owner.inside()
    assert client.delete(f"/api/v1/users/{row.user_id}/identities/{row.id}").status_code == 404


def test_it_is_in_ones_data_and_leaves_with_the_account(visitor: Visitor, session: Session, known: Who) -> None:
    visitor.go()
    kept = visitor.browser.get("/api/v1/my-data").json
    assert kept["identities"][0]["subject"] == "ann-1"
    assert visitor.browser.post("/api/v1/my-data/leave", json={"email": "ann@example.org"}).status_code == 204
    assert known() == {}
    assert session.scalar(select(func.count(Identity.id))) == 0
    visitor.go()
    assert visitor.inside() == "ann@example.org"  # as somebody new


@pytest.mark.parametrize(("what", "sentence"), [
    ("identity_linked", "now signs in to yours"), ("identity_unlinked", "no longer signs in to yours")])
def test_the_notices_are_mails_in_words(member: Visitor, session: Session, what: str, sentence: str) -> None:
    member.go("/link")
    row = session.scalars(select(Identity)).one()
    member.browser.delete(f"/api/v1/account/identities/{row.id}")
    notice = next(notice for notice in session.scalars(select(Notice)) if notice.data["what"] == what)
    mail = security_notices.compose(session, None, notice.data)
    assert mail is not None
    assert sentence in mail.variables["sentence"]


def make_stale(visitor: Visitor) -> None:
    with visitor.browser.session_transaction() as cookie:
        cookie["fs_paa"] = time.time() - 7200
        cookie.pop("fs_gexp", None)


def test_who_has_no_password_shows_by_the_provider_that_it_is_them(visitor: Visitor, provider: Provider) -> None:
    visitor.go()
    make_stale(visitor)
    address = visitor.browser.get("/en/account/tf-setup").location
    assert "/account/verify" in address
    page = visitor.browser.get(address).text
    assert 'name="password"' not in page
    assert 'action="/en/account/openid/example/verify?next=' in page
    answer = visitor.go("/verify", then="/en/account/tf-setup")
    assert answer.location == "/en/account/tf-setup"
    assert visitor.browser.get(answer.location).status_code == 200


@pytest.mark.parametrize(("person", "claims", "status"), [
    (BOB, {}, 403), (ANN, {"auth_time": time.time() - 7200}, 400), (ANN, {"auth_time": "now"}, 400),
    (ANN, {"auth_time": time.time()}, 302)])
def test_another_account_or_an_old_sign_in_there_shows_nothing(visitor: Visitor, provider: Provider, known: Who,
                                                               person: dict[str, Any], claims: dict[str, Any],
                                                               status: int) -> None:
    visitor.go()
    make_stale(visitor)
    provider.person, provider.claims = person, claims
    address = visitor.set_out("/verify")
    assert "prompt=login" in address
    answer = visitor.browser.get(provider.visit(address))
    assert answer.status_code == status, answer.text
    again = visitor.browser.get("/en/account/tf-setup")
    assert again.status_code == (200 if status == 302 else 302)
    assert known() == {"ann-1": "ann@example.org"}


def test_two_of_the_same_at_once_are_one(visitor: Visitor, session: Session, provider: Provider, app: MoviePoint,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    """The second has looked before the first has written."""
    visitor.go()
    visitor.leave()
    monkeypatch.setattr(identities, "_find", lambda session, proof: None)
    provider.person = ANN | {"email": "ann.else@example.org"}
    answer = visitor.go()
    assert answer.status_code == 409
    assert "made twice" in answer.text
    assert not visitor.inside()
    assert session.scalar(select(func.count(User.id))) == 1


def test_a_password_cannot_be_guessed_where_there_is_none(visitor: Visitor, session: Session) -> None:
    visitor.go()
    visitor.leave()
    for password in ("", "None", "null", PASSWORD):
        answer = visitor.browser.post("/en/account/login", data={"email": "ann@example.org", "password": password})
        assert answer.status_code == 200
        assert not visitor.inside()
