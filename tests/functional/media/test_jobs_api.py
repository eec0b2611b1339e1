"""Jobs at the edges: the API and the back office."""
from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import ledger, services
from moviepoint.domains.media.models import Edition, EncodingJob, EncodingStep, SourceAsset
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.sentences import sentence

Queue = list[tuple[str, dict[str, object]]]


@pytest.fixture
def start(session: Session, queue: Queue) -> Callable[[], int]:
    """Return a function that starts a job for a new source."""
    count = iter(range(100))

    def begin(filename: str = "film.mkv") -> int:
        with unit_of_work() as work:
            title = Title(kind="film", original_title="Film", slug=f"jobs-film-{next(count)}")
            work.add(title)
            work.flush()
            edition = Edition(title_id=title.id)
            work.add(edition)
            work.flush()
            source = SourceAsset(edition_id=edition.id, key=f"uploads/{edition.public_id}", filename=filename, size=9)
            work.add(source)
            work.flush()
            return services.start_job(work, SYSTEM, source.id).id

    return begin


@pytest.mark.parametrize(("method", "address"), [
    ("get", "/api/v1/jobs"), ("get", "/api/v1/jobs/1"), ("post", "/api/v1/jobs/1/cancel"),
    ("post", "/api/v1/jobs/1/retry")])
def test_nobody_sees_jobs_without_signing_in(client: FlaskClient, method: str, address: str) -> None:
    response = client.open(address, method=method.upper(), json={} if method == "post" else None,
                           headers={"Authentication-Token": "x"})
    assert response.status_code == 401
    assert response.mimetype == "application/problem+json"


