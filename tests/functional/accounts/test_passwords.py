"""The roads back in: a forgotten password, a changed one, and what a stranger may learn on the way (nothing)."""
from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from moviepoint.domains.accounts.models import User

Queue = list[tuple[str, dict[str, object]]]
OLD, NEW = "an unusually long sentence 7", "quite another long sentence 8"


@pytest.fixture
def member(client: FlaskClient, queue: Queue) -> str:
    """Register an account by the site's own form; returns its address."""
    address = "viewer@example.org"
    answer = client.post("/en/account/register", data={"email": address, "password": OLD, "password_confirm": OLD})
    assert answer.status_code == 302
    client.post("/en/account/logout")
    queue.clear()
    return address


def sign_in(client: FlaskClient, address: str, password: str) -> bool:
    return client.post("/en/account/login", data={"email": address, "password": password}).status_code == 302


def mailed_link(queue: Queue) -> str:
    mails = [arguments for name, arguments in queue if name == "accounts.mail"]
    found = re.search(r"https?://[^/\s]+(/\S+)", str(mails[-1]["body"]))
    assert found is not None
    return found[1]


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_a_forgotten_password_is_set_anew_by_a_mailed_link(client: FlaskClient, member: str, queue: Queue,
                                                           locale: str) -> None:
    assert client.post(f"/{locale}/account/reset", data={"email": member}).status_code in (200, 302)
    link = mailed_link(queue)
    assert link.startswith(f"/{locale}/account/reset/")
    assert client.get(link).status_code == 200
    answer = client.post(link, data={"password": NEW, "password_confirm": NEW})
    assert answer.status_code == 302
    client.post("/en/account/logout")
    assert not sign_in(client, member, OLD)
    assert sign_in(client, member, NEW)
    client.post("/en/account/logout")
    again = client.post(link, data={"password": OLD, "password_confirm": OLD})  # a link works once
    assert again.status_code == 302
    assert not sign_in(client, member, OLD)


def test_a_stranger_learns_nothing_of_who_has_an_account(client: FlaskClient, member: str, queue: Queue) -> None:
    known = client.post("/en/account/reset", data={"email": member}, follow_redirects=True)
    assert len(queue) == 1
    unknown = client.post("/en/account/reset", data={"email": "nobody@example.org"}, follow_redirects=True)
    assert len(queue) == 1
    assert known.status_code == unknown.status_code
    flashed = re.compile(r'role="status".*?</', re.S)
    shown = flashed.findall(known.text)
    assert shown
    assert flashed.findall(unknown.text.replace("nobody@example.org", member)) == shown


def test_a_password_is_changed_by_who_knows_the_old_one(client: FlaskClient, member: str) -> None:
    assert sign_in(client, member, OLD)
    wrong = client.post("/en/account/change", data={"password": "not this one at all", "new_password": NEW,
                                                    "new_password_confirm": NEW})
    assert wrong.status_code == 200
    assert 'role="alert"' in wrong.text
    right = client.post("/en/account/change", data={"password": OLD, "new_password": NEW,
                                                    "new_password_confirm": NEW})
    assert right.status_code == 302
    client.post("/en/account/logout")
    assert sign_in(client, member, NEW)


@pytest.mark.parametrize("password", ["short", ""])
def test_a_weak_password_is_refused_in_words(client: FlaskClient, queue: Queue, password: str) -> None:
    answer = client.post("/ru/account/register", data={"email": "weak@example.org", "password": password,
                                                       "password_confirm": password})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text


def test_a_forged_reset_link_is_refused(client: FlaskClient, make_user: Callable[..., User]) -> None:
    make_user()
    assert client.post("/en/account/reset/forged.token.here",
                       data={"password": NEW, "password_confirm": NEW}).status_code == 302
    assert not sign_in(client, "nobody@example.org", NEW)
