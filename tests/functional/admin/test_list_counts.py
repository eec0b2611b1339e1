"""Every count of the list equals a brute-force count: over relations to many, and whatever filters come together."""
from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.backoffice_filters import Filters, Known
from moviepoint.domains.catalog.backoffice_queries import count_titles, list_titles, title_ids
from moviepoint.domains.catalog.finding import title_filters
from moviepoint.domains.catalog.models import CollectionItem, Image, Season, Title
from moviepoint.domains.catalog.schemas import CollectionInput, PersonInput, SeasonInput, TermInput, TitleInput
from moviepoint.domains.media.models import Edition, EncodingJob, SourceAsset
from moviepoint.hooks.types import TitleFilter, TitleMatches
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert

#: The jobs of one edition in their order, and whether it can be watched; a title has some of these editions.
EDITIONS: dict[str, tuple[tuple[str, ...], bool]] = {
    "plain": ((), False), "ready": (("done",), True), "running": (("running",), False),
    "again": (("done", "queued"), True), "failed": (("failed",), False), "mended": (("failed", "done"), True),
    "worse": (("done", "failed"), True), "cancelled": (("cancelled",), False), "paused": (("paused",), False)}
SETS = ([], ["plain"], ["ready", "failed"], ["running", "running"], ["mended"], ["worse", "ready"], ["cancelled"],
        ["paused"], ["again", "failed", "ready"])


def by_brute_force(value: str, editions: list[str]) -> bool:
    """Say whether a title with these editions is in a state, from the definition and not from the database."""
    ready = any(EDITIONS[name][1] for name in editions)
    live = any(job in ("queued", "running", "paused") for name in editions for job in EDITIONS[name][0])
    failed = any(EDITIONS[name][0][-1:] == ("failed",) for name in editions)
    return {"ready": ready, "encoding": live, "failed": failed, "none": not (ready or live or failed)}[value]


@pytest.fixture
def catalogue(session: Session, queue: list[object]) -> dict[int, list[str]]:
    """Enter films and series with several of everything; return each title's editions by its id."""
    made: dict[int, list[str]] = {}
    with unit_of_work() as work:
        for name in ("Drama", "War", "Comedy"):
            services.save_genre(work, SYSTEM, TermInput(names={"en": name}))
        person = services.save_person(work, SYSTEM, PersonInput(name="Somebody"))
        titles = []
        for number, (kind, editions) in enumerate(itertools.product(("film", "series"), SETS)):
            title = services.save_title(work, SYSTEM, convert(TitleInput, {
                "kind": kind, "original_title": f"Title {number}", "year": 1900 + number if number % 5 else None,
                "genres": [["drama"], ["drama", "war"], []][number % 3],
                "texts": {locale: {"name": f"Name {number}", "overview": "Long" if number % 2 else ""}
                          for locale in (["en"], ["en", "ru"], [])[number % 3]},
                "credits": [{"person_id": person.id, "job": str(n)} for n in range(number % 4)]}))
            titles.append(title)
            if number % 4 == 0:
                services.publish(work, SYSTEM, title.id)
            if number % 3 == 0:
                work.add_all(Image(kind=kind_, title_id=title.id, key="x", width=1, height=1)
                             for kind_ in ("poster", "poster", "backdrop"))
            add_editions(work, title, editions)
            made[title.id] = editions
        services.save_collection(work, SYSTEM, convert(CollectionInput, {
            "texts": {"en": {"name": "Set"}}, "titles": [title.slug for title in titles[::2]]}))
    session.expire_all()
    return made


def add_editions(work: Session, title: Title, editions: list[str]) -> None:
    """Give editions to a film, or to the episodes of a series, one each."""
    episodes: list[int | None] = [None] * len(editions)
    if title.kind == "series" and editions:
        season = services.save_season(work, SYSTEM, title.id, convert(SeasonInput, {
            "number": 1, "episodes": [{"number": n + 1} for n in range(len(editions))]}))
        work.flush()
        episodes = [episode.id for episode in work.get_one(Season, season.id).episodes]
    for name, episode_id in zip(editions, episodes, strict=True):
        jobs, playable = EDITIONS[name]
        edition = Edition(title_id=None if episode_id else title.id, episode_id=episode_id,
                          package="packages/x" if playable else None)
        work.add(edition)
        work.flush()
        source = SourceAsset(edition_id=edition.id, key="k", filename="f.mkv", size=1)
        work.add(source)
        work.flush()
        for state in jobs:
            work.add(EncodingJob(edition_id=edition.id, source_id=source.id, state=state))
            work.flush()


