"""Import and export as an editor uses them: rehearsed, chosen, applied, and nothing lost on the way."""
from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.management import change_user
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.catalog.models import Company, Genre, Keyword, Person, Title
from moviepoint.domains.catalog.schemas import (
    CollectionInput,
    CompanyInput,
    PersonInput,
    SeasonInput,
    TermInput,
    TitleInput,
)
from moviepoint.domains.history.models import Revision
from moviepoint.domains.transfer import services, tasks, work
from moviepoint.domains.transfer.exchange import exchanged_types
from moviepoint.domains.transfer.models import Transfer, TransferRow
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert

AELITA: dict[str, Any] = {
    "kind": "film", "slug": "aelita", "original_title": "Аэлита", "original_language": "ru", "year": 1924,
    "runtime": 111, "countries": ["SU"], "genres": ["drama"], "keywords": ["mars"],
    "texts": {"en": {"name": "Aelita | Queen of Mars", "overview": "A dream\n\nof \"Mars\"."},
              "ru": {"name": "Аэлита", "tagline": "=Анта, Одели, Ута"}},
    "credits": [{"person": "solntseva", "department": "acting", "character": "Aelita \\ the queen", "guest": True}],
    "companies": [{"company": "mezhrabpom", "role": "production"}],
    "releases": [{"country": "SU", "kind": "premiere", "date": "1924-09-25", "minimum_age": 12}],
    "alternative_titles": [{"name": "Queen of Mars", "locale": "en", "country": "US"}],
    "extras": [{"url": "https://example.org/a?b=1|2", "name": "Trailer"}],
    "external_ids": {"imdb": "tt0014646", "wikidata": "Q389413"}, "locks": ["tagline@ru"]}


@pytest.fixture
def catalogue(session: Session, queue: list[object]) -> None:
    """One of everything."""
    with unit_of_work() as work_session:
        catalog.save_term(work_session, SYSTEM, Genre, TermInput(names={"en": "Drama", "ru": "Драма"}))
        catalog.save_term(work_session, SYSTEM, Keyword, TermInput(names={"ru": "Марс"}, slug="mars"))
        catalog.save_term(work_session, SYSTEM, Company, CompanyInput(names={"ru": "Межрабпом"}, slug="mezhrabpom",
                                                                      country="SU"))
        catalog.save_person(work_session, SYSTEM, convert(PersonInput, {
            "name": "Yuliya Solntseva", "slug": "solntseva", "birth_year": 1901, "external_ids": {"imdb": "nm0"},
            "texts": {"ru": {"name": "Юлия Солнцева", "biography": "Актриса.\nРежиссёр."}}}))
        catalog.save_title(work_session, SYSTEM, convert(TitleInput, AELITA))
        series = catalog.save_title(work_session, SYSTEM, TitleInput(kind="series", original_title="Les Vampires",
                                                                     slug="les-vampires"))
        catalog.save_season(work_session, SYSTEM, series.id, convert(SeasonInput, {
            "number": 0, "texts": {"en": {"name": "Specials"}}, "episodes": [
                {"number": 1, "air_date": "1915-11-13",
                 "texts": {"fr": {"name": "La tête | coupée", "overview": "a\nb"}}},
                {"number": 2, "airs_before_season": 1}]}))
        catalog.save_collection(work_session, SYSTEM, convert(CollectionInput, {
            "slug": "silents", "texts": {"en": {"name": "Silents"}}, "titles": ["les-vampires", "aelita"]}))


@pytest.fixture
def editor(sign_in: Callable[..., User], queue: list[object]) -> User:
    return sign_in("editor")


def run(queue: list[tuple[str, dict[str, Any]]]) -> None:
    """Do what waits in the queue for transfers."""
    waiting = [arguments for name, arguments in queue if name == services.WORK]
    queue[:] = [message for message in queue if message[0] != services.WORK]
    for arguments in waiting:
        tasks.work(**arguments)


