"""A library as Kodi and Jellyfin keep it: told rightly, shown before it is written, and never taken in twice."""
from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from moviepoint_plugins.kodi_library import nfo, work
from moviepoint_plugins.kodi_library.models import LibraryFile, LibraryItem, LibraryScan
from moviepoint_plugins.kodi_library.scan import Found, Walk
from PIL import Image as Pictures
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.media.models import Edition, EncodingJob, SourceAsset
from moviepoint.plugin_api import (
    SYSTEM,
    Episode,
    Image,
    Invalid,
    MoviePointError,
    Person,
    Title,
    User,
    content_type,
    unit_of_work,
)

MOVIE = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<movie>
  <title>Аэлита</title><originaltitle>Aelita</originaltitle><year>1924</year><runtime>111</runtime>
  <plot>Сон о Марсе &amp; революции.</plot><tagline>Анта… Одели… Ута…</tagline>
  <genre>Фантастика</genre><genre>Драма / Мелодрама</genre><tag>марс</tag><studio>Межрабпом-Русь</studio>
  <country>Soviet Union</country><mpaa>RU:12+</mpaa><trailer>plugin://plugin.video.youtube/?id=1</trailer>
  <uniqueid type="imdb" default="true">tt0014646</uniqueid><uniqueid type="tmdb">not a number</uniqueid>
  <set><name>Немое кино</name></set><director>Яков Протазанов</director><credits>Фёдор Оцеп</credits>
  <actor><name>Николай Церетели</name><role>Лось</role><order>1</order></actor>
  <actor><name>Юлия Солнцева</name><role>Аэлита</role><order>0</order></actor>
