"""Registering, confirming the address, signing in: as a newcomer does, and as somebody who would rather not."""
from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from flask import render_template
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.cli.check import notes
from moviepoint.domains.accounts import services, tasks
from moviepoint.domains.accounts.cli import user_group
from moviepoint.domains.accounts.confirmation import CONFIRM, KNOWN, VALID, WELCOME
from moviepoint.domains.accounts.models import User
from moviepoint.domains.history.models import Revision
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.i18n import use_locale
from moviepoint.kernel.policies import SYSTEM
from moviepoint.settings import Settings
from moviepoint.testing import running_app
from tests.smtp import Inbox, mail_server

Queue = list[tuple[str, dict[str, Any]]]
PASSWORD, NEW = "an unusually long sentence 7", "another unusually long one 8"
ADDRESS = "new@example.org"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[MoviePoint]:
    """Give a site that has a mail server, and so confirms addresses."""
    with running_app(Settings(instance=tmp_path_factory.mktemp("confirming"), secret_key="s" * 48, rate_limits=False,
                              mail_server="127.0.0.1", base_url="https://films.example.org",
                              database_url=settings.database_url)) as app:
        yield app


@pytest.fixture
def inbox(app: MoviePoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    with mail_server(app, monkeypatch) as handler:
        yield handler


def register(client: FlaskClient, address: str = ADDRESS, locale: str = "en") -> Any:
    return client.post(f"/{locale}/account/register", data={
        "email": address, "password": PASSWORD, "password_confirm": PASSWORD})


def sign_in(client: FlaskClient, address: str = ADDRESS, password: str = PASSWORD, locale: str = "en") -> Any:
    return client.post(f"/{locale}/account/login", data={"email": address, "password": password})


def inside(client: FlaskClient) -> bool:
    return client.get("/api/v1/account/sign-in").status_code == 200


def deliver(queue: Queue) -> None:
    """Do what the worker does."""
    for name, arguments in queue:
        if name == "accounts.mail":
            tasks.send_mail(**arguments)
    queue.clear()


def link_in(mail: str, kind: str = "confirm") -> str:
    found = re.search(rf"https://films\.example\.org(/\w+/account/{kind}/\S+)", mail)
    assert found, mail
    return found[1]


def newcomer(client: FlaskClient, queue: Queue, address: str = ADDRESS) -> str:
    """Register somebody; returns their link."""
    register(client, address)
    mail = next(str(arguments["body"]) for name, arguments in reversed(queue) if name == "accounts.mail")
    return link_in(mail)


def pause(session: Session) -> None:
    """Let the time pass that lies between two mails."""
    with unit_of_work() as work:
        for user in work.scalars(select(User)):
            user.mailed_at = utcnow() - services.MAIL_PAUSE


@pytest.mark.parametrize(("locale", "subject", "refusal", "done"), [
    ("en", "Your account", "Confirm your address first", "Your address is confirmed. Now sign in."),
    ("ru", "Ваша учётная запись", "Сначала подтвердите адрес", "Адрес подтверждён. Теперь войдите.")])
def test_register_confirm_sign_in(client: FlaskClient, session: Session, inbox: Inbox, queue: Queue, locale: str,
                                  subject: str, refusal: str, done: str) -> None:
    page = client.get(register(client, locale=locale).location)
    assert ADDRESS in page.text
    assert not inside(client)
    page = sign_in(client, locale=locale)
    assert refusal in page.text
    assert 'name="send_confirmation_form"' in page.text
    assert not inside(client)
    deliver(queue)
    mail, = inbox.mails
    assert (mail["Subject"], mail["To"]) == (subject, ADDRESS)
    plain, html = inbox.texts()
    link = link_in(plain)
    assert f'href="https://films.example.org{link}"' in html
    assert link.startswith(f"/{locale}/")
    answer = client.get(link)
    assert answer.location.endswith(f"/{locale}/account/login")
    assert done in client.get(answer.location).text
    assert not inside(client)  # a link in a mailbox is no password
    assert sign_in(client, locale=locale).status_code == 302
    assert client.get("/api/v1/account/sign-in").json == {
        "email": ADDRESS, "address_confirmed": True, "password": True, "authenticator_app": False, "passkeys": [],
        "identities": [], "recovery_codes_left": 0}


def test_the_wrong_password_learns_nothing(client: FlaskClient, session: Session, queue: Queue) -> None:
    register(client)

    def told(address: str, password: str) -> str:
        return sign_in(client, address, password).text.replace(address, "")

    client.get("/en/")
    assert told(ADDRESS, NEW) == told("nobody@example.org", NEW)
    assert "Confirm your address first" not in told(ADDRESS, NEW)


def test_a_program_is_refused_by_a_code(client: FlaskClient, session: Session, queue: Queue) -> None:
    newcomer(client, queue)
    answer = client.post("/en/account/login", json={"email": ADDRESS, "password": PASSWORD},
                         headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert answer.json["code"] == "address-not-confirmed"
    assert answer.json["detail"].startswith("Confirm your address first")
    assert not inside(client)


def test_registering_a_known_address_looks_the_same(client: FlaskClient, app: MoviePoint, session: Session,
                                                    inbox: Inbox, queue: Queue) -> None:
    confirmed = newcomer(client, queue, "old@example.org")
    client.get(confirmed)
    newcomer(client, queue, "waiting@example.org")
    pause(session)
    queue.clear()
    seen = []
    for address in ("unknown@example.org", "old@example.org", "waiting@example.org"):
        stranger = app.test_client()
        answer = register(stranger, address)
        seen.append((answer.status_code, answer.location, sorted(answer.headers.keys()),
                     stranger.get(answer.location).text.replace(address, "")))
    assert seen[0] == seen[1] == seen[2]
    deliver(queue)
    welcome, known, waiting = [mail.get_body(("plain",)).get_content() for mail in inbox.mails]  # type: ignore[union-attr]
    assert "has been made" in welcome
    assert "has an account already" in known
    assert "/account/confirm/" not in known
    assert "/account/confirm/" in waiting
    assert link_in(known, "reset")


def test_links_that_are_used_forged_or_expired(client: FlaskClient, session: Session, queue: Queue,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    link = newcomer(client, queue)
    for forged in (link[:-2], link.replace("confirm/", "confirm/x"), "/en/account/confirm/nothing.at.all"):
        assert "This link does not work." in client.get(client.get(forged).location).text
    with monkeypatch.context() as later:
        later.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time() + VALID.total_seconds()) + 1)
        page = client.get(client.get(link).location).text
    assert "This link has expired: it works for 2 days." in page
    assert 'name="send_confirmation_form"' in page
    assert sign_in(client).status_code == 200
    client.get(link)
    assert "has been used already" in client.get(client.get(link).location).text
    assert sign_in(client).status_code == 302


def test_a_link_confirms_its_own_account_and_no_other(client: FlaskClient, app: MoviePoint, session: Session,
                                                      queue: Queue) -> None:
    first = newcomer(client, queue, "first@example.org")
    newcomer(client, queue, "second@example.org")
    browser = app.test_client()
    browser.get(first)
    assert sign_in(browser, "first@example.org").status_code == 302
    assert sign_in(client, "second@example.org").status_code == 200
    with unit_of_work() as work:
        work.scalars(select(User).where(User.email == "second@example.org")).one().email = "third@example.org"
    second = link_in(str(queue[-1][1]["body"]))  # mailed to an address that the account no longer has
    client.get(second)
    assert sign_in(client, "third@example.org").status_code == 200


def test_the_link_is_sent_again_but_not_at_will(client: FlaskClient, session: Session, queue: Queue) -> None:
    newcomer(client, queue)
    client.get("/en/account/confirm")  # shows what is to be said of the registration
    queue.clear()

    def ask(address: str = ADDRESS) -> str:
        return client.post("/en/account/confirm", data={"email": address}).text.replace(address, "")

    too_early = ask()
    assert queue == []  # the first mail has only just left
    pause(session)
    sent = ask()
    register(client)
    ask()
    assert len(queue) == 1
    assert "a link is on its way" in sent
    assert sent == too_early == ask("nobody@example.org")
    client.get(link_in(str(queue[0][1]["body"])))
    assert sign_in(client).status_code == 302
    client.post("/en/account/logout")
    client.get("/en/account/confirm")
    pause(session)
    assert ask() == sent  # nothing more is to be confirmed, and nobody is told
    assert len(queue) == 1


def test_a_new_password_by_mail_confirms_too(client: FlaskClient, session: Session, queue: Queue) -> None:
    newcomer(client, queue)
    client.post("/en/account/reset", data={"email": ADDRESS})
    client.post(link_in(str(queue[-1][1]["body"]), "reset"), data={"password": NEW, "password_confirm": NEW})
    assert sign_in(client, password=NEW).status_code == 302


def confirmations(session: Session) -> list[tuple[str, str]]:
    """Return who has confirmed whose address, as history knows it."""
    return [(row.actor_name, row.label) for row in session.scalars(
        select(Revision).where(Revision.action == "address_confirmed").order_by(Revision.id))]


def test_history_knows_who_confirmed_an_address(client: FlaskClient, app: MoviePoint, session: Session, queue: Queue,
                                                sign_in: Callable[..., User]) -> None:
    by_link, by_password, by_hand = (f"{name}@example.org" for name in ("link", "password", "hand"))
    link = newcomer(client, queue, by_link)
    assert confirmations(session) == []
    for _twice in range(2):
        client.get(link)
    assert confirmations(session) == [(by_link, by_link)]
    newcomer(client, queue, by_password)
    client.post("/en/account/reset", data={"email": by_password})
    client.post(link_in(str(queue[-1][1]["body"]), "reset"), data={"password": NEW, "password_confirm": NEW})
    assert confirmations(session)[1:] == [(by_password, by_password)]
    newcomer(client, queue, by_hand)
    for _twice in range(2):
        app.test_cli_runner().invoke(user_group, ["confirm", by_hand])
    assert confirmations(session)[2:] == [(str(SYSTEM), by_hand)]
    sign_in("administrator")
    client.set_cookie("locale", "ru")
    assert "адрес подтверждён" in client.get("/admin/history/").text


@pytest.mark.parametrize(("locale", "words"), [("en", "The link works for 1 day."),
                                               ("ru", "Срок действия ссылки: 1 день.")])
def test_a_mailed_link_leads_to_the_site_whatever_the_host_header_says(
        client: FlaskClient, session: Session, make_user: Callable[..., User], queue: Queue, locale: str,
        words: str) -> None:
    user = make_user("member")
    client.post(f"/{locale}/account/reset", data={"email": user.email}, headers={"Host": "evil.example.net"})
    (_name, mail), = queue
    assert link_in(mail["body"], "reset").startswith(f"/{locale}/")
    assert words in mail["body"]
    assert words in mail["html"]
    assert "evil.example.net" not in mail["body"] + mail["html"]


def test_whoever_is_made_by_others_is_confirmed(app: MoviePoint, client: FlaskClient, session: Session,
                                                make_user: Callable[..., User], sign_in_as: Callable[[User], User],
                                                queue: Queue) -> None:
    boss = make_user("administrator")
    assert boss.confirmed_at is not None
    newcomer(client, queue)
    sign_in_as(boss)
    users = {row["email"]: row["confirmed"] for row in client.get("/api/v1/users").json["results"]}
    assert users == {boss.email: True, ADDRESS: False}
    runner = app.test_cli_runner()
    for words in ("is confirmed.", "was confirmed already."):
        assert words in runner.invoke(user_group, ["confirm", ADDRESS.upper()]).output
    assert "Nobody is registered" in runner.invoke(user_group, ["confirm", "nobody@example.org"]).output
    assert sign_in(app.test_client()).status_code == 302


def test_a_mail_may_leave_once_in_a_pause(session: Session, make_user: Callable[..., User]) -> None:
    user, now = make_user("member"), utcnow()
    assert services.claim_mail(session, user.id, now)
    assert not services.claim_mail(session, user.id, now + services.MAIL_PAUSE - timedelta(seconds=1))
    assert services.claim_mail(session, user.id, now + services.MAIL_PAUSE)
    assert not services.claim_mail(session, 0, now)


@pytest.mark.parametrize(("server", "wanted", "confirms"), [
    ("", True, False), ("mail.example.org", True, True), ("mail.example.org", False, False)])
def test_addresses_are_confirmed_only_where_mail_leaves(server: str, wanted: bool, confirms: bool) -> None:
    settings = Settings(mail_server=server, confirm_email=wanted)
    assert settings.confirms_email is confirms
    assert bool(notes(settings)) is not bool(server)
    assert notes(msgspec.structs.replace(settings, registration=False)) == []


@pytest.mark.parametrize("name", [CONFIRM, WELCOME, KNOWN])
def test_a_theme_may_have_words_of_its_own(app: MoviePoint, session: Session, tmp_path: Any, name: str,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    locate = app.theming.locate
    own = tmp_path / "own.txt"
    own.write_text(f"{{% extends 'core:{name}.txt' %}}{{% block greeting %}}Festival! {{{{ super() }}}}"
                   "{% endblock %}")
    monkeypatch.setattr(app.theming, "locate", lambda kind, wanted: own if (kind, wanted, app.theming.active()) == (
        "templates", f"{name}.txt", "festival") else locate(kind, wanted))
    with app.theming.showing("festival"), use_locale("ru"):
        text = render_template(f"{name}.txt", user=User(name="Ада", password="x"), confirmation_token="abc",
                               reset_token="def", site_name="S",
                               public_address=lambda endpoint, token: f"<{endpoint} {token}>")
    assert text.startswith("Festival! Здравствуйте, Ада!")
    assert "<security.confirm_email abc>" in text
