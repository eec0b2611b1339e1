"""Letterboxd and IMDb: in, rehearsed and taken in, and out again without a loss."""
from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.catalog.schemas import TitleInput
from moviepoint.domains.community import exchange
from moviepoint.domains.community.models import DiaryEntry, Import, ImportRow, Rating, Review, UserList
from moviepoint.domains.community.services import imports
from moviepoint.domains.community.tasks import bring_in, resume_imports
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM

SignIn = Callable[..., User]
Queue = list[tuple[str, dict[str, object]]]
HEAD = "Date,Name,Year,Letterboxd URI"
FILES = {
    "ratings.csv": f"{HEAD},Rating\n2020-01-02,Metropolis,1927,https://boxd.it/2b2,4.5\n"
                   "2020-01-03,Unknown Film,1950,https://boxd.it/zz,3\n",
    "watched.csv": f"{HEAD}\n2020-01-02,Metropolis,1927,https://boxd.it/2b2\n"
                   "2019-05-05,Häxan,1922,https://boxd.it/hx\n",
    "diary.csv": f"{HEAD},Rating,Rewatch,Tags,Watched Date\n"
                 '2020-01-02,Metropolis,1927,https://boxd.it/d1,4,Yes,"silent, cinema",2020-01-01\n'
                 "2021-01-02,Metropolis,1927,https://boxd.it/d2,5,Yes,,2021-01-01\n"
                 "2021-01-02,Nobody Has It,1931,https://boxd.it/d3,,,,2021-02-03\n",
    "reviews.csv": f"{HEAD},Rating,Rewatch,Review,Tags,Watched Date\n"
                   '2020-01-02,Metropolis,1927,https://boxd.it/r1,4,,"Cogs, and ""heart"".\nTwo lines.",,2020-01-01\n'
                   "2021-01-02,Metropolis,1927,https://boxd.it/r2,5,Yes,Again!,,2021-01-01\n",
    "watchlist.csv": f"{HEAD}\n2022-01-01,A Trip to the Moon,1902,https://boxd.it/tm\n2022-01-02,Gone,1911,x\n",
    "lists/dark.csv": "Letterboxd list export v7\nDate,Name,Tags,URL,Description\n"
                      '2023-01-01,Dark Rooms,,https://boxd.it/l,"Line one\nPosition,of nothing"\n\n'
                      "Position,Name,Year,URL,Description\n1,Häxan,1922,https://boxd.it/hx,Witches\n"
                      "2,Lost One,1913,https://boxd.it/lo,\n",
    "likes/films.csv": f"{HEAD}\n2020-01-02,Metropolis,1927,https://boxd.it/2b2\n",
    "profile.csv": "Date Joined,Username\n2019-01-01,asta\n",
}


def archive(files: dict[str, str]) -> bytes:
    """Return an archive of CSV files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, text in files.items():
            target.writestr(name, text)
    return out.getvalue()


def sent(client: FlaskClient, source: str, name: str, data: bytes) -> int:
    """Bring a file in by the page and have it rehearsed; returns the import's id."""
    answer = client.post("/en/account/data/import", data={"source": source, "file": (io.BytesIO(data), name)})
    assert answer.status_code == 303, answer.text
    import_id = int(answer.location.rsplit("/", 1)[1])
    bring_in(import_id)
    return import_id


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def holds(rows: list[dict[str, str]], wanted: dict[str, str]) -> bool:
    """Say whether some row has all these columns as they are."""
    return any(all(row.get(name) == value for name, value in wanted.items()) for row in rows)


