"""Genres as a resource."""
from __future__ import annotations

from flask import Response as FlaskResponse
from spectree import Response

from moviepoint.domains.accounts.viewer import signed_in
from moviepoint.domains.catalog import queries, services
from moviepoint.domains.catalog.models import Genre
from moviepoint.domains.catalog.schemas import GenreInfo, TermInput
from moviepoint.domains.catalog.show import genre_info
from moviepoint.domains.catalog.words import reader
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("genres", __name__)


@resource.get("/genres")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[GenreInfo]), tags=["genres"])
def list_genres(query: PageQuery) -> Page[GenreInfo]:
    """List genres."""
    chain = reader().chain
    return paged(db.session(), queries.genres(), query, lambda rows: [genre_info(row, chain) for row in rows])


@resource.post("/genres")
@in_language
@spec.validate(resp=Response(HTTP_200=GenreInfo), tags=["genres"])
def create_genre(json: TermInput) -> GenreInfo:
    """Enter a genre; `names` is by locale."""
    with unit_of_work() as session:
        return genre_info(services.save_genre(session, signed_in(), json), reader().chain)


@resource.patch("/genres/<int:genre_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=GenreInfo), tags=["genres"])
def change_genre(genre_id: int, json: TermInput) -> GenreInfo:
    """Change a genre's names or its slug."""
    with unit_of_work() as session:
        return genre_info(services.save_genre(session, signed_in(), json, genre_id), reader().chain)


@resource.delete("/genres/<int:genre_id>")
def delete_genre(genre_id: int) -> FlaskResponse:
    """Delete a genre that no title has any more."""
    with unit_of_work() as session:
        services.delete_term(session, signed_in(), Genre, genre_id)
    return FlaskResponse(status=204)
