"""What was deleted comes back: by "Undo" on the message, and from the history at any later time."""
from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.models import Collection, CollectionItem, Company, Genre, Keyword, Person, Title
from moviepoint.domains.catalog.schemas import CollectionInput, CompanyInput, PersonInput, TermInput, TitleInput
from moviepoint.domains.history.models import Revision
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert

UNDO = re.compile(r'action="(/admin/history/revisions/\d+/restore)"')


@pytest.fixture
def editor(client: FlaskClient, sign_in: Callable[..., User], queue: list[object]) -> User:
    client.set_cookie("locale", "en")
    return sign_in("editor")


def undo_of(client: FlaskClient, address: str) -> str:
    """Delete by an address; return that of the button which takes it back."""
    page = client.post(f"{address}/delete", follow_redirects=True).text
    found = UNDO.search(page)
    assert found, page
    return found[1]


@pytest.mark.parametrize(("model", "place", "data"), [
    (Genre, "genres", TermInput(names={"en": "Noir", "ru": "Нуар"})),
    (Keyword, "keywords", TermInput(names={"en": "Rain", "ru": "Дождь"})),
    (Company, "companies", CompanyInput(names={"en": "Rus"}, country="SU"))])
def test_a_term_comes_back_with_all_its_names(client: FlaskClient, session: Session, editor: User, model: type[Genre],
                                              place: str, data: TermInput) -> None:
    with unit_of_work() as work:
        term_id = services.save_term(work, SYSTEM, model, data).id
    undo = undo_of(client, f"/admin/{place}/{term_id}")
    assert session.scalar(select(func.count()).select_from(model)) == 0
    page = client.post(undo, follow_redirects=True)
    assert (page.status_code, "Restored" in page.text) == (200, True)
    session.expire_all()
    back = session.scalars(select(model)).one()
    assert {text.locale: text.name for text in back.texts} == data.names
    assert getattr(back, "country", "SU") == "SU"
    again = client.post(undo, follow_redirects=True)  # twice does no harm
    assert "is taken" in again.text
    assert session.scalar(select(func.count()).select_from(model)) == 1


def test_a_collection_comes_back_with_its_titles_in_order(client: FlaskClient, session: Session, editor: User) -> None:
    with unit_of_work() as work:
        titles = [services.save_title(work, SYSTEM, TitleInput(kind="film", original_title=name))
                  for name in ("One", "Two", "Three")]
        collection = services.save_collection(work, SYSTEM, convert(CollectionInput, {
            "texts": {"en": {"name": "Trilogy"}}, "titles": ["three", "one", "two"]}))
    undo = undo_of(client, f"/admin/collections/{collection.id}")
    with unit_of_work() as work:
        services.delete_title(work, SYSTEM, titles[0].id)
    client.post(undo)
    session.expire_all()
    back = session.scalars(select(Collection)).one()
    slugs = session.scalars(select(Title.slug).join(CollectionItem, CollectionItem.title_id == Title.id).where(
        CollectionItem.collection_id == back.id).order_by(CollectionItem.position)).all()
    assert ([text.name for text in back.texts], slugs) == (["Trilogy"], ["three", "two"])  # "One" is in the bin


def test_a_person_and_a_title_come_back_as_themselves(client: FlaskClient, session: Session, editor: User) -> None:
    with unit_of_work() as work:
        person = services.save_person(work, SYSTEM, PersonInput(name="Yuliya Solntseva"))
        title = services.save_title(work, SYSTEM, TitleInput(kind="film", original_title="Aelita"))
    for row, place in ((person, "people"), (title, "titles")):
        client.post(undo_of(client, f"/admin/{place}/{row.id}"))
        session.expire_all()
        assert session.get_one(type(row), row.id).deleted_at is None
    assert session.scalar(select(func.count()).select_from(Person)) == 1


def test_it_comes_back_from_the_history_too(client: FlaskClient, session: Session, editor: User) -> None:
    with unit_of_work() as work:
        term_id = services.save_genre(work, SYSTEM, TermInput(names={"en": "Noir"})).id
        services.delete_term(work, SYSTEM, Genre, term_id)
    revision = session.scalars(select(Revision).where(Revision.action == "deleted")).one()
    page = client.get(f"/admin/history/revisions/{revision.id}").text
    assert "Bring it back" in page
    assert "Restore this state" not in page
    client.post(f"/admin/history/revisions/{revision.id}/restore")
    assert session.scalars(select(Genre.slug)).all() == ["noir"]
    actions = session.scalars(select(Revision.action).where(Revision.entity == "genre").order_by(Revision.id)).all()
    assert actions == ["created", "deleted", "created", "restored"]


def test_a_term_in_use_is_neither_deleted_nor_offered_back(client: FlaskClient, session: Session, editor: User) -> None:
    with unit_of_work() as work:
        term_id = services.save_genre(work, SYSTEM, TermInput(names={"en": "Noir"})).id
        services.save_title(work, SYSTEM, TitleInput(kind="film", original_title="M", genres=["noir"]))
    page = client.post(f"/admin/genres/{term_id}/delete", follow_redirects=True).text
    assert "still uses this" in page
    assert UNDO.search(page) is None


def test_only_who_may_write_brings_back(client: FlaskClient, session: Session, sign_in: Callable[..., User],
                                        editor: User) -> None:
    with unit_of_work() as work:
        term_id = services.save_genre(work, SYSTEM, TermInput(names={"en": "Noir"})).id
    undo = undo_of(client, f"/admin/genres/{term_id}")
    for role in ("contributor", "member"):
        sign_in(role)
        client.post(undo)
    assert session.scalar(select(func.count()).select_from(Genre)) == 0
    assert client.post("/admin/history/revisions/999999/restore").status_code in (403, 404)
