"""The back office's list searched by the private index: drafts in any spelling, and what was saved a moment ago."""
from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.catalog.backoffice_filters import Filters, Known
from moviepoint.domains.catalog.backoffice_queries import list_titles
from moviepoint.domains.catalog.models import Person, Title
from moviepoint.domains.catalog.schemas import PersonInput, TitleInput
from moviepoint.domains.search import engines, services, tasks, titles
from moviepoint.domains.search.engine import ask_titles, current_index, current_sources
from moviepoint.domains.search.queries import make_query, run
from moviepoint.domains.search.whoosh_index import WhooshIndex
from moviepoint.hooks.types import TitleMatches
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert

Queue = list[tuple[str, dict[str, object]]]
LONG_AGO = utcnow() - 2 * titles.FRESH


@pytest.fixture
def office(index: WhooshIndex, session: Session) -> WhooshIndex:
    """Index all titles, drafts too, for the back office; nothing is fresh, so that only the index can find it."""
    private = current_index(private=True)
    assert isinstance(private, WhooshIndex)
    services.rebuild(session, private, current_sources(private=True))
    age(session)
    return private


def age(session: Session) -> None:
    """Let all that was saved have been saved long ago."""
    session.execute(update(Title).values(updated_at=LONG_AGO, version=Title.version))
    session.commit()
    session.expire_all()


def enter(original: str, **values: object) -> int:
    with unit_of_work() as work:
        return catalog.save_title(work, SYSTEM, convert(TitleInput, {
            "kind": "film", "original_title": original} | values)).id


def deliver(queue: Queue) -> None:
    while queue:
        name, arguments = queue.pop(0)
        if name.startswith("search."):
            getattr(tasks, name.removeprefix("search."))(**arguments)
    for private in engines.FOLDERS:
        current_index(private)._checked = 0.0  # type: ignore[attr-defined]


def ids(session: Session, text: str) -> tuple[int, ...]:
    found = ask_titles(session, text, 100)
    assert found is not None
    return found.ids


@pytest.fixture
def draft(office: WhooshIndex, session: Session, queue: Queue) -> int:
    title_id = enter("Аэлита", year=1924, texts={"en": {"name": "Aelita: Queen of Mars", "overview": "Engineer Los"}})
    deliver(queue)
    age(session)
    return title_id


@pytest.mark.parametrize("text", ["Аэлита", "аэлиту", "aelita", "aelitta", "AELITA queen", "queens mars", "engineer",
                                  "ael", "àelîta"])
def test_a_draft_is_found_by_editors_in_any_spelling_and_by_nobody_else(
        client: FlaskClient, index: WhooshIndex, session: Session, draft: int, text: str) -> None:
    assert ids(session, text) == (draft,)
    public = client.get("/api/v1/search", query_string={"query": text}).json
    assert [hit["id"] for hit in public["results"] if hit["name"].startswith("Aelita")] == []
    assert draft not in {hit.id for hit in run(index, make_query(text)).found if hit.source == "title"}
    assert "elita" not in client.get("/en/search/suggest", query_string={"q": text}).text


def test_the_public_index_holds_no_word_of_a_draft(index: WhooshIndex, draft: int) -> None:
    """Not even "did you mean" may name what is not public."""
    reader = index._generation().searcher.reader()
    assert ("title", "aelita") not in reader
    assert index.search(make_query("aelitta"), 10).correction == ""
    private = current_index(private=True)
    assert isinstance(private, WhooshIndex)
    assert ("title", "aelita") in private._generation().searcher.reader()


def test_the_public_search_counts_only_what_is_public(client: FlaskClient, office: WhooshIndex, session: Session,
                                                      queue: Queue) -> None:
    before = client.get("/api/v1/search?query=metropolis").json
    enter("Metropolis", genres=[])
    deliver(queue)
    age(session)
    after = client.get("/api/v1/search?query=metropolis").json
    assert (after["total_results"], after["facets"]) == (before["total_results"], before["facets"])
    assert len(ids(session, "metropolis")) == before["total_results"] + 1