def bring_in(client: FlaskClient, queue: list[Any], data: bytes | str, *, kind: str = "title", name: str = "file.csv",
             **fields: str) -> int:
    """Upload a file in the back office and have it rehearsed; returns the transfer's id."""
    body = data.encode() if isinstance(data, str) else data
    response = client.post("/admin/transfers/import", data={
        "content_type": kind, "file": (io.BytesIO(body), name), **fields})
    assert response.status_code == 302, response.text
    run(queue)
    return int(response.headers["Location"].rsplit("/", 1)[1])


def take_out(client: FlaskClient, queue: list[Any], kind: str, format: str) -> bytes:
    response = client.post("/admin/transfers/export", data={"content_type": kind, "format": format})
    run(queue)
    return client.get(response.headers["Location"] + "/file").data


def rows(session: Session, transfer_id: int) -> list[TransferRow]:
    session.expire_all()
    return list(session.scalars(select(TransferRow).where(TransferRow.transfer_id == transfer_id)
                                .order_by(TransferRow.number)))


def empty_the_catalogue(session: Session) -> None:
    for table in ("collections", "titles", "people", "companies", "keywords", "genres"):
        session.execute(Title.metadata.tables[table].delete())
    session.commit()
    session.expire_all()


@pytest.mark.parametrize("format", ["csv", "json"])
def test_all_that_goes_out_comes_back_into_an_empty_catalogue(
        client: FlaskClient, session: Session, editor: User, catalogue: None, queue: list[Any], format: str) -> None:
    taken = {kind: take_out(client, queue, kind, format) for kind in exchanged_types()}
    empty_the_catalogue(session)
    for kind, data in taken.items():
        transfer_id = bring_in(client, queue, data, kind=kind, name=f"{kind}.{format}")
        assert {row.verdict for row in rows(session, transfer_id)} == {"new"}, [
            (row.label, row.faults) for row in rows(session, transfer_id)]
        client.post(f"/admin/transfers/{transfer_id}/choose", data={"all": "1", "apply": "1"})
        run(queue)
        assert session.get_one(Transfer, transfer_id).state == "done"
        assert {row.outcome for row in rows(session, transfer_id)} == {"applied"}
    assert {kind: take_out(client, queue, kind, format) for kind in taken} == taken
    aelita = session.scalars(select(Title).where(Title.slug == "aelita")).one()
    assert (aelita.releases[0].minimum_age, aelita.credits[0].character) == (12, "Aelita \\ the queen")


@pytest.mark.parametrize("format", ["csv", "json"])
def test_what_was_just_taken_out_changes_nothing(client: FlaskClient, session: Session, editor: User, catalogue: None,
                                                 queue: list[Any], format: str) -> None:
    for kind in exchanged_types():
        found = rows(session, bring_in(client, queue, take_out(client, queue, kind, format), kind=kind,
                                       name=f"x.{format}"))
        assert [row.verdict for row in found] == ["same"] * len(found), [row.changes for row in found]


def test_a_rehearsal_shows_each_difference_and_writes_nothing(client: FlaskClient, session: Session, editor: User,
                                                              catalogue: None, queue: list[Any]) -> None:
    before = session.scalar(select(func.count(Revision.id)))
    transfer_id = bring_in(client, queue, "slug,year,overview@ru,genres,kind,original_title\n"
                                          "aelita,1925,Сон о Марсе.,drama | war,film,Аэлита\n"
                                          "stachka,1925,,,film,Стачка\naelita,1924,,drama,film,Аэлита\n"
                                          "odd,soon,,,film,Odd\n")
    first, new, again, faulty = rows(session, transfer_id)
    assert (first.verdict, first.faults) == ("faulty", ["There is nothing called war.", "genres: war"])
    assert (new.verdict, new.entity_id) == ("new", None)
    assert again.verdict == "same"
    assert (faulty.verdict, faulty.faults) == ("faulty", ["year: This must be a number."])
    assert session.scalar(select(func.count(Revision.id))) == before
    assert session.scalar(select(Title.id).where(Title.slug == "stachka")) is None
    page = client.get(f"/admin/transfers/{transfer_id}").text
    assert "There is nothing called war." in page
    assert "Стачка" in page


