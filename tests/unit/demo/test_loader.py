"""The demo's catalogue enters by the services, whole and public, and only once."""
from __future__ import annotations

import itertools

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.demo import loader
from moviepoint.demo.content import load_catalogue
from moviepoint.demo.posters import draw_poster
from moviepoint.domains.catalog.models import Credit, Episode, Genre, Image, Person, Title


@pytest.fixture
def one_poster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one poster serve for all: drawing fifty takes a while, and is tested elsewhere."""
    drawn = draw_poster("Metropolis", "Fritz Lang", 1927, ())
    monkeypatch.setattr(loader, "_draw", lambda posters: itertools.repeat(drawn, len(list(posters))))


def counts(session: Session) -> list[int]:
    session.expire_all()
    return [session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Title, Person, Genre, Credit, Episode, Image)]


@pytest.mark.usefixtures("queue", "one_poster")
def test_loading_twice_doubles_nothing(app: MoviePoint, session: Session) -> None:
    catalogue, storage, said = load_catalogue(), app.extensions["moviepoint.storage"], list[str]()
    loader.load(storage, said.append)
    first = counts(session)
    titles = len(catalogue.films) + len(catalogue.series)
    assert first[:3] == [titles, len(catalogue.people), len(catalogue.genres)]
    assert session.scalar(select(func.count()).where(Title.status == "published")) == titles
    assert first[5] == titles
    assert said[-1] == f"{titles} of {titles} titles entered"
    loader.load(storage, said.append)
    assert counts(session) == first
    assert said[-1].endswith("0 titles to enter")