@pytest.mark.parametrize("text", ["Солярис", "solyaris", "солярис", "so", "Sol"])
def test_what_was_saved_a_moment_ago_is_found_before_the_index_knows(
        office: WhooshIndex, session: Session, queue: Queue, text: str) -> None:
    title_id = enter("Солярис", texts={"en": {"name": "Solaris"}})
    assert [name for name, _ in queue] == ["search.index"]  # no worker has taken it yet
    assert ids(session, text)[0] == title_id


def test_a_new_name_is_found_at_once_and_the_row_only_once(office: WhooshIndex, session: Session, queue: Queue,
                                                           draft: int) -> None:
    with unit_of_work() as work:
        data = convert(TitleInput, {"texts": {"en": {"name": "Sunset of the Century"}}})
        catalog.save_title(work, SYSTEM, data, draft)
    assert ids(session, "sunset") == (draft,)
    deliver(queue)
    assert ids(session, "sunset") == (draft,)


def test_what_is_fresh_and_does_not_fit_is_not_found(office: WhooshIndex, session: Session, queue: Queue) -> None:
    title_id = enter("Солярис")
    assert title_id not in ids(session, "solaris 1972 station")
    assert title_id not in ids(session, "olaris")


def test_titles_of_a_person_are_found_by_the_new_name(office: WhooshIndex, session: Session, queue: Queue) -> None:
    lang = session.scalars(select(Person).where(Person.slug == "fritz-lang")).one()
    before = set(ids(session, "lang"))
    with unit_of_work() as work:
        catalog.save_person(work, SYSTEM, PersonInput(name="Friedrich Christian Anton"), lang.id)
    deliver(queue)
    assert before and set(ids(session, "friedrich")) >= before


def test_the_bin_is_left_by_search_at_once_and_by_the_index_soon(
        client: FlaskClient, sign_in: Callable[..., User], session: Session, draft: int, queue: Queue) -> None:
    sign_in("editor")
    client.set_cookie("locale", "en")
    with unit_of_work() as work:
        catalog.delete_title(work, SYSTEM, draft)
    assert "No title fits" in client.get("/admin/titles/?q=aelita").text
    assert f'value="{draft}"' in client.get("/admin/titles/?q=Aelita&bin=1").text
    deliver(queue)
    assert ids(session, "aelita") == ()


def test_search_and_filters_together_count_right(session: Session, office: WhooshIndex) -> None:
    everything = list(session.scalars(select(Title)))
    found = ids(session, "the")
    for filters in (Filters(q="the"), Filters(q="the", kind="series"), Filters(q="the", year_from=1920),
                    Filters(q="the", status="published"), Filters(q="the", missing="texts@ru")):
        shown = list_titles(session, SYSTEM, filters, ("en",), Known(ask_titles(session, "the", 100)))
        wanted = {title.id for title in everything if title.id in found
                  and filters.kind in ("", title.kind) and filters.status in ("", title.status)
                  and (filters.year_from is None or (title.year or 0) >= filters.year_from)
                  and (not filters.missing or not any(text.locale == "ru" for text in title.texts))}
        assert (shown.total, {row.id for row in shown.rows}) == (len(wanted), wanted), filters


def test_the_nearest_come_first_and_an_order_asked_for_wins(session: Session, office: WhooshIndex) -> None:
    matches = ask_titles(session, "nosferatu", 100)
    assert matches is not None
    rows = list_titles(session, SYSTEM, Filters(q="nosferatu"), ("en",), Known(matches)).rows
    assert [row.id for row in rows] == list(matches.ids)
    assert rows[0].name.value.startswith("Nosferatu")
    by_year = list_titles(session, SYSTEM, Filters(q="the", sort="year"), ("en",),
                          Known(ask_titles(session, "the", 100))).rows
    years = [row.year or 0 for row in by_year]
    assert len(years) > 2
    assert years == sorted(years)


