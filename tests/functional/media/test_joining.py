"""Parts that become one file: gone on with after death, once, and never of what is not there."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread
from typing import BinaryIO

import pytest
from sqlalchemy import delete, func, select, update

from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import joining, room, uploads
from moviepoint.domains.media.api import uploads as api
from moviepoint.domains.media.encoding.errors import Blocked
from moviepoint.domains.media.models import Edition, EncodingJob, Upload
from moviepoint.kernel.db import db, unit_of_work, utcnow
from tests.functional.media.house import House
from tests.functional.media.serving import make_token


def add_joining(house: House, user_id: int | None = None, edition_id: int | None = None) -> tuple[int, str, list[str]]:
    """Add an upload whose three parts wait to be joined; returns its id, its key and its parts' ids."""
    keys = []
    with unit_of_work() as session:
        for n in range(3):
            row = Upload(size=1000, state="used", partial=True, expires_at=utcnow())
            session.add(row)
            session.flush()
            house.storage.put(row.key, bytes([n]) * 1000)
            keys.append(row.public_id)
        whole = Upload(size=3000, state="joining", parts=keys, expires_at=utcnow(), user_id=user_id,
                       edition_id=edition_id)
        session.add(whole)
        session.flush()
        return whole.id, whole.key, keys


def sender_and_edition(house: House, *roles: str) -> tuple[int, int]:
    """Add a user with the roles named and an edition without a film; returns their ids."""
    with unit_of_work() as session:
        user = create_user(session, "sender@example.org", "unused", roles)
        title = Title(kind="film", original_title="Stalker", slug="stalker")
        session.add(title)
        session.flush()
        edition = Edition(title_id=title.id)
        session.add(edition)
        session.flush()
        return user.id, edition.id


def state_of(upload_id: int) -> str:
    db.session.rollback()
    return db.session.get_one(Upload, upload_id, populate_existing=True).state


def test_joining_that_was_cut_off_is_gone_on_with(house: House) -> None:
    user, _token = make_token(house, "editor")
    whole_id, key, parts = add_joining(house, user)
    house.storage.put(key, bytes(1000) + b"\1" * 300)  # killed within the second part
    house.storage.delete(f"uploads/{parts[0]}")
    assert joining.join(house.storage, whole_id)
    assert house.storage.path(key).read_bytes() == bytes(1000) + b"\1" * 1000 + b"\2" * 1000
    assert not joining.join(house.storage, whole_id)


def test_parts_of_a_file_that_went_with_its_edition_expire(house: House) -> None:
    user_id, edition_id = sender_and_edition(house, "editor")
    _id, _key, lost = add_joining(house, user_id, edition_id)
    _id, _key, wanted = add_joining(house, user_id)
    with unit_of_work() as session:
        session.execute(delete(Edition).where(Edition.id == edition_id))
    with unit_of_work() as session:
        assert uploads.expire_uploads(session, house.storage) == 3
    assert [house.storage.exists(f"uploads/{part}") for part in (*lost, *wanted)] == [False] * 3 + [True] * 3


@pytest.mark.parametrize(("roles", "state"), [(("editor",), "used"), ((), "stored")])
def test_who_may_send_no_more_starts_no_job_and_loses_no_byte(house: House, roles: tuple[str, ...], state: str) -> None:
    user_id, edition_id = sender_and_edition(house, *roles)
    whole_id, key, _parts = add_joining(house, user_id, edition_id)
    assert joining.join(house.storage, whole_id)
    db.session.rollback()
    assert db.session.get_one(Upload, whole_id).state == state
    assert db.session.scalar(select(func.count(EncodingJob.id))) == (state == "used")
    assert house.storage.path(key).stat().st_size == 3000


