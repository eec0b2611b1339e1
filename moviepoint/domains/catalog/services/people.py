"""Writes of people."""
from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from moviepoint.domains.catalog import policies
from moviepoint.domains.catalog.documents import person_document
from moviepoint.domains.catalog.models import Credit, Person, PersonText
from moviepoint.domains.catalog.schemas import PersonInput
from moviepoint.domains.catalog.services import common
from moviepoint.domains.history.services import record
from moviepoint.kernel import events
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.text import one_line

ENTITY = "person"
WHOLE = (selectinload(Person.texts), selectinload(Person.external_ids))


def find_all_whole(session: Session, ids: Sequence[int]) -> Sequence[Person]:
    """Return people with all that their documents hold, in the order of the ids, in a fixed number of queries."""
    found = {person.id: person for person in session.scalars(select(Person).where(
        Person.id.in_(ids), Person.deleted_at.is_(None)).options(*WHOLE))}
    return [found[person_id] for person_id in ids if person_id in found]


def find_whole(session: Session, person_id: int) -> Person:
    """Return a person with all that their document holds. Raises NotFound."""
    found = session.scalar(select(Person).where(Person.id == person_id, Person.deleted_at.is_(None)).options(*WHOLE))
    if found is None:
        raise NotFound()
    return found


def save_person(session: Session, actor: Actor, data: PersonInput, person_id: int | None = None) -> Person:
    """Create a person, or change one."""
    if person_id is None:
        require(actor, policies.EDIT)
        if data.name is UNSET:
            raise Invalid(_("A new person needs a name."), fields={"name": [_("A name is missing.")]})
        person, before = Person(name=one_line(data.name), slug=""), None
    else:
        person = find_whole(session, person_id)
        policies.require_texts(actor, data)
        common.require_version(person, data.version)
        before = person_document(person)
    common.assign(person, data, ("name", "birth_year", "death_year"))
    if person.birth_year and person.death_year and person.death_year < person.birth_year:
        raise Invalid(_("Nobody dies before being born."), fields={"death_year": [_("It is before the birth.")]})
    common.set_slug(session, person, data.slug, person.name)
    if person_id is None:
        session.add(person)
    if data.texts is not UNSET:
        common.set_texts(person.texts, PersonText, data.texts)
    if data.external_ids is not UNSET:
        common.set_external_ids(person.external_ids, data.external_ids)
    session.flush()
    after = person_document(person)
    if before != after:
        person.updated_at = utcnow()
        session.flush()
        record(session, actor, "changed" if before else "created", ENTITY, person.id, person.name,
               before=before, after=after)
    events.record(session, "on_person_saved", person_id=person.id)
    return person


def delete_person(session: Session, actor: Actor, person_id: int) -> None:
    """Put a person whom nothing credits any more into the bin."""
    require(actor, policies.EDIT)
    person = find_whole(session, person_id)
    if session.scalar(select(Credit.id).where(Credit.person_id == person_id).limit(1)):
        raise Conflict(_("Titles still credit this person. Remove the credits first."))
    person.deleted_at = utcnow()
    session.flush()
    record(session, actor, "deleted", ENTITY, person.id, person.name)
    events.record(session, "on_person_saved", person_id=person.id)


def take_back_person(session: Session, actor: Actor, person_id: int) -> Person:
    """Take a person out of the bin."""
    require(actor, policies.EDIT)
    person = session.get(Person, person_id)
    if person is None or person.deleted_at is None:
        raise NotFound()
    person.deleted_at = None
    session.flush()
    record(session, actor, "taken_back", ENTITY, person.id, person.name)
    events.record(session, "on_person_saved", person_id=person.id)
    return person
