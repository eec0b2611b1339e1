"""What a title's page and its saving cost in queries, however much hangs on the title."""
from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import form_queries, services
from moviepoint.domains.catalog.documents import title_document
from moviepoint.domains.catalog.models import Company, Credit, Genre, Image, Keyword, Title
from moviepoint.domains.catalog.schemas import CompanyInput, PersonInput, SeasonInput, TermInput, TitleInput
from moviepoint.domains.catalog.services.titles import find_whole
from moviepoint.domains.history.models import Revision
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert

Counting = Callable[[], AbstractContextManager[list[str]]]
CAST = 24


def document(kind: str, n: int) -> dict[str, object]:
    """Return a title with `n` of all that there can be several of."""
    return {
        "kind": kind, "original_title": "Intolerance", "year": 1916, "genres": ["drama", "war"][:n],
        "texts": {locale: {"name": f"Name {locale}", "overview": "Long"} for locale in ("en", "ru", "de")[:n]},
        "keywords": [f"word-{i}" for i in range(n)], "companies": [{"company": f"studio-{i}"} for i in range(n)],
        "releases": [{"country": "US", "certification": str(i)} for i in range(n)],
        "alternative_titles": [{"name": f"Other {i}"} for i in range(n)],
        "extras": [{"name": f"Trailer {i}", "url": f"https://example.org/{i}"} for i in range(n)],
        "external_ids": {f"place{i}": str(i) for i in range(n)},
        "credits": [{"person": f"person-{i}", "character": f"Role {i}"} for i in range(CAST if n else 0)]}


@pytest.fixture
def editor(sign_in: Callable[..., User], session: Session, queue: list[object]) -> User:
    with unit_of_work() as work:
        for name in ("Drama", "War", "Comedy"):
            services.save_genre(work, SYSTEM, TermInput(names={"en": name, "ru": f"{name} ru"}))
        for i in range(CAST):
            services.save_person(work, SYSTEM, PersonInput(name=f"Person {i}"))
        for i in range(4):
            services.save_term(work, SYSTEM, Keyword, TermInput(names={"en": f"Word {i}", "ru": "Слово"}))
            services.save_term(work, SYSTEM, Company, CompanyInput(names={"en": f"Studio {i}"}))
    return sign_in("editor")


def enter(kind: str, n: int) -> int:
    with unit_of_work() as work:
        title = services.save_title(work, SYSTEM, convert(TitleInput, document(kind, n)))
        work.add_all(Image(kind="backdrop", title_id=title.id, key="x", width=1, height=1) for _ in range(n))
        if kind == "series":
            for number in range(n):
                services.save_season(work, SYSTEM, title.id, convert(SeasonInput, {
                    "number": number, "episodes": [{"number": e} for e in range(n)]}))
    return title.id