def fits(title: Title, editions: list[str], asked: dict[str, str], collected: set[int]) -> bool:
    """Say whether a title fits an address, in Python alone."""
    named = {text.locale for text in title.texts if text.name}
    tests: dict[str, Callable[[str], bool]] = {
        "kind": lambda value: title.kind == value,
        "status": lambda value: title.status == value,
        "genre": lambda value: any(genre.slug == value for genre in title.genres),
        "locale": lambda value: value in named,
        "year_from": lambda value: title.year is not None and title.year >= int(value),
        "year_to": lambda value: title.year is not None and title.year <= int(value),
        "media": lambda value: by_brute_force(value, editions),
        "collection": lambda _value: title.id in collected,
        "q": lambda value: any(value.casefold() in name.casefold()
                               for name in [title.original_title, *(text.name for text in title.texts)]),
        "missing": lambda value: {
            "poster": not any(image.kind == "poster" for image in title.images), "credits": not title.credits,
            "overview": not any(text.overview for text in title.texts), "genres": not title.genres,
            "texts@ru": "ru" not in named, "texts@en": "en" not in named}[value]}
    return all(tests[name](value) for name, value in asked.items())


FACETS = {
    "kind": ("film", "series"), "status": ("draft", "published", "archived"), "genre": ("drama", "war", "comedy", "no"),
    "locale": ("en", "ru", "de"), "year_from": ("1905", "1912"), "year_to": ("1903", "1914"),
    "media": ("ready", "encoding", "failed", "none"), "collection": ("1",), "q": ("title 1", "NAME 1", "zzz"),
    "missing": ("poster", "credits", "overview", "genres", "texts@ru", "texts@en")}
ADDRESSES = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in FACETS.items()})


@given(data=st.data())
@hypothesis_settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_count_is_a_brute_force_count(app: MoviePoint, session: Session, catalogue: dict[int, list[str]],
                                            data: st.DataObject) -> None:
    asked = data.draw(ADDRESSES)
    items = session.scalars(select(CollectionItem)).all()
    if "collection" in asked:
        asked["collection"] = str(items[0].collection_id)
    collected = {item.title_id for item in items}
    wanted = {title.id for title in session.scalars(select(Title))
              if fits(title, catalogue[title.id], asked, collected)}
    others = title_filters()
    filters = Filters.read(MultiDict(asked), others)
    known = Known(None, {other.name: other for other in others})
    found = list_titles(session, SYSTEM, filters, ("en",), known)
    assert found.total == count_titles(session, SYSTEM, filters, known) == len(wanted)
    assert {row.id for row in found.rows} == set(title_ids(session, SYSTEM, filters, known)) == wanted
    matches = TitleMatches(tuple(data.draw(st.permutations(sorted(catalogue)))[:9]), 9)
    among = list_titles(session, SYSTEM, Filters.read(MultiDict(asked | {"q": "x"}), others), ("en",),
                        Known(matches, known.others))
    rest = {title.id for title in session.scalars(select(Title)) if title.id in matches.ids and fits(
        title, catalogue[title.id], {name: value for name, value in asked.items() if name != "q"}, collected)}
    assert ([row.id for row in among.rows], among.total) == ([i for i in matches.ids if i in rest], len(rest))


@pytest.mark.parametrize("state", ["ready", "encoding", "failed", "none"])
@pytest.mark.parametrize("kind", ["film", "series"])
def test_media_of_films_and_of_episodes(client: FlaskClient, sign_in: Callable[..., User], session: Session,
                                        catalogue: dict[int, list[str]], state: str, kind: str) -> None:
    sign_in("editor")
    page = client.get(f"/admin/titles/?media={state}&kind={kind}").text
    kinds = {row.id: row.kind for row in session.execute(select(Title.id, Title.kind))}
    for title_id, editions in catalogue.items():
        shown = f'name="ids" value="{title_id}"' in page
        assert shown == (kinds[title_id] == kind and by_brute_force(state, editions)), editions
    assert f'<option value="{state}" selected>' in page


def test_the_other_domains_filter_stays_in_the_address(client: FlaskClient, sign_in: Callable[..., User],
                                                       catalogue: dict[int, list[str]]) -> None:
    sign_in("editor")
    page = client.get("/admin/titles/?media=none&kind=film").text
    assert "media=none&amp;sort=-title" in page or "sort=-title&amp;media=none" in page
    assert "media=" not in client.get("/admin/titles/?media=burning").text.split("<table", 1)[1]


def test_a_filter_may_not_take_the_lists_own_name(app: MoviePoint, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = app.extensions["moviepoint.hooks"]
    offered = [TitleFilter(name, name, [("a", "A")], lambda _value: Title.id > 0) for name in ("q", "page", "mine")]
    monkeypatch.setattr(hooks, "collect", lambda hook: iter(offered))
    monkeypatch.delitem(app.extensions, "moviepoint.title_filters", raising=False)
    with app.app_context():
        try:
            assert [other.name for other in title_filters()] == ["mine"]
        finally:
            app.extensions.pop("moviepoint.title_filters")
