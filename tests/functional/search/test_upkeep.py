"""The index keeps step with the database: by messages after a commit, by reconciliation, by the command line."""
from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.catalog import services as catalog
from moviepoint.domains.catalog.models import Person, Title
from moviepoint.domains.catalog.schemas import CreditInput, PersonInput, TitleInput, TitleTextInput
from moviepoint.domains.search import services, tasks
from moviepoint.domains.search.engine import current_sources
from moviepoint.domains.search.index import IndexMissing
from moviepoint.domains.search.queries import make_query, run
from moviepoint.domains.search.whoosh_index import WhooshIndex
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM

Queue = list[tuple[str, dict[str, object]]]


def found(index: WhooshIndex, text: str) -> list[tuple[str, int]]:
    index._checked = 0.0  # as if a second had passed
    return [(hit.source, hit.id) for hit in run(index, make_query(text)).found]


def deliver(queue: Queue) -> None:
    """Run the search messages that wait, as the worker would."""
    while queue:
        name, arguments = queue.pop(0)
        if name.startswith("search."):
            getattr(tasks, name.removeprefix("search."))(**arguments)


@pytest.fixture
def aelita(index: WhooshIndex, queue: Queue) -> int:
    with unit_of_work() as work:
        title = catalog.save_title(work, SYSTEM, TitleInput(
            kind="film", original_title="Аэлита", year=1924, texts={"en": TitleTextInput(name="Aelita")}))
    return title.id


def test_a_title_is_found_from_publishing_to_unpublishing(index: WhooshIndex, aelita: int, queue: Queue) -> None:
    deliver(queue)
    assert found(index, "aelita") == []
    with unit_of_work() as work:
        catalog.publish(work, SYSTEM, aelita)
    deliver(queue)
    assert found(index, "аэлита") == found(index, "aelita") == [("title", aelita)]
    with unit_of_work() as work:
        catalog.unpublish(work, SYSTEM, aelita)
    deliver(queue)
    assert found(index, "aelita") == []


def test_nothing_is_sent_for_work_that_was_rolled_back(index: WhooshIndex, queue: Queue) -> None:
    with pytest.raises(RuntimeError), unit_of_work() as work:
        catalog.save_title(work, SYSTEM, TitleInput(kind="film", original_title="Unfinished", year=1924))
        raise RuntimeError("the editor's connection broke")
    assert queue == []


def test_messages_may_come_twice_or_for_what_is_gone(index: WhooshIndex) -> None:
    before = index.digests()
    metropolis = found(index, "metropolis")[0][1]
    for _ in range(2):
        tasks.index("title", [metropolis, 987_654])
    assert index.digests() == before


def test_reconciling_mends_what_lost_messages_left(
        index: WhooshIndex, aelita: int, queue: Queue, session: Session) -> None:
    with unit_of_work() as work:
        catalog.publish(work, SYSTEM, aelita)
        nosferatu = work.scalars(select(Title).where(Title.slug.startswith("nosferatu"))).one()
        catalog.unpublish(work, SYSTEM, nosferatu.id)
    queue.clear()  # the messages are lost
    index._checked = 0.0
    assert services.reconcile(session, index, current_sources()) == 2
    assert found(index, "aelita") == [("title", aelita)]
    assert ("title", nosferatu.id) not in found(index, "nosferatu")
    index._checked = 0.0
    assert services.reconcile(session, index, current_sources()) == 0


def test_a_message_without_an_index_makes_one(catalogue: Session, no_index: WhooshIndex) -> None:
    with pytest.raises(IndexMissing):
        no_index.digests()
    tasks.index("title", [1])
    assert len(found(no_index, "ruler")) == 7


def test_a_damaged_index_is_made_anew_by_the_next_message(index: WhooshIndex) -> None:
    for segment in index.folder.glob("v*/*.seg"):
        segment.unlink()
    index._open = None
    tasks.index("title", [1])
    assert len(found(index, "ruler")) == 7


def test_documents_hold_all_languages_people_and_episodes(catalogue: Session) -> None:
    source = current_sources()["title"]
    documents = {document.original_title: document for document in source.load(catalogue, list(source.ids(catalogue)))}
    assert "A Draft" not in documents
    vampires = documents["Les Vampires"]
    assert (vampires.kind, set(vampires.titles)) == ("series", {"The Vampires", "Вампиры"})
    assert {"Fritz Lang", "Фриц Ланг"} <= set(vampires.people)
    assert {"The Severed Head", "Отрубленная голова"} <= set(vampires.text)


def test_the_command_line_rebuilds_and_tells(app: MoviePoint, catalogue: Session, no_index: WhooshIndex) -> None:
    commands = app.test_cli_runner()
    group = next(command.command for command in app.extensions["moviepoint.hooks"].collect("register_commands")
                 if command.command.name == "search")
    before = commands.invoke(group, ["status"])
    assert "rebuild" in before.output
    rebuilt = commands.invoke(group, ["rebuild"])
    assert (rebuilt.exit_code, rebuilt.output.split(" in ")[0]) == (0, "10 documents indexed")
    assert "title: 7 indexed, 0 missing, 0 too many" in commands.invoke(group, ["status"]).output


def test_the_page_shows_what_the_worker_indexed(
        client: FlaskClient, index: WhooshIndex, aelita: int, queue: Queue) -> None:
    with unit_of_work() as work:
        catalog.publish(work, SYSTEM, aelita)
    deliver(queue)
    index._checked = 0.0
    assert client.get("/api/v1/search?query=aelita").json["results"][0]["id"] == aelita


def test_people_are_found_from_their_first_public_title_on(index: WhooshIndex, queue: Queue) -> None:
    with unit_of_work() as work:
        actress = catalog.save_person(work, SYSTEM, PersonInput(name="Yuliya Solntseva"))
        title = catalog.save_title(work, SYSTEM, TitleInput(
            kind="film", original_title="Аэлита", year=1924, credits=[CreditInput(person_id=actress.id)]))
    deliver(queue)
    assert found(index, "solntseva") == []
    with unit_of_work() as work:
        catalog.publish(work, SYSTEM, title.id)
    deliver(queue)
    assert found(index, "solntseva") == [("person", actress.id), ("title", title.id)]
    with unit_of_work() as work:
        catalog.unpublish(work, SYSTEM, title.id)
    deliver(queue)
    assert found(index, "solntseva") == []


def test_a_title_is_found_by_the_new_name_of_its_director(
        index: WhooshIndex, session: Session, queue: Queue) -> None:
    lang = session.scalars(select(Person).where(Person.slug == "fritz-lang")).one()
    before = {row for source, row in found(index, "lang") if source == "title"}
    with unit_of_work() as work:
        catalog.save_person(work, SYSTEM, PersonInput(name="Friedrich Christian Anton"), lang.id)
    deliver(queue)
    assert before and {row for source, row in found(index, "friedrich") if source == "title"} == before


def test_what_is_gone_since_it_was_indexed_shifts_nothing(
        client: FlaskClient, index: WhooshIndex, session: Session) -> None:
    before = {hit["id"]: hit["name"] for hit in client.get("/api/v1/search?query=ruler").json["results"]}
    gone = next(iter(before))
    with unit_of_work() as work:
        catalog.delete_title(work, SYSTEM, gone)
    after = {hit["id"]: hit["name"] for hit in client.get("/api/v1/search?query=ruler").json["results"]}
    assert after == {row: name for row, name in before.items() if row != gone}
