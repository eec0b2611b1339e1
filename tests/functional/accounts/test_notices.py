"""Mail about the account itself: told in the reader's language, by bytes that every server takes."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from smtplib import SMTPRecipientsRefused
from typing import Any

import msgspec
import pytest
from flask import render_template
from flask.testing import FlaskClient
from flask_security import hash_password
from sqlalchemy import select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from moviepoint.app import MoviePoint
from moviepoint.cli.check import mail_faults
from moviepoint.domains.accounts import notice_mail, notices, second_factor, tasks
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.notice_models import Notice
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.i18n import use_locale
from tests.smtp import Inbox, mail_server

Queue = list[tuple[str, dict[str, Any]]]
OLD, NEW = "an unusually long sentence 7", "another unusually long one 8"


@pytest.fixture
def inbox(app: MoviePoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    with mail_server(app, monkeypatch) as handler:
        yield handler


def test_a_new_password_is_told_in_both_ways_that_it_comes_about(
        client: FlaskClient, session: Session, sign_in: Callable[..., User], inbox: Inbox, queue: Queue) -> None:
    user = sign_in("member")
    with unit_of_work():
        user.password, user.locale, user.name = hash_password(OLD), "ru", "Ада"
    client.post("/en/account/change", data={"password": OLD, "new_password": NEW, "new_password_confirm": NEW})
    (name, arguments), = queue
    assert name == notices.SEND
    notice_mail.send_notice(**arguments)
    mail, = inbox.mails
    assert mail["Subject"] == "Вход в вашу учётную запись изменился"
    plain, html = inbox.texts()
    assert "Здравствуйте, Ада!" in plain
    assert "Пароль вашей учётной записи изменён." in html
    assert "https://films.example.org/ru/account/security" in plain
    assert mail["List-Unsubscribe"] is None  # nobody can do without it
    assert notice_mail.kinds()["accounts.sign_in_changed"] not in notice_mail.optional()


def test_every_byte_of_a_russian_mail_is_one_that_old_servers_take(
        session: Session, make_user: Callable[..., User], inbox: Inbox) -> None:
    user = make_user("member")
    with unit_of_work() as work:
        user.locale, user.name = "ru", "Ёлка " * 15
        notices.post(work, user.id, "accounts.sign_in_changed", {"what": "password_changed", "at": ""})
    notice_mail.send_waiting()
    raw = inbox.raw[0]
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    head = raw.partition(b"\r\n\r\n")[0].decode()
    assert all(len(word) <= 75 for word in re.findall(r"=\?\S+\?=", head))
    assert "Ёлка Ёлка" in inbox.texts()[0]


def test_a_second_factor_taken_away_is_told(session: Session, make_user: Callable[..., User], inbox: Inbox) -> None:
    boss, user = make_user("administrator"), make_user("member")
    with unit_of_work() as work:
        second_factor.reset(work, boss, user.id)
    notice_mail.send_waiting()
    assert inbox.envelopes == [[user.email]]
    assert "An administrator has taken away" in inbox.texts()[0]


def test_without_a_mail_server_it_is_written_to_the_log_once(session: Session, make_user: Callable[..., User]) -> None:
    with unit_of_work() as work:
        notices.post(work, make_user("member").id, "accounts.sign_in_changed", {"what": "password_changed"})
    with capture_logs() as lines:
        notice_mail.send_waiting()
        notice_mail.send_waiting()
    assert [line["subject"] for line in lines if "mail not sent" in line["event"]] == [
        "The sign-in to your account has changed"]
    assert session.scalars(select(Notice.state)).one() == "sent"


def test_whoever_comes_second_sends_nothing(session: Session, make_user: Callable[..., User], inbox: Inbox) -> None:
    with unit_of_work() as work:
        row = notices.post(work, make_user("member").id, "accounts.sign_in_changed", {"what": "password_changed"})
    with unit_of_work() as work:
        assert notices.claim(work, row.id, row.due_at)
        assert not notices.claim(work, row.id, row.due_at)
    notice_mail.send_notice(row.id)
    assert inbox.mails == []


def test_a_lost_password_is_asked_for_again_until_the_server_answers(app: MoviePoint, session: Session,
                                                                     inbox: Inbox) -> None:
    task = app.extensions["moviepoint.tasks"].huey._registry.string_to_task(
        next(name for name in app.extensions["moviepoint.tasks"].huey._registry._registry if "accounts.mail" in name))
    assert (task.default_retries, task.default_retry_delay) == (8, 300)
    inbox.answer = "451 Not now"
    with pytest.raises(OSError, match="Not now"):  # the queue runs it again
        tasks.send_mail("Subject", "a@example.org", "Body")
    inbox.refused = {"a@example.org"}
    try:
        tasks.send_mail("Subject", "a@example.org", "Body")
    except SMTPRecipientsRefused:
        pytest.fail("an address that is refused is not asked for again")


def test_a_theme_may_have_words_of_its_own(app: MoviePoint, session: Session, tmp_path: Any,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    folder = app.theming.themes["festival"].folder
    locate = app.theming.locate

    def with_own(kind: str, name: str) -> Any:
        if (kind, name, app.theming.active()) == ("templates", "accounts/mail/notice.txt", "festival"):
            own = tmp_path / "notice.txt"
            own.write_text("{% extends 'core:accounts/mail/notice.txt' %}"
                           "{% block greeting %}Festival! {{ super() }}{% endblock %}")
            return own
        return locate(kind, name)

    monkeypatch.setattr(app.theming, "locate", with_own)
    assert folder.is_dir()
    with app.theming.showing("festival"), use_locale("en"):
        text = render_template("accounts/mail/sign_in_changed.txt", sentence="S", at="", security_url="u",
                               forgot_url="f")
    assert text.startswith("Festival! Hello,")
    assert "S (" in text


def test_check_says_whether_mail_can_leave(app: MoviePoint, inbox: Inbox) -> None:
    settings = msgspec.structs.replace(app.extensions["moviepoint.settings"], mail_port=app.extensions["mail"].port)
    assert list(mail_faults(settings)) == []
    fault, = mail_faults(msgspec.structs.replace(settings, base_url="http://127.0.0.1:8000"))
    assert fault.name == "base_url"
    for wrong in ({"mail_port": 9}, {"mail_use_tls": True}, {"mail_username": "a", "mail_password": "b"}):
        fault, = mail_faults(msgspec.structs.replace(settings, **wrong))
        assert (fault.name, "does not take mail" in fault.problem) == ("mail_server", True), wrong
    assert list(mail_faults(msgspec.structs.replace(settings, mail_server=""))) == []
    assert inbox.mails == []


def test_operators_see_how_mail_stands(client: FlaskClient, session: Session, make_user: Callable[..., User],
                                       sign_in: Callable[..., User]) -> None:
    member = make_user("member")
    with unit_of_work() as work:
        for state in ("sent", "sent", "refused", "unclear", "dropped"):
            notices.post(work, member.id, "accounts.sign_in_changed", {}).state = state
    sign_in("editor")
    assert "Lost by a worker that died" not in client.get("/admin/").text
    sign_in("administrator")
    page = client.get("/admin/").text
    found = dict(re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", page))
    assert {name: found[name] for name in ("Sent this week", "Waiting to leave", "Refused this week",
                                           "Lost by a worker that died")} == {
        "Sent this week": "2", "Waiting to leave": "0", "Refused this week": "1", "Lost by a worker that died": "1"}
    assert "No mail server is set" in page
    headings = re.findall(r"<h2>([^<]+)</h2>", page)
    assert headings.index("Mail") > headings.index("Catalogue")  # editors' own work comes first
