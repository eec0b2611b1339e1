"""Mail to members through a real mail server: in their language, once, gathered, and easy to stop."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts import notice_mail, notices
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.notice_models import Notice
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.catalog.schemas import EpisodeInput, SeasonInput, TextInput
from moviepoint.domains.community import tasks
from moviepoint.domains.community.models import Contribution
from moviepoint.domains.community.schemas.reviews import ReviewInput
from moviepoint.domains.community.services import contributions, moderation, profiles, reviews
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.policies import SYSTEM
from tests.smtp import Inbox, mail_server

Members = Callable[[int], list[User]]
SITE = "https://films.example.org"


@pytest.fixture
def inbox(app: MoviePoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    with mail_server(app, monkeypatch) as handler:
        yield handler


@pytest.fixture
def series(title_id: Callable[[str], int]) -> int:
    """Return the sample series; what it has already is no news."""
    tasks.announce()
    return title_id("les-vampires-1915")


def send(later: timedelta = timedelta()) -> None:
    """Let the clock's task run, as if so much time had passed."""
    with unit_of_work() as work:
        for row in work.scalars(select(Notice)):
            row.due_at -= later
            row.created_at -= later
            row.tried_at = row.tried_at - later if row.tried_at else None
    notice_mail.send_waiting()


def add_episode(session: Session, title_id: int, season: int, number: int, name: str = "", **more: Any) -> int:
    with unit_of_work() as work:
        row = work.scalar(select(Season).where(Season.title_id == title_id, Season.number == season))
        if row is None:
            row = services.save_season(work, SYSTEM, title_id, SeasonInput(number=season))
        texts = {"en": TextInput(name=name)} if name else {}
        return services.save_episode(work, SYSTEM, row.id, EpisodeInput(number=number, texts=texts, **more)).id


def follow(member: User, title_id: int, locale: str = "en") -> None:
    with unit_of_work() as work:
        member.locale = locale
        profiles.follow_title(work, member, title_id)


@pytest.mark.parametrize(("locale", "subject", "greeting", "kind"), [
    ("en", "New episodes of “The Vampires”", "Hello Viewer 0,", "New at “The Vampires”"),
    ("ru", "Новые серии: «Вампиры»", "Здравствуйте, Viewer 0!", "Новое в сериале «Вампиры»")])
def test_new_episodes_come_in_one_mail_in_the_readers_language(
        session: Session, series: int, members: Members, inbox: Inbox, locale: str, subject: str, greeting: str,
        kind: str) -> None:
    member, = members(1)
    follow(member, series, locale)
    for number in range(4, 9):
        add_episode(session, series, 2, number, f"Number <{number}>")
        tasks.announce()
    send()
    assert inbox.mails == []  # more of the same may come
    send(notices.SETTLE)
    mail, = inbox.mails
    assert (mail["Subject"], inbox.envelopes) == (subject, [[member.email]])
    plain, html = inbox.texts()
    assert all(greeting in text and kind in text for text in (plain, html))
    assert [part.get_content_type() for part in mail.walk() if not part.is_multipart()] == ["text/plain", "text/html"]
    assert f"{SITE}/{locale}/series/les-vampires-1915/season/2/episode/4" in plain
    assert "Number <8>" in plain
    assert "Number &lt;8&gt;" in html
    assert f'lang="{locale}"' in html
    assert mail["Content-Language"] == locale
    assert mail["Auto-Submitted"] == "auto-generated"


def test_a_new_season_is_called_one(session: Session, series: int, members: Members, inbox: Inbox) -> None:
    follow(members(1)[0], series)
    add_episode(session, series, 3, 1, "Back")
    tasks.announce()
    send(notices.SETTLE)
    assert inbox.mails[0]["Subject"] == "A new season of “The Vampires”"


def test_one_mail_in_a_day_and_the_rest_in_the_next(session: Session, series: int, members: Members,
                                                    inbox: Inbox) -> None:
    follow(members(1)[0], series)
    add_episode(session, series, 2, 4, "Four")
    tasks.announce()
    send(notices.SETTLE)
    add_episode(session, series, 2, 5, "Five")
    tasks.announce()
    send(timedelta(hours=2))
    assert len(inbox.mails) == 1
    add_episode(session, series, 2, 6, "Six")
    tasks.announce()
    send(notices.APART)
    assert len(inbox.mails) == 2
    plain = inbox.texts()[0]
    assert "Five" in plain
    assert "Six" in plain
    assert "Four" not in plain
    tasks.announce()
    send(notices.APART)
    assert len(inbox.mails) == 2  # nothing is told twice