@pytest.mark.usefixtures("catalogue")
def test_an_archive_is_rehearsed_taken_in_and_given_back_whole(client: FlaskClient, session: Session, queue: Queue,
                                                               sign_in: SignIn) -> None:
    user = sign_in("member")
    import_id = sent(client, "letterboxd", "letterboxd-asta.zip", archive(FILES))
    assert queue == [("community.import", {"import_id": import_id})]
    verdicts = client.get(f"/api/v1/member-imports/{import_id}").json["verdicts"]
    assert verdicts == {"new": 8, "unmatched": 4, "kept": 3}
    assert session.scalars(select(Rating)).all() == session.scalars(select(DiaryEntry)).all() == []  # only rehearsed
    client.post(f"/en/account/data/import/{import_id}/apply")
    bring_in(import_id)
    session.expire_all()
    assert session.get_one(Import, import_id).state == "done"
    assert session.scalars(select(Rating.value)).all() == [9]
    assert {(row.watched_on, row.rating) for row in session.scalars(select(DiaryEntry))} == {
        (date(2020, 1, 1), 8), (date(2021, 1, 1), 10), (None, None)}
    assert {row.slug for row in session.scalars(select(UserList).where(UserList.user_id == user.id))} == {
        "watchlist", "dark-rooms"}
    with zipfile.ZipFile(io.BytesIO(client.get("/en/account/data/export/letterboxd").data)) as given:
        names = given.namelist()
        for file in ("ratings.csv", "watched.csv", "diary.csv", "reviews.csv", "watchlist.csv", "likes/films.csv",
                     "profile.csv"):
            rows = rows_of(given.read(file).decode())
            for wanted in rows_of(FILES[file]):
                loose = {name: value for name, value in wanted.items() if name != "Date"}  # when it was taken in here
                if file == "reviews.csv" and wanted["Name"] == "Metropolis":
                    loose.pop("Rating")  # of the title's, which another file says better
                assert holds(rows, loose), (file, wanted, rows)
        assert "lists/dark-rooms.csv" in names
        text = given.read("lists/dark-rooms.csv").decode()
        assert "Line one" in text
        assert "Lost One,1913" in text
        assert "1,Häxan,1922,https://boxd.it/hx,Witches" in text


