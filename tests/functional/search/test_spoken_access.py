"""Lines of films that a viewer may not see or watch are not found, not counted and not hinted at."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product

import pytest
from flask import current_app
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Episode, Season, Title
from moviepoint.domains.media import watching
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.watch_models import WatchLink, WatchRule
from moviepoint.domains.media.watching import EditionFacts
from moviepoint.domains.search.spoken import services, tasks
from moviepoint.domains.search.spoken.whoosh import WhooshSpoken
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.errors import MoviePointError
from tests.functional.search.spoken import METROPOLIS, Queue, add_film, deliver

API = "/api/v1/search/lines?query=mediator"


def total(client: FlaskClient, address: str = API) -> int:
    response = client.get(address)
    assert response.status_code == 200
    assert len(response.json["results"]) == response.json["total_results"]
    assert sum(response.json["languages"].values()) == response.json["total_results"]
    return int(response.json["total_results"])


def rule(edition: Edition, audience: str, *, whole: bool = False, roles: tuple[str, ...] = ()) -> None:
    with unit_of_work() as work:
        work.add(WatchRule(**({"title_id": edition.title_id} if whole else {"edition_id": edition.id}),
                           audience=audience, roles=list(roles)))


def change_title(edition: Edition, **values: object) -> None:
    """Change a row behind the index's back: no event is recorded, as if the message were still on its way."""
    with unit_of_work() as work:
        title = work.get_one(Title, edition.title_id)
        for name, value in values.items():
            setattr(title, name, value)


@pytest.mark.parametrize("values", [{"status": "draft"}, {"status": "archived"}, {"status": "in_review"},
                                    {"status": "scheduled"}, {"deleted_at": utcnow()}])
def test_what_is_withdrawn_is_gone_before_the_index_knows(
        client: FlaskClient, said: WhooshSpoken, films: dict[str, Edition], sign_in: Callable[..., User],
        values: dict[str, object]) -> None:
    assert total(client) == 1
    change_title(films["metropolis"], **values)
    assert total(client) == 0
    assert "mediator</mark>" not in client.get("/en/search/lines?q=mediator").text
    sign_in("administrator")
    assert total(client) == 0  # nor in the public search of those who see drafts: it tells what is public


def test_drafts_are_not_even_in_the_index(client: FlaskClient, films: dict[str, Edition], session: Session,
                                          no_spoken: WhooshSpoken) -> None:
    change_title(films["metropolis"], status="draft")
    services.rebuild(session, current_app.extensions["moviepoint.storage"], no_spoken)
    reader = no_spoken._generation().searcher.reader()
    assert ("said", "mediat") not in reader and ("said", "throat") in reader


def test_registered_films_are_for_who_is_signed_in(client: FlaskClient, said: WhooshSpoken,
                                                   films: dict[str, Edition], sign_in: Callable[..., User]) -> None:
    rule(films["metropolis"], "registered", whole=True)
    assert total(client) == 0
    sign_in("member")
    assert total(client) == 1


def test_films_for_roles(client: FlaskClient, said: WhooshSpoken, films: dict[str, Edition],
                         sign_in: Callable[..., User]) -> None:
    rule(films["metropolis"], "roles", roles=("contributor",))
    sign_in("member")
    assert total(client) == 0
    sign_in("contributor")
    assert total(client) == 1


def test_an_editions_own_rule_goes_before_its_titles(client: FlaskClient, said: WhooshSpoken,
                                                     films: dict[str, Edition]) -> None:
    rule(films["metropolis"], "registered", whole=True)
    rule(films["metropolis"], "public")
    assert total(client) == 1


def test_films_by_link_are_not_searched(client: FlaskClient, said: WhooshSpoken, films: dict[str, Edition],
                                        sign_in: Callable[..., User]) -> None:
    rule(films["metropolis"], "link")
    sign_in("member")
    assert total(client) == 0


def test_a_plugin_may_close_a_film(client: FlaskClient, app: MoviePoint, said: WhooshSpoken,
                                   films: dict[str, Edition], monkeypatch: pytest.MonkeyPatch) -> None:
    closed = films["metropolis"].id
    hooks = app.extensions["moviepoint.hooks"]
    before = hooks.resolve
    monkeypatch.setattr(hooks, "resolve", lambda hook, **arguments: arguments["edition_id"] != closed
                        if hook == "resolve_playback" else before(hook, **arguments))
    assert total(client) == 0
    assert total(client, "/api/v1/search/lines?query=throat") == 1