def test_only_what_is_out_and_public_is_told(session: Session, series: int, members: Members, inbox: Inbox) -> None:
    follow(members(1)[0], series)
    coming = add_episode(session, series, 2, 4, "Coming", air_date=date.today() + timedelta(days=9))
    tasks.announce()
    send(notices.SETTLE)
    assert inbox.mails == []
    with unit_of_work() as work:
        work.get_one(Episode, coming).air_date = datetime.now(UTC).date()
    tasks.announce()
    with unit_of_work() as work:
        services.unpublish(work, SYSTEM, series)
    send(notices.SETTLE)
    assert inbox.mails == []  # it was taken back before the mail left
    assert [row.state for row in session.scalars(select(Notice))] == ["dropped"]


def test_who_does_not_follow_or_does_not_want_it_hears_nothing(session: Session, series: int, members: Members,
                                                               inbox: Inbox) -> None:
    wants, refuses, _stranger, gone = members(4)
    for member in (wants, refuses, gone):
        follow(member, series)
    with unit_of_work() as work:
        notices.choose(work, refuses.id, ["community.new_episodes"], {"community.new_episodes": False})
        gone.active = False
    add_episode(session, series, 2, 4)
    tasks.announce()
    send(notices.SETTLE)
    assert inbox.envelopes == [[wants.email]]


def test_who_has_stopped_to_follow_in_the_meantime_hears_nothing(session: Session, series: int, members: Members,
                                                                 inbox: Inbox) -> None:
    stays, leaves = members(2)
    for member in (stays, leaves):
        follow(member, series)
    add_episode(session, series, 2, 4)
    tasks.announce()
    with unit_of_work() as work:
        profiles.unfollow_title(work, leaves, series)
    send(notices.SETTLE)
    assert inbox.envelopes == [[stays.email]]


