"""Two requests for one upload at the same moment, and an upload that would expire while bytes come."""
from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import delete, func, select, update

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.history.models import Revision
from moviepoint.domains.media import joining, services, tasks, uploads
from moviepoint.domains.media.api import uploads as api
from moviepoint.domains.media.models import Edition, EncodingJob, SourceAsset, Upload
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.errors import MoviePointError
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.policies import SYSTEM
from moviepoint.settings import Settings
from tests.functional.accounts.locks import second_waits
from tests.functional.media.house import House

TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = TUS | {"Content-Type": "application/offset+octet-stream"}


class Sent(NamedTuple):
    """An upload of three bytes for an edition, and two parts that are complete: ids, and public ids."""

    user_id: int
    title_id: int
    upload: str
    parts: tuple[str, ...]


def announce(storage: LocalStorage, settings: Settings) -> Sent:
    """Commit what the tests begin with; all three bytes of the upload have arrived, and nothing was made of them."""
    with unit_of_work() as session:
        user = create_user(session, "sender@example.org", "!", ["editor"])
        title = Title(kind="film", original_title="Stalker", slug="stalker-at-once")
        session.add(title)
        session.flush()
        edition = Edition(title_id=title.id)
        session.add(edition)
        session.flush()
        upload = uploads.create_upload(session, user, storage, settings, size=3, filename="f.mkv", edition=edition)
        parts = [uploads.create_upload(session, user, storage, settings, size=3, partial=True) for _ in range(2)]
        for part in parts:
            part.state = "stored"
        storage.path(upload.key).write_bytes(b"abc")
        sent = Sent(user.id, title.id, upload.public_id, tuple(part.public_id for part in parts))
    db.session.remove()
    return sent


def ask(app: MoviePoint, view: Callable[..., Any], *arguments: str, body: io.RawIOBase | None = None,
        **headers: str) -> int:
    """Call a view of the API as the sender, with three bytes or none; returns the status."""
    sent = {"wsgi.input": body, "CONTENT_LENGTH": "3"} if body else {}
    with app.test_request_context("/api/v1/uploads", method="POST", headers=CHUNK | headers, environ_overrides=sent):
        try:
            return int(view(*arguments).status_code)
        except MoviePointError as error:
            return int(error.status)
        finally:
            db.session.remove()


def finish(app: MoviePoint, sent: Sent) -> int:
    """Send nothing where the last byte has arrived: what a client does whose last answer was lost."""
    return ask(app, api.append, sent.upload, **{"Upload-Offset": "3"})


@pytest.fixture
def sent(house: House, monkeypatch: pytest.MonkeyPatch) -> Sent:
    sent = announce(house.storage, house.settings)
    monkeypatch.setattr(api, "signed_in", lambda: db.session().get_one(User, sent.user_id))
    return sent


