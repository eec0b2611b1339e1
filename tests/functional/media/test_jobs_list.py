"""The list of jobs: filtered, sorted, taken up again, and told of in the history."""
from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Episode, Season, Title, TitleText
from moviepoint.domains.history.models import Revision
from moviepoint.domains.media import services
from moviepoint.domains.media.models import Edition, EncodingJob, EncodingStep, SourceAsset
from moviepoint.kernel.db import unit_of_work, utcnow


@pytest.fixture
def shelf(session: Session, make_user: Callable[..., User], queue: list[object]) -> dict[str, int]:
    """Jobs of two people for a film and an episode; returns their ids by file."""
    anna, boris = make_user("editor", email="anna@example.org"), make_user("editor", email="boris@example.org")
    with unit_of_work() as work:
        film = Title(kind="film", slug="metropolis", original_title="Metropolis")
        film.texts = [TitleText(locale="ru", name="Метрополис")]
        series = Title(kind="series", slug="vampires", original_title="Les Vampires")
        series.seasons = [Season(number=1, episodes=[Episode(number=2)])]
        work.add_all([film, series])
        work.flush()
        cuts = [Edition(title_id=film.id), Edition(episode_id=series.seasons[0].episodes[0].id, label="Long")]
        work.add_all(cuts)
        work.flush()
        found = {}
        for place, (name, user, cut) in enumerate((("film.mkv", anna, 0), ("film.de.m4a", boris, 0),
                                                   ("episode.mkv", boris, 1))):
            source = SourceAsset(edition_id=cuts[cut].id, key=f"uploads/{place}", filename=name, size=1,
                                 intent={"use": "audio"} if place == 1 else None)
            work.add(source)
            work.flush()
            job = services.start_job(work, user, source.id)
            job.created_at = datetime(2026, 1, 1 + place, 12, tzinfo=UTC)
            job.state, job.message = ("failed", "No.") if place else ("queued", "")
            found[name] = job.id
    return found


@pytest.mark.parametrize(("query", "files"), [
    ("", ["film.mkv", "episode.mkv", "film.de.m4a"]),
    ("sort=oldest", ["film.mkv", "film.de.m4a", "episode.mkv"]),
    ("state=failed&sort=newest", ["episode.mkv", "film.de.m4a"]),
    ("text=метроп", ["film.mkv", "film.de.m4a"]),
    ("text=VAMPIRES", ["episode.mkv"]),
    ("text=.m4a", ["film.de.m4a"]),
    ("text=%25", []),
    ("who=ANNA", ["film.mkv"]),
    ("who=boris&text=metro", ["film.de.m4a"]),
    ("since=2026-01-02", ["episode.mkv", "film.de.m4a"]),
    ("until=2026-01-02&sort=oldest", ["film.mkv", "film.de.m4a"]),
    ("since=2026-01-02&until=2026-01-02", ["film.de.m4a"]),
])
def test_jobs_are_filtered_and_sorted_in_both_places(client: FlaskClient, sign_in: Callable[..., User],
                                                     shelf: dict[str, int], query: str, files: list[str]) -> None:
    sign_in("editor")
    assert [job["filename"] for job in client.get(f"/api/v1/jobs?{query}").json["results"]] == files
    text = client.get(f"/admin/jobs/?{query}").text
    shown = re.findall(r'href="/admin/jobs/(\d+)"', text)
    assert [int(number) for number in shown] == [shelf[name] for name in files]


@pytest.mark.parametrize("query", ["state=x", "sort=x", "since=yesterday", "edition_id=0", f"text={'x' * 201}"])
def test_a_filter_that_makes_no_sense(client: FlaskClient, sign_in: Callable[..., User], shelf: dict[str, int],
                                      query: str) -> None:
    sign_in("editor")
    assert client.get(f"/api/v1/jobs?{query}").status_code == 422
    assert client.get(f"/admin/jobs/?{query}").status_code == 200  # a bookmark of old is no error


def test_a_job_says_what_it_is_of_and_by_whom(client: FlaskClient, sign_in: Callable[..., User],
                                              shelf: dict[str, int]) -> None:
    sign_in("editor")
    shown = {job["filename"]: (job["kind"], job["title"], job["created_by"])
             for job in client.get("/api/v1/jobs").json["results"]}
    assert shown == {"film.mkv": ("film", "Metropolis", "anna@example.org"),
                     "film.de.m4a": ("tracks", "Metropolis", "boris@example.org"),
                     "episode.mkv": ("film", "Les Vampires 1×2 · Long", "boris@example.org")}


