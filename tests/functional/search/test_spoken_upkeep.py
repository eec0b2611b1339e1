"""The index of what is said follows the tracks: by events, and by the reconciliation after all that can be lost."""
from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask import current_app
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.media import editing
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.schemas import TracksInput
from moviepoint.domains.search.index import IndexMissing
from moviepoint.domains.search.spoken import services, tasks
from moviepoint.domains.search.spoken.whoosh import WhooshSpoken
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.files import Storage
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert
from tests.functional.search.spoken import METROPOLIS, Queue, add_film, deliver, write_text

ROOT = Path(__file__).resolve().parents[3]


def texts(index: WhooshSpoken, *terms: str) -> list[tuple[str, int]]:
    """Return what the index itself finds: the first line's text and its second."""
    index._checked = 0.0
    found = []
    for hits in index.find(terms):
        for place in hits.places:
            line = index.lines(hits.track_id, hits.state)[place >> 8 & 0xFFFFFFFF]
            found.append((line.text, line.start_ms // 1000))
    return sorted(found, key=lambda one: one[1])


def save_tracks(edition: Edition, **changes: object) -> None:
    with unit_of_work() as work:
        rows = editing.tracks_document(work.get_one(Edition, edition.id))
        rows["subtitles"][0] |= changes
        editing.save_tracks(work, SYSTEM, edition.id, convert(TracksInput, rows))


def test_a_track_that_is_hidden_and_shown_again(said: WhooshSpoken, films: dict[str, Edition], queue: Queue) -> None:
    save_tracks(films["metropolis"], hidden=True)
    assert ("search.index_spoken", {"owner": "edition", "ids": [films["metropolis"].id]}) in queue
    deliver(queue)
    assert texts(said, "mediat") == []
    save_tracks(films["metropolis"], hidden=False)
    deliver(queue)
    assert [second for _text, second in texts(said, "mediat")] == [10]


def test_a_language_that_is_set_right_is_found_under_it(client: FlaskClient, said: WhooshSpoken,
                                                        films: dict[str, Edition], queue: Queue) -> None:
    save_tracks(films["metropolis"], language="en-GB")
    deliver(queue)
    assert client.get("/api/v1/search/lines?query=mediator").json["languages"] == {"en-GB": 1}


def test_a_track_that_is_removed(said: WhooshSpoken, films: dict[str, Edition], queue: Queue) -> None:
    edition = films["metropolis"]
    with unit_of_work() as work:
        editing.remove_track(work, SYSTEM, current_app.extensions["moviepoint.storage"], edition.id,
                             edition.subtitles[0].id, "subtitles")
    deliver(queue)
    assert texts(said, "mediat") == []
    assert len(texts(said, "сердц")) == 1


def test_a_track_that_is_moved_in_time(said: WhooshSpoken, films: dict[str, Edition], session: Session) -> None:
    write_text("packages/metropolis", "subs_en-j7", METROPOLIS["en"], offset_ms=30_000)
    with unit_of_work() as work:
        row = work.get_one(Edition, films["metropolis"].id).subtitles[0]
        row.path, row.made_offset_ms = "subs_en-j7", 30_000
    assert services.index_tracks(session, current_app.extensions["moviepoint.storage"], said, "edition",
                                 [films["metropolis"].id]) == 1
    assert [second for _text, second in texts(said, "mediat")] == [40]


def test_a_package_that_is_replaced(said: WhooshSpoken, films: dict[str, Edition], session: Session) -> None:
    for language in ("en", "ru"):
        write_text("packages/new", f"subs_{language}", [(77, "Everything is new, and the mediator too")])
    with unit_of_work() as work:
        work.get_one(Edition, films["metropolis"].id).package = "packages/new"
    services.index_tracks(session, current_app.extensions["moviepoint.storage"], said, "edition",
                          [films["metropolis"].id])
    assert [second for _text, second in texts(said, "mediat")] == [77, 77]
    assert texts(said, "maria") == [("Maria never came here", 100)]


def test_a_title_that_is_unpublished_published_and_binned(said: WhooshSpoken, no_index: object,
                                                          films: dict[str, Edition], queue: Queue) -> None:
    title_id = films["metropolis"].title_id
    assert title_id is not None
    for verb, found in (("unpublish", 0), ("publish", 1), ("delete_title", 0), ("take_back", 0)):
        with unit_of_work() as work:
            getattr(catalog, verb)(work, SYSTEM, title_id)
        assert ("search.index", {"source": "title", "ids": [title_id]}) in queue, verb
        deliver(queue)
        assert len(texts(said, "mediat")) == found, verb


def test_an_edition_that_is_gone_with_its_rows(said: WhooshSpoken, films: dict[str, Edition]) -> None:
    with unit_of_work() as work:
        work.delete(work.get_one(Edition, films["metropolis"].id))
    tasks.reconcile()
    assert texts(said, "mediat") == []
    assert len(said.known()) == 1


def test_what_has_not_changed_is_not_read_again(said: WhooshSpoken, films: dict[str, Edition], session: Session,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    before = services.spoken.lines

    def remembering(work: Session, storage: Storage, track_id: int) -> object:
        read.append(track_id)
        return before(work, storage, track_id)

    monkeypatch.setattr(services.spoken, "lines", remembering)
    generation = said._generation().name
    tasks.index("title", [films["metropolis"].title_id or 0])
    tasks.reconcile()
    said._checked = 0.0
    assert (read, said._generation().name) == ([], generation)


def test_a_lost_message_is_mended(said: WhooshSpoken, films: dict[str, Edition], queue: Queue) -> None:
    with unit_of_work() as work:
        add_film(work, "haxan", {"en": [(5, "The mediator came by night")]})
    queue.clear()
    tasks.reconcile()
    assert len(texts(said, "mediat")) == 2
    tasks.reconcile()
    assert len(texts(said, "mediat")) == 2


def test_a_file_that_cannot_be_read_is_left_out_and_found_later(said: WhooshSpoken, films: dict[str, Edition],
                                                               session: Session) -> None:
    with unit_of_work() as work:
        add_film(work, "haxan", {"en": [(5, "The mediator came by night")]})
    folder = current_app.extensions["moviepoint.storage"].path("packages/haxan")
    folder.rename(folder.with_name("away"))
    tasks.reconcile()
    assert len(texts(said, "mediat")) == 1
    assert services.stale_tracks(session, said)[1] == 1
    folder.with_name("away").rename(folder)
    tasks.reconcile()
    assert len(texts(said, "mediat")) == 2
    assert services.stale_tracks(session, said) == (4, 0, 0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Whoosh leaves a torn file open
@pytest.mark.parametrize("damage", ["folder", "pointer", "segment", "version", "garbage"])
def test_a_lost_or_damaged_index_is_made_anew(client: FlaskClient, said: WhooshSpoken, queue: Queue,
                                              damage: str) -> None:
    generation = said.folder / said.generation()
    if damage == "folder":
        shutil.rmtree(said.folder)
    elif damage == "pointer":
        (said.folder / "current").unlink()
    elif damage == "segment":
        for path in generation.glob("*.seg"):
            path.write_bytes(b"\0" * 100)
    elif damage == "version":
        (said.folder / "current").write_text("v999-abc")
    else:
        for path in generation.glob("_*.toc"):
            path.write_bytes(os.urandom(200))
    said._open, said._checked = None, 0.0
    assert client.get("/en/search/lines?q=mediator").status_code == 503
    assert [name for name, _ in queue] == ["search.rebuild_spoken"]
    gc.collect()
    deliver(queue)
    assert client.get("/api/v1/search/lines?query=mediator").json["total_results"] == 1


@pytest.mark.parametrize("task", [tasks.reconcile, lambda: tasks.index("title", [1])])
def test_without_an_index_the_worker_makes_one(films: dict[str, Edition], no_spoken: WhooshSpoken,
                                               task: object) -> None:
    with pytest.raises(IndexMissing):
        no_spoken.find(["mediat"])
    task()  # type: ignore[operator]
    assert len(texts(no_spoken, "mediat")) == 1


def test_a_rebuild_that_fails_leaves_the_old_index(said: WhooshSpoken, session: Session,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_arguments: object) -> object:
        raise RuntimeError("the database went away")

    monkeypatch.setattr(services.spoken, "lines", failing)
    with pytest.raises(RuntimeError):
        tasks.rebuild()
    assert len(texts(said, "mediat")) == 1
    assert len(list(said.folder.glob("v*-*"))) == 1


WRITER = """
import sys
from pathlib import Path
from moviepoint.domains.search.spoken.index import SpokenDocument, SpokenLine
from moviepoint.domains.search.spoken.whoosh import WhooshSpoken
index = WhooshSpoken(Path(sys.argv[1]))
for n in range(1, 100_000):
    lines = tuple(SpokenLine(i * 1000, i * 1000 + 900, f"word{n} night train {i}") for i in range(200))
    index.update([n], [SpokenDocument(n, n, n, "en", f"state{n}", lines)])
    print(n, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_an_index_that_can_be_read_and_written(tmp_path: Path) -> None:
    index = WhooshSpoken(tmp_path / "index")
    index.rebuild([])
    for pause in (0.02, 0.07, 0.13, 0.21):
        writer = subprocess.Popen([sys.executable, "-W", "ignore", "-c", WRITER, str(index.folder)], cwd=ROOT,
                                  stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "1\n"
        time.sleep(pause)
        writer.send_signal(signal.SIGKILL)
        written = [1, *(int(line) for line in writer.stdout if line.endswith("\n"))]
        writer.wait()
        writer.stdout.close()
        known = index.known()
        assert set(written) <= set(known)
        index._checked = 0.0
        assert len(index.find(["night", "train"])) == len(known)
    index.update([1], [])
    assert 1 not in index.known()


def test_the_command_rebuilds_and_reports(app: MoviePoint, films: dict[str, Edition], no_spoken: WhooshSpoken,
                                          no_index: object, session: Session) -> None:
    runner = app.test_cli_runner()
    group = next(command.command for command in app.extensions["moviepoint.hooks"].collect("register_commands")
                 if command.command.name == "search")
    rebuilt = runner.invoke(group, ["rebuild"])
    assert rebuilt.exit_code == 0, rebuilt.output
    assert "3 subtitle tracks indexed" in rebuilt.output
    assert len(texts(no_spoken, "mediat")) == 1
    status = runner.invoke(group, ["status"])
    assert "subtitles: 3 tracks indexed, 0 missing or old, 0 too many" in status.output