def test_only_what_is_ticked_is_applied_and_in_the_editors_name(
        client: FlaskClient, session: Session, editor: User, catalogue: None, queue: list[Any]) -> None:
    transfer_id = bring_in(client, queue, "kind,slug,original_title,year\n" + "".join(
        f"film,film-{n},Film {n},19{n}\n" for n in range(10, 16)) + "film,aelita,Аэлита,1925\n")
    assert [row.verdict for row in rows(session, transfer_id)] == ["new"] * 6 + ["changed"]
    client.post(f"/admin/transfers/{transfer_id}/choose", data={
        "row": [1, 2, 3, 4, 5, 6, 7], "ticked": [2, 7, 999], "apply": "1"})
    run(queue)
    assert [row.outcome for row in rows(session, transfer_id)] == ["", "applied", "", "", "", "", "applied"]
    assert session.scalars(select(Title.slug).where(Title.slug.startswith("film-"))).all() == ["film-11"]
    written = session.scalars(select(Revision).where(Revision.actor_id == editor.id)).all()
    assert [(row.action, row.label) for row in written] == [("created", "Film 11 (1911)"), ("changed", "Аэлита (1925)")]
    assert written[1].changes == [{"path": ["year"], "before": 1924, "after": 1925}]


def test_a_locked_field_stays_and_that_is_said(client: FlaskClient, session: Session, editor: User, catalogue: None,
                                               queue: list[Any]) -> None:
    transfer_id = bring_in(client, queue, "slug,tagline@ru,name@ru,locks\naelita,Новый,Аэлита 2,\n")
    row = rows(session, transfer_id)[0]
    assert [change["path"] for change in row.changes] == [["texts", "ru", "name"]]
    assert row.held == ["tagline@ru"]
    assert "tagline@ru" in client.get(f"/admin/transfers/{transfer_id}").text
    client.post(f"/admin/transfers/{transfer_id}/choose", data={"all": "1", "apply": "1"})
    run(queue)
    session.expire_all()
    aelita = session.scalars(select(Title).where(Title.slug == "aelita")).one()
    assert {text.locale: text.tagline for text in aelita.texts}["ru"] == "=Анта, Одели, Ута"
    assert aelita.locks == ["tagline@ru"]


def test_a_column_names_only_its_own_id(client: FlaskClient, session: Session, editor: User, catalogue: None,
                                        queue: list[Any]) -> None:
    transfer_id = bring_in(client, queue, "slug,external_ids@imdb,external_ids@tmdb\naelita,,55\n")
    assert rows(session, transfer_id)[0].document["external_ids"] == {"wikidata": "Q389413", "tmdb": "55"}


def test_nobodys_newer_save_is_overwritten(client: FlaskClient, session: Session, editor: User, catalogue: None,
                                           queue: list[Any]) -> None:
    transfer_id = bring_in(client, queue, "slug,year,kind,original_title\naelita,1925,film,Аэлита\n"
                                          "new-one,1930,film,New one\n")
    aelita = session.scalars(select(Title).where(Title.slug == "aelita")).one()
    with unit_of_work() as work_session:
        catalog.save_title(work_session, SYSTEM, TitleInput(runtime=120), aelita.id)
        catalog.save_title(work_session, SYSTEM, TitleInput(kind="film", original_title="New one", slug="new-one"))
    client.post(f"/admin/transfers/{transfer_id}/choose", data={"all": "1", "apply": "1"})
    run(queue)
    assert [row.outcome for row in rows(session, transfer_id)] == ["failed", "failed"]
    assert session.scalar(select(Title.year).where(Title.slug == "aelita")) == 1924
    client.post(f"/admin/transfers/{transfer_id}/again")
    run(queue)
    assert [row.verdict for row in rows(session, transfer_id)] == ["changed", "changed"]


def test_what_is_in_the_bin_or_twice_in_the_file_is_faulty(client: FlaskClient, session: Session, editor: User,
                                                           catalogue: None, queue: list[Any]) -> None:
    with unit_of_work() as work_session:
        gone = catalog.save_title(work_session, SYSTEM, TitleInput(kind="film", original_title="Gone", slug="gone"))
        catalog.delete_title(work_session, SYSTEM, gone.id)
    transfer_id = bring_in(client, queue, "slug,year\ngone,1925\naelita,1925\naelita,1926\n")
    found = rows(session, transfer_id)
    assert [row.verdict for row in found] == ["faulty", "changed", "faulty"]
    assert "bin" in found[0].faults[0]
    assert "Row 2" in found[2].faults[0]


