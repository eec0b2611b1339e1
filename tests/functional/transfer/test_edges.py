"""Import and export at their edges: hostile files, killed workers, other people, the API, the command line."""
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
from moviepoint.domains.catalog.models import Genre, Person, Title
from moviepoint.domains.transfer import tasks, work
from moviepoint.domains.transfer.models import Transfer, TransferRow
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from tests.functional.transfer.steps import bring_in, empty_the_catalogue, rows, run, take_out


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
