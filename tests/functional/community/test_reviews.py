"""Reviews: what they may hold, who sees them, how readers and moderators judge them."""
from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.community.markup import TAGS, rendered
from moviepoint.domains.community.models import Review, ReviewReport, ReviewText, ReviewVote
from moviepoint.domains.community.schemas.reviews import ReportInput, ReviewInput
from moviepoint.domains.community.services import moderation, reviews
from moviepoint.domains.history.models import Revision
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated

PAGE = "/en/films/metropolis-1927"
Members = Callable[[int], list[User]]
SignIn = Callable[..., User]


def written(author: User, title_id: int, text: str = "A **city** of cogs.", *, spoiler: bool = False,
            locale: str = "en") -> Review:
    """Write a review."""
    with unit_of_work() as session:
        return reviews.save_review(session, author, title_id, ReviewInput(text=text, spoiler=spoiler), locale)


def test_a_review_is_written_changed_and_deleted(client: FlaskClient, session: Session, metropolis: int,
                                                 sign_in: SignIn) -> None:
    sign_in("member")
    form = {"text": "A *city* of cogs.\r\n\r\n> Heads and hands", "locale": "en"}
    shown = client.post(f"/en/reviews/write/{metropolis}", data=form)
    assert "<em>city</em>" in client.get(PAGE).text
    client.post(f"/en/reviews/write/{metropolis}", data=form | {"text": "The heart is missing.", "spoiler": 1})
    review = session.scalars(select(Review)).one()
    assert [row.text for row in session.scalars(select(ReviewText))] == ["A *city* of cogs.\n\n> Heads and hands"]
    assert review.spoiler
    assert review.edited_at is not None
    text = client.get(shown.location).text
    assert "What it said before" in text
    assert "edited" in text
    assert "<details" in client.get(PAGE).text
    client.post(f"/en/reviews/{review.id}/delete", data={"back": PAGE})
    assert session.scalars(select(ReviewText)).all() == session.scalars(select(Review)).all() == []


@pytest.mark.parametrize(("text", "wanted"), [
    ("<script>alert(1)</script>", "&lt;script&gt;"), ("<img src=x onerror=alert(1)>", "&lt;img"),
    ("[x](javascript:alert(1))", "[x](javascript:alert(1))"), ("[x](https://a.example)", 'rel="nofollow ugc noopener"'),
    ("![x](https://a.example/y.png)", 'href="https://a.example/y.png"'), ("# Loud", "# Loud"),
    ("[x](data:text/html;base64,AAAA)", "<p>"), ("<a href='https://x' onclick='y'>z</a>", "&lt;a href"),
    ("`<b>`", "<code>&lt;b&gt;</code>"), ("a\nb", "<br>")])
def test_markup_is_harmless(text: str, wanted: str) -> None:
    html = rendered(text)
    assert wanted in html
    for name, attributes in re.findall(r"<(\w+)([^>]*)>", html):
        assert name in TAGS
        assert re.fullmatch(r'( href="https?://[^"]*" rel="nofollow ugc noopener")?', attributes)


def test_a_megabyte_with_script_is_refused_and_nothing_is_written(client: FlaskClient, session: Session,
                                                                  metropolis: int, sign_in: SignIn) -> None:
    sign_in("member")
    evil = "<script>alert(1)</script>" * 50_000
    assert client.post(f"/en/reviews/write/{metropolis}", data={"text": evil}).status_code == 422
    assert client.put(f"/api/v1/titles/{metropolis}/review", json={"text": evil}).status_code == 422
    answer = client.post(f"/en/reviews/write/{metropolis}", data={"text": evil[:30_000], "locale": "en"})
    assert answer.status_code == 422
    assert "At most 20000 characters." in answer.text
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text  # what was typed is still there
    for wrong in ({"text": " \u0000 ", "locale": "en"}, {"text": "x", "locale": "xx-nowhere"}, {"locale": "en"}):
        assert client.post(f"/en/reviews/write/{metropolis}", data=wrong).status_code == 422
    assert session.scalars(select(Review)).all() == []