def test_two_workers_join_an_upload_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second has seen that there is something to do, and comes to the file when the first has ended."""
    user_id, edition_id = sender_and_edition(house, "editor")
    whole_id, _key, _parts = add_joining(house, user_id, edition_id)
    alone, outcome = joining._alone, []

    def first() -> None:
        with house.app.app_context():
            outcome.append(joining.join(house.storage, whole_id))
            db.session.remove()

    @contextmanager
    def after_another(file: BinaryIO) -> Iterator[bool]:
        monkeypatch.setattr(joining, "_alone", alone)
        thread = Thread(target=first)
        thread.start()
        thread.join()
        with alone(file) as mine:
            yield mine

    monkeypatch.setattr(joining, "_alone", after_another)
    outcome.append(joining.join(house.storage, whole_id))
    assert outcome == [True, False]
    assert state_of(whole_id) == "used"
    assert db.session.scalar(select(func.count(EncodingJob.id))) == 1


def spoil(house: House, how: str, part: str) -> None:
    """Let a part be without a row or a file, or have a file of another length."""
    path = house.storage.path(f"uploads/{part}")
    if how == "no row":
        with unit_of_work() as session:
            session.execute(delete(Upload).where(Upload.public_id == part))
    elif how == "no file":
        path.unlink()
    else:
        path.write_bytes(b"x" * (900 if how == "shorter" else 1100))


@pytest.mark.parametrize("how", ["no row", "no file", "shorter", "longer"])
def test_a_file_whose_parts_are_not_all_there_fails_and_nothing_else(house: House, how: str) -> None:
    user_id, edition_id = sender_and_edition(house, "editor")
    other_id, other, _parts = add_joining(house, user_id)
    whole_id, _key, parts = add_joining(house, user_id, edition_id)
    spoil(house, how, parts[1])
    assert not joining.join(house.storage, whole_id)
    assert state_of(whole_id) == "failed"
    assert joining.waiting(db.session()) == [other_id]  # it is not tried again
    assert house.storage.exists(f"uploads/{parts[2]}")
    assert db.session.scalar(select(func.count(EncodingJob.id))) == 0
    assert joining.join(house.storage, other_id)
    assert house.storage.path(other).stat().st_size == 3000


def test_what_is_longer_than_was_announced_fails(house: House) -> None:
    whole_id, key, _parts = add_joining(house)
    house.storage.put(key, bytes(3100))
    assert not joining.join(house.storage, whole_id)
    assert state_of(whole_id) == "failed"


def test_a_storage_that_is_away_fails_no_upload(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id, _token = make_token(house, "editor")
    whole_id, key, parts = add_joining(house, user_id)
    path = house.storage.path(f"uploads/{parts[2]}")
    path.rename(path.with_suffix(".away"))
    monkeypatch.setattr(room, "trouble", lambda *_: Blocked("storage-away", "away"))
    assert not joining.join(house.storage, whole_id)
    assert state_of(whole_id) == "joining"
    path.with_suffix(".away").rename(path)
    assert joining.join(house.storage, whole_id)
    assert house.storage.path(key).stat().st_size == 3000


def test_who_has_sent_it_reads_why_it_failed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id, edition_id = sender_and_edition(house, "editor")
    whole_id, key, parts = add_joining(house, user_id, edition_id)
    spoil(house, "no file", parts[0])
    joining.join(house.storage, whole_id)
    monkeypatch.setattr(api, "signed_in", lambda: db.session().get_one(User, user_id))
    edition = db.session().get_one(Edition, edition_id).public_id
    client, address = house.app.test_client(), f"/api/v1/{key}"
    shown = client.get(address).json
    assert (shown["state"], shown["message"]) == (
        "failed", "A part of this file is not on the server as it arrived. Send the file again.")
    assert [one["message"] for one in client.get(f"/api/v1/uploads?edition={edition}").json] == [shown["message"]]
    assert "Upload-Offset" not in client.head(address).headers


def test_what_is_left_of_a_failed_file_expires_with_it(house: House) -> None:
    whole_id, _key, parts = add_joining(house)
    with unit_of_work() as session:
        session.execute(update(Upload).values(expires_at=utcnow() + timedelta(hours=1)))
    spoil(house, "no file", parts[1])
    joining.join(house.storage, whole_id)
    with unit_of_work() as session:
        assert uploads.expire_uploads(session, house.storage) == 0
        session.execute(update(Upload).values(expires_at=utcnow()))
    with unit_of_work() as session:
        assert uploads.expire_uploads(session, house.storage) == 1
    assert list(house.storage.path("uploads").iterdir()) == []
    assert db.session.scalars(select(Upload.id)).all() == []