def test_rows_without_a_slug_are_not_doubled(client: FlaskClient, session: Session, editor: User, catalogue: None,
                                             queue: list[Any]) -> None:
    table = "kind,original_title,year\nfilm,Стачка,1925\nfilm,Аэлита,1924\nfilm,Стачка,1925\n"
    for verdicts, outcomes in ((["new", "same", "new"], ["applied", "", "failed"]), (["same"] * 3, [""] * 3)):
        transfer_id = bring_in(client, queue, table)
        assert [row.verdict for row in rows(session, transfer_id)] == verdicts
        client.post(f"/admin/transfers/{transfer_id}/choose", data={"apply": "1", "all": "1"})
        run(queue)
        assert [row.outcome for row in rows(session, transfer_id)] == outcomes
    people = bring_in(client, queue, "name,birth_year\nYuliya Solntseva,1901\n", kind="person")
    genres = bring_in(client, queue, "names@ru\nДрама\n", kind="genre")
    assert [rows(session, found)[0].verdict for found in (people, genres)] == ["same", "same"]


def test_a_table_keeps_what_it_does_not_name_and_a_document_does_not(
        client: FlaskClient, session: Session, editor: User, catalogue: None, queue: list[Any]) -> None:
    table = bring_in(client, queue, "slug,names@ru\ndrama,Драмы\n", kind="genre")
    document = bring_in(client, queue, '[{"slug": "drama", "names": {"ru": "Драма"}}]', kind="genre", name="x.json")
    assert [[change["path"][1] for change in rows(session, found)[0].changes] for found in (table, document)] == [
        ["ru"], ["en"]]


def test_a_russian_spreadsheets_file_with_a_missing_column(client: FlaskClient, session: Session, editor: User,
                                                           catalogue: None, queue: list[Any]) -> None:
    """cp1251, semicolons, and no column that says whether it is a film or a series."""
    table = "original_title;year;name@ru\n" + "".join(f"Фильм номер {n};19{n};Фильм\n" for n in range(20, 60))
    transfer_id = bring_in(client, queue, table.encode("cp1251"))
    page = client.get(f"/admin/transfers/{transfer_id}").text
    assert "A new title needs a kind and an original title." in page
    assert "40 rows" in page
    assert "1251" in page
    found = rows(session, transfer_id)
    assert (found[0].label, {row.verdict for row in found}) == ("Фильм номер 20", {"faulty"})
    unknown = bring_in(client, queue, "название;год\nСтачка;1925\n".encode("cp1251"))
    assert "название" in client.get(f"/admin/transfers/{unknown}").text
    assert session.get_one(Transfer, unknown).state == "failed"


@pytest.mark.parametrize(("data", "name", "said"), [
    (b"", "a.csv", "The file is empty"), (b"x", "a.xlsx", "Only CSV and JSON"), (b"x", "", "Only CSV and JSON")])
def test_what_is_no_file_is_said_on_the_form(client: FlaskClient, editor: User, data: bytes, name: str,
                                             said: str) -> None:
    response = client.post("/admin/transfers/import", data={
        "content_type": "title", "file": (io.BytesIO(data), name)}, follow_redirects=True)
    assert said in response.text