def test_a_search_that_finds_too_much_says_so(client: FlaskClient, sign_in: Callable[..., User], office: WhooshIndex,
                                              session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in("editor")
    client.set_cookie("locale", "en")
    assert "are not looked at" not in client.get("/admin/titles/?q=the").text
    full = ask_titles(session, "the", 100)
    assert full is not None and full.total > 2
    monkeypatch.setattr("moviepoint.domains.catalog.finding.MAX_MATCHES", 2)
    page = client.get("/admin/titles/?q=the").text
    assert f"{full.total - 2} more titles match these words less well" in page
    assert '<span class="soft">2</span>' in page


def test_pages_of_a_search_repeat_nothing(session: Session, office: WhooshIndex,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moviepoint.domains.catalog.backoffice_queries.PAGE_SIZE", 2)
    known = Known(ask_titles(session, "the", 100))
    assert known.matches is not None
    seen = [row.id for page in range(1, 20) for row in list_titles(
        session, SYSTEM, Filters(q="the", page=page), ("en",), known).rows]
    assert seen == list(known.matches.ids)


def test_a_searched_list_costs_at_most_twelve_queries(
        client: FlaskClient, sign_in: Callable[..., User], office: WhooshIndex, session: Session, draft: int,
        count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    sign_in("editor")
    client.get("/admin/titles/")
    session.expire_all()
    with count_queries() as statements:
        page = client.get("/admin/titles/?q=aelitta&kind=film&media=none&year_from=1900&sort=-year").text
    assert f'value="{draft}"' in page
    assert len(statements) <= 12


def test_without_an_index_names_are_sought_and_one_is_made(app: MoviePoint, catalogue: Session,
                                                           no_index: WhooshIndex, queue: Queue) -> None:
    assert ask_titles(catalogue, "metropolis", 10) is None
    assert queue == [("search.rebuild", {"instead_of": "", "private": True})]
    found = list_titles(catalogue, SYSTEM, Filters(q="metropolis"), ("en",), Known(None))
    assert found.total == 1
    deliver(queue)
    assert ids(catalogue, "metropolis") == (found.rows[0].id,)
    assert no_index.generation() == ""  # the public one was not asked for


@pytest.mark.parametrize("text", ["", "!!!", "%", "_", "' or 1=1 --", "\x00", "title:*", "AND OR NOT", "(" * 50, "*",
                                  "😀", "a" * 200, "дом " * 40, "[1 TO 2]", "\u202e", "ſ", "İ"])
def test_hostile_words_are_words(client: FlaskClient, sign_in: Callable[..., User], office: WhooshIndex,
                                 text: str) -> None:
    sign_in("editor")
    answer = client.get("/admin/titles/", query_string={"q": text})
    assert answer.status_code == 200


def test_a_contributor_finds_no_draft_of_others(client: FlaskClient, sign_in: Callable[..., User], draft: int) -> None:
    sign_in("contributor")
    client.set_cookie("locale", "en")
    assert "No title fits" in client.get("/admin/titles/?q=aelita").text
    assert re.search(r'value="\d+" aria-label="Choose', client.get("/admin/titles/?q=metropolis").text)


def test_thousands_of_matches_go_into_one_statement(session: Session, office: WhooshIndex) -> None:
    some = session.scalars(select(Title.id)).all()
    many = TitleMatches((*some, *range(10**6, 10**6 + 5_000)), 6_000)
    found = list_titles(session, SYSTEM, Filters(q="x"), ("en",), Known(many))
    assert found.total == len(some)
    assert found.beyond == 6_000 - len(many.ids)


def test_both_indexes_are_mended_by_reconciling(session: Session, office: WhooshIndex, queue: Queue) -> None:
    title_id = enter("Gertie the Dinosaur")
    queue.clear()  # the message is lost
    age(session)
    tasks.reconcile()
    deliver(queue)
    assert ids(session, "gertie") == (title_id,)
    assert run(current_index(), make_query("gertie")).found == ()
