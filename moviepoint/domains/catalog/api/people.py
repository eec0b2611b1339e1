"""People as a resource."""
from __future__ import annotations

from flask import Response as FlaskResponse
from spectree import Response

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.catalog import queries, services
from moviepoint.domains.catalog.schemas import PersonCard, PersonDetail, PersonInput
from moviepoint.domains.catalog.show import person_card, person_detail
from moviepoint.domains.catalog.words import reader
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

MAX_TITLES = 500

resource = blueprint("people", __name__)


class PeopleQuery(PageQuery, kw_only=True):
    """A filter by a part of the name."""

    name: str = ""


@resource.get("/people")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[PersonCard]), tags=["people"])
def list_people(query: PeopleQuery) -> Page[PersonCard]:
    """List people by name."""
    chain = reader().chain
    return paged(db.session(), queries.people(current_viewer(), query.name), query,
                 lambda rows: [person_card(row, chain) for row in rows])


@resource.get("/people/<int:person_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=PersonDetail), tags=["people"])
def get_person(person_id: int) -> PersonDetail:
    """Show a person with the titles in which they are credited."""
    return _shown(person_id)


@resource.post("/people")
@in_language
@spec.validate(resp=Response(HTTP_200=PersonDetail), tags=["people"])
def create_person(json: PersonInput) -> PersonDetail:
    """Enter a person."""
    with unit_of_work() as session:
        person_id = services.save_person(session, signed_in(), json).id
    return _shown(person_id)


@resource.patch("/people/<int:person_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=PersonDetail), tags=["people"])
def change_person(person_id: int, json: PersonInput) -> PersonDetail:
    """Change what is given of a person."""
    with unit_of_work() as session:
        services.save_person(session, signed_in(), json, person_id)
    return _shown(person_id)


@resource.delete("/people/<int:person_id>")
def delete_person(person_id: int) -> FlaskResponse:
    """Delete a person who is not credited any more."""
    with unit_of_work() as session:
        services.delete_person(session, signed_in(), person_id)
    return FlaskResponse(status=204)


def _shown(person_id: int) -> PersonDetail:
    session, viewer = db.session(), current_viewer()
    person = queries.person(session, viewer, person_id)
    titles = session.scalars(queries.titles_of(viewer, person_id).limit(MAX_TITLES))
    return person_detail(person, reader().chain, titles)
