"""Rungs and storyboards through the edges: the edition's page and the API."""
from __future__ import annotations

import re
from collections.abc import Callable

import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.media.encoding.plan import make_plan
from moviepoint.domains.media.models import Edition, EncodingJob, VideoRendition
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.sentences import stored
from tests.functional.media.editions import TOKEN
from tests.unit.media.test_plan import PROBE, PROFILE

RUNG = {"lines": 480, "max_kbps": 900, "crf": 25}


@pytest.fixture
def film(cut: Edition) -> Edition:
    """An edition whose package was made by a job here, with two rungs."""
    with unit_of_work() as work:
        edition = work.get_one(Edition, cut.id)
        source = edition.sources[0]
        source.probe = msgspec.to_builtins(PROBE)
        work.add(EncodingJob(edition_id=edition.id, source_id=source.id, kind="film", state="done",
                             package=edition.package or "", plan=stored(make_plan(PROBE, PROFILE))))
        edition.video.append(VideoRendition(path="stream_1", position=1, width=640, height=360, codec="avc1.64001e",
                                            frame_rate=24.0, average_bandwidth=500_000, peak_bandwidth=700_000))
    return cut


def jobs(session: Session) -> list[EncodingJob]:
    session.expire_all()
    return list(session.scalars(select(EncodingJob).where(EncodingJob.kind == "pictures")))


@pytest.mark.parametrize(("method", "part"), [("POST", "/pictures"), ("POST", "/rungs/1/remove")])
def test_the_page_is_for_those_who_manage_media(client: FlaskClient, film: Edition, sign_in: Callable[..., User],
                                                session: Session, method: str, part: str) -> None:
    address = f"/admin/editions/{film.id}{part}"
    assert "/account/login" in client.open(address, method=method).headers["Location"]
    sign_in("member")
    assert client.open(address, method=method).status_code == 403
    assert jobs(session) == []


@pytest.mark.parametrize(("method", "part"), [("GET", "rungs"), ("POST", "pictures"), ("DELETE", "rungs/1")])
def test_the_api_is_for_those_who_manage_media(client: FlaskClient, film: Edition, sign_in: Callable[..., User],
                                               method: str, part: str) -> None:
    address, body = f"/api/v1/editions/{film.public_id}/{part}", {"rungs": [RUNG]} if method == "POST" else None
    assert client.open(address, method=method, json=body, headers=TOKEN).status_code == 401
    sign_in("member")
    assert client.open(address, method=method, json=body).status_code == 403


def test_a_rung_is_asked_for_on_the_page(client: FlaskClient, film: Edition, sign_in: Callable[..., User],
                                         session: Session) -> None:
    sign_in("editor")
    page = client.get(f"/admin/editions/{film.id}").text
    assert "Add a rung" in page
    assert 'aria-label="Remove: 640×360"' in page
    response = client.post(f"/admin/editions/{film.id}/pictures", data={
        f"rungs-0-{name}": str(value) for name, value in RUNG.items()})
    assert (response.status_code, response.headers["Location"][-5:]) == (302, "#jobs")
    (job,) = jobs(session)
    assert job.steps[0].parameters["rungs"] == [RUNG]
    assert "rung or storyboard added" in client.get(f"/admin/editions/{film.id}").text
    again = client.post(f"/admin/editions/{film.id}/pictures", data={"storyboard_seconds": "5"})
    assert again.status_code == 409
    assert "is being encoded already" in again.text


@pytest.mark.parametrize(("values", "field"), [
    ({"rungs-0-lines": "", "rungs-0-max_kbps": "900", "rungs-0-crf": "23"}, "rungs-0"),
    ({"rungs-0-lines": "480", "rungs-0-max_kbps": "900", "rungs-0-crf": "99"}, "rungs-0"),
    ({"rungs-0-lines": "x", "rungs-0-max_kbps": "900", "rungs-0-crf": "23"}, "rungs-0"),
    ({"storyboard_seconds": "61"}, "storyboard_seconds"), ({"storyboard_seconds": "soon"}, "storyboard_seconds")])
def test_what_is_wrong_is_said_beside_the_field_and_stays_typed(client: FlaskClient, film: Edition, session: Session,
                                                                sign_in: Callable[..., User], values: dict[str, str],
                                                                field: str) -> None:
    sign_in("editor")
    response = client.post(f"/admin/editions/{film.id}/pictures", data=values)
    assert response.status_code == 422
    assert re.search(rf'<span class="fault" id="e-{field}">[^<]{{10,}}', response.text)
    for name, value in values.items():
        assert f'name="{name}" value="{value}"' in response.text or f'name="{name}"' in response.text
    assert jobs(session) == []


def test_the_api_lists_adds_and_removes_rungs(client: FlaskClient, film: Edition, session: Session,
                                              sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    base = f"/api/v1/editions/{film.public_id}"
    large, small = client.get(f"{base}/rungs").json  # type: ignore[misc]
    assert (large["width"], small["height"], small["average_bandwidth"]) == (1280, 360, 500_000)
    assert [row["id"] for row in client.delete(f"{base}/rungs/{small['id']}").json] == [large["id"]]  # type: ignore[union-attr]
    last = client.delete(f"{base}/rungs/{large['id']}")
    assert (last.status_code, last.mimetype) == (422, "application/problem+json")
    assert client.delete(f"{base}/rungs/{small['id']}").status_code == 404
    for body in ({}, {"rungs": []}, {"rungs": [RUNG] * 9}, {"rungs": [RUNG | {"lines": 1}]}, {"rung": []},
                 {"storyboard_seconds": -1}):
        assert client.post(f"{base}/pictures", json=body).status_code == 422, body
    made = client.post(f"{base}/pictures", json={"rungs": [RUNG], "storyboard_seconds": 0})
    assert (made.status_code, made.json["kind"], made.json["state"]) == (200, "pictures", "queued")  # type: ignore[index]
    assert client.post(f"{base}/pictures", json={"rungs": [RUNG]}).status_code == 409
    assert len(jobs(session)) == 1
