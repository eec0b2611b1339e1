"""Saved views, cells changed in place, and work on all that the filters find."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.catalog import services, tasks
from moviepoint.domains.catalog.finding import canonical
from moviepoint.domains.catalog.models import BulkRun, Collection, CollectionItem, SavedView, Title, TitleGenre
from moviepoint.domains.catalog.schemas import BulkInput, CollectionInput, TermInput, TitleInput
from moviepoint.domains.catalog.services import desk
from moviepoint.domains.history.models import Revision
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, MoviePointError
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert

Queue = list[tuple[str, dict[str, object]]]
COUNT = 7


@pytest.fixture
def titles(session: Session, queue: Queue) -> Iterator[list[int]]:
    with unit_of_work() as work:
        services.save_genre(work, SYSTEM, TermInput(names={"en": "Drama"}))
        services.save_collection(work, SYSTEM, convert(CollectionInput, {"texts": {"en": {"name": "Set"}}}))
        made = [services.save_title(work, SYSTEM, convert(TitleInput, {
            "kind": "film", "original_title": f"Title {n}", "year": 1920 + n, "texts": {"ru": {"name": f"Имя {n}"}}}))
            for n in range(COUNT)]
    queue.clear()
    yield [title.id for title in made]


@pytest.fixture
def editor(client: FlaskClient, sign_in: Callable[..., User], titles: list[int]) -> User:
    client.set_cookie("locale", "en")
    return sign_in("editor")


def version(session: Session, title_id: int) -> int:
    session.expire_all()
    return session.get_one(Title, title_id).version


# -- saved views


def keep(client: FlaskClient, name: str, query: str = "status=draft&sort=-year", shared: str = "") -> TestResponse:
    return client.post("/admin/titles/views", data={"name": name, "query": query, "shared": shared})


def test_a_view_is_kept_shown_renamed_and_deleted(client: FlaskClient, session: Session, editor: User) -> None:
    answer = keep(client, "My drafts", "page=7&status=draft&sort=-year&columns=slug&nonsense=1&year_from=x")
    assert answer.headers["Location"] == "/admin/titles/?status=draft&sort=-year&columns=slug"
    page = client.get(answer.headers["Location"]).text
    assert 'class="chip" href="/admin/titles/?status=draft&amp;sort=-year&amp;columns=slug" aria-current="page"' in page
    assert "aria-current" not in client.get("/admin/titles/?status=archived").text.split("<main", 1)[1]
    view = session.scalars(select(SavedView)).one()
    client.post(f"/admin/titles/views/{view.id}", data={"name": "Drafts"})
    session.expire_all()
    assert (view.name, view.query) == ("Drafts", "status=draft&sort=-year&columns=slug")
    client.post(f"/admin/titles/views/{view.id}", data={"name": "", "verb": "delete"})
    assert session.scalar(select(func.count()).select_from(SavedView)) == 0
    actions = select(Revision.action).where(Revision.entity == "saved_view").order_by(Revision.id)
    assert session.scalars(actions).all() == ["created", "changed", "deleted"]


def test_a_private_view_is_its_owners_and_a_shared_one_everybodys(client: FlaskClient, session: Session, editor: User,
                                                                  sign_in: Callable[..., User]) -> None:
    keep(client, "Secret plans")
    keep(client, "For us all", shared="1")
    sign_in("contributor")
    page = client.get("/admin/titles/").text
    assert "For us all" in page
    assert "Secret plans" not in page
    for view in session.scalars(select(SavedView)):
        for data in ({"name": "Taken over"}, {"verb": "delete"}):
            client.post(f"/admin/titles/views/{view.id}", data=data)
    session.expire_all()
    assert set(session.scalars(select(SavedView.name))) == {"Secret plans", "For us all"}
    assert keep(client, "Mine", shared="1").status_code == 302  # a contributor shares nothing
    assert session.scalar(select(SavedView.id).where(SavedView.name == "Mine")) is None
    keep(client, "Mine")
    assert session.scalar(select(SavedView.shared).where(SavedView.name == "Mine")) is False


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "\n"])
def test_a_view_needs_a_name(client: FlaskClient, session: Session, editor: User, name: str) -> None:
    assert 'role="alert"' in client.post("/admin/titles/views", data={"name": name}, follow_redirects=True).text
    assert session.scalar(select(func.count()).select_from(SavedView)) == 0


def test_two_views_of_one_owner_have_two_names(client: FlaskClient, session: Session, editor: User,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    keep(client, "Drafts")
    assert "of this name already" in client.post("/admin/titles/views", data={"name": " Drafts "},
                                                 follow_redirects=True).text
    monkeypatch.setattr(desk, "MAX_VIEWS", 1)
    assert "Delete one first" in client.post("/admin/titles/views", data={"name": "B"}, follow_redirects=True).text


def test_a_views_name_and_address_are_only_text(client: FlaskClient, editor: User) -> None:
    keep(client, "<script>alert(1)</script>", 'q="><script>alert(2)</script>')
    page = client.get("/admin/titles/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@given(query=st.text(max_size=300))
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_becomes_an_address_that_stays_as_it_is(app: MoviePoint, session: Session, query: str) -> None:
    address = canonical(query)
    assert canonical(address) == address


def test_views_are_a_resource(client: FlaskClient, session: Session, editor: User,
                              sign_in: Callable[..., User]) -> None:
    made = client.post("/api/v1/saved-views", json={
        "name": "Silent", "query": "?year_to=1928&page=3", "shared": True}).json
    assert made == {"id": made["id"], "name": "Silent", "query": "year_to=1928", "shared": True, "own": True}
    address = f"/api/v1/saved-views/{made['id']}"
    assert client.patch(address, json={"name": "Silents"}).json["name"] == "Silents"
    for wrong in ({"name": ""}, {"name": 7}, {"colour": "red"}, {"name": "x", "query": "y" * 3000}):
        assert client.post("/api/v1/saved-views", json=wrong).status_code in (400, 422)
    sign_in("contributor")
    assert [view["own"] for view in client.get("/api/v1/saved-views").json["results"]] == [False]
    assert client.delete(address).status_code == 403
    sign_in("member")
    assert client.get("/api/v1/saved-views").status_code == 403
    with client.session_transaction() as cookie:
        cookie.clear()
    assert client.get("/api/v1/saved-views").status_code == 401


# -- cells


def put(client: FlaskClient, title_id: int, field: str, value: str, seen: int | str) -> TestResponse:
    return client.post(f"/admin/titles/{title_id}/cell", data={"field": field, "value": value, "version": seen})


@pytest.mark.parametrize(("field", "value", "shown"), [
    ("year", "1927", 1927), ("year", "", ""), ("slug", "another-one", "another-one"), ("name", "Aelita", "Aelita"),
    ("original_title", " Аэлита ", "Аэлита"), ("status", "in_review", "In review"),
    ("status", "published", "Published"), ("status", "archived", "Archived"), ("status", "draft", "Draft")])
def test_a_cell_is_saved_with_its_history(client: FlaskClient, session: Session, editor: User, titles: list[int],
                                          field: str, value: str, shown: object) -> None:
    seen = version(session, titles[0])
    answer = put(client, titles[0], field, value, seen)
    assert answer.status_code == 200, answer.text
    assert answer.json["shown"] == shown
    assert answer.json["version"] == version(session, titles[0])
    session.expire_all()
    title = session.get_one(Title, titles[0])
    kept = {text.locale: text.name for text in title.texts} if field == "name" else getattr(title, field)
    assert kept == {"name": {"ru": "Имя 0", "en": "Aelita"}, "year": int(value) if value.isdigit() else None}.get(
        field, value.strip())
    if value != "draft":  # which it was
        last = session.scalars(select(Revision).where(Revision.entity == "title", Revision.entity_id == title.id)
                               .order_by(Revision.id.desc())).first()
        assert last is not None and last.actor_id == editor.id


def test_a_cell_can_be_changed_again_with_the_version_it_was_given(client: FlaskClient, session: Session, editor: User,
                                                                   titles: list[int]) -> None:
    seen = version(session, titles[0])
    for year in ("1901", "1902", "1903"):
        seen = put(client, titles[0], "year", year, seen).json["version"]
    session.expire_all()
    assert session.get_one(Title, titles[0]).year == 1903


@pytest.mark.parametrize(("field", "value"), [("year", "1950"), ("status", "published"), ("name", "B")])
def test_a_cell_that_a_colleague_has_changed_is_not_overwritten(client: FlaskClient, session: Session, editor: User,
                                                                titles: list[int], field: str, value: str) -> None:
    seen = version(session, titles[0])
    with unit_of_work() as work:
        services.save_title(work, SYSTEM, TitleInput(year=1911), titles[0])
    answer = put(client, titles[0], field, value, seen)
    assert (answer.status_code, "Somebody else" in answer.json["error"]) == (409, True)
    session.expire_all()
    title = session.get_one(Title, titles[0])
    assert (title.year, title.status) == (1911, "draft")


@pytest.mark.parametrize(("field", "value", "status"), [
    ("year", "soon", 422), ("year", "99999", 422), ("slug", "Not A Slug", 422), ("slug", "", 422),
    ("slug", "title-1-1921", 409), ("original_title", "  ", 422), ("status", "scheduled", 422), ("status", "x", 422),
    ("deleted_at", "now", 422), ("version", "9", 422), ("locks", "[]", 422), ("", "", 422), ("name", "x" * 301, 422),
    ("__class__", "x", 422), ("credits", "[]", 422)])
def test_what_does_not_fit_is_said_at_the_cell(client: FlaskClient, session: Session, editor: User, titles: list[int],
                                               field: str, value: str, status: int) -> None:
    seen = version(session, titles[0])
    answer = put(client, titles[0], field, value, seen)
    assert (answer.status_code, bool(answer.json["error"])) == (status, True)
    assert version(session, titles[0]) == seen


@pytest.mark.parametrize("seen", ["", "x", "-1", "²", "9" * 30])
def test_a_cell_without_its_version_is_not_saved(client: FlaskClient, session: Session, editor: User,
                                                 titles: list[int], seen: str) -> None:
    before = version(session, titles[0])
    assert put(client, titles[0], "year", "1950", seen).status_code == 422
    assert version(session, titles[0]) == before


def test_cells_keep_to_the_rules_of_who_may(client: FlaskClient, session: Session, sign_in: Callable[..., User],
                                            titles: list[int]) -> None:
    client.set_cookie("locale", "en")
    user = sign_in("contributor")
    seen = version(session, titles[0])
    assert put(client, titles[0], "year", "1950", seen).status_code == 403
    assert put(client, titles[0], "status", "published", seen).status_code == 403
    with unit_of_work() as work:
        own = services.save_title(work, user, TitleInput(kind="film", original_title="Own"))
    assert put(client, own.id, "year", "1950", own.version).status_code == 200
    with unit_of_work() as work:
        work.add(role := Role(name="translator-ru", permissions=["admin.access", "catalog.edit@ru"]))
        user.roles = [role]
    assert put(client, titles[0], "name", "Stolen", seen).status_code == 403  # the back office is in English here
    client.set_cookie("locale", "ru")
    assert put(client, titles[0], "name", "Аэлита", seen).status_code == 200
    assert put(client, 987_654, "year", "1950", 1).status_code == 404


# -- all that was found


def bulk(client: FlaskClient, verb: str, query: str = "", **more: Any) -> str:
    return client.post("/admin/titles/bulk", data={"verb": verb, "all": "1", "query": query} | more,
                       follow_redirects=True).text


def work(queue: Queue) -> None:
    """Run the messages of bulk work, as the worker would."""
    for name, arguments in [message for message in queue if message[0] == "catalog.bulk"]:
        queue.remove((name, arguments))
        tasks.bulk(**arguments)  # type: ignore[arg-type]


def test_few_that_were_found_are_changed_at_once(client: FlaskClient, session: Session, editor: User,
                                                 titles: list[int], queue: Queue) -> None:
    assert "3 titles were changed" in bulk(client, "publish", "year_from=1924&page=9")
    session.expire_all()
    assert [session.get_one(Title, i).status for i in titles] == ["draft"] * 4 + ["published"] * 3
    assert "catalog.bulk" not in [name for name, _ in queue]


def test_many_that_were_found_are_a_tasks_work(client: FlaskClient, session: Session, editor: User, titles: list[int],
                                               queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moviepoint.domains.catalog.admin.listing.AT_ONCE", 3)
    monkeypatch.setattr(desk, "PART", 2)
    page = bulk(client, "genre", "year_from=1921", genre="drama")
    run = session.scalars(select(BulkRun)).one()
    assert (run.total, run.done, run.state) == (6, 0, "queued")
    assert "6 titles are being worked on" in page
    assert f'data-poll="/admin/titles/runs/{run.id}?part=1"' in page
    with unit_of_work() as part:
        assert services.work_on(part, run.id)
    shown = client.get(f"/admin/titles/runs/{run.id}?part=1").text
    assert '<progress max="6" value="2"' in shown
    work(queue)
    session.expire_all()
    assert (run.done, run.changed, run.refused, run.state) == (6, 6, 0, "done")
    assert session.scalar(select(func.count()).select_from(TitleGenre)) == 6
    assert "data-poll" not in client.get(f"/admin/titles/runs/{run.id}").text
    with unit_of_work() as part:
        assert not services.work_on(part, run.id)  # a message that comes twice does nothing twice
    session.expire_all()
    assert (run.done, run.changed) == (6, 6)


def test_the_titles_are_those_that_were_found_when_it_was_asked(session: Session, editor: User, titles: list[int],
                                                                queue: Queue) -> None:
    with unit_of_work() as unit:
        run = services.start_run(unit, editor, BulkInput("publish"), titles)
        services.delete_title(unit, SYSTEM, titles[0])
    with unit_of_work() as unit:
        late = services.save_title(unit, SYSTEM, TitleInput(kind="film", original_title="Late"))
    work(queue)
    session.expire_all()
    assert (run.state, run.changed, run.refused) == ("done", COUNT - 1, 1)
    assert run.refusals[0][0] == titles[0]
    assert late.status == "draft"


def test_who_may_not_is_refused_title_by_title_and_told_why(client: FlaskClient, session: Session, editor: User,
                                                            titles: list[int], queue: Queue) -> None:
    with unit_of_work() as unit:
        run = services.start_run(unit, editor, BulkInput("publish"), titles)
        editor.roles = list(unit.scalars(select(Role).where(Role.name == "contributor")))  # since it was asked
    work(queue)
    session.expire_all()
    assert (run.state, run.changed, run.refused) == ("done", 0, COUNT)
    assert client.get(f"/admin/titles/runs/{run.id}").text.count("<li><a href=\"/admin/titles/") == COUNT


def test_a_run_whose_message_was_lost_is_taken_up_again(session: Session, editor: User, titles: list[int],
                                                        queue: Queue) -> None:
    with unit_of_work() as unit:
        run = services.start_run(unit, editor, BulkInput("archive"), titles)
    queue.clear()
    tasks.resume_bulk()
    assert queue == []  # it may still be on its way
    session.execute(update(BulkRun).values(updated_at=utcnow() - timedelta(minutes=5)))
    session.commit()
    tasks.resume_bulk()
    work(queue)
    session.expire_all()
    assert (run.state, run.changed) == ("done", COUNT)


def test_a_run_is_stopped_where_it_stands(client: FlaskClient, session: Session, editor: User, titles: list[int],
                                          queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "PART", 2)
    with unit_of_work() as unit:
        run = services.start_run(unit, editor, BulkInput("delete"), titles)
    with unit_of_work() as unit:
        services.work_on(unit, run.id)
    assert "Stopped by hand" in client.post(f"/admin/titles/runs/{run.id}/stop", follow_redirects=True).text
    work(queue)
    session.expire_all()
    assert (run.state, run.done) == ("failed", 2)
    assert session.scalar(select(func.count()).where(Title.deleted_at.is_not(None))) == 2
    with pytest.raises(Conflict):
        services.stop_run(session, editor, run.id)


def test_a_run_of_somebody_who_is_gone_ends(session: Session, editor: User, titles: list[int], queue: Queue) -> None:
    with unit_of_work() as unit:
        run = services.start_run(unit, editor, BulkInput("publish"), titles)
        editor.active = False
    work(queue)
    session.expire_all()
    assert (run.state, run.done) == ("failed", 0)


def test_a_collection_takes_all_in_one_part(session: Session, editor: User, titles: list[int], queue: Queue,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    collection = session.scalars(select(Collection.id)).one()
    with unit_of_work() as unit:
        run = services.start_run(unit, editor, BulkInput("collection", str(collection)), titles)
    work(queue)
    session.expire_all()
    assert (run.changed, session.scalar(select(func.count()).select_from(CollectionItem))) == (COUNT, COUNT)
    monkeypatch.setattr(desk, "MAX_COLLECTED", 3)
    with pytest.raises(Invalid):
        services.start_run(session, editor, BulkInput("collection", str(collection)), titles)


@pytest.mark.parametrize(("verb", "argument"), [
    ("explode", ""), ("", ""), ("genre", ""), ("genre", "nothing"), ("genre", "\x00"), ("collection", ""),
    ("collection", "x"),
    ("collection", "999999"), ("collection", "²"), ("collection", "9" * 40)])
def test_work_that_is_none_is_refused_before_it_begins(session: Session, editor: User, titles: list[int], verb: str,
                                                       argument: str) -> None:
    with pytest.raises(MoviePointError):
        services.start_run(session, editor, BulkInput(verb, argument), titles)
    with pytest.raises(Forbidden):
        services.start_run(session, SYSTEM, BulkInput("publish"), titles)
    with pytest.raises(Invalid):
        services.start_run(session, editor, BulkInput("publish"), [])
    assert session.scalar(select(func.count()).select_from(BulkRun)) == 0


def test_runs_are_a_resource_of_their_own_starter(
        client: FlaskClient, session: Session, editor: User, titles: list[int], queue: Queue,
        sign_in: Callable[..., User]) -> None:
    made = client.post("/api/v1/bulk-runs", json={"verb": "publish", "query": "year_to=1922"}).json
    assert (made["state"], made["total"]) == ("queued", 3)
    work(queue)
    session.expire_all()
    assert client.get(f"/api/v1/bulk-runs/{made['id']}").json["changed"] == 3
    assert client.post(f"/api/v1/bulk-runs/{made['id']}/stop").status_code == 409
    assert client.post("/api/v1/bulk-runs", json={"verb": "publish", "query": "year_to=1800"}).status_code == 422
    sign_in("contributor")
    assert client.get(f"/api/v1/bulk-runs/{made['id']}").status_code == 404
    assert client.get(f"/admin/titles/runs/{made['id']}").status_code == 404


def test_the_box_for_all_stands_only_where_there_is_more_than_the_page(client: FlaskClient, editor: User,
                                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    assert 'name="all"' not in client.get("/admin/titles/").text
    monkeypatch.setattr("moviepoint.domains.catalog.backoffice_queries.PAGE_SIZE", 3)
    assert "all 7 titles found, not only this page" in client.get("/admin/titles/").text
