"""Plays: counted once for a viewing, kept as a number for a day, and read by editors."""
from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint, create_app
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import plays
from moviepoint.domains.media.api import plays as edge
from moviepoint.domains.media.models import Edition, EditionPlays
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.errors import Forbidden
from moviepoint.kernel.policies import SYSTEM
from moviepoint.settings import Settings

TOKEN = {"Authentication-Token": "x"}


def edition(slug: str, status: str = "published", package: str | None = "packages/x") -> Edition:
    with unit_of_work() as work:
        title = Title(kind="film", slug=slug, original_title=slug.title(), status=status)
        work.add(title)
        work.flush()
        made = Edition(title_id=title.id, package=package, duration_ms=1000)
        work.add(made)
    return made


def play(client: FlaskClient, of: Edition | str) -> tuple[int, bool | None]:
    number = of if isinstance(of, str) else of.public_id
    response = client.post(f"/api/v1/playback/{number}/plays")
    return response.status_code, (response.json or {}).get("counted")


def counted(session: Session) -> int:
    return sum(session.scalars(select(EditionPlays.plays)))


def test_a_viewing_counts_once_without_signing_in(client: FlaskClient, session: Session) -> None:
    film, other = edition("one"), edition("two")
    assert [play(client, film), play(client, film), play(client, other)] == [(200, True), (200, False), (200, True)]
    client.delete_cookie("session")  # another viewer
    assert play(client, film) == (200, True)
    rows = {row.edition_id: (row.day, row.plays) for row in session.scalars(select(EditionPlays))}
    assert rows == {film.id: (utcnow().date(), 2), other.id: (utcnow().date(), 1)}


def test_a_viewing_may_count_again_after_some_hours(client: FlaskClient, session: Session,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    film = edition("one")
    now = [1_900_000_000.0]
    monkeypatch.setattr(edge.time, "time", lambda: now[0])
    assert play(client, film)[1] is True
    now[0] += edge.ONE_VIEWING - 1
    assert play(client, film)[1] is False
    now[0] += 2
    assert play(client, film)[1] is True
    assert counted(session) == 2


def test_a_viewers_cookie_does_not_grow_without_end(client: FlaskClient, session: Session) -> None:
    for number in range(edge.REMEMBERED + 5):
        play(client, edition(f"film-{number}"))
    with client.session_transaction() as cookie:
        assert len(cookie[edge.COOKIE]) == edge.REMEMBERED
    assert counted(session) == edge.REMEMBERED + 5


def test_what_nobody_may_watch_is_not_counted(client: FlaskClient, session: Session,
                                              sign_in: Callable[..., User]) -> None:
    draft = edition("draft", "draft")
    assert play(client, draft)[0] == 403
    assert play(client, edition("empty", package=None))[0] == 404
    assert play(client, "nothing")[0] == 404
    sign_in("editor")
    assert play(client, draft) == (200, False)  # an editor looks at it: nobody has watched it
    assert session.scalars(select(EditionPlays)).all() == []


def test_each_play_is_added_to_what_is_there(session: Session, app: MoviePoint) -> None:
    film = edition("one")
    hooks = app.extensions["moviepoint.hooks"]
    for _viewer in range(5):
        with unit_of_work() as work:
            assert plays.count_play(work, hooks, None, film.public_id)
    assert session.scalars(select(EditionPlays.plays)).all() == [5]


def fill(**days: int) -> dict[str, Edition]:
    """Return editions that were played on days back: `a_3=7` is seven times three days ago."""
    made: dict[str, Edition] = {}
    for name, number in days.items():
        slug, back = name.split("_")
        film = made.setdefault(slug, made.get(slug) or edition(slug))
        with unit_of_work() as work:
            work.add(EditionPlays(edition_id=film.id, day=utcnow().date() - timedelta(days=int(back)), plays=number))
    return made


def test_the_most_watched_of_a_week_come_first(client: FlaskClient, session: Session,
                                               sign_in: Callable[..., User]) -> None:
    films = fill(a_0=1, a_29=50, b_6=2, b_7=1, c_30=99, d_12=4)
    top = plays.most_watched(session, SYSTEM, 30)
    assert [(row.title, row.week, row.plays) for row in top] == [("B", 2, 3), ("A", 1, 51), ("D", 0, 4)]
    assert plays.totals(session, SYSTEM) == (3, 58)
    assert client.get("/api/v1/plays", headers=TOKEN).status_code == 401
    sign_in("member")
    assert client.get("/api/v1/plays").status_code == 403
    client.delete_cookie("session")
    sign_in("editor")
    assert [row["title"] for row in client.get("/api/v1/plays?days=366&limit=2").json] == ["B", "A"]
    days = client.get(f"/api/v1/editions/{films['b'].public_id}/plays?days=8").json
    assert [day["plays"] for day in days] == [1, 2, 0, 0, 0, 0, 0, 0]
    assert client.get("/api/v1/plays?days=0").status_code == 422


def test_members_read_no_plays(session: Session, make_user: Callable[..., User]) -> None:
    with pytest.raises(Forbidden):
        plays.most_watched(session, make_user("member"), 7)


def test_the_first_page_shows_what_was_watched_for_the_same_price(
        client: FlaskClient, session: Session, sign_in: Callable[..., User],
        count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    sign_in("editor")
    fill(a_0=41)
    client.get("/admin/")
    with count_queries() as few:
        text = client.get("/admin/").text
    assert "Watched most" in text
    assert "41" in text
    fill(**{f"x{number}_1": number for number in range(15)})
    with count_queries() as many:
        text = client.get("/admin/").text
    assert len(many) == len(few)
    assert text.count('href="/admin/editions/') == 10
    client.set_cookie("locale", "ru")
    assert "Смотрят чаще всего" in client.get("/admin/").text


def test_beacons_are_limited(tmp_path: object) -> None:
    app = create_app(Settings(instance=tmp_path, secret_key="s" * 48, plugins=()))  # type: ignore[arg-type]
    app.config.update(WTF_CSRF_ENABLED=False)
    with app.app_context():
        upgrade_all()
        client = app.test_client()
        answers = [client.post("/api/v1/playback/nothing/plays").status_code for _ in range(61)]
        db.session.remove()
        db.engine.dispose()
    assert set(answers[:60]) == {404}
    assert answers[60] == 429


def test_a_beacon_of_a_viewer_with_a_session_needs_the_pages_token(tmp_path: object) -> None:
    app = create_app(Settings(instance=tmp_path, secret_key="s" * 48, plugins=(), rate_limits=False))  # type: ignore[arg-type]
    with app.app_context():
        upgrade_all()
        client = app.test_client()
        assert client.post("/api/v1/playback/nothing/plays").status_code == 404
        with client.session_transaction() as cookie:
            cookie["x"] = "y"
        assert client.post("/api/v1/playback/nothing/plays").status_code == 400
        db.session.remove()
        db.engine.dispose()