def test_the_cost_of_an_announcement_does_not_grow_with_followers(
        session: Session, series: int, members: Members,
        count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    costs = []
    for number in (4, 5, 6):
        for member in members(5):
            follow(member, series)
        add_episode(session, series, 2, number)
        with count_queries() as statements:
            tasks.announce()
        costs.append(len([statement for statement in statements if not statement.startswith("UPDATE")]))
    assert costs[1] == costs[2]
    assert len(session.scalars(select(Notice)).all()) == 15


def test_the_link_in_the_mail_stops_it_without_signing_in(client: FlaskClient, session: Session, series: int,
                                                          members: Members, inbox: Inbox, app: MoviePoint,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    member, = members(1)
    follow(member, series)
    add_episode(session, series, 2, 4)
    tasks.announce()
    send(notices.SETTLE)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    plain = inbox.texts()[0]
    address = re.search(rf"{SITE}(/en/mail/stop/\S+)", plain)
    assert address is not None
    page = client.get(address[1])
    assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert "Shall there be no more mail “New episodes of series that I follow”?" in page.text
    assert notices.wants(session, member.id, "community.new_episodes")  # looking at it stops nothing
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    assert client.post(address[1], data={"csrf_token": token[1]}).status_code == 303
    assert not notices.wants(session, member.id, "community.new_episodes")
    client.post(address[1], data={"csrf_token": token[1], "again": "1"})
    assert notices.wants(session, member.id, "community.new_episodes")


def test_a_mail_program_stops_it_with_one_click(client: FlaskClient, session: Session, series: int, members: Members,
                                                inbox: Inbox, app: MoviePoint, monkeypatch: pytest.MonkeyPatch) -> None:
    member, = members(1)
    follow(member, series)
    add_episode(session, series, 2, 4)
    tasks.announce()
    send(notices.SETTLE)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    mail = inbox.mails[0]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    raw = inbox.raw[0].decode("ascii")
    unfolded = re.sub(r"\r\n[ \t]+", " ", raw)
    header = re.search(rf"^List-Unsubscribe: +<{SITE}(/api/v1/notices/stop/[\w.-]+)>\r?$", unfolded, re.M)
    assert header is not None, "whole, as mail programs read it"
    fresh = app.test_client()
    assert fresh.post(header[1], data={"List-Unsubscribe": "One-Click"}).status_code == 204
    assert not notices.wants(session, member.id, "community.new_episodes")
    assert fresh.get(header[1]).location.startswith("/en/mail/stop/")
    assert fresh.post(header[1][:-2] + "xx").status_code == 404
    assert fresh.post("/api/v1/notices/stop/nonsense").status_code == 404


def review(author: User, title_id: int) -> int:
    with unit_of_work() as work:
        return reviews.save_review(work, author, title_id, ReviewInput(text="Cogs."), "en").id


def test_an_author_hears_why_a_review_was_taken_down_and_that_it_is_back(
        session: Session, metropolis: int, members: Members, make_user: Callable[..., User], inbox: Inbox,
        queue: list[tuple[str, dict[str, Any]]]) -> None:
    author, moderator = members(1)[0], make_user("moderator")
    author.locale = "ru"
    number = review(author, metropolis)
    with unit_of_work() as work:
        moderation.decide(work, moderator, number, "keep")  # reports that came to nothing
    assert queue == []
    with unit_of_work() as work:
        moderation.decide(work, moderator, number, "remove", "off <topic>")
    (name, arguments), = queue
    assert (name, arguments.keys()) == ("accounts.notice", {"notice_id"})
    notice_mail.send_notice(**arguments)
    assert inbox.mails[0]["Subject"] == "Ваша рецензия на «Метрополис» снята"
    plain, html = inbox.texts()
    assert "off <topic>" in plain
    assert "off &lt;topic&gt;" in html
    assert f"{SITE}/ru/reviews/{number}" in plain
    with unit_of_work() as work:
        moderation.decide(work, moderator, number, "mark")
    notice_mail.send_notice(**queue[-1][1])
    assert inbox.mails[1]["Subject"] == "Ваша рецензия на «Метрополис» опубликована"
    assert "раскрыт финал" in inbox.texts()[0]


@pytest.mark.parametrize(("decision", "subject"), [("approve", "“Own” is published"),
                                                   ("reject", "“Own” comes back to you")])
def test_an_uploader_hears_what_editors_decide(session: Session, catalogue: Session, members: Members,
                                               make_user: Callable[..., User], inbox: Inbox, decision: str,
                                               subject: str) -> None:
    owner, editor = members(1)[0], make_user("editor")
    with unit_of_work() as work:
        title = Title(kind="film", slug="own", original_title="Own", status="in_review", added_by_id=owner.id)
        work.add(title)
        work.flush()
        row = Contribution(user_id=owner.id, title_id=title.id, state="waiting", rights="own")
        work.add(row)
        work.flush()
        contributions.decide(work, editor, row.id, decision, "Too dark." if decision == "reject" else "")
    send()
    assert inbox.mails[0]["Subject"] == subject
    plain = inbox.texts()[0]
    assert ("Too dark." in plain) is (decision == "reject")
    path = "/en/films/own" if decision == "approve" else "/en/account/films/"
    assert f"{SITE}{path}" in plain


def test_no_name_breaks_into_the_headers(session: Session, metropolis: int, members: Members,
                                         make_user: Callable[..., User], inbox: Inbox) -> None:
    author = members(1)[0]
    number = review(author, metropolis)
    with unit_of_work() as work:
        title = work.get_one(Title, metropolis)
        title.texts[:] = []
        title.original_title = "Evil\r\nBcc: victim@example.org\r\n\r\n<b>body</b>"
        author.name = "N\r\nX-Header: 1"
        moderation.decide(work, make_user("moderator"), number, "remove", "no")
    send()
    mail, = inbox.mails
    assert inbox.envelopes == [[author.email]]
    assert mail["Bcc"] is None
    assert mail["X-Header"] is None
    assert mail["Subject"].startswith("Your review of “Evil Bcc: victim@example.org")


def test_a_refused_address_and_a_dead_server_lose_nothing_else(
        session: Session, metropolis: int, members: Members, make_user: Callable[..., User], inbox: Inbox,
        app: MoviePoint, monkeypatch: pytest.MonkeyPatch) -> None:
    authors, moderator = members(3), make_user("moderator")
    numbers = [review(author, metropolis) for author in authors]
    with unit_of_work() as work:
        for number in numbers:
            moderation.decide(work, moderator, number, "remove", "no")
    port = app.extensions["mail"].port
    monkeypatch.setattr(app.extensions["mail"], "port", 9)  # nobody listens
    send()
    states = [(row.state, row.tries) for row in session.scalars(select(Notice).order_by(Notice.id))]
    assert states == [("waiting", 1)] * 3
    monkeypatch.setattr(app.extensions["mail"], "port", port)
    inbox.answer = "451 Not now"
    send(timedelta(minutes=6))
    assert inbox.mails == []
    inbox.answer = "250 OK"
    inbox.refused = {authors[1].email}
    send()
    assert inbox.mails == []  # after each failure a longer while
    send(timedelta(minutes=11))
    assert sorted(to for envelope in inbox.envelopes for to in envelope) == [authors[0].email, authors[2].email]
    session.expire_all()
    assert [row.state for row in session.scalars(select(Notice).order_by(Notice.id))] == ["sent", "refused", "sent"]
    send(timedelta(days=1))
    assert len(inbox.mails) == 2


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), OperationalError("", {}, Exception("disk full"))])
def test_a_worker_that_dies_while_handing_over_sends_nothing_twice(
        fault: BaseException, session: Session, metropolis: int, members: Members, make_user: Callable[..., User],
        inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    number = review(members(1)[0], metropolis)
    with unit_of_work() as work:
        moderation.decide(work, make_user("moderator"), number, "remove", "no")

    def die(_work: Session, notice_id: int, state: str, now: datetime) -> None:
        raise fault

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(notices, "finish", die)
        notice_mail.send_waiting()
    assert len(inbox.mails) == 1
    notice_mail.send_waiting()
    send(notices.LOST + timedelta(minutes=1))
    session.expire_all()
    assert session.scalars(select(Notice.state)).one() == "unclear"
    assert len(inbox.mails) == 1


def test_a_notice_that_cannot_be_composed_holds_up_no_other(session: Session, metropolis: int, members: Members,
                                                            make_user: Callable[..., User], inbox: Inbox) -> None:
    member = members(1)[0]
    with unit_of_work() as work:
        notices.post(work, member.id, "community.review_judged", {})
        notices.post(work, member.id, "gone.plugin", {"x": 1})
    number = review(member, metropolis)
    with unit_of_work() as work:
        moderation.decide(work, make_user("moderator"), number, "remove", "no")
    send()
    assert len(inbox.mails) == 1
    assert [row.state for row in session.scalars(select(Notice).order_by(Notice.id))] == ["waiting", "dropped", "sent"]


def test_long_over_is_forgotten(session: Session, members: Members) -> None:
    with unit_of_work() as work:
        row = notices.post(work, members(1)[0].id, "x", {})
        row.state, row.created_at = "sent", utcnow() - notices.KEPT - timedelta(days=1)
    with unit_of_work() as work:
        notices.tidy(work, utcnow())
    assert session.scalars(select(Notice.id)).all() == []


def test_each_chooses_which_mail_they_get(client: FlaskClient, session: Session, sign_in: Callable[..., User]) -> None:
    assert client.get("/en/account/mail/").status_code == 302
    assert client.get("/api/v1/account/notices").status_code == 401
    user = sign_in("member")
    page = client.get("/ru/account/mail/").text
    assert page.count("checked") == 3
    assert "О новых сериях того, за чем я слежу" in page
    client.post("/ru/account/mail/", data={"kind": ["community.review_judged"]})
    assert notices.choices(session, user.id) == {"community.review_judged": True, "community.new_episodes": False,
                                                 "community.contribution_decided": False}
    answer = client.patch("/api/v1/account/notices", json={"wanted": {"community.new_episodes": True}})
    assert {row["kind"]: row["wanted"] for row in answer.json} == {
        "community.review_judged": True, "community.new_episodes": True, "community.contribution_decided": False}
    for name in ("accounts.sign_in_changed", "nonsense"):
        assert client.patch("/api/v1/account/notices", json={"wanted": {name: False}}).status_code == 404
    assert client.patch("/api/v1/account/notices", json={"wanted": "x"}).status_code == 422