def test_hidden_subtitles_are_not_shown(client: FlaskClient, said: WhooshSpoken, films: dict[str, Edition]) -> None:
    with unit_of_work() as work:
        work.get_one(Edition, films["metropolis"].id).subtitles[0].hidden = True
    assert total(client) == 0
    assert total(client, "/api/v1/search/lines?query=сердце") == 1


def test_a_film_without_a_package_has_no_lines(client: FlaskClient, said: WhooshSpoken,
                                               films: dict[str, Edition]) -> None:
    with unit_of_work() as work:
        work.get_one(Edition, films["metropolis"].id).package = None
    assert total(client) == 0


def test_what_was_replaced_is_not_shown_at_old_times(client: FlaskClient, said: WhooshSpoken,
                                                     films: dict[str, Edition]) -> None:
    with unit_of_work() as work:
        work.get_one(Edition, films["metropolis"].id).subtitles[0].made_offset_ms = 5000
    assert total(client) == 0  # until the worker has read it


def test_editions_and_kinds_of_subtitles_show_a_line_once(client: FlaskClient, said: WhooshSpoken,
                                                          films: dict[str, Edition], queue: Queue) -> None:
    with unit_of_work() as work:
        longer = {"en": [*METROPOLIS["en"], (4400, "The mediator, again")]}
        add_film(work, "metropolis", longer, package="packages/longer", position=1, label="Long")
    tasks.reconcile()
    deliver(queue)
    response = client.get(API).json
    assert [(hit["start_ms"], hit["text"]) for hit in response["results"]] == [
        (10_000, METROPOLIS["en"][0][1]), (4400_000, "The mediator, again")]  # the edition that says it more often
    rule_of_longer = response["results"][0]["edition"]
    with unit_of_work() as work:
        edition = work.scalars(select(Edition).where(Edition.public_id == rule_of_longer)).one()
        work.add(WatchRule(edition_id=edition.id, audience="registered"))
    assert [hit["edition"] for hit in client.get(API).json["results"]] == [films["metropolis"].public_id]


def test_lines_of_episodes_say_which(client: FlaskClient, said: WhooshSpoken, session: Session, queue: Queue) -> None:
    episodes = session.execute(select(Episode.id, Season.number, Episode.number.label("episode")).join(Season).order_by(
        Season.number, Episode.number).limit(2)).all()
    with unit_of_work() as work:
        for episode in episodes:
            add_film(work, "", {"fr": [(7, "Qui êtes-vous?")]}, episode_id=episode.id,
                     package=f"packages/e{episode.id}")
    tasks.reconcile()
    deliver(queue)
    found = client.get("/api/v1/search/lines?query=qui+êtes+vous").json
    assert [(hit["title"]["kind"], hit["season"], hit["episode"]) for hit in found["results"]] == [
        ("series", episode.number, episode.episode) for episode in episodes]
    assert found["total_titles"] == 1
    assert "season 1, episode 1" in client.get("/en/search/lines?q=qui+etes").text


@dataclass
class Somebody:
    """An actor with grants."""

    id: int | None
    grants: frozenset[str] = field(default_factory=frozenset)

    def may(self, permission: str, *, locale: str = "", own: bool = False) -> bool:
        return permission in self.grants or (own and f"{permission}:own" in self.grants)

    def may_in_part(self, permission: str) -> bool:
        return any(grant.startswith(permission) for grant in self.grants)


def test_many_films_are_decided_as_each_by_itself(app: MoviePoint, session: Session,
                                                  make_user: Callable[..., User]) -> None:
    """The search asks `watching.decide` for many editions at once: its answers must be those of the watch page."""
    hooks = app.extensions["moviepoint.hooks"]
    member, contributor, editor = (make_user(role) for role in ("member", "contributor", "editor"))
    viewers = (None, member, contributor, editor, Somebody(None), Somebody(member.id, frozenset({"catalog.edit:own"})))
    facts = [EditionFacts(number, "packages/x", published, audience, frozenset(roles), owner)
             for number, (published, audience, roles, owner) in enumerate(product(
                 (True, False), ("public", "registered", "roles", "link"), ((), ("contributor",)),
                 (None, member.id)))]
    for viewer in viewers:
        alone = {}
        for one in facts:
            try:
                alone[one.id] = watching.decide(session, hooks, one, viewer)
            except MoviePointError:
                continue
        assert watching.open_to(session, hooks, viewer, facts) == alone
    assert WatchLink(expires_at=utcnow() + timedelta(days=1)).open