def test_hostile_rows_are_faulty_and_run_nothing(client: FlaskClient, session: Session, editor: User, catalogue: None,
                                                 queue: list[Any]) -> None:
    evil = "<script>alert(1)</script>"
    documents = [
        {"slug": ["a"], "kind": "film"}, {"original_title": {"a": 1}}, {"slug": "x' or 1=1 --"}, {"year": 10**40},
        {"texts": {"ru": None}}, {"texts": {"../../etc": {"name": "x"}}}, {"credits": [{"person": 7}]},
        {"external_ids": {"imdb": "x" * 5000}}, {"original_title": "x" * 50_000, "kind": "film"}, {"__class__": "x"},
        {"kind": "film", "original_title": "a\x00b"}, {"kind": "film", "original_title": evil, "slug": "evil"}]
    transfer_id = bring_in(client, queue, json.dumps(documents), name="a.json")
    found = rows(session, transfer_id)
    assert [row.verdict for row in found[:11]] == ["faulty"] * 11, [(row.number, row.verdict) for row in found]
    assert all(row.faults for row in found[:11])
    assert found[11].verdict == "new"
    page = client.get(f"/admin/transfers/{transfer_id}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_an_export_runs_no_formula(client: FlaskClient, editor: User, catalogue: None, queue: list[Any]) -> None:
    line = next(csv.DictReader(io.StringIO(take_out(client, queue, "title", "csv").decode("utf-8-sig"), newline="")))
    assert line["tagline@ru"] == "'=Анта, Одели, Ута"


def test_a_killed_worker_loses_nothing(client: FlaskClient, session: Session, editor: User, catalogue: None,
                                       queue: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine dies in the middle of the rehearsal and again in the middle of applying."""
    monkeypatch.setattr(work, "BATCH_ROWS", 3)
    monkeypatch.setattr(work, "BATCH_SECONDS", 0)

    def last() -> int:
        return session.scalars(select(func.max(Transfer.id))).one()

    for stage in ("_judge", "_apply_rows"):
        real, calls = getattr(work, stage), []

        def dying(*arguments: Any, real: Any = real, calls: list[int] = calls) -> None:
            calls.append(1)
            if len(calls) == 3:
                raise SystemExit("killed")
            real(*arguments)

        monkeypatch.setattr(work, stage, dying)
        with pytest.raises(SystemExit):
            if stage == "_judge":
                bring_in(client, queue, "kind,original_title\n" + "".join(f"film,Film {n}\n" for n in range(20)))
            else:
                client.post(f"/admin/transfers/{last()}/choose", data={"apply": "1"})
                run(queue)
        transfer = session.get_one(Transfer, last())
        assert (transfer.state, transfer.seen) == ("reading" if stage == "_judge" else "applying", 6)
        tasks.work(transfer.id)  # the dead one's lease still runs: nobody takes its place yet
        assert transfer.seen == 6
        session.execute(update(Transfer).values(beat_at=transfer.created_at.replace(year=2020)))
        session.commit()
        tasks.resume()
        run(queue)
        session.expire_all()
        assert transfer.seen == transfer.total == 20
    assert transfer.state == "done"
    assert [row.number for row in rows(session, transfer.id)] == list(range(1, 21))
    assert session.scalar(select(func.count(Title.id)).where(Title.original_title.startswith("Film "))) == 20


def test_called_off_it_stops_between_batches(client: FlaskClient, session: Session, editor: User, catalogue: None,
                                             queue: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    transfer_id = bring_in(client, queue, "kind,original_title\n" + "".join(f"film,Film {n}\n" for n in range(9)))
    monkeypatch.setattr(work, "BATCH_ROWS", 2)
    monkeypatch.setattr(work, "BATCH_SECONDS", 0)
    real, calls = work._apply_rows, []

    def cancelling(*arguments: Any) -> None:
        real(*arguments)
        calls.append(1)
        if len(calls) == 2:
            client.post(f"/admin/transfers/{transfer_id}/cancel")

    monkeypatch.setattr(work, "_apply_rows", cancelling)
    client.post(f"/admin/transfers/{transfer_id}/choose", data={"apply": "1"})
    run(queue)
    session.expire_all()
    assert session.get_one(Transfer, transfer_id).state == "cancelled"
    assert [row.outcome for row in rows(session, transfer_id)] == ["applied"] * 4 + [""] * 5


def test_a_worker_that_was_taken_for_dead_stops(client: FlaskClient, session: Session, editor: User, catalogue: None,
                                                queue: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that slept for minutes wakes up while another goes on in its place."""
    monkeypatch.setattr(work, "BATCH_ROWS", 2)
    monkeypatch.setattr(work, "BATCH_SECONDS", 0)
    transfer_id = bring_in(client, queue, "kind,original_title\n" + "".join(f"film,Film {n}\n" for n in range(9)))
    real, calls = work._apply_rows, []

    def sleeping(*arguments: Any) -> None:
        real(*arguments)
        calls.append(1)
        if len(calls) == 3:  # between its third batch and its fourth
            work.events.after_commit(arguments[2], other_goes_on)

    def other_goes_on() -> None:
        with unit_of_work() as work_session:
            work_session.execute(update(Transfer).values(beat_at=None))
        monkeypatch.setattr(work, "_apply_rows", real)
        tasks.work(transfer_id)

    monkeypatch.setattr(work, "_apply_rows", sleeping)
    client.post(f"/admin/transfers/{transfer_id}/choose", data={"apply": "1"})
    run(queue)
    session.expire_all()
    transfer = session.get_one(Transfer, transfer_id)
    assert (transfer.state, transfer.seen, transfer.total) == ("done", 9, 9)
    assert [row.outcome for row in rows(session, transfer_id)] == ["applied"] * 9
    assert len(calls) == 3


def test_old_transfers_go_with_their_rows_and_files(client: FlaskClient, session: Session, editor: User,
                                                    app: MoviePoint, catalogue: None, queue: list[Any]) -> None:
    old, new = (session.get_one(Transfer, bring_in(client, queue, "slug,year\naelita,1925\n")) for _ in range(2))
    keys = old.key, new.key
    with unit_of_work():
        old.created_at = old.created_at.replace(year=2020)
    tasks.resume()
    assert session.scalars(select(Transfer.id)).all() == [new.id]
    assert session.scalars(select(TransferRow.transfer_id)).all() == [new.id]
    assert [app.extensions["moviepoint.storage"].exists(key) for key in keys] == [False, True]


def test_who_may_not_act_any_more_applies_nothing(
        client: FlaskClient, session: Session, editor: User, catalogue: None, queue: list[Any],
        make_user: Callable[..., User]) -> None:
    transfer_id = bring_in(client, queue, "slug,year\naelita,1925\n")
    client.post(f"/admin/transfers/{transfer_id}/choose", data={"apply": "1"})
    make_user("administrator")
    with unit_of_work() as work_session:
        change_user(work_session, SYSTEM, editor.id, name="", roles=["editor"], active=False)
    run(queue)
    session.expire_all()
    assert session.get_one(Transfer, transfer_id).state == "failed"
    assert session.scalar(select(Title.year).where(Title.slug == "aelita")) == 1924


@pytest.mark.parametrize("role", ["member", "translator", "contributor", "moderator"])
def test_others_neither_bring_in_nor_take_out(client: FlaskClient, session: Session, catalogue: None, queue: list[Any],
                                              sign_in: Callable[..., User], role: str) -> None:
    sign_in("editor")
    transfer_id = bring_in(client, queue, "slug,year\naelita,1925\n")
    sign_in(role)
    assert client.get("/admin/transfers/").status_code == 403
    assert client.get(f"/admin/transfers/{transfer_id}").status_code == 403
    assert client.post(f"/admin/transfers/{transfer_id}/choose", data={"apply": "1"}).status_code == 403
    for method, address in (("get", f"/transfers/{transfer_id}"), ("get", f"/transfers/{transfer_id}/rows"),
                            ("post", f"/transfers/{transfer_id}/apply"), ("delete", f"/transfers/{transfer_id}"),
                            ("get", f"/exports/{transfer_id}/file"),
                            ("post", "/imports?content_type=title&format=csv")):
        assert getattr(client, method)(f"/api/v1{address}").status_code == 403, address
    assert client.post("/api/v1/exports", json={"content_type": "title"}).status_code == 403
    assert client.get("/api/v1/transfers").json["results"] == []


def test_the_same_by_api(client: FlaskClient, session: Session, editor: User, catalogue: None,
                         queue: list[Any]) -> None:
    answer = client.post("/api/v1/imports?content_type=title&file_name=../../x.csv&language=ru",
                         data="slug,year\naelita,1925\nstachka,soon\n", content_type="text/csv")
    assert (answer.status_code, answer.json["file_name"], answer.json["state"]) == (202, "x.csv", "waiting")
    run(queue)
    address = f"/api/v1/transfers/{answer.json['id']}"
    assert client.get(address).json["counts"]["changed"] == 1
    listed = client.get(f"{address}/rows?verdict=faulty").json
    assert (listed["total_results"], listed["results"][0]["faults"]) == (1, ["year: Здесь должно быть число."])
    assert client.post(f"{address}/choice", json={"chosen": False}).json["counts"]["chosen"] == 0
    assert client.post(f"{address}/choice", json={"chosen": True, "numbers": [1]}).json["counts"]["chosen"] == 1
    assert client.post(f"{address}/apply").status_code == 202
    assert client.post(f"{address}/apply").status_code == 409
    assert client.delete(address).status_code == 409
    run(queue)
    assert client.get(address).json["counts"]["applied"] == 1
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    export = client.post("/api/v1/exports", json={"content_type": "title", "format": "json"}).json
    assert client.get(f"/api/v1/exports/{export['id']}/file").status_code == 404
    run(queue)
    assert json.loads(client.get(f"/api/v1/exports/{export['id']}/file").data)["documents"][0]["year"] == 1925
    for body in ({"content_type": "nothing"}, {"content_type": "title", "format": "xml"}, {"kind": "title"}):
        assert client.post("/api/v1/exports", json=body).status_code in (404, 422)


def test_a_removed_transfers_file_goes_and_so_do_orphans(client: FlaskClient, session: Session, app: MoviePoint,
                                                         editor: User, catalogue: None, queue: list[Any],
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    storage = app.extensions["moviepoint.storage"]
    transfer = session.get_one(Transfer, bring_in(client, queue, "slug,year\naelita,1925\n"))
    storage.put("transfers/orphan.csv", b"x")
    monkeypatch.setattr(tasks, "KEEP_SECONDS", -60)
    tasks.resume()
    assert storage.exists(transfer.key)
    assert not storage.exists("transfers/orphan.csv")
    client.post(f"/admin/transfers/{transfer.id}/delete")
    assert not storage.exists(transfer.key)


def test_pages_cost_few_queries_however_long_the_file(client: FlaskClient, session: Session, editor: User,
                                                      catalogue: None, queue: list[Any], count_queries: Any) -> None:
    transfer_id = bring_in(client, queue, "kind,original_title\n" + "".join(f"film,Film {n}\n" for n in range(120)))
    for address, most in (("/admin/transfers/", 4), (f"/admin/transfers/{transfer_id}?page=2", 6)):
        client.get(address)
        with count_queries() as statements:
            assert client.get(address).status_code == 200
        assert len(statements) <= most, "\n".join(statements)


def test_the_command_line_writes_and_reads_a_whole_catalogue(app: MoviePoint, session: Session, catalogue: None,
                                                             tmp_path: Any) -> None:
    runner = app.test_cli_runner()
    commands = {c.command.name: c.command for c in app.extensions["moviepoint.hooks"].collect("register_commands")}
    result = runner.invoke(commands["export"], [str(tmp_path), "--format", "csv"])
    assert result.exit_code == 0, result.output
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files][:2] == ["01-genre.csv", "02-keyword.csv"]
    empty_the_catalogue(session)
    result = runner.invoke(commands["import"], [*map(str, files)])
    assert "1 new" in result.output
    assert session.scalar(select(func.count(Genre.id))) == 0
    result = runner.invoke(commands["import"], [*map(str, files), "--apply"])
    assert result.exit_code == 0, result.output
    assert session.scalar(select(func.count(Title.id))) == 2
    assert session.scalar(select(func.count(Person.id))) == 1
    assert session.scalar(select(func.count(Transfer.id))) == 0
    bad = tmp_path / "title-bad.csv"
    bad.write_text("slug,year\naelita,soon\nles-vampires,1915\n")
    result = runner.invoke(commands["import"], [str(bad), "--apply"])
    assert result.exit_code == 1
    assert "must be a number" in result.output
    assert session.scalar(select(Title.year).where(Title.slug == "les-vampires")) is None
    result = runner.invoke(commands["import"], [str(bad), "--apply", "--in-part"])
    assert result.exit_code == 0, result.output
    session.expire_all()
    assert session.scalar(select(Title.year).where(Title.slug == "les-vampires")) == 1915
