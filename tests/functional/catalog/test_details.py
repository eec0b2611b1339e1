"""All that a title holds goes in and comes out the same: through services, documents, history and the API."""
from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import documents, services
from moviepoint.domains.catalog.content import CONTENT_TYPES
from moviepoint.domains.catalog.models import Collection, Company, Credit, Episode, Keyword, Season, Title
from moviepoint.domains.catalog.schemas import (
    CollectionInput,
    CompanyInput,
    EpisodeInput,
    PersonInput,
    SeasonInput,
    TermInput,
    TextInput,
    TitleInput,
)
from moviepoint.domains.catalog.services import titles
from moviepoint.domains.history.models import Revision
from moviepoint.domains.history.services import restore
from moviepoint.kernel.db import rehearsal, unit_of_work
from moviepoint.kernel.errors import Conflict, Invalid
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert

WHOLE: dict[str, Any] = {
    "kind": "film", "slug": "aelita", "original_title": "Аэлита", "original_language": "ru", "year": 1924,
    "end_year": None, "runtime": 111, "countries": ["SU", "DE"],
    "texts": {"en": {"name": "Aelita", "tagline": "Anta… Odeli… Uta…", "overview": "A dream\n\nof Mars."},
              "ru": {"name": "Аэлита", "tagline": "", "overview": "Сон о Марсе."}},
    "genres": ["drama"], "keywords": ["mars"],
    "credits": [{"person": "yakov-protazanov", "department": "directing", "job": "Director", "character": "",
                 "guest": False},
                {"person": "yuliya-solntseva", "department": "acting", "job": "", "character": "Aelita",
                 "guest": True}],
    "companies": [{"company": "mezhrabpom", "role": "production"}],
    "releases": [{"country": "SU", "kind": "premiere", "date": "1924-09-25", "certification": "", "minimum_age": None,
                  "note": "Ars"},
                 {"country": "RU", "kind": "digital", "date": None, "certification": "12+", "minimum_age": 12,
                  "note": ""}],
    "alternative_titles": [{"name": "Aelita: Queen of Mars", "locale": "en", "country": "US", "note": ""}],
    "extras": [{"kind": "trailer", "name": "Trailer", "locale": "ru", "url": "https://example.org/trailer"}],
    "external_ids": {"imdb": "tt0014646", "wikidata": "Q389413"}, "locks": ["overview@ru", "year"]}


@pytest.fixture
def terms(session: Session, queue: list[object]) -> None:
    with unit_of_work() as work:
        services.save_genre(work, SYSTEM, TermInput(names={"en": "Drama"}))
        services.save_term(work, SYSTEM, Keyword, TermInput(names={"en": "Mars", "ru": "Марс"}))
        services.save_term(work, SYSTEM, Company,
                           CompanyInput(names={"ru": "Межрабпом"}, slug="mezhrabpom", country="SU"))
        for name in ("Yakov Protazanov", "Yuliya Solntseva"):
            services.save_person(work, SYSTEM, PersonInput(name=name))


@pytest.fixture
def aelita(session: Session, terms: None) -> Title:
    with unit_of_work() as work:
        return services.save_title(work, SYSTEM, convert(TitleInput, WHOLE))


def document(session: Session, title: Title) -> dict[str, Any]:
    session.expire_all()
    shown: dict[str, Any] = msgspec.to_builtins(documents.title_document(titles.find_whole(session, title.id)))
    return shown


def test_a_document_comes_back_as_it_went_in(session: Session, aelita: Title) -> None:
    assert document(session, aelita) == WHOLE


def test_no_control_character_reaches_the_database(session: Session, aelita: Title) -> None:
    with unit_of_work() as work:
        services.save_title(work, SYSTEM, convert(TitleInput, {
            "original_title": "a\x00b",
            "texts": {"en": {"name": "c\x07d", "overview": "e\x00f\r\n\x1bg\th"}}}), aelita.id)
    found = document(session, aelita)
    assert (found["original_title"], found["texts"]["en"]["name"]) == ("a b", "c d")
    assert found["texts"]["en"]["overview"] == "ef\ng\th"