def test_a_review_in_another_language_says_so(client: FlaskClient, metropolis: int, members: Members) -> None:
    written(members(1)[0], metropolis, "Шестерни города.", locale="ru")
    text = client.get(PAGE).text
    assert '<div class="review__text" lang="ru" dir="ltr">' in text
    assert "Russian" in text
    assert 'class="review__text" lang' not in client.get(PAGE.replace("/en/", "/ru/")).text


def test_wilsons_bound_is_the_published_one() -> None:
    assert reviews.wilson(0, 0) == 0
    assert reviews.wilson(1, 1) == pytest.approx(.2065, abs=1e-4)
    assert reviews.wilson(8, 10) == pytest.approx(.4902, abs=1e-4)
    assert reviews.wilson(80, 100) > reviews.wilson(8, 10) > reviews.wilson(1, 1)
    assert reviews.wilson(0, 10) == pytest.approx(0, abs=1e-9)


def test_helpful_reviews_come_first_and_nobody_votes_twice(client: FlaskClient, session: Session, metropolis: int,
                                                           members: Members) -> None:
    people = members(14)
    few, many = written(people[0], metropolis, "Few."), written(people[1], metropolis, "Many.")
    with unit_of_work() as work:
        reviews.vote(work, people[2], few.id, True)
        for number, reader in enumerate(people[2:]):
            reviews.vote(work, reader, many.id, number > 1)
            reviews.vote(work, reader, many.id, number > 1)
        with pytest.raises(Invalid):
            reviews.vote(work, people[0], few.id, True)
    assert (many.helpful, many.unhelpful) == (10, 2)
    text = client.get(f"/en/reviews/of/{metropolis}").text
    assert text.index("Many.") < text.index("Few.")
    text = client.get(f"/en/reviews/of/{metropolis}?order=new").text
    assert text.index("Many.") < text.index("Few.")
    with unit_of_work() as work:
        reviews.vote(work, people[2], few.id, None)
    assert few.rank == 0
    assert len(session.scalars(select(ReviewVote)).all()) == 12


def test_votes_and_reports_on_the_page(client: FlaskClient, session: Session, metropolis: int, members: Members,
                                       sign_in: SignIn) -> None:
    review = written(members(1)[0], metropolis)
    sign_in("member")
    client.post(f"/en/reviews/{review.id}/vote", data={"helpful": "yes", "back": PAGE})
    assert "Helpful · 1" in client.get(PAGE).text
    client.post(f"/en/reviews/{review.id}/vote", data={"helpful": "", "back": PAGE})
    assert "Helpful · 0" in client.get(PAGE).text
    assert "What is wrong with it?" in client.get(f"/en/reviews/{review.id}/report").text
    answer = client.post(f"/en/reviews/{review.id}/report", data={"reason": "spam", "note": "Buy!", "back": PAGE})
    assert answer.location == PAGE
    assert client.post(f"/en/reviews/{review.id}/report", data={"reason": "ugly"}).status_code == 422
    assert [row.note for row in session.scalars(select(ReviewReport))] == ["Buy!"]


def test_three_readers_put_a_review_away_until_a_moderator_has_looked(client: FlaskClient, metropolis: int,
                                                                      members: Members, sign_in: SignIn) -> None:
    people = members(4)
    review = written(people[0], metropolis, "Contested.")
    with unit_of_work() as session:
        for reader in (people[1], people[1], people[2]):
            reviews.report(session, reader, review.id, ReportInput(reason="abuse"))
    assert "Contested." in client.get(PAGE).text
    with unit_of_work() as session:
        reviews.report(session, people[3], review.id, ReportInput(reason="spoiler"))
    assert "Contested." not in client.get(PAGE).text
    assert client.get(f"/en/reviews/{review.id}").status_code == 404
    sign_in("moderator")
    assert client.get("/api/v1/moderation/reviews").json["results"][0]["reports"] == ["abuse", "abuse", "spoiler"]
    client.post(f"/admin/reviews/{review.id}/decide", data={"decision": "keep"})
    client.delete_cookie("session")
    assert "Contested." in client.get(PAGE).text