def test_members_may_not_see_jobs(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in("member")
    assert client.get("/api/v1/jobs").status_code == 403


def test_an_editor_lists_jobs_by_page_and_state(client: FlaskClient, sign_in: Callable[..., User],
                                                start: Callable[..., int]) -> None:
    sign_in("editor")
    first, second = start(), start()
    page = client.get("/api/v1/jobs?page_size=1").json
    assert (page["page"], page["total_results"], page["total_pages"]) == (1, 2, 2)
    assert page["results"][0]["id"] == second
    assert page["results"][0]["progress"] == 0
    assert [job["id"] for job in client.get("/api/v1/jobs?state=queued").json["results"]] == [second, first]
    assert client.get("/api/v1/jobs?state=done").json["results"] == []
    assert client.get("/api/v1/jobs?state=sleeping").status_code == 422


def test_a_job_shows_its_steps(client: FlaskClient, sign_in: Callable[..., User], start: Callable[..., int]) -> None:
    sign_in("editor")
    job_id = start("Film «один».mkv")
    shown = client.get(f"/api/v1/jobs/{job_id}").json
    assert shown["filename"] == "Film «один».mkv"
    assert [(step["name"], step["state"]) for step in shown["steps"]] == [("inspect", "queued")]
    assert client.get("/api/v1/jobs/999999").status_code == 404


def test_cancel_and_retry_through_the_api(client: FlaskClient, sign_in: Callable[..., User],
                                          start: Callable[..., int], queue: Queue) -> None:
    sign_in("editor")
    job_id = start()
    token = {"Authentication-Token": "x"}
    assert client.post(f"/api/v1/jobs/{job_id}/retry", json={}, headers=token).status_code == 409
    cancelled = client.post(f"/api/v1/jobs/{job_id}/cancel", json={}, headers=token)
    assert (cancelled.status_code, cancelled.json["state"]) == (200, "cancelled")
    assert cancelled.json["steps"][0]["state"] == "cancelled"
    assert client.post(f"/api/v1/jobs/{job_id}/cancel", json={}, headers=token).status_code == 409
    queue.clear()
    assert client.post(f"/api/v1/jobs/{job_id}/retry", json={}, headers=token).json["state"] == "queued"
    assert ("media.work", {"lane": "light"}) in queue


def test_the_back_office_shows_progress_and_takes_orders(client: FlaskClient, sign_in: Callable[..., User],
                                                         start: Callable[..., int], session: Session) -> None:
    sign_in("editor")
    job_id = start("<b>film</b>.mkv")
    page = client.get("/admin/jobs/").text
    assert "&lt;b&gt;film&lt;/b&gt;.mkv" in page
    assert "data-renew" in page
    fragment = client.get("/admin/jobs/?fragment=1").text
    assert "<html" not in fragment
    assert "<progress" in fragment
    detail = client.get(f"/admin/jobs/{job_id}").text
    assert "inspect" in detail
    found = re.search(r'name="csrf_token" value="([^"]+)"', detail)
    assert found is not None
    token = {"csrf_token": found[1]}
    response = client.post(f"/admin/jobs/{job_id}/cancel", data=token)
    assert response.status_code == 302
    session.expire_all()
    assert session.scalars(select(EncodingStep.state).where(EncodingStep.job_id == job_id)).all() == ["cancelled"]
    assert "over already" in client.post(f"/admin/jobs/{job_id}/cancel", data=token, follow_redirects=True).text


def test_the_back_office_asks_strangers_to_sign_in(client: FlaskClient) -> None:
    response = client.get("/admin/jobs/")
    assert response.status_code == 302
    assert "login" in response.location


def test_the_back_office_turns_members_away(client: FlaskClient, sign_in: Callable[..., User]) -> None:
    sign_in("member")
    assert client.get("/admin/jobs/", headers={"Accept": "application/json"}).status_code == 403


def test_the_same_file_is_not_encoded_twice_at_once(session: Session, start: Callable[..., int], queue: Queue) -> None:
    job_id = start()
    with unit_of_work() as work:
        lease = ledger.take(work, "light", "w")
        assert lease is not None
        source = work.get_one(SourceAsset, work.get_one(services.EncodingJob, job_id).source_id)
        with pytest.raises(services.Conflict):
            services.start_job(work, SYSTEM, source.id)


@pytest.fixture
def fail(session: Session, start: Callable[..., int]) -> Callable[..., int]:
    """Return a function that makes a failed job."""
    def failed(filename: str = "film.mkv") -> int:
        job_id = start(filename)
        with unit_of_work() as work:
            work.get_one(EncodingJob, job_id).state = "failed"
        return job_id
    return failed


@pytest.mark.parametrize("address", ["/api/v1/jobs/retry-failed", "/admin/jobs/retry-failed", "/admin/jobs/1/sooner"])
def test_members_change_no_job(client: FlaskClient, sign_in: Callable[..., User], address: str) -> None:
    sign_in("member")
    assert client.post(address, json={}, headers={"Authentication-Token": "x"}).status_code == 403


def test_all_failed_jobs_are_taken_up_again_but_those_overtaken_or_without_a_file(
        client: FlaskClient, session: Session, sign_in: Callable[..., User], start: Callable[..., int],
        fail: Callable[..., int]) -> None:
    sign_in("editor")
    first, second, gone, overtaken, waiting = fail(), fail(), fail(), fail(), start()
    with unit_of_work() as work:
        work.get_one(EncodingJob, gone).source.kept = False
        old = work.get_one(EncodingJob, overtaken)
        work.add(EncodingJob(edition_id=old.edition_id, source_id=old.source_id, state="done"))
    answer = client.post("/api/v1/jobs/retry-failed", json={}, headers={"Authentication-Token": "x"})
    assert answer.json == {"retried": 2}
    session.expire_all()
    assert [session.get_one(EncodingJob, number).state for number in (first, second, gone, overtaken, waiting)] == [
        "queued", "queued", "failed", "failed", "queued"]


def test_the_back_office_retries_all_that_failed(client: FlaskClient, session: Session,
                                                 sign_in: Callable[..., User], fail: Callable[..., int]) -> None:
    sign_in("editor")
    job_id = fail()
    assert "/admin/jobs/retry-failed" in client.get("/admin/jobs/").text
    assert "Jobs taken up again: 1." in client.post("/admin/jobs/retry-failed", follow_redirects=True).text
    session.expire_all()
    assert session.get_one(EncodingJob, job_id).state == "queued"
    assert "/admin/jobs/retry-failed" not in client.get("/admin/jobs/").text


def test_a_job_is_moved_in_the_queue(client: FlaskClient, sign_in: Callable[..., User],
                                     start: Callable[..., int]) -> None:
    sign_in("editor")
    job_id, token = start(), {"Authentication-Token": "x"}
    assert "<dt>Priority</dt><dd>10</dd>" in client.post(f"/admin/jobs/{job_id}/sooner", follow_redirects=True).text
    assert "<dt>Priority</dt><dd>0</dd>" in client.post(f"/admin/jobs/{job_id}/later", follow_redirects=True).text
    address = f"/api/v1/jobs/{job_id}/priority"
    assert client.post(address, json={"priority": 100}, headers=token).json["priority"] == 100
    for wrong in (101, -101, 10**12, "high", None):
        assert client.post(address, json={"priority": wrong}, headers=token).status_code == 422
    assert "between -100 and 100" in client.post(f"/admin/jobs/{job_id}/sooner", follow_redirects=True).text
    assert client.post("/api/v1/jobs/99999/priority", json={"priority": 1}, headers=token).status_code == 404


def test_a_step_shows_its_command_and_log_as_text(client: FlaskClient, session: Session,
                                                  sign_in: Callable[..., User], start: Callable[..., int]) -> None:
    sign_in("editor")
    job_id = start()
    with unit_of_work() as work:
        step = work.scalars(select(EncodingStep).where(EncodingStep.job_id == job_id)).one()
        step.command, step.log = "ffmpeg -i <b>film</b>", "it said <i>no</i>"
    text = client.get(f"/admin/jobs/{job_id}").text
    assert "ffmpeg -i &lt;b&gt;film" in text and "it said &lt;i&gt;no" in text


def test_a_thousand_jobs_are_counted_and_paged_in_as_many_queries_as_ten(
        client: FlaskClient, session: Session, sign_in: Callable[..., User], start: Callable[..., int],
        count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    sign_in("editor")
    first = session.get_one(EncodingJob, start())
    edition, source = first.edition_id, first.source_id
    costs = []
    for count in (9, 990):
        with unit_of_work() as work:
            work.add_all([EncodingJob(edition_id=edition, source_id=source, state="done") for _ in range(count)])
        client.get("/admin/jobs/")
        session.expire_all()
        with count_queries() as statements:
            text = client.get("/admin/jobs/").text
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 8
    assert "done (999)" in text and "Page 1 of 20" in text
    assert "Page 20 of 20" in client.get("/admin/jobs/?page=999999").text
    assert "Page 1 of 20" in client.get("/admin/jobs/?page=-5").text
    assert client.get("/admin/jobs/?state=sleeping").status_code == 200


def test_what_is_tried_again_says_so_everywhere(
        client: FlaskClient, session: Session, sign_in: Callable[..., User], start: Callable[..., int]) -> None:
    sign_in("editor")
    job_id = start()
    with unit_of_work() as work:
        lease = ledger.take(work, "light", "test")
        assert lease is not None
        assert ledger.fail_for_now(work, lease, "memory", sentence("There was not enough memory for this step."))
    said = r"There was not enough memory for this step\. It is tried again at \d\d:\d\d:\d\d UTC\."
    shown = client.get(f"/api/v1/jobs/{job_id}").json
    assert (shown["state"], shown["code"]) == ("running", "memory")
    assert re.fullmatch(said, shown["message"])
    for page in ("/admin/jobs/", f"/admin/jobs/{job_id}", "/admin/jobs/now"):
        assert re.search(said, client.get(page).text), page
    with unit_of_work() as work:
        work.execute(update(EncodingStep).values(not_before=None))
    with unit_of_work() as work:
        assert ledger.take(work, "light", "test") is not None
    shown = client.get(f"/api/v1/jobs/{job_id}").json
    assert (shown["code"], shown["message"]) == ("", "")