</movie>
https://www.themoviedb.org/movie/23282-aelita
"""
SHOW = ("<tvshow><title>Les Vampires</title><year>1915</year><plot>A gang.</plot>"
        "<uniqueid type='tvdb'>7</uniqueid></tvshow>")
TWO_EPISODES = ("<episodedetails><title>La tête</title><season>1</season><episode>1</episode><aired>1915-11-13</aired>"
                "</episodedetails>\n<episodedetails><title>La bague</title><episode>2</episode></episodedetails>")
FILM = b"\x1aE\xdf\xa3" + bytes(5000)  # whether it is one is found out by a later task


def picture(colour: str = "#336699", size: tuple[int, int] = (60, 90)) -> bytes:
    stream = io.BytesIO()
    Pictures.new("RGB", size, colour).save(stream, "PNG")
    return stream.getvalue()


def lay_out(root: Path, files: dict[str, bytes | str]) -> None:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)


@pytest.fixture
def library(shelf: Path) -> Iterator[Path]:
    """One film with all that may lie beside it, and one series."""
    lay_out(shelf, {
        "Films/Aelita (1924)/Aelita (1924).mkv": FILM, "Films/Aelita (1924)/Aelita (1924) - Restored.mkv": FILM + b"x",
        "Films/Aelita (1924)/movie.nfo": MOVIE, "Films/Aelita (1924)/poster.png": picture(),
        "Films/Aelita (1924)/fanart.jpg": picture("#112233", (90, 60)),
        "Films/Aelita (1924)/Aelita (1924).ru.srt": "1\n00:00:01,000 --> 00:00:02,000\nАнта\n",
        "Films/Aelita (1924)/Aelita (1924).en.forced.srt": "1\n00:00:01,000 --> 00:00:02,000\nAnta\n",
        "Films/Aelita (1924)/Aelita (1924)-trailer.mp4": FILM, "Films/Aelita (1924)/extras/making.mkv": FILM,
        "Films/Aelita (1924)/notes.txt": "x", "Films/.hidden/Secret (1999).mkv": FILM,
        "Shows/Les Vampires (1915)/tvshow.nfo": SHOW,
        "Shows/Les Vampires (1915)/season01-poster.png": picture(),
        "Shows/Les Vampires (1915)/Season 01/Les Vampires S01E01-E02.mkv": FILM,
        "Shows/Les Vampires (1915)/Season 01/Les Vampires S01E01-E02.nfo": TWO_EPISODES,
        "Shows/Les Vampires (1915)/Season 01/Les Vampires S01E01-E02-thumb.png": picture(),
        "Shows/Les Vampires (1915)/Season 01/les.vampires.1x03.mp4": FILM,
        "Shows/Les Vampires (1915)/Specials/Les Vampires S00E01.mkv": FILM,
        "Shows/Les Vampires (1915)/Specials/interview tape.mkv": FILM})
    yield shelf
    shutil.rmtree(shelf)
    shelf.mkdir()


@pytest.fixture
def editor(sign_in: Callable[..., User], queue: list[object]) -> User:
    return sign_in("editor")


def run(queue: list[tuple[str, dict[str, Any]]]) -> None:
    waiting = [arguments for name, arguments in queue if name == work.TASK]
    queue[:] = [message for message in queue if message[0] != work.TASK]
    for arguments in waiting:
        work.run(**arguments)


def look(client: FlaskClient, session: Session, queue: list[Any], folder: Path, **fields: str) -> LibraryScan:
    response = client.post("/admin/kodi-library/look", data={"folder": str(folder), "locale": "ru", **fields})
    run(queue)
    session.expire_all()
    return session.get_one(LibraryScan, int(response.headers["Location"].rsplit("/", 1)[1]))


def items(session: Session, scan: LibraryScan) -> dict[str, LibraryItem]:
    session.expire_all()
    return {item.label: item for item in session.scalars(
        select(LibraryItem).where(LibraryItem.scan_id == scan.id).order_by(LibraryItem.id))}


def bring_in(client: FlaskClient, session: Session, queue: list[Any], scan: LibraryScan) -> None:
    client.post(f"/admin/kodi-library/{scan.id}/import", data={"import": "1"})
    run(queue)
    session.expire_all()


def walk(root: Path) -> list[Found]:
    return list(Walk(root, "ru").run())


def test_what_lies_there_is_told_by_name_and_nfo(app: MoviePoint, library: Path) -> None:
    with app.app_context():
        film, series = walk(library)
    assert film.document["external_ids"] == {"imdb": "tt0014646", "tmdb": "23282"}
    assert (film.document["original_title"], film.document["year"], film.document["countries"]) == (
        "Aelita", 1924, ["SU"])
    assert film.document["genres"] == ["Фантастика", "Драма", "Мелодрама"]
    assert [(credit["person"], credit["department"]) for credit in film.document["credits"]] == [
        ("Яков Протазанов", "directing"), ("Фёдор Оцеп", "writing"), ("Юлия Солнцева", "acting"),
        ("Николай Церетели", "acting")]
    assert film.document["releases"] == [{"country": "RU", "certification": "12+"}]
    assert "extras" not in film.document
    assert sorted((video.label, len(video.beside)) for video in film.videos) == [("", 2), ("Restored", 0)]
    assert [(part.kind, part.season, part.episode) for part in series.pictures] == [
        ("poster", 1, None), ("still", 1, 1)]
    assert {number: [episode["number"] for episode in episodes] for number, episodes in series.seasons.items()} == {
        1: [1, 2, 3], 0: [1]}
    assert any("interview tape" in note for note in series.notes)


@pytest.mark.parametrize("name", ["Film.With.Dots.1999", "Фильм без года", "[1999] odd", "2001", "A (B) (1999) [x]"])
def test_names_that_say_little_are_films_all_the_same(app: MoviePoint, tmp_path: Path, name: str) -> None:
    lay_out(tmp_path, {f"{name}/{name}.mkv": FILM})
    with app.app_context():
        found = walk(tmp_path)
    assert len(found) == 1
    assert found[0].document["original_title"]


def test_a_walk_leaves_the_folder_by_no_link(app: MoviePoint, tmp_path: Path) -> None:
    lay_out(tmp_path, {"outside/Secret (1999)/Secret (1999).mkv": FILM, "inside/Mine (1998).mkv": FILM,
                       "inside/skipped/.nomedia": "", "inside/skipped/Other (1997).mkv": FILM})
    (tmp_path / "inside/link").symlink_to(tmp_path / "outside")
    (tmp_path / "inside/Linked (1996).mkv").symlink_to(tmp_path / "outside/Secret (1999)/Secret (1999).mkv")
    with app.app_context():
        assert [found.document["original_title"] for found in walk(tmp_path / "inside")] == ["Mine"]


HOSTILE = {
    "external entity": '<?xml version="1.0"?><!DOCTYPE movie [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
                       "<movie><title>&x;</title></movie>",
    "laughs": '<!DOCTYPE movie [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><movie><title>&b;</title></movie>',
    "unknown entity": "<movie><title>&x;</title></movie>", "not closed": "<movie><title>x</movie>",
    "too large": "<movie><title>" + "x" * 1_100_000 + "</title></movie>",
    "wrong encoding": b'<?xml version="1.0" encoding="utf-8"?><movie><title>\xff\xfe\xfa</title></movie>',
    "no such encoding": '<?xml version="1.0" encoding="klingon"?><movie><title>x</title></movie>',
    "null": b"<movie><title>\x00</title></movie>"}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_nfo_is_a_fault_of_its_film_and_nothing_is_run(
        client: FlaskClient, session: Session, editor: User, queue: list[Any], shelf: Path, kind: str) -> None:
    lay_out(shelf, {"Bad (1999)/Bad (1999).mkv": FILM, "Bad (1999)/movie.nfo": HOSTILE[kind],
                    "Good (1998)/Good (1998).mkv": FILM})
    try:
        scan = look(client, session, queue, shelf)
        found = items(session, scan)
        assert {label: item.verdict for label, item in found.items()} == {"Bad (1999)": "faulty", "Good (1998)": "new"}
        assert found["Bad (1999)"].faults
        page = client.get(f"/admin/kodi-library/{scan.id}").text
        assert "root:" not in page
        bring_in(client, session, queue, scan)
        assert session.scalars(select(Title.original_title)).all() == ["Good"]
    finally:
        shutil.rmtree(shelf)
        shelf.mkdir()


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode)
       | st.text(max_size=80).map(lambda text: f"<movie><title>{text}</title><year>{text}</year></movie>".encode()))
def test_no_bytes_break_the_reader(app: MoviePoint, data: bytes) -> None:
    with app.app_context():
        try:
            for root in nfo.parse(data):
                nfo.title_document(root, "film", "en")
                nfo.external_ids(data, root)
        except Invalid:
            pass


def test_a_walk_shows_what_an_import_would_do_and_writes_nothing(
        client: FlaskClient, session: Session, editor: User, queue: list[Any], library: Path) -> None:
    scan = look(client, session, queue, library)
    assert (scan.state, scan.total) == ("ready", 2)
    found = items(session, scan)
    assert {label: item.verdict for label, item in found.items()} == {
        "Aelita (1924)": "new", "Les Vampires (1915)": "new"}
    assert len(found["Aelita (1924)"].files) == 6
    assert session.scalar(select(func.count(Title.id))) == session.scalar(select(func.count(Person.id))) == 0
    page = client.get(f"/admin/kodi-library/{scan.id}").text
    assert "Сон о Марсе" in page
    assert "Aelita (1924).ru.srt" in page


def test_an_import_brings_all_of_it_and_a_second_one_nothing(
        client: FlaskClient, session: Session, editor: User, queue: list[Any], library: Path) -> None:
    scan = look(client, session, queue, library)
    bring_in(client, session, queue, scan)
    assert {item.outcome for item in items(session, scan).values()} == {"imported"}, items(session, scan)
    film = session.scalars(select(Title).where(Title.kind == "film")).one()
    assert {text.locale: text.overview for text in film.texts} == {"ru": "Сон о Марсе & революции."}
    assert [credit.person.name for credit in film.credits][-1] == "Николай Церетели"
    assert sorted(image.kind for image in film.images) == ["backdrop", "poster"]
    assert sorted(session.scalars(select(Edition.label).where(Edition.title_id == film.id))) == ["", "Restored"]
    assert sorted(source.intent["use"] for source in session.scalars(
        select(SourceAsset).join(Edition).where(Edition.title_id == film.id))) == [
        "film", "film", "subtitles", "subtitles"]
    assert session.scalar(select(func.count(Episode.id))) == 4
    before = {model: session.scalar(select(func.count(model.id)))
              for model in (Title, Person, Image, Edition, EncodingJob, Episode, LibraryFile)}
    again = look(client, session, queue, library)
    assert {item.verdict for item in items(session, again).values()} == {"same"}, [
        (item.changes, item.files) for item in items(session, again).values()]
    bring_in(client, session, queue, again)
    assert {model: session.scalar(select(func.count(model.id))) for model in before} == before


def test_what_changed_is_taken_in_and_what_an_editor_locked_stays(
        client: FlaskClient, session: Session, editor: User, queue: list[Any], library: Path) -> None:
    bring_in(client, session, queue, look(client, session, queue, library))
    film = session.scalars(select(Title).where(Title.kind == "film")).one()
    with unit_of_work() as work_session:
        content_type("title").save(work_session, SYSTEM, {
            "runtime": 120, "locks": ["runtime", "overview@ru"], "texts": {"ru": {"overview": "Правка редактора."}}},
            film.id)
    lay_out(library, {"Films/Aelita (1924)/poster.png": picture("#ff0000"),
                      "Films/Aelita (1924)/movie.nfo": MOVIE.replace("<year>1924", "<year>1925")})
    scan = look(client, session, queue, library)
    item = items(session, scan)["Aelita (1925)"]
    assert [change["path"] for change in item.changes] == [["year"]]
    assert item.files == ["Films/Aelita (1924)/poster.png"]
    bring_in(client, session, queue, scan)
    session.expire_all()
    assert (film.year, film.runtime) == (1925, 120)
    assert film.texts[0].overview == "Правка редактора."
    assert sorted(image.kind for image in film.images) == ["backdrop", "poster"]


def test_a_damaged_picture_stops_only_its_film(client: FlaskClient, session: Session, editor: User, queue: list[Any],
                                               library: Path) -> None:
    lay_out(library, {"Films/Aelita (1924)/poster.png": b"<svg onload='alert(1)'/>"})
    scan = look(client, session, queue, library)
    bring_in(client, session, queue, scan)
    found = items(session, scan)
    assert [found["Aelita (1924)"].outcome, found["Les Vampires (1915)"].outcome] == ["failed", "imported"]
    assert "JPEG" in found["Aelita (1924)"].faults[0]
    assert session.scalar(select(Title.id).where(Title.kind == "film")) is None


def test_a_worker_that_dies_between_two_files_takes_none_in_twice(
        client: FlaskClient, session: Session, editor: User, queue: list[Any], library: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    scan = look(client, session, queue, library)
    real, calls = work.importing.take_file, []

    def dying(*arguments: Any) -> int:
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit("killed")
        return real(*arguments)

    monkeypatch.setattr(work.importing, "take_file", dying)
    with pytest.raises(SystemExit):
        bring_in(client, session, queue, scan)
    with unit_of_work() as work_session:
        kept = work_session.get_one(LibraryScan, scan.id)
        assert kept.state == "importing"
        kept.beat_at = None
    work.resume()
    run(queue)
    session.expire_all()
    assert session.get_one(LibraryScan, scan.id).state == "done"
    assert session.scalar(select(func.count(Title.id))) == 2
    assert session.scalar(select(func.count(SourceAsset.id))) == 7


@pytest.mark.parametrize("folder", ["/etc", "{shelf}/..", "{shelf}/../..", "", "{shelf}/nothing", "relative"])
def test_only_the_operators_folders_are_read(client: FlaskClient, session: Session, editor: User, queue: list[Any],
                                             shelf: Path, folder: str) -> None:
    with unit_of_work() as work_session, pytest.raises(MoviePointError):
        work.start(work_session, SYSTEM, folder.format(shelf=shelf), "ru")
    for inner in ("../..", "x/../../.."):
        client.post("/admin/kodi-library/look", data={"folder": str(shelf), "inner": inner, "locale": "ru"})
    assert session.scalar(select(func.count(LibraryScan.id))) == 0


@pytest.mark.parametrize("role", ["member", "translator", "contributor", "moderator"])
def test_others_stay_out(client: FlaskClient, session: Session, sign_in: Callable[..., User], queue: list[Any],
                         library: Path, role: str) -> None:
    sign_in("editor")
    scan = look(client, session, queue, library)
    sign_in(role)
    assert client.get("/admin/kodi-library/").status_code == 403
    assert client.post(f"/admin/kodi-library/{scan.id}/import", data={"import": "1"}).status_code == 403
    assert client.get(f"/api/v1/kodi-library/scans/{scan.id}/items").status_code == 403
    assert client.post(f"/api/v1/kodi-library/scans/{scan.id}/import", json={}).status_code == 403


def test_the_same_by_api(client: FlaskClient, session: Session, editor: User, queue: list[Any], library: Path) -> None:
    refused = client.post("/api/v1/kodi-library/scans", json={"folder": "/etc", "locale": "ru"})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["folder"])
    answer = client.post("/api/v1/kodi-library/scans", json={"folder": str(library), "locale": "ru"})
    assert (answer.status_code, answer.json["state"]) == (202, "waiting")
    run(queue)
    address = f"/api/v1/kodi-library/scans/{answer.json['id']}"
    found = client.get(f"{address}/items").json["results"]
    assert [(item["label"], item["verdict"]) for item in found] == [
        ("Aelita (1924)", "new"), ("Les Vampires (1915)", "new")]
    assert client.post(f"{address}/import", json={"items": [found[1]["id"]]}).status_code == 202
    run(queue)
    assert client.get(address).json["state"] == "done"
    assert session.scalars(select(Title.kind)).all() == ["series"]
    assert client.post(f"{address}/stop").status_code == 409


def test_pages_are_shown_in_russian_too(client: FlaskClient, session: Session, editor: User, queue: list[Any],
                                        library: Path) -> None:
    client.set_cookie("locale", "ru")
    assert "Просмотреть" in client.get("/admin/kodi-library/").text
    scan = look(client, session, queue, library)
    assert "Какая это серия?" in client.get(f"/admin/kodi-library/{scan.id}").text