@pytest.mark.usefixtures("catalogue", "queue")
def test_the_same_file_again_changes_nothing(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    sign_in("member")
    for _ in range(2):
        import_id = sent(client, "letterboxd", "a.zip", archive(FILES))
        client.post(f"/en/account/data/import/{import_id}/apply")
        bring_in(import_id)
    verdicts = client.get(f"/api/v1/member-imports/{import_id}").json["verdicts"]
    assert "new" not in verdicts
    assert len(session.scalars(select(DiaryEntry)).all()) == 3
    assert len(session.scalars(select(Review)).all()) == 1
    with zipfile.ZipFile(io.BytesIO(client.get("/en/account/data/export/letterboxd").data)) as given:
        rows = rows_of(given.read("ratings.csv").decode())
        assert len([row for row in rows if row["Name"] == "Unknown Film"]) == 1


@pytest.mark.usefixtures("queue")
def test_imdb_is_matched_by_its_id_and_given_back(client: FlaskClient, session: Session, metropolis: int,
                                                  sign_in: SignIn) -> None:
    with unit_of_work() as work:
        catalog.save_title(work, SYSTEM, TitleInput(external_ids={"imdb": "tt0017136"}), metropolis)
    sign_in("member")
    columns = ",".join(exchange.COLUMNS["imdb", "rating"])
    text = (f"{columns}\ntt0017136,9,2020-02-02,A Wrong Name,X,https://u,Movie,8.3,153,1900,Drama,190000,1927-01-10,"
            "Fritz Lang\ntt9999999,3,2020-02-03,Unheard,Unheard,https://v,Movie,5.0,90,1999,Horror,7,1999-01-01,N N\n")
    import_id = sent(client, "imdb", "ratings.csv", text.encode())
    client.post(f"/api/v1/member-imports/{import_id}/apply", json={})
    bring_in(import_id)
    assert session.scalars(select(Rating.value)).one() == 9
    rows = rows_of(client.get("/en/account/data/export/imdb-ratings").text)
    for wanted in rows_of(text):
        wanted.pop("Date Rated")
        assert holds(rows, wanted)
    assert len(rows) == 2


@pytest.mark.usefixtures("catalogue", "queue")
def test_a_name_without_its_year_or_of_two_titles_is_not_guessed(client: FlaskClient, session: Session,
                                                                 sign_in: SignIn) -> None:
    with unit_of_work() as work:
        for _ in range(2):
            twin = catalog.save_title(work, SYSTEM, TitleInput(kind="film", original_title="Twin", year=1930))
            catalog.publish(work, SYSTEM, twin.id)
    sign_in("member")
    text = f"{HEAD},Rating\n,Metropolis,,x,4\n,Metropolis,1928,x,4\n,Twin,1930,x,4\n,МЕТРОПОЛИС,1927,x,4\n"
    text += ",A Draft,1930,x,4\n"
    import_id = sent(client, "letterboxd", "ratings.csv", text.encode())
    assert session.scalars(select(ImportRow.verdict).where(ImportRow.import_id == import_id)
                           .order_by(ImportRow.number)).all() == ["unmatched", "unmatched", "unmatched", "new",
                                                                  "unmatched"]


@pytest.mark.usefixtures("catalogue", "queue")
@pytest.mark.parametrize(("source", "name", "data", "said"), [
    ("letterboxd", "a.zip", b"PK\x03\x04 not really", "The archive cannot be read."),
    ("imdb", "r.csv", b"Name,Year\nx,1\n", "no column"), ("letterboxd", "r.csv", b"a\0b", "no CSV file"),
    ("letterboxd", "big.zip", archive({"ratings.csv": "x" * (exchange.MOST_BYTES + 1)}), "more than we take"),
    ("letterboxd", "many.zip", archive({f"{n}.csv": "a" for n in range(exchange.MOST_FILES + 1)}), "more than we take"),
], ids=["broken", "columns", "binary", "bomb", "files"])
def test_what_is_no_such_file_fails_in_words(client: FlaskClient, session: Session, sign_in: SignIn, source: str,
                                             name: str, data: bytes, said: str) -> None:
    sign_in("member")
    import_id = sent(client, source, name, data)
    found = session.get_one(Import, import_id, populate_existing=True)
    assert found.state == "failed"
    assert said in found.error
    assert said in client.get(f"/en/account/data/import/{import_id}").text.replace("&#39;", "'")


@pytest.mark.usefixtures("catalogue", "queue")
def test_faulty_rows_are_said_and_the_others_go_on(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    sign_in("member")
    text = (f"{HEAD},Rating\n2020-01-02,Metropolis,1927,x,11\n2020-01-02,Metropolis,1927,x,4.2\n"
            "2020-01-02,Metropolis,1927,x,\n2020-01-02,Häxan,1922,x,4,one,too many\n")
    import_id = sent(client, "letterboxd", "ratings.csv", text.encode())
    assert client.get(f"/api/v1/member-imports/{import_id}").json["verdicts"] == {"faulty": 3, "new": 1}
    rows = client.get(f"/api/v1/member-imports/{import_id}/rows?verdict=faulty").json["results"]
    assert rows[0]["fault"] == "A rating or a date in it cannot be understood."
    assert rows[0]["document"]["Rating"] == "11"


@pytest.mark.usefixtures("catalogue", "queue")
def test_limits_and_owners(client: FlaskClient, session: Session, sign_in: SignIn, members: Callable[[int], list[User]],
                           monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in("member")
    import_id = sent(client, "letterboxd", "ratings.csv", FILES["ratings.csv"].encode())
    for data in ({"source": "netflix", "file": (io.BytesIO(b"a"), "a.csv")}, {"source": "imdb"},
                 {"source": "imdb", "file": (io.BytesIO(b" "), "a.csv")}):
        assert client.post("/en/account/data/import", data=data).status_code == 422
    monkeypatch.setattr(imports, "MOST_ROWS", 1)
    assert session.get_one(Import, sent(client, "letterboxd", "ratings.csv", FILES["ratings.csv"].encode()),
                           populate_existing=True).state == "failed"
    monkeypatch.setattr(imports, "MOST_IMPORTS", 2)
    again = {"source": "imdb", "file": (io.BytesIO(b"x"), "a.csv")}
    assert client.post("/en/account/data/import", data=again).status_code == 422
    sign_in("editor")  # not theirs
    for path in (f"/en/account/data/import/{import_id}", f"/api/v1/member-imports/{import_id}",
                 f"/api/v1/member-imports/{import_id}/rows"):
        assert client.get(path).status_code == 404
    assert client.post(f"/en/account/data/import/{import_id}/apply").status_code == 404
    assert client.delete(f"/api/v1/member-imports/{import_id}").status_code == 404


@pytest.mark.usefixtures("catalogue")
def test_a_lost_message_is_made_up_for(client: FlaskClient, queue: Queue, sign_in: SignIn) -> None:
    sign_in("member")
    answer = client.post("/api/v1/member-imports?source=letterboxd&name=ratings.csv", data=FILES["ratings.csv"],
                         content_type="text/csv")
    assert answer.json["state"] == "waiting"
    queue.clear()
    resume_imports()
    assert queue == [("community.import", {"import_id": answer.json["id"]})]
    bring_in(answer.json["id"])
    assert client.get(f"/api/v1/member-imports/{answer.json['id']}").json["state"] == "ready"
    assert client.delete(f"/api/v1/member-imports/{answer.json['id']}").status_code == 204
