"""Import and export as an editor uses them: rehearsed, chosen, applied, and nothing lost on the way."""
from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.schemas import (
    TitleInput,
)
from moviepoint.domains.history.models import Revision
from moviepoint.domains.transfer.exchange import exchanged_types
from moviepoint.domains.transfer.models import Transfer
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from tests.functional.transfer.steps import bring_in, empty_the_catalogue, rows, run, take_out


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