def test_saving_the_same_again_writes_nothing(session: Session, aelita: Title) -> None:
    version, rows = aelita.version, session.scalars(select(Credit.id).order_by(Credit.id)).all()
    with unit_of_work() as work:
        services.save_title(work, SYSTEM, convert(TitleInput, WHOLE), aelita.id)
    assert aelita.version == version
    assert session.scalars(select(Credit.id).order_by(Credit.id)).all() == rows
    assert session.scalars(select(Revision.action).where(Revision.entity == "title")).all() == ["created"]


def test_lists_are_reordered_shortened_and_lengthened_in_place(session: Session, aelita: Title) -> None:
    director, actress = WHOLE["credits"]
    for wanted in ([actress, director], [actress], [actress, director, director], []):
        with unit_of_work() as work:
            services.save_title(work, SYSTEM, convert(TitleInput, {"credits": wanted}), aelita.id)
        assert document(session, aelita)["credits"] == wanted


def test_an_import_leaves_locked_fields_alone(session: Session, aelita: Title) -> None:
    other = WHOLE | {"year": 1999, "runtime": 90,
                     "texts": {"ru": {"overview": "Другое."}, "en": {"overview": "Other."}}}
    with unit_of_work() as work:
        services.save_title(work, SYSTEM, convert(TitleInput, other), aelita.id, by_import=True)
    now = document(session, aelita)
    assert (now["year"], now["runtime"]) == (1924, 90)
    assert now["texts"]["ru"]["overview"] == "Сон о Марсе."
    assert now["texts"]["en"] == {"name": "Aelita", "tagline": "Anta… Odeli… Uta…", "overview": "Other."}


def test_an_earlier_state_is_restored_whole(session: Session, aelita: Title) -> None:
    first = session.scalars(select(Revision).where(Revision.entity == "title")).one()
    with unit_of_work() as work:
        services.save_title(work, SYSTEM, convert(TitleInput, {
            "credits": [], "texts": {"ru": {"name": "", "overview": ""}}, "releases": [], "external_ids": {},
            "year": 1925, "keywords": []}), aelita.id)
    assert document(session, aelita)["credits"] == []
    kind = next(kind for kind in CONTENT_TYPES if kind.name == "title")
    with unit_of_work() as work:
        restore(work, SYSTEM, kind, first)
    assert document(session, aelita) == WHOLE
    trail = session.scalars(select(Revision.action).where(Revision.entity == "title").order_by(Revision.id)).all()
    assert trail == ["created", "changed", "changed", "restored"]


def test_a_rehearsal_leaves_no_trace(session: Session, aelita: Title, queue: list[object]) -> None:
    queue.clear()
    with unit_of_work() as work:
        with rehearsal(work):
            services.save_title(work, SYSTEM, TitleInput(year=2000), aelita.id)
            assert titles.find_whole(work, aelita.id).year == 2000
        assert titles.find_whole(work, aelita.id).year == 1924
    assert queue == []
    assert session.scalars(select(Revision.action).where(Revision.entity == "title")).all() == ["created"]


@pytest.mark.parametrize("wrong", [
    {"releases": [{"country": "Russia"}]}, {"releases": [{"country": "RU", "minimum_age": 99}]},
    {"extras": [{"url": "javascript:alert(1)"}]}, {"external_ids": {"IMDb!": "tt1"}}, {"keywords": ["nowhere"]},
    {"companies": [{"company": "nobody"}]}, {"credits": [{"person": "nobody"}]}, {"credits": [{}]},
    {"alternative_titles": [{"name": ""}]}, {"alternative_titles": [{"name": "x", "locale": "klingonese"}]},
    {"locks": ["; drop table"]}, {"original_title": "x" * 50_000}, {"countries": ["SU"] * 3 + ["AA", "BB"] * 60
                                                                   + [f"C{n:c}" for n in range(65, 91)]
                                                                   + [f"D{n:c}" for n in range(65, 91)]}])
def test_what_makes_no_sense_is_refused_and_nothing_changes(session: Session, aelita: Title,
                                                            wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid), unit_of_work() as work:
        services.save_title(work, SYSTEM, convert(TitleInput, wrong), aelita.id)
    assert document(session, aelita) == WHOLE


