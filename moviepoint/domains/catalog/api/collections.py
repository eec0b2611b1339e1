"""Collections as a resource."""
from __future__ import annotations

from flask import Response as FlaskResponse
from spectree import Response

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.catalog import queries, services
from moviepoint.domains.catalog.models import Collection
from moviepoint.domains.catalog.schemas import CollectionCard, CollectionDetail, CollectionInput, TitleCard
from moviepoint.domains.catalog.show import collection_card, title_card
from moviepoint.domains.catalog.texts import pick
from moviepoint.domains.catalog.words import reader
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("collections", __name__)


@resource.get("/collections")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[CollectionCard]), tags=["collections"])
def list_collections(query: PageQuery) -> Page[CollectionCard]:
    """List collections with the number of their titles."""
    chain, rows = reader().chain, queries.collections(db.session())
    start = (query.page - 1) * query.page_size
    return Page(page=query.page, total_results=len(rows), total_pages=-(-len(rows) // query.page_size),
                results=[collection_card(row, count, chain) for row, count in rows[start:start + query.page_size]])


@resource.get("/collections/<int:collection_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=CollectionDetail), tags=["collections"])
def get_collection(collection_id: int) -> CollectionDetail:
    """Show a collection with the titles that the viewer sees, in order."""
    return _shown(collection_id)


@resource.get("/collections/<int:collection_id>/titles")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[TitleCard]), tags=["collections"])
def list_collection_titles(collection_id: int, query: PageQuery) -> Page[TitleCard]:
    """List a collection's titles that the viewer sees, in the editors' order."""
    session, chain = db.session(), reader().chain
    services.find(session, Collection, collection_id)
    return paged(session, queries.titles_of_collection(current_viewer(), collection_id), query,
                 lambda rows: [title_card(row, chain) for row in rows])


@resource.post("/collections")
@in_language
@spec.validate(resp=Response(HTTP_200=CollectionDetail), tags=["collections"])
def create_collection(json: CollectionInput) -> CollectionDetail:
    """Make a collection."""
    with unit_of_work() as session:
        collection_id = services.save_collection(session, signed_in(), json).id
    return _shown(collection_id)


@resource.patch("/collections/<int:collection_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=CollectionDetail), tags=["collections"])
def change_collection(collection_id: int, json: CollectionInput) -> CollectionDetail:
    """Change a collection's texts, its slug, or its titles and their order."""
    with unit_of_work() as session:
        services.save_collection(session, signed_in(), json, collection_id)
    return _shown(collection_id)


@resource.delete("/collections/<int:collection_id>")
def delete_collection(collection_id: int) -> FlaskResponse:
    """Delete a collection; its titles stay."""
    with unit_of_work() as session:
        services.delete_collection(session, signed_in(), collection_id)
    return FlaskResponse(status=204)


def _shown(collection_id: int) -> CollectionDetail:
    session, chain = db.session(), reader().chain
    slugs = queries.titles_in(session, current_viewer(), collection_id)
    collection = services.find(session, Collection, collection_id)
    card = collection_card(collection, len(slugs), chain)
    return CollectionDetail(id=card.id, slug=card.slug, name=card.name, title_count=card.title_count, titles=slugs,
                            overview=pick(collection.texts, "overview", chain).value)
