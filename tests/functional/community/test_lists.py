"""Watchlist, lists, diary: on pages and by API, and who sees them."""
from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.community.models import DiaryEntry, ListItem, Rating, UserList
from moviepoint.domains.community.schemas.lists import DiaryInput, ListInput
from moviepoint.domains.community.services import diary, lists, profiles
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from moviepoint.kernel.policies import SYSTEM

PAGE = "/en/films/metropolis-1927"
SignIn = Callable[..., User]


def test_a_title_goes_to_the_watchlist_and_off_it(client: FlaskClient, metropolis: int, sign_in: SignIn) -> None:
    sign_in("member")
    assert "Watch later" in client.get(PAGE).text
    client.post(f"/en/account/lists/watchlist/{metropolis}", data={"back": PAGE})
    assert "On your watchlist" in client.get(PAGE).text
    shown = client.get("/en/account/lists/watchlist", follow_redirects=True)
    assert "Metropolis" in shown.text
    assert "only you see it" in shown.text
    client.post(f"/en/account/lists/watchlist/{metropolis}", data={"back": PAGE, "remove": 1})
    assert "Watch later" in client.get(PAGE).text


def test_a_list_is_made_filled_ordered_and_shown_to_others(client: FlaskClient, session: Session, metropolis: int,
                                                           title_id: Callable[[str], int], sign_in: SignIn) -> None:
    moon = title_id("le-voyage-dans-la-lune-1902")
    sign_in("member")
    made = client.post("/en/account/lists/", data={"name": "Machines <b>", "about": "Cogs.", "ranked": 1})
    number = int(made.location.rsplit("/", 1)[1])
    for title in (metropolis, moon):
        client.post(f"/en/account/lists/keep/{title}", data={"lists": [number]})
    client.post(f"/en/account/lists/{number}", data={
        "name": "Machines <b>", "about": "Cogs.", "public": 1, "ranked": 1, f"place-{metropolis}": "2",
        f"place-{moon}": "1", f"note-{moon}": "The first <script>"})
    assert session.scalars(select(ListItem.title_id).where(ListItem.list_id == number)
                           .order_by(ListItem.position)).all() == [moon, metropolis]
    client.delete_cookie("session")
    text = client.get(f"/en/lists/{number}").text
    assert "Machines &lt;b&gt;" in text
    assert "The first &lt;script&gt;" in text
    assert text.index("A Trip to the Moon") < text.index("Metropolis")


def test_a_private_list_is_not_there_for_others(client: FlaskClient, metropolis: int, sign_in: SignIn,
                                                members: Callable[[int], list[User]]) -> None:
    owner, other = members(2)
    with unit_of_work() as session:
        hidden = lists.save_list(session, owner, ListInput(name="Mine"))
        shown = lists.save_list(session, owner, ListInput(name="Ours", public=True))
        lists.add(session, owner, hidden.id, metropolis)
        for wrong, error in ((hidden.id, NotFound), (shown.id, Forbidden), (2**31 - 1, NotFound)):
            for write in (lambda n: lists.add(session, other, n, metropolis),
                          lambda n: lists.save_list(session, other, ListInput(name="x"), n),
                          lambda n: lists.delete_list(session, other, n),
                          lambda n: lists.arrange(session, other, n, [])):
                with pytest.raises(error):
                    write(wrong)
        with pytest.raises(NotFound):
            lists.keep_in(session, other, metropolis, [hidden.id])
    assert client.get(f"/en/lists/{hidden.id}").status_code == 404
    assert client.get(f"/api/v1/lists/{hidden.id}").status_code == 404
    assert client.get(f"/api/v1/lists/{hidden.id}/items").status_code == 404
    assert client.get(f"/en/lists/{shown.id}").status_code == 200
    assert [row["name"] for row in client.get("/api/v1/lists").json["results"]] == ["Ours"]
    with unit_of_work() as session:  # a member who keeps to themselves hides their lists too
        profiles.ensure_profile(session, owner).visibility = "private"
    assert client.get(f"/en/lists/{shown.id}").status_code == 404


def test_the_api_keeps_lists_and_refuses_what_is_wrong(client: FlaskClient, metropolis: int,
                                                       title_id: Callable[[str], int], sign_in: SignIn) -> None:
    assert client.post("/api/v1/lists", json={"name": "x"}).status_code == 401
    sign_in("member")
    made = client.post("/api/v1/lists", json={"name": "Ufa", "public": True}).json
    moon = title_id("le-voyage-dans-la-lune-1902")
    for title in (metropolis, moon, metropolis):
        assert client.put(f"/api/v1/lists/{made['id']}/items/{title}").status_code == 204
    client.put(f"/api/v1/lists/{made['id']}/order", json={"title_ids": [moon]})
    client.patch(f"/api/v1/lists/{made['id']}/items/{moon}", json={"note": "short"})
    items = client.get(f"/api/v1/lists/{made['id']}/items").json["results"]
    assert [(item["title_id"], item["note"]) for item in items] == [(moon, "short"), (metropolis, "")]
    assert client.get(f"/api/v1/lists/{made['id']}").json["titles"] == 2
    for body in ({"name": ""}, {"name": "x" * 121}, {"name": "x", "user_id": 1}, {}):
        assert client.post("/api/v1/lists", json=body).status_code == 422
    assert client.put(f"/api/v1/lists/{made['id']}/items/{title_id('a-draft-1930')}").status_code == 404
    assert client.put(f"/api/v1/lists/{made['id']}/order", json={"title_ids": [0, 2**40]}).status_code == 422
    watch = client.get("/api/v1/watchlist").json
    assert client.delete(f"/api/v1/lists/{watch['id']}").status_code == 409
    assert client.delete(f"/api/v1/lists/{made['id']}").status_code == 204