def test_terms_in_use_are_kept(session: Session, aelita: Title) -> None:
    for model, slug in ((Keyword, "mars"), (Company, "mezhrabpom")):
        row = session.scalars(select(model).where(model.slug == slug)).one()  # type: ignore[attr-defined]
        with pytest.raises(Conflict), unit_of_work() as work:
            services.delete_term(work, SYSTEM, model, row.id)
        assert session.get(model, row.id) is not None


def test_a_collection_keeps_its_order(session: Session, aelita: Title) -> None:
    with unit_of_work() as work:
        other = services.save_title(work, SYSTEM, TitleInput(kind="film", original_title="Strike", slug="strike"))
        collection = services.save_collection(work, SYSTEM, convert(CollectionInput, {
            "texts": {"en": {"name": "Silent"}}, "titles": ["strike"]}))
        assert services.add_to_collection(work, SYSTEM, collection.id, [other.id, aelita.id, aelita.id]) == 1
    kind = next(kind for kind in CONTENT_TYPES if kind.name == "collection")
    session.expire_all()
    shown = kind.document(session, collection.id)
    assert (shown["slug"], shown["titles"]) == ("silent", ["strike", "aelita"])
    with unit_of_work() as work:
        kind.save(work, SYSTEM, dict(shown) | {"titles": ["aelita", "strike"]}, collection.id)
    assert kind.document(session, collection.id)["titles"] == ["aelita", "strike"]
    with unit_of_work() as work:
        services.delete_collection(work, SYSTEM, collection.id)
    assert session.scalars(select(Collection)).all() == []
    assert session.get(Title, aelita.id) is not None


class TestSeasons:
    @pytest.fixture
    def season(self, session: Session, queue: list[object]) -> Season:
        with unit_of_work() as work:
            series = services.save_title(work, SYSTEM, TitleInput(kind="series", original_title="Judex", slug="judex"))
            return services.save_season(work, SYSTEM, series.id, SeasonInput(number=1, episodes=[
                EpisodeInput(number=number, original_title=f"Part {number}",
                             texts={"en": TextInput(name=f"Part {number}", overview="Long.")})
                for number in (1, 2, 3)]))

    def numbers(self, session: Session) -> dict[str, int]:
        session.expire_all()
        return {row.original_title: row.number for row in session.scalars(select(Episode))}

    def test_two_episodes_change_places(self, session: Session, season: Season) -> None:
        first, second, _third = (episode.id for episode in season.episodes)
        with unit_of_work() as work:
            services.save_season(work, SYSTEM, season.title_id, SeasonInput(episodes=[
                EpisodeInput(id=first, number=2), EpisodeInput(id=second, number=1)]), season.id)
        assert self.numbers(session) == {"Part 1": 2, "Part 2": 1, "Part 3": 3}

    def test_a_name_alone_leaves_the_overview(self, session: Session, season: Season) -> None:
        with unit_of_work() as work:
            services.save_season(work, SYSTEM, season.title_id, SeasonInput(episodes=[
                EpisodeInput(id=season.episodes[0].id, texts={"en": TextInput(name="The Shadow")})]), season.id)
        session.expire_all()
        text = session.get_one(Season, season.id).episodes[0].texts[0]
        assert (text.name, text.overview) == ("The Shadow", "Long.")

    def test_a_new_episode_never_writes_over_one(self, session: Session, season: Season) -> None:
        with pytest.raises(Conflict), unit_of_work() as work:
            services.save_season(work, SYSTEM, season.title_id, SeasonInput(episodes=[
                EpisodeInput(id=None, number=2, original_title="Another")]), season.id)
        assert self.numbers(session) == {"Part 1": 1, "Part 2": 2, "Part 3": 3}

    def test_a_season_comes_back_from_its_document(self, session: Session, season: Season) -> None:
        kind = next(kind for kind in CONTENT_TYPES if kind.name == "season")
        before = kind.document(session, season.id)
        with unit_of_work() as work:
            services.delete_season(work, SYSTEM, season.id)
        with unit_of_work() as work:
            again = kind.save(work, SYSTEM, msgspec.to_builtins(before), kind.match(work, before))
        session.expire_all()
        assert kind.document(session, again) == before


