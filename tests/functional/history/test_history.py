"""History at its edges: who may read it, how it is filtered, and the way back."""
from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.schemas import PersonInput, TitleInput, TitleTextInput
from moviepoint.domains.history import queries
from moviepoint.domains.history.models import Revision
from moviepoint.domains.history.services import record
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.policies import SYSTEM


@pytest.fixture
def film(session: Session, queue: list[object]) -> Title:
    with unit_of_work() as work:
        film = services.save_title(work, SYSTEM, TitleInput(
            kind="film", original_title="Аэлита", texts={"en": TitleTextInput(overview="A dream of Mars.")}))
        services.save_title(work, SYSTEM, TitleInput(
            year=1924, texts={"en": TitleTextInput(overview="A dream of <b>Venus</b>.")}), film.id)
        services.save_person(work, SYSTEM, PersonInput(name="Yakov Protazanov"))
    return film


def ids(session: Session, **filters: object) -> list[int]:
    return [row.id for row in session.scalars(queries.trail(**filters))]  # type: ignore[arg-type]


def test_the_trail_is_filtered(session: Session, film: Title) -> None:
    everything = ids(session)
    assert everything == sorted(everything, reverse=True)
    assert len(everything) == 3
    assert len(ids(session, entity="title")) == 2
    assert len(ids(session, action="created")) == 2
    assert len(ids(session, actor_name="SYST")) == 3
    assert ids(session, actor_id=4711) == []
    assert ids(session, before_id=everything[0]) == everything[1:]
    assert ids(session, since=utcnow() + timedelta(minutes=1)) == []
    assert ids(session, until=utcnow() + timedelta(minutes=1)) == everything


def test_a_write_that_changes_nothing_leaves_no_row(session: Session, film: Title) -> None:
    assert record(session, SYSTEM, "changed", "title", 1, "x", before={"a": 1}, after={"a": 1}) is None
    assert record(session, SYSTEM, "password_changed", "user", 1, "x") is not None


def test_members_read_nothing_and_editors_only_their_content(client: FlaskClient, session: Session, film: Title,
                                                             sign_in: Callable[..., User]) -> None:
    revision = ids(session, entity="title")[0]
    addresses = ("/admin/history/", f"/admin/history/title/{film.id}", f"/admin/history/revisions/{revision}",
                 "/api/v1/revisions", f"/api/v1/revisions?entity=title&entity_id={film.id}",
                 f"/api/v1/revisions/{revision}")

    def answers() -> list[int]:
        return [client.get(address).status_code for address in addresses]

    assert answers() == [302, 302, 302, 401, 401, 401]
    sign_in("member")
    assert answers() == [403] * 6
    client.delete_cookie("session")
    sign_in("editor")
    assert answers() == [403, 200, 200, 403, 200, 200]
    client.delete_cookie("session")
    sign_in("administrator")
    assert answers() == [200] * 6


def test_a_difference_is_shown_word_by_word_and_escaped(client: FlaskClient, session: Session, film: Title,
                                                        sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    client.set_cookie("locale", "en")
    page = client.get(f"/admin/history/revisions/{ids(session, entity='title')[0]}").text
    assert "<del>Mars.</del><ins>&lt;b&gt;Venus&lt;/b&gt;.</ins>" in page
    assert "Overview · English" in page
    assert "<b>Venus" not in page


def test_a_state_is_restored_by_a_button_and_only_by_who_may(client: FlaskClient, session: Session, film: Title,
                                                             sign_in: Callable[..., User]) -> None:
    first = ids(session, entity="title")[-1]
    sign_in("member")
    assert client.post(f"/admin/history/revisions/{first}/restore").status_code == 403
    client.delete_cookie("session")
    sign_in("editor")
    answer = client.post(f"/admin/history/revisions/{first}/restore")
    assert answer.headers["Location"].endswith(f"/admin/titles/{film.id}")
    session.expire_all()
    assert [text.overview for text in session.get_one(Title, film.id).texts] == ["A dream of Mars."]
    last = session.scalars(select(Revision).order_by(Revision.id.desc()).limit(1)).one()
    assert (last.action, last.changes[0]["after"]) == ("restored", first)


def test_what_holds_no_state_cannot_be_restored(client: FlaskClient, session: Session, film: Title,
                                                sign_in: Callable[..., User]) -> None:
    with unit_of_work() as work:
        services.publish(work, SYSTEM, film.id)
    published = ids(session, action="published")[0]
    sign_in("editor")
    assert "/restore" not in client.get(f"/admin/history/revisions/{published}").text
    said = client.post(f"/admin/history/revisions/{published}/restore", follow_redirects=True).text
    assert 'role="alert"' in said
    assert client.post("/admin/history/revisions/999999/restore").status_code == 404


@pytest.mark.parametrize("nonsense", ["since=soon", "before=-1", "before=99999999999999999999", "entity=<b>",
                                      "who=%25&action=x", "until=2026-02-31", "until=9999-12-31"])
def test_filters_that_make_no_sense_still_list(client: FlaskClient, sign_in: Callable[..., User], film: Title,
                                               nonsense: str) -> None:
    sign_in("administrator")
    assert client.get(f"/admin/history/?{nonsense}").status_code == 200


def test_a_page_far_down_costs_what_the_first_does(
        client: FlaskClient, sign_in: Callable[..., User], session: Session, film: Title,
        count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    sign_in("administrator")
    with unit_of_work() as work:
        for number in range(120):
            record(work, SYSTEM, "changed", "title", film.id, "x", before={"year": number}, after={"year": number + 1})
    last = ids(session)[0]
    client.get("/admin/history/")
    costs = []
    for address in ("/admin/history/", f"/admin/history/?before={last - 60}"):
        session.expire_all()
        with count_queries() as statements:
            page = client.get(address).text
        costs.append(len(statements))
        assert page.count("<tr>") == 51
    assert costs[0] == costs[1] <= 4


NUMBER = "9" * 20


@pytest.mark.parametrize("address", [
    f"/api/v1/people/{NUMBER}", f"/images/{NUMBER}/342.webp", f"/en/series/x/season/{NUMBER}",
    f"/admin/titles/{NUMBER}", f"/api/v1/films/{NUMBER}", f"/admin/history/revisions/{NUMBER}",
    f"/admin/history/title/{NUMBER}", f"/api/v1/revisions/{NUMBER}"])
def test_a_number_beyond_the_database_is_not_found(client: FlaskClient, sign_in: Callable[..., User],
                                                   address: str) -> None:
    sign_in("administrator")
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("query", [f"entity_id={NUMBER}", f"actor_id={NUMBER}", "since=2026-01-01T00:00:00", "until=x"])
def test_the_api_refuses_filters_that_make_no_sense(client: FlaskClient, sign_in: Callable[..., User],
                                                    query: str) -> None:
    sign_in("administrator")
    assert client.get(f"/api/v1/revisions?{query}").status_code == 422
    assert client.get("/api/v1/revisions?since=2026-01-01T00:00:00Z").status_code == 200