def test_an_upload_is_finished_once(house: House, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second has found it unfinished, and gets the file when the first has committed."""
    locked, outcome = api._locked, []

    @contextmanager
    def after_another(path: Path) -> Iterator[None]:
        monkeypatch.setattr(api, "_locked", locked)
        first = threading.Thread(target=lambda: outcome.append(finish(house.app, sent)))
        first.start()
        first.join()
        with locked(path):
            yield

    monkeypatch.setattr(api, "_locked", after_another)
    outcome.append(finish(house.app, sent))
    assert outcome == [204, 409]
    assert len(db.session.scalars(select(SourceAsset.id)).all()) == 1
    assert len(db.session.scalars(select(EncodingJob.id)).all()) == 1


class Slow(io.RawIOBase):
    """A body in pieces; while each is waited for, the hour of all uploads comes, and what has expired is removed."""

    def __init__(self, house: House, *pieces: bytes) -> None:
        self.house, self.pieces, self.expired = house, list(pieces), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with unit_of_work() as session:
            self.expired += uploads.expire_uploads(session, self.house.storage)
            session.execute(update(Upload).values(expires_at=utcnow() - timedelta(seconds=1)))
        piece = self.pieces.pop(0) if self.pieces else b""
        buffer[:len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("pieces", [(b"abc",), (b"a", b"b", b"c")])
def test_an_upload_does_not_expire_while_its_bytes_come(house: House, sent: Sent, monkeypatch: pytest.MonkeyPatch,
                                                        pieces: tuple[bytes, ...]) -> None:
    monkeypatch.setattr(api, "RENEW_SECONDS", 0.0)
    with unit_of_work() as session:
        session.execute(delete(Upload).where(Upload.partial))
        session.execute(update(Upload).values(expires_at=utcnow() - timedelta(seconds=1)))
    house.storage.path(f"uploads/{sent.upload}").write_bytes(b"")
    body = Slow(house, *pieces)
    answer = ask(house.app, api.append, sent.upload, body=body, **{"Upload-Offset": "0"})
    assert (answer, body.expired) == (204, 0)
    assert house.storage.path(f"uploads/{sent.upload}").read_bytes() == b"abc"


class GivenUp(Slow):
    """A body whose upload is given up before its first byte comes."""

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with unit_of_work() as session:
            for upload in session.scalars(select(Upload)):
                uploads.terminate_upload(session, SYSTEM, self.house.storage, upload)
        return super().readinto(buffer)


def test_what_is_given_up_takes_no_more_bytes(house: House, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "RENEW_SECONDS", 0.0)
    house.storage.path(f"uploads/{sent.upload}").write_bytes(b"")
    body = GivenUp(house, b"a", b"b", b"c")
    assert ask(house.app, api.append, sent.upload, body=body, **{"Upload-Offset": "0"}) == 404
    assert body.pieces == [b"b", b"c"]


@pytest.fixture
def committed(app: MoviePoint, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sent]:
    """Commit what the tests begin with on PostgreSQL; nothing of it stays."""
    if not settings.database_url.startswith("postgresql"):
        pytest.skip("SQLite lets one writer in after the other")
    with app.app_context():
        sent = announce(app.extensions["moviepoint.storage"], settings)
        monkeypatch.setattr(api, "signed_in", lambda: db.session().get_one(User, sent.user_id))
        yield sent
        db.session.remove()
        with unit_of_work() as work:
            work.execute(delete(Title).where(Title.id == sent.title_id))
            work.execute(delete(Upload).where(Upload.user_id == sent.user_id))
            work.execute(delete(User).where(User.id == sent.user_id))
            work.execute(delete(Revision))
        db.session.remove()


def expire(app: MoviePoint, sent: Sent) -> int:
    """Have the hour come that is looked at; what the first has moved on meanwhile has not expired."""
    with app.app_context():
        tasks.expire_uploads()
        db.session.remove()
    return 200


def join(app: MoviePoint, sent: Sent) -> int:
    return ask(app, api.create, **{"Upload-Concat": "final;" + " ".join(sent.parts)})


def terminate(app: MoviePoint, sent: Sent) -> int:
    return ask(app, api.terminate, sent.upload)


def give_part_up(app: MoviePoint, sent: Sent) -> int:
    return ask(app, api.terminate, sent.parts[0])


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(("first", "second", "statuses", "kept"), [
    (finish, finish, (204, 423), {"used": 1, "stored": 2}), (finish, terminate, (204, 422), {"used": 1, "stored": 2}),
    (finish, expire, (204, 200), {"used": 1, "stored": 2}), (join, join, (201, 409), {"receiving": 1, "used": 2,
                                                                                     "joining": 1}),
    (join, give_part_up, (201, 422), {"receiving": 1, "used": 2, "joining": 1}),
    (terminate, finish, (204, 404), {"stored": 2})])
def test_of_two_at_once_the_second_sees_what_the_first_has_done(
        app: MoviePoint, settings: Settings, committed: Sent, monkeypatch: pytest.MonkeyPatch,
        first: Callable[..., int], second: Callable[..., int], statuses: tuple[int, int], kept: dict[str, int]) -> None:
    """The first holds its transaction open until the second waits for its lock, or has gone past it."""
    inside, go_on, outcome = threading.Event(), threading.Event(), {}
    module, name = {finish: (uploads, "finish_upload"), terminate: (uploads, "terminate_upload"),
                    join: (joining, "create_joined")}[first]
    real = getattr(module, name)

    def hold(*arguments: Any, **more: Any) -> Any:
        done = real(*arguments, **more)
        monkeypatch.setattr(module, name, real)
        db.session.flush()
        inside.set()
        go_on.wait(30)
        return done

    monkeypatch.setattr(module, name, hold)
    if second is expire:
        with unit_of_work() as work:
            work.execute(update(Upload).where(Upload.public_id == committed.upload).values(expires_at=utcnow()))
        monkeypatch.setattr(api, "_renew", lambda actor, public_id: None)
    threads = [threading.Thread(target=lambda number=number, do=do: outcome.update({number: do(app, committed)}))
               for number, do in enumerate((first, second))]
    second_waits(settings.database_url, threads[0], inside, threads[1], go_on)
    assert (outcome[0], outcome[1]) == statuses
    db.session.rollback()
    assert Counter(db.session.scalars(select(Upload.state))) == kept
    assert db.session.scalar(select(func.count(SourceAsset.id))) == (first is finish)


@pytest.mark.usefixtures("queue")
def test_a_stored_upload_becomes_one_source(app: MoviePoint, settings: Settings, committed: Sent,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    with unit_of_work() as work:
        work.execute(update(Upload).where(Upload.public_id == committed.upload).values(state="stored"))
        ids = work.execute(select(Upload.id, Upload.edition_id).where(Upload.public_id == committed.upload)).one()
    inside, go_on, outcome = threading.Event(), threading.Event(), {}

    def encode(hold: bool) -> None:
        with app.app_context():
            try:
                with unit_of_work() as session:
                    services.encode_upload(session, session.get_one(User, committed.user_id), *ids)
                    if hold:
                        inside.set()
                        go_on.wait(30)
                outcome[hold] = "done"
            except MoviePointError as error:
                outcome[hold] = error.code
            finally:
                db.session.remove()

    second_waits(settings.database_url, threading.Thread(target=encode, args=(True,)), inside,
                 threading.Thread(target=encode, args=(False,)), go_on)
    assert outcome == {True: "done", False: "conflict"}