def test_lists_and_items_have_limits(metropolis: int, members: Callable[[int], list[User]],
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    [owner] = members(1)
    monkeypatch.setattr(lists, "MOST_LISTS", 1)
    monkeypatch.setattr(lists, "MOST_ITEMS", 0)
    with unit_of_work() as session:
        one = lists.save_list(session, owner, ListInput(name="One"))
        with pytest.raises(Invalid):
            lists.save_list(session, owner, ListInput(name="Two"))
        with pytest.raises(Invalid):
            lists.add(session, owner, one.id, metropolis)
        with pytest.raises(Conflict):
            lists.delete_list(session, owner, lists.watchlist(session, owner).id)


def test_a_viewing_is_written_down_and_rates(client: FlaskClient, session: Session, metropolis: int,
                                             sign_in: SignIn) -> None:
    member = sign_in("member")
    answer = client.post(f"/en/account/diary/new/{metropolis}", data={
        "watched_on": "2026-11-01", "rating": "9", "tags": "silent, big screen, silent"})
    assert answer.location.endswith("metropolis-1927")
    entry = session.scalars(select(DiaryEntry)).one()
    assert (entry.watched_on, entry.rating, entry.tags) == (date(2026, 11, 1), 9, ["silent", "big screen"])
    assert session.scalars(select(Rating.value)).one() == 9
    client.post(f"/en/account/diary/{entry.id}", data={"watched_on": "", "rewatch": 1})
    session.expire_all()
    assert (entry.watched_on, entry.rewatch, entry.rating) == (None, True, None)
    text = client.get("/en/account/me", follow_redirects=True).text
    assert "once" in text
    assert "Metropolis" in text
    client.post(f"/en/account/diary/{entry.id}/delete")
    assert session.scalars(select(DiaryEntry).where(DiaryEntry.user_id == member.id)).all() == []


@pytest.mark.parametrize(("field", "value"), [
    ("watched_on", "1800-01-01"), ("watched_on", (utcnow() + timedelta(days=3)).date().isoformat()),
    ("watched_on", "yesterday"), ("rating", "11"), ("rating", "x"), ("tags", "t" * 61)])
def test_a_viewing_that_cannot_be_is_said_at_its_field(client: FlaskClient, session: Session, metropolis: int,
                                                       sign_in: SignIn, field: str, value: str) -> None:
    sign_in("member")
    answer = client.post(f"/en/account/diary/new/{metropolis}", data={"watched_on": "2026-11-01", field: value})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert session.scalars(select(DiaryEntry)).all() == []


def test_nobody_writes_in_anothers_diary(client: FlaskClient, metropolis: int, sign_in: SignIn,
                                         members: Callable[[int], list[User]]) -> None:
    [other] = members(1)
    with unit_of_work() as session:
        entry = diary.log(session, other, DiaryInput(title_id=metropolis, watched_on=date(2026, 1, 1)))
    sign_in("member")
    assert client.get(f"/en/account/diary/{entry.id}").status_code == 404
    assert client.post(f"/en/account/diary/{entry.id}/delete").status_code == 404
    assert client.delete(f"/api/v1/diary/{entry.id}").status_code == 404
    assert client.put(f"/api/v1/diary/{entry.id}", json={"title_id": metropolis}).status_code == 404
    handle = profiles.ensure_profile(session, other).handle
    assert len(client.get(f"/api/v1/diary?member={handle}").json["results"]) == 1
    with unit_of_work() as session:
        profiles.ensure_profile(session, other).shows_diary = False
    assert client.get(f"/api/v1/diary?member={handle}").status_code == 404
    assert client.get(f"/en/members/{handle}/diary").status_code == 404


def test_what_is_not_public_any_more_is_not_listed(client: FlaskClient, metropolis: int,
                                                   members: Callable[[int], list[User]]) -> None:
    [owner] = members(1)
    with unit_of_work() as session:
        found = lists.save_list(session, owner, ListInput(name="Ours", public=True))
        lists.add(session, owner, found.id, metropolis)
        diary.log(session, owner, DiaryInput(title_id=metropolis))
        handle = profiles.ensure_profile(session, owner).handle
    assert "Metropolis" in client.get(f"/en/members/{handle}").text
    with unit_of_work() as session:
        catalog.unpublish(session, SYSTEM, metropolis)
    assert "Metropolis" not in client.get(f"/en/members/{handle}").text + client.get(f"/en/lists/{found.id}").text
    assert client.get(f"/api/v1/lists/{found.id}").json["titles"] == 0


def test_pages_of_lists_do_not_grow_in_queries(client: FlaskClient, session: Session, metropolis: int,
                                               title_id: Callable[[str], int], count_queries: Callable[[], object],
                                               members: Callable[[int], list[User]]) -> None:
    [owner] = members(1)
    titles = [metropolis, title_id("le-voyage-dans-la-lune-1902"), title_id("haxan-1922")]

    def more(count: int) -> None:
        with unit_of_work() as work:
            for number in range(count):
                made = lists.save_list(work, owner, ListInput(name=f"List {number}", public=True))
                for title in titles:
                    lists.add(work, owner, made.id, title)
                    diary.log(work, owner, DiaryInput(title_id=title, rating=5))

    more(1)
    handle = profiles.ensure_profile(session, owner).handle
    number = session.scalars(select(UserList.id)).first()
    for path in (f"/en/members/{handle}", f"/en/members/{handle}/lists", f"/en/lists/{number}"):
        client.get(path)
        with count_queries() as before:  # type: ignore[attr-defined]
            assert client.get(path).status_code == 200
        more(4)
        with count_queries() as after:  # type: ignore[attr-defined]
            client.get(path)
        assert len(after) == len(before) <= 18, "\n".join(before)
