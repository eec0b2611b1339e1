"""The life of a title: who leads it where, at which time, and the way back from the bin."""
from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import Role, User
from moviepoint.domains.catalog import policies, services
from moviepoint.domains.catalog.models import STATUSES, Title
from moviepoint.domains.catalog.schemas import TitleInput, TitleTextInput
from moviepoint.domains.catalog.services.lifecycle import TRANSITIONS
from moviepoint.domains.history.models import Revision
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from moviepoint.kernel.policies import SYSTEM, Actor

Queue = list[tuple[str, dict[str, object]]]
HOUR = timedelta(hours=1)


@pytest.fixture
def film(session: Session, queue: Queue) -> Title:
    with unit_of_work() as work:
        return services.save_title(work, SYSTEM, TitleInput(kind="film", original_title="Аэлита"))


@pytest.fixture
def actor_with(session: Session, make_user: Callable[..., User]) -> Callable[..., User]:
    """Return a function that makes a user with exactly these grants."""
    def make(*grants: str) -> User:
        user = make_user(email=f"user-{len(session.identity_map)}-{len(grants)}@example.org")
        with unit_of_work() as work:
            user.roles = [Role(name=f"role-{user.id}", permissions=list(grants))]
            work.flush()
        return user

    return make


def lead(film: Title, *verbs: str, actor: Actor = SYSTEM) -> str:
    with unit_of_work() as work:
        for verb in verbs:
            services.change_status(work, actor, film.id, verb)
    return film.status


def actions(session: Session, film: Title) -> list[str]:
    return list(session.scalars(select(Revision.action).where(Revision.entity == "title",
                                                             Revision.entity_id == film.id).order_by(Revision.id)))


def test_the_usual_way(session: Session, film: Title) -> None:
    assert lead(film, "submit") == "in_review"
    assert lead(film, "return") == "draft"
    assert lead(film, "submit", "publish") == "published"
    assert film.published_at is not None
    assert lead(film, "archive") == "archived"
    assert film.published_at is None
    assert lead(film, "publish", "unpublish") == "draft"
    assert actions(session, film) == ["created", "in_review", "draft", "in_review", "published", "archived",
                                      "published", "draft"]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("verb", TRANSITIONS)
def test_every_verb_leads_on_stays_or_is_refused(film: Title, status: str, verb: str) -> None:
    film.status = status
    sources, target = TRANSITIONS[verb]
    if status in sources or status == target:
        assert lead(film, verb) == target
    else:
        with pytest.raises(Conflict):
            lead(film, verb)


def test_the_clock_publishes_and_takes_back(session: Session, film: Title, queue: Queue) -> None:
    now = utcnow()
    with unit_of_work() as work:
        services.schedule(work, SYSTEM, film.id, now + HOUR, now + 3 * HOUR)
    assert film.status == "scheduled"
    states = []
    for moment in (now, now + 2 * HOUR, now + 2 * HOUR, now + 4 * HOUR, now + 5 * HOUR):
        with unit_of_work() as work:
            services.keep_times(work, moment)
        states.append(film.status)
    assert states == ["scheduled", "published", "published", "draft", "draft"]
    assert (film.publish_at, film.unpublish_at) == (None, None)


def test_a_worker_that_slept_over_both_times_publishes_nothing(film: Title) -> None:
    now = utcnow()
    with unit_of_work() as work:
        services.schedule(work, SYSTEM, film.id, now + HOUR, now + 2 * HOUR)
        assert services.keep_times(work, now + 3 * HOUR) == [film.id]
    assert film.status == "draft"


def test_times_that_make_no_sense_are_refused(film: Title) -> None:
    now = utcnow()
    for publish_at, unpublish_at in ((now - HOUR, None), (now + 2 * HOUR, now + HOUR), (None, now - HOUR)):
        with pytest.raises(Invalid), unit_of_work() as work:
            services.schedule(work, SYSTEM, film.id, publish_at, unpublish_at)
    lead(film, "publish")
    with pytest.raises(Conflict), unit_of_work() as work:
        services.schedule(work, SYSTEM, film.id, now + HOUR, None)


def test_the_bin_hides_and_gives_back(session: Session, film: Title) -> None:
    lead(film, "publish")
    with unit_of_work() as work:
        services.delete_title(work, SYSTEM, film.id)
    assert session.scalars(policies.scope(select(Title), SYSTEM)).all() == []
    for act in (services.publish, services.delete_title):
        with pytest.raises(NotFound), unit_of_work() as work:
            act(work, SYSTEM, film.id)
    with unit_of_work() as work:
        services.take_back(work, SYSTEM, film.id)
    assert (film.status, film.deleted_at) == ("draft", None)
    with pytest.raises(NotFound), unit_of_work() as work:
        services.purge(work, SYSTEM, film.id)
    with unit_of_work() as work:
        services.delete_title(work, SYSTEM, film.id)
        services.purge(work, SYSTEM, film.id)
    assert session.get(Title, film.id) is None
    assert actions(session, film)[-1] == "purged"  # history outlives what it tells of


def test_many_at_once_are_all_or_none(session: Session, film: Title) -> None:
    with unit_of_work() as work:
        other = services.save_title(work, SYSTEM, TitleInput(kind="film", original_title="Стачка"))
        assert services.change_all(work, SYSTEM, [film.id, other.id], "publish") == 2
        assert services.change_all(work, SYSTEM, [film.id, other.id], "publish") == 0
    with pytest.raises(NotFound), unit_of_work() as work:
        services.change_all(work, SYSTEM, [film.id, 999_999], "archive")
    session.expire_all()
    assert film.status == "published"


def test_a_contributor_writes_only_their_own(film: Title, actor_with: Callable[..., User], session: Session) -> None:
    contributor = actor_with("catalog.edit:own")
    with unit_of_work() as work:
        own = services.save_title(work, contributor, TitleInput(kind="film", original_title="Моё"))
        services.save_title(work, contributor, TitleInput(year=1999), own.id)
        services.change_status(work, contributor, own.id, "submit")
    assert own.status == "in_review"
    for act in (lambda work: services.save_title(work, contributor, TitleInput(year=1999), film.id),
                lambda work: services.change_status(work, contributor, own.id, "publish"),
                lambda work: services.delete_title(work, contributor, film.id)):
        with pytest.raises(Forbidden), unit_of_work() as work:
            act(work)
    assert session.scalars(policies.scope(select(Title.id), contributor)).all() == [own.id]


def test_a_translator_writes_only_texts_of_their_locale(film: Title, actor_with: Callable[..., User]) -> None:
    translator = actor_with("catalog.edit@ru")
    with unit_of_work() as work:
        services.save_title(work, translator, TitleInput(
            texts={"ru": TitleTextInput(overview="Сон о Марсе.")}), film.id)
    assert [(text.locale, text.overview) for text in film.texts] == [("ru", "Сон о Марсе.")]
    for data in (TitleInput(texts={"en": TitleTextInput(name="Aelita")}), TitleInput(year=1924),
                 TitleInput(texts={"ru": TitleTextInput(name="x")}, slug="mine"), TitleInput()):
        with pytest.raises(Forbidden), unit_of_work() as work:
            services.save_title(work, translator, data, film.id)
    with pytest.raises(Forbidden), unit_of_work() as work:
        services.save_title(work, translator, TitleInput(kind="film", original_title="New"))