def test_the_running_step_shows_its_speed_and_last_lines(client: FlaskClient, session: Session,
                                                         sign_in: Callable[..., User], shelf: dict[str, int]) -> None:
    sign_in("editor")
    with unit_of_work() as work:
        job = work.get_one(EncodingJob, shelf["film.mkv"])
        job.state, job.plan, job.started_at = "running", {"notes": []}, utcnow() - timedelta(minutes=10)
        job.steps.append(EncodingStep(name="video-0000-end", kind="video", state="running", weight=8.0, progress=0.5,
                                      speed=2.5, log="\n".join(f"line {n}" for n in range(30)) + "\n<b>bad</b>"))
        job.steps.append(EncodingStep(name="audio", kind="audio", state="done", weight=1.0, progress=1.0, speed=90.0))
    shown = client.get(f"/api/v1/jobs/{shelf['film.mkv']}").json
    assert (shown["speed"], shown["step"]) == (2.5, "video-0000-end")  # what is done has no speed any more
    assert shown["remaining_seconds"] == pytest.approx(720, abs=5)
    assert shown["log"].splitlines()[0] == "line 19"
    for page in ("/admin/jobs/?fragment=1", f"/admin/jobs/{shelf['film.mkv']}?fragment=1"):
        text = client.get(page).text
        assert "2.5×" in text
        assert "&lt;b&gt;bad&lt;/b&gt;" in text
        assert "<html" not in text


def test_all_failed_of_a_filter_are_taken_up_and_no_others(client: FlaskClient, session: Session,
                                                           sign_in: Callable[..., User],
                                                           shelf: dict[str, int]) -> None:
    sign_in("editor")
    page = client.get("/admin/jobs/?text=metropolis&state=queued").text
    assert "Try all failed again (1)" in page
    assert '<input type="hidden" name="text" value="metropolis">' in page
    response = client.post("/admin/jobs/retry-failed", data={"text": "metropolis"})
    assert response.headers["Location"].endswith("?text=metropolis")
    assert session.get_one(EncodingJob, shelf["film.de.m4a"]).state == "queued"
    assert session.get_one(EncodingJob, shelf["episode.mkv"]).state == "failed"
    assert client.post("/api/v1/jobs/retry-failed", json={"who": "anna"}).json == {"retried": 0}
    assert client.post("/api/v1/jobs/retry-failed", json={"who": "boris"}).json == {"retried": 1}
    assert client.post("/api/v1/jobs/retry-failed", json={"whom": "boris"}).status_code == 422


def test_verbs_on_jobs_are_in_the_history_of_their_edition(client: FlaskClient, session: Session,
                                                           sign_in: Callable[..., User],
                                                           shelf: dict[str, int]) -> None:
    user = sign_in("editor")
    number = shelf["film.mkv"]
    for verb, body in (("priority", {"priority": 7}), ("cancel", None), ("retry", None)):
        assert client.post(f"/api/v1/jobs/{number}/{verb}", json=body).status_code == 200
    edition_id = session.get_one(EncodingJob, number).edition_id
    rows = session.scalars(select(Revision).where(
        Revision.entity == "edition", Revision.entity_id == edition_id, Revision.actor_id == user.id)
        .order_by(Revision.id)).all()
    name = f"film.mkv #{number}"
    told = [(row.action, *(row.changes[0][part] for part in ("path", "before", "after"))) for row in rows]
    assert told == [("job_moved", ["jobs", name, "priority"], 0, 7),
                    ("job_cancelled", ["jobs", name, "state"], "queued", "cancelled"),
                    ("job_retried", ["jobs", name, "state"], "cancelled", "queued")]
    text = client.get(f"/admin/history/edition/{edition_id}").text
    for said in ("priority changed", "encoding called off", "encoding taken up again", f"/admin/editions/{edition_id}"):
        assert said in text


def test_a_verb_returns_to_the_list_it_was_said_in_and_nowhere_else(client: FlaskClient, sign_in: Callable[..., User],
                                                                    shelf: dict[str, int]) -> None:
    sign_in("editor")
    number = shelf["film.mkv"]
    for back, target in (("/admin/jobs/?state=queued", "/admin/jobs/?state=queued"),
                         ("https://evil.example/admin/jobs/?", f"/admin/jobs/{number}"),
                         ("//evil.example/", f"/admin/jobs/{number}"), ("", f"/admin/jobs/{number}")):
        response = client.post(f"/admin/jobs/{number}/sooner", data={"back": back})
        assert response.headers["Location"] == target


def test_the_list_costs_the_same_for_few_and_many(client: FlaskClient, session: Session, sign_in: Callable[..., User],
                                                  shelf: dict[str, int],
                                                  count_queries: Callable[[], AbstractContextManager[list[str]]],
                                                  ) -> None:
    user = sign_in("editor")
    client.get("/admin/jobs/")
    with count_queries() as few:
        client.get("/admin/jobs/")
    with unit_of_work() as work:
        edition_id = work.get_one(EncodingJob, shelf["film.mkv"]).edition_id
        for number in range(20):
            source = SourceAsset(edition_id=edition_id, key=f"uploads/m{number}", filename="x.mkv", size=1)
            work.add(source)
            work.flush()
            services.start_job(work, user, source.id)
    with count_queries() as many:
        client.get("/admin/jobs/")
    assert len(many) == len(few) <= 12
