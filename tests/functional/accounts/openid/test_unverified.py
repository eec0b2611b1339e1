"""Addresses that a provider has not verified, where this site confirms addresses by mail."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from flask_security import hash_password
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.identity_model import Identity
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.services import create_user
from moviepoint.kernel.db import unit_of_work
from tests.openid_provider import ANN, Provider

from .conftest import Visitor

MORE = {"mail_server": "127.0.0.1"}
UNVERIFIED = ANN | {"email_verified": False}


def mails(queue: list[Any]) -> list[tuple[str, str]]:
    return [(arguments["recipient"], arguments["body"]) for name, arguments in queue if name == "accounts.mail"]


def test_a_verified_newcomer_is_in_and_welcomed(visitor: Visitor, queue: list[Any]) -> None:
    visitor.go()
    assert visitor.inside() == "ann@example.org"
    (recipient, body), = mails(queue)
    assert recipient == "ann@example.org"
    assert "Your account at MoviePoint has been made." in body
    assert "/account/confirm/" not in body


def test_an_unverified_newcomer_confirms_first(visitor: Visitor, provider: Provider, queue: list[Any],
                                               session: Session) -> None:
    provider.person = UNVERIFIED
    answer = visitor.go(then="/en/films")
    assert answer.location == "/en/account/login"
    assert "We have sent a mail to ann@example.org." in visitor.browser.get(answer.location).text
    assert not visitor.inside()
    (_recipient, body), = mails(queue)
    assert "Then sign in as you have begun." in body
    assert "with your password" not in body
    answer = visitor.go()  # not yet
    assert answer.location == "/en/account/confirm"
    assert "Confirm your address first" in visitor.browser.get(answer.location).text
    assert not visitor.inside()
    link = re.search(r"http://127\.0\.0\.1:8000(/en/account/confirm/\S+)", body)
    assert link
    visitor.browser.get(link[1])
    assert not visitor.inside()
    visitor.go()
    assert visitor.inside() == "ann@example.org"


def test_a_claimed_address_does_not_tell_whether_it_is_known(visitor: Visitor, another: Callable[..., Visitor],
                                                             provider: Provider, queue: list[Any],
                                                             session: Session) -> None:
    with unit_of_work() as work:
        create_user(work, "known@example.org", hash_password("an unusually long sentence 7"), ["member"])
    pages = []
    for subject, email in (("one", "known@example.org"), ("two", "new@example.org")):
        stranger = another()
        provider.person = {"sub": subject, "email": email, "email_verified": False}
        answer = stranger.go()
        assert not stranger.inside()
        pages.append((answer.status_code, answer.location,
                      re.findall(r"We have sent a mail[^<]+", stranger.browser.get(answer.location).text.replace(
                          email, "the address"))))
    assert pages[0] == pages[1]
    assert pages[0][2]
    known, new = mails(queue)
    assert known[0] == "known@example.org"
    assert "It has an account already" in known[1]
    assert new[0] == "new@example.org"
    assert session.scalar(select(func.count(User.id))) == 2
    queue.clear()
    again = another()
    provider.person = {"sub": "three", "email": "known@example.org", "email_verified": False}
    again.go()
    assert mails(queue) == []  # one mail in five minutes


@pytest.mark.parametrize("verified", ["true", 1, None, "yes"])
def test_only_a_plain_yes_is_a_yes(visitor: Visitor, provider: Provider, queue: list[Any], session: Session,
                                   verified: object) -> None:
    provider.person = ANN | {"email_verified": verified}
    visitor.go()
    assert not visitor.inside()
    assert session.scalars(select(User)).one().confirmed_at is None


def test_who_came_before_the_owner_goes_when_the_owner_sets_a_password(
        visitor: Visitor, another: Callable[..., Visitor], provider: Provider, queue: list[Any],
        session: Session) -> None:
    """A stranger claims an address; its owner confirms it as if it were their own account, then wants a password."""
    provider.person = UNVERIFIED | {"sub": "stranger"}
    visitor.go()
    owner = another().browser
    (_recipient, body), = mails(queue)
    confirm = re.search(r"http://127\.0\.0\.1:8000(/en/account/confirm/\S+)", body)
    assert confirm
    owner.get(confirm[1])
    owner.post("/en/account/reset", data={"email": "ann@example.org"})
    reset = re.search(r"http://127\.0\.0\.1:8000(/en/account/reset/\S+)", mails(queue)[-1][1])
    assert reset
    owner.post(reset[1], data={"password": "an unusually long sentence 7", "password_confirm":
                               "an unusually long sentence 7"})
    assert session.scalar(select(func.count(Identity.id))) == 0
    visitor.go()
    assert not visitor.inside()


def test_where_nobody_may_register_a_claimed_address_does_not_tell_either(
        app: MoviePoint, another: Callable[..., Visitor], provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    with unit_of_work() as work:
        create_user(work, "known@example.org", hash_password("an unusually long sentence 7"), ["member"])
    monkeypatch.setitem(app.extensions, "moviepoint.settings", msgspec.structs.replace(
        app.extensions["moviepoint.settings"], registration=False))
    answers = []
    for subject, email in (("one", "known@example.org"), ("two", "new@example.org")):
        provider.person = {"sub": subject, "email": email, "email_verified": False}
        answer = another().go()
        answers.append((answer.status_code, answer.text.replace(email, "the address")))
    assert answers[0][0] == answers[1][0] == 403