def test_a_moderator_decides_with_a_reason_that_stands_in_the_trail(client: FlaskClient, session: Session,
                                                                    metropolis: int, members: Members,
                                                                    sign_in: SignIn, sign_in_as: SignIn) -> None:
    [author] = members(1)
    review = written(author, metropolis, "Buy cogs at cogs.example!")
    moderator = sign_in("moderator")
    client.post(f"/admin/reviews/{review.id}/decide", data={"decision": "remove"})  # without a reason
    assert session.get_one(Review, review.id, populate_existing=True).state == "published"
    assert "Say why, for its author." in client.get("/admin/reviews/?which=all").text
    client.post(f"/admin/reviews/{review.id}/decide", data={"decision": "remove", "reason": "It advertises."})
    trail = session.scalars(select(Revision).where(Revision.entity == "review")).one()
    assert (trail.action, trail.actor_id, trail.entity_id) == ("review_removed", moderator.id, review.id)
    assert "cogs.example" not in str(trail.document) + str(trail.changes)
    assert "It advertises." in client.get("/admin/reviews/?which=removed").text
    sign_in_as(author)
    assert "It advertises." in client.get(f"/en/reviews/{review.id}").text
    client.post(f"/en/reviews/write/{metropolis}", data={"text": "Cogs, and no shop.", "locale": "en"})
    assert session.get_one(Review, review.id, populate_existing=True).state == "held"  # not public by its change
    client.delete_cookie("session")
    assert "Cogs, and no shop." not in client.get(PAGE).text


def test_only_moderators_moderate(client: FlaskClient, metropolis: int, members: Members, sign_in: SignIn) -> None:
    author, other = members(2)
    review = written(author, metropolis)
    with unit_of_work() as session:
        for actor, error in ((other, Forbidden), (author, Forbidden)):
            with pytest.raises(error):
                moderation.decide(session, actor, review.id, "remove", "because")
        with pytest.raises(Forbidden):
            reviews.delete_review(session, other, review.id)
        with pytest.raises(Unauthenticated):
            reviews.vote(session, None, review.id, True)
    assert client.get("/api/v1/moderation/reviews").status_code == 401
    sign_in("member")
    assert client.get("/admin/reviews/").status_code == 403
    assert client.get("/api/v1/moderation/reviews").status_code == 403
    assert client.post(f"/api/v1/moderation/reviews/{review.id}", json={"decision": "keep"}).status_code == 403


def test_the_api_reviews(client: FlaskClient, metropolis: int, title_id: Callable[[str], int],
                         sign_in: SignIn) -> None:
    assert client.put(f"/api/v1/titles/{metropolis}/review", json={"text": "x"}).status_code == 401
    sign_in("member")
    made = client.put(f"/api/v1/titles/{metropolis}/review?language=ru", json={"text": "Шестерни."}).json
    assert (made["locale"], made["state"], made["html"]) == ("ru", "published", "<p>Шестерни.</p>\n")
    assert "@" not in made["author"]
    assert client.get(f"/api/v1/reviews?title_id={metropolis}").json["total_results"] == 1
    assert client.put(f"/api/v1/reviews/{made['id']}/vote", json={"helpful": True}).status_code == 422
    for title in (title_id("a-draft-1930"), 2**31 - 1):
        assert client.put(f"/api/v1/titles/{title}/review", json={"text": "x"}).status_code == 404
    assert client.get("/api/v1/reviews/2147483647").status_code == 404
    assert client.delete(f"/api/v1/reviews/{made['id']}").status_code == 204


def test_forged_ids_find_nothing(session: Session, metropolis: int, members: Members) -> None:
    [reader] = members(1)
    with unit_of_work() as work:
        for call in (lambda: reviews.vote(work, reader, 2**31 - 1, True),
                     lambda: reviews.report(work, reader, 2**31 - 1, ReportInput(reason="spam")),
                     lambda: reviews.delete_review(work, reader, 2**31 - 1)):
            with pytest.raises(NotFound):
                call()