def test_the_api_shows_and_takes_all_of_it(client: FlaskClient, session: Session, aelita: Title,
                                           sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    shown = client.get(f"/api/v1/films/{aelita.id}?language=ru").json
    for name in ("releases", "alternative_titles", "extras", "external_ids"):
        assert shown[name] == WHOLE[name]
    assert shown["keywords"][0]["name"] == "Марс"
    assert shown["companies"] == [{"slug": "mezhrabpom", "name": "Межрабпом", "role": "production"}]
    assert [credit["guest"] for credit in shown["credits"]] == [False, True]
    token = {"Authentication-Token": "x"}
    changed = client.patch(f"/api/v1/films/{aelita.id}", json={"releases": [], "external_ids": {"tmdb": "1"}},
                           headers=token)
    assert (changed.status_code, changed.json["releases"], changed.json["external_ids"]) == (200, [], {"tmdb": "1"})
    assert client.post(f"/api/v1/films/{aelita.id}/submit", json={}, headers=token).json["status"] == "in_review"
    later = client.put(f"/api/v1/films/{aelita.id}/schedule", headers=token,
                       json={"publish_at": "2199-01-01T00:00:00Z"})
    assert (later.json["status"], later.json["publish_at"][:10]) == ("scheduled", "2199-01-01")
    assert client.delete(f"/api/v1/films/{aelita.id}", headers=token).status_code == 204
    assert client.get(f"/api/v1/films/{aelita.id}").status_code == 404
    back = client.post(f"/api/v1/films/{aelita.id}/take-back", json={}, headers=token)
    assert (back.status_code, back.json["status"]) == (200, "draft")


@pytest.mark.parametrize(("plural", "body"), [("keywords", {"names": {"en": "Moon"}}),
                                              ("companies", {"names": {"en": "Gaumont"}, "country": "FR"})])
def test_terms_as_resources(client: FlaskClient, sign_in: Callable[..., User], queue: list[object], plural: str,
                            body: dict[str, Any]) -> None:
    token = {"Authentication-Token": "x"}
    assert client.post(f"/api/v1/{plural}", json=body, headers=token).status_code == 401
    sign_in("editor")
    made = client.post(f"/api/v1/{plural}", json=body, headers=token).json
    assert made["names"] == body["names"]
    assert made["country"] == body.get("country", "")
    address = f"/api/v1/{plural}/{made['id']}"
    assert client.patch(address, json={"names": {"en": "Else"}}, headers=token).json["name"] == "Else"
    assert client.patch(address, json={"names": 5}, headers=token).status_code == 422
    assert client.get(f"/api/v1/{plural}?name=els").json["total_results"] == 1
    assert client.delete(address, headers=token).status_code == 204
    assert client.get(address).status_code == 404


def test_collections_as_resources(client: FlaskClient, session: Session, aelita: Title,
                                  sign_in: Callable[..., User]) -> None:
    sign_in("editor")
    token = {"Authentication-Token": "x"}
    made = client.post("/api/v1/collections", json={"texts": {"en": {"name": "Silent"}}, "titles": ["aelita"]},
                       headers=token).json
    assert (made["slug"], made["titles"], made["title_count"]) == ("silent", ["aelita"], 1)
    client.delete_cookie("session")
    assert client.get(f"/api/v1/collections/{made['id']}").json["titles"] == []  # a draft is nobody's business
    assert client.get("/api/v1/collections").json["total_results"] == 1


def test_saving_costs_the_same_whatever_a_title_holds(
        session: Session, aelita: Title, count_queries: Callable[[], AbstractContextManager[list[str]]]) -> None:
    costs = []
    for times in (1, 12):
        lists = {name: WHOLE[name] * times for name in ("credits", "releases", "alternative_titles", "extras")}
        with unit_of_work() as work:
            services.save_title(work, SYSTEM, convert(TitleInput, lists), aelita.id)
        other = {"credits": [credit | {"job": f"Job {times}"} for credit in lists["credits"]],
                 "releases": [release | {"note": f"Note {times}"} for release in lists["releases"]]}
        session.expire_all()
        with count_queries() as statements, unit_of_work() as work:
            services.save_title(work, SYSTEM, convert(TitleInput, other), aelita.id)
        costs.append(len(statements))
    assert costs[1] <= costs[0] <= 45
