"""What a hundred clicks a second meet, and what another site's page cannot do in a member's name."""
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from moviepoint.app import MoviePoint, create_app
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.accounts.sessions import begin
from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.catalog.schemas import TitleInput
from moviepoint.domains.community.models import Rating
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.limits import limiter
from moviepoint.kernel.policies import SYSTEM
from moviepoint.settings import Settings

PAGE = "/en/films/race"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[MoviePoint]:
    """Give an app with its limits and its guard against forged requests switched on, and one film."""
    app = create_app(Settings(instance=tmp_path, secret_key="g" * 48, plugins=()))
    with app.app_context():
        upgrade_all()
        with unit_of_work() as session:
            title = catalog.save_title(session, SYSTEM, TitleInput(kind="film", original_title="Race"))
            catalog.publish(session, SYSTEM, title.id)
            user = create_user(session, "racer@example.org", "!", ["member"], "Racer")
            _row, app.config["SIGN_IN"] = begin(session, user, address="192.0.2.1", user_agent="a test")
            app.config["RACE"] = title.id
        db.session.remove()
    yield app
    limiter.reset()
    limiter.enabled = False  # there is one of it in a process, whatever app it was last told of
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def visitor(guarded: MoviePoint) -> FlaskClient:
    """Give a client that is signed in as the member."""
    client = guarded.test_client()
    with client.session_transaction() as cookie:
        cookie.update({"_user_id": guarded.config["SIGN_IN"], "_fresh": True})
    return client


def ratings(app: MoviePoint) -> list[int]:
    with app.app_context():
        values = [row.value for row in db.session().query(Rating)]
        db.session.remove()
    return values


def test_a_form_without_its_token_is_refused_and_nothing_is_written(guarded: MoviePoint, visitor: FlaskClient) -> None:
    address = f"/en/ratings/{guarded.config['RACE']}"
    for answer in (visitor.post(address, data={"value": 1, "back": PAGE}),
                   visitor.put(f"/api/v1/ratings/{guarded.config['RACE']}", json={"value": 1}),
                   visitor.post("/en/account/data/leave", data={"email": "racer@example.org"}),
                   visitor.post(f"/en/account/lists/watchlist/{guarded.config['RACE']}", data={"csrf_token": "x"})):
        assert answer.status_code == 400
    assert ratings(guarded) == []
    found = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get(PAGE).text)
    assert found is not None
    assert visitor.post(address, data={"value": 8, "back": PAGE, "csrf_token": found[1]}).status_code == 303
    assert ratings(guarded) == [8]


def test_too_many_clicks_are_refused_in_words(guarded: MoviePoint, visitor: FlaskClient) -> None:
    found = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get(PAGE).text)
    assert found is not None
    headers = {"X-CSRFToken": found[1]}
    address = f"/api/v1/ratings/{guarded.config['RACE']}"
    statuses = [visitor.put(address, json={"value": 1 + n % 10}, headers=headers).status_code for n in range(61)]
    assert statuses == [200] * 60 + [429]
    refused = visitor.put(address, json={"value": 5}, headers=headers)
    assert "Too many requests" in refused.json["detail"]
    assert int(refused.headers["Retry-After"]) <= 60
    assert ratings(guarded) == [10]  # the sixtieth's, and nothing of those refused
    written = [visitor.put(f"/api/v1/titles/{guarded.config['RACE']}/review", json={"text": f"Thought {n}."},
                           headers=headers).status_code for n in range(21)]
    assert written == [200] * 20 + [429]