@pytest.mark.parametrize("kind", ["film", "series"])
def test_the_form_costs_the_same_for_a_bare_title_and_a_full_one(
        client: FlaskClient, editor: User, session: Session, count_queries: Counting, kind: str,
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moviepoint.domains.system.theme.FRESH_SECONDS", 600.0)  # the theme is asked for once
    spent = []
    for n in (1, 4):
        title_id = enter(kind, n)
        client.get("/admin/titles/new")
        session.expunge_all()
        with count_queries() as statements:
            page = client.get(f"/admin/titles/{title_id}")
        assert page.status_code == 200
        spent.append(len(statements))
    assert max(spent) <= 12
    assert spent[0] == spent[1]


@pytest.mark.parametrize("kind", ["film", "series"])
@pytest.mark.parametrize("n", [0, 1, 3, 4])
def test_what_the_form_reads_is_all_there_is(session: Session, editor: User, kind: str, n: int) -> None:
    """The joined reads must not double or lose a row: the document made of them is the one that saving makes."""
    title_id = enter(kind, n)
    session.expunge_all()
    title = form_queries.title_for_editing(session, SYSTEM, title_id)
    form_queries.genres_of_form(session, title)
    counts = form_queries.seasons_of_form(session, title)
    assert list(counts.values()) == ([n] * n if kind == "series" else [])
    read_by_form, seasons = title_document(title), [season.number for season in title.seasons]
    images = len(title.images)
    session.expunge_all()
    assert read_by_form == title_document(find_whole(session, title_id))
    assert (seasons, images) == (list(range(n)) if kind == "series" else [], n)


def test_all_genres_stand_on_the_form_of_a_new_title(session: Session, editor: User) -> None:
    assert [genre.slug for genre in form_queries.genres_of_form(session, None)] == ["comedy", "drama", "war"]


def test_the_form_of_what_is_not_there_or_not_theirs_is_not_found(session: Session, sign_in: Callable[..., User],
                                                                  editor: User) -> None:
    title_id = enter("film", 0)
    stranger = sign_in("contributor")
    for viewer, wanted in ((SYSTEM, 999_999), (stranger, title_id)):
        with pytest.raises(NotFound):
            form_queries.title_for_editing(session, viewer, wanted)


def form_of(page: str) -> dict[str, list[str]]:
    """Return the fields of a title's form as a browser would send them."""
    body = page[page.index('enctype="multipart/form-data"'):]
    body = body[:body.index("</form>")]
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", body):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="file"' not in tag and ("checkbox" not in tag or "checked" in tag):
            fields.setdefault(name[1], []).append(html.unescape(value[1]) if value else "")
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', body, re.S):
        fields[name] = re.findall(r'<option value="([^"]*)" selected', options)
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', body, re.S):
        fields[name] = [html.unescape(text)]
    return fields


def test_saving_24_changed_credits_costs_at_most_45_queries(client: FlaskClient, editor: User, session: Session,
                                                            count_queries: Counting) -> None:
    title_id = enter("film", 3)
    fields = form_of(client.get(f"/admin/titles/{title_id}").text)
    for n in range(CAST):
        fields[f"credits-{n}-character"] = [f"Another {n}"]
    session.expunge_all()
    with count_queries() as statements:
        answer = client.post(f"/admin/titles/{title_id}", data=fields)
    assert answer.status_code == 302, answer.text
    assert len(statements) <= 45
    session.expunge_all()
    saved = title_document(find_whole(session, title_id))
    wanted = document("film", 3)
    assert [credit["character"] for credit in saved["credits"]] == [f"Another {n}" for n in range(CAST)]
    assert [row["name"] for row in saved["extras"]] == [row["name"] for row in wanted["extras"]]  # type: ignore[attr-defined]
    assert saved["texts"].keys() == {"en", "ru", "de"}
    last = session.scalars(select(Revision).where(Revision.entity == "title").order_by(Revision.id.desc())).first()
    assert last is not None and [change["path"] for change in last.changes] == [["credits"]]


def test_the_first_entry_of_24_credits_costs_at_most_45_queries(client: FlaskClient, editor: User, session: Session,
                                                                count_queries: Counting) -> None:
    fields: dict[str, object] = {"kind": "film", "original_title": "Ben-Hur", "genres": ["drama", "war"],
                                 "keywords": "word 1, word 2", "name:en": "Ben-Hur", "name:ru": "Бен-Гур"}
    for n in range(CAST):
        fields |= {f"credits-{n}-person": f"Person {n}", f"credits-{n}-character": f"Role {n}"}
    client.get("/admin/titles/new")
    session.expunge_all()
    with count_queries() as statements:
        answer = client.post("/admin/titles/new", data=fields)
    assert answer.status_code == 302, answer.text
    assert len(statements) <= 45
    session.expunge_all()
    title = find_whole(session, int(answer.headers["Location"].rsplit("/", 1)[1]))
    assert [(credit.person.name, credit.character, credit.position) for credit in title.credits] == [
        (f"Person {n}", f"Role {n}", n) for n in range(CAST)]
    revision = session.scalars(select(Revision).where(Revision.entity == "title")).one()
    assert revision.document is not None and len(revision.document["credits"]) == CAST


@pytest.mark.parametrize(("before", "after"), [(0, 3), (3, 0), (3, 5), (5, 2), (4, 4)])
def test_lists_of_credits_grow_and_shrink_in_order(session: Session, editor: User, before: int, after: int) -> None:
    def credits(count: int, first: int) -> TitleInput:
        return convert(TitleInput, {
            "credits": [{"person": f"person-{first - i}", "job": str(i)} for i in range(count)]})

    title_id = enter("film", 0)
    with unit_of_work() as work:
        services.save_title(work, SYSTEM, credits(before, 9), title_id)
        title = services.save_title(work, SYSTEM, credits(after, 20), title_id)
        assert [credit.person.slug for credit in title.credits] == [f"person-{20 - i}" for i in range(after)]
        assert [credit.job for credit in title.credits] == [str(i) for i in range(after)]
    session.expunge_all()
    rows = session.scalars(select(Credit).where(Credit.title_id == title_id).order_by(Credit.position)).all()
    assert [(row.position, row.job) for row in rows] == [(i, str(i)) for i in range(after)]


def test_a_new_title_starts_with_what_was_given_and_no_more(session: Session, editor: User) -> None:
    with unit_of_work() as work:
        title = services.save_title(work, SYSTEM, convert(TitleInput, {"kind": "film", "original_title": "Bare"}))
        assert (title.genres, title.credits, title.texts, title.seasons, title.images) == ([], [], [], [], [])
    assert session.scalars(select(Genre.slug).join(Title.genres).where(Title.id == title.id)).all() == []
