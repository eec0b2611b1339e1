"""Films and series as resources: the same views at /films and at /series."""
from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from flask import Response as FlaskResponse
from flask import current_app, request
from msgspec import UNSET
from spectree import Response

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.catalog import queries, services
from moviepoint.domains.catalog.images import MAX_BYTES, add_image
from moviepoint.domains.catalog.schemas import ImageInfo, ScheduleInput, TitleCard, TitleDetail, TitleInput
from moviepoint.domains.catalog.show import image_info, title_card, title_detail
from moviepoint.domains.catalog.words import reader
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Invalid
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

KIND = {"films": "film", "series": "series"}
ANY = "<any(films, series):plural>"

resource = blueprint("titles", __name__)


class TitlesQuery(PageQuery, kw_only=True):
    """Filters of a list; `sort_by` is published_at, year, original_title or id, with .asc or .desc."""

    genre: str = ""
    year: int | None = None
    name: str = ""
    status: Literal["", "draft", "in_review", "scheduled", "published", "archived"] = ""
    sort_by: str = "published_at.desc"


@resource.get(f"/{ANY}")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[TitleCard]), tags=["titles"])
def list_titles(plural: str, query: TitlesQuery) -> Page[TitleCard]:
    """List films or series; drafts are for editors."""
    chain = reader().chain
    statement = queries.titles(current_viewer(), KIND[plural], genre=query.genre, year=query.year, name=query.name,
                               status=query.status, sort_by=query.sort_by)
    return paged(db.session(), statement, query, lambda rows: [title_card(row, chain) for row in rows])


@resource.get(f"/{ANY}/<int:title_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=TitleDetail), tags=["titles"])
def get_title(plural: str, title_id: int) -> TitleDetail:
    """Show a film or series whole."""
    return _shown(KIND[plural], title_id)


@resource.post(f"/{ANY}")
@in_language
@spec.validate(resp=Response(HTTP_200=TitleDetail), tags=["titles"])
def create_title(plural: str, json: TitleInput) -> TitleDetail:
    """Enter a film or series, as a draft."""
    if json.kind not in (UNSET, KIND[plural]):
        raise Invalid("The kind does not fit the address.", fields={"kind": [KIND[plural]]})
    json.kind = "film" if KIND[plural] == "film" else "series"
    with unit_of_work() as session:
        title_id = services.save_title(session, signed_in(), json).id
    return _shown(KIND[plural], title_id)


@resource.patch(f"/{ANY}/<int:title_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=TitleDetail), tags=["titles"])
def change_title(plural: str, title_id: int, json: TitleInput) -> TitleDetail:
    """Change what is given, and leave the rest; with `version`, only if nobody else has saved since."""
    with unit_of_work() as session:
        actor = signed_in()
        queries.title(session, actor, title_id, KIND[plural])
        services.save_title(session, actor, json, title_id)
    return _shown(KIND[plural], title_id)


@resource.post(f"/{ANY}/<int:title_id>/<any(submit, return, publish, unpublish, archive):verb>")
@in_language
@spec.validate(resp=Response(HTTP_200=TitleDetail), tags=["titles"])
def change_status(plural: str, title_id: int, verb: str) -> TitleDetail:
    """Lead a title on: to review and back, to the public and back, to the archive."""
    with unit_of_work() as session:
        actor = signed_in()
        queries.title(session, actor, title_id, KIND[plural])
        services.change_status(session, actor, title_id, verb)
    return _shown(KIND[plural], title_id)


@resource.put(f"/{ANY}/<int:title_id>/schedule")
@in_language
@spec.validate(resp=Response(HTTP_200=TitleDetail), tags=["titles"])
def schedule_title(plural: str, title_id: int, json: ScheduleInput) -> TitleDetail:
    """Set when a title becomes public and when it goes again; null takes a time away."""
    with unit_of_work() as session:
        actor = signed_in()
        queries.title(session, actor, title_id, KIND[plural])
        services.schedule(session, actor, title_id, _aware(json.publish_at), _aware(json.unpublish_at))
    return _shown(KIND[plural], title_id)


@resource.post(f"/{ANY}/<int:title_id>/take-back")
@in_language
@spec.validate(resp=Response(HTTP_200=TitleDetail), tags=["titles"])
def take_back_title(plural: str, title_id: int) -> TitleDetail:
    """Take a title out of the bin, as a draft."""
    with unit_of_work() as session:
        services.take_back(session, signed_in(), title_id)
    return _shown(KIND[plural], title_id)


@resource.delete(f"/{ANY}/<int:title_id>")
def delete_title(plural: str, title_id: int) -> FlaskResponse:
    """Put a title into the bin."""
    with unit_of_work() as session:
        actor = signed_in()
        queries.title(session, actor, title_id, KIND[plural])
        services.delete_title(session, actor, title_id)
    return FlaskResponse(status=204)


@resource.put(f"/{ANY}/<int:title_id>/images/<any(poster, backdrop):kind>")
@spec.validate(resp=Response(HTTP_200=ImageInfo), tags=["titles"])
def put_image(plural: str, title_id: int, kind: Literal["poster", "backdrop"]) -> ImageInfo:
    """Set the poster or backdrop: the body is a JPEG, PNG or WebP picture."""
    request.max_content_length = MAX_BYTES + 1
    with unit_of_work() as session:
        actor = signed_in()
        title = queries.title(session, actor, title_id, KIND[plural])
        return image_info(add_image(session, actor, current_app.extensions["moviepoint.storage"], title, kind,
                                    request.get_data(), replace=True))


def _aware(moment: datetime | None) -> datetime | None:
    """Return a moment with its zone; one that names none is UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _shown(kind: str, title_id: int) -> TitleDetail:
    session = db.session()
    title = queries.title(session, current_viewer(), title_id, kind)
    counts = queries.episode_counts(session, title_id) if kind == "series" else {}
    return title_detail(title, reader().chain, counts)
