"""Source files as a resource of the API: what they hold, the file itself, keep or delete."""
from __future__ import annotations

from typing import Annotated

import msgspec
from flask import Response as FlaskResponse
from flask import current_app, send_file
from msgspec import Meta
from spectree import Response

from moviepoint.domains.accounts.viewer import signed_in
from moviepoint.domains.media import playback, profiles, queries, services, sources
from moviepoint.domains.media.schemas import JobWithSteps, job_with_steps
from moviepoint.domains.media.sources import SourceView
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.shells.api import blueprint, spec

resource = blueprint("sources", __name__)


class EncodeInput(msgspec.Struct, forbid_unknown_fields=True):
    """How a film is to be encoded: a profile's short name, or empty for the default. Tracks follow their film."""

    profile: Annotated[str, Meta(max_length=40)] = ""


class PinInput(msgspec.Struct, forbid_unknown_fields=True):
    """Whether a file is kept whatever the settings say."""

    pinned: bool


@resource.get("/editions/<public_id>/sources")
@spec.validate(resp=Response(HTTP_200=list[SourceView]), tags=["sources"])
def list_sources(public_id: str) -> list[SourceView]:
    """List the files that an edition was made of, also those that are gone."""
    session = db.session()
    return sources.source_views(session, signed_in(), playback.load_edition(session, public_id))


@resource.get("/sources/<int:source_id>/file")
def get_file(source_id: int) -> FlaskResponse:
    """Send a source file as it came; ranges can be asked for."""
    return download(source_id)


@resource.post("/sources/<int:source_id>/pin")
@spec.validate(resp=Response(HTTP_200=SourceView), tags=["sources"])
def pin_source(source_id: int, json: PinInput) -> SourceView:
    """Keep a file whatever the settings say, or leave it to them again."""
    with unit_of_work() as session:
        sources.pin_source(session, signed_in(), source_id, json.pinned)
    return _shown(source_id)


@resource.post("/sources/<int:source_id>/encode")
@spec.validate(resp=Response(HTTP_200=JobWithSteps), tags=["sources"])
def encode_source(source_id: int, json: EncodeInput) -> JobWithSteps:
    """Encode a file again, with any profile; what is there plays on meanwhile, and what editors made of it stays."""
    actor, hooks = signed_in(), current_app.extensions["moviepoint.hooks"]
    with unit_of_work() as session:
        offer = profiles.choose(session, hooks, json.profile)
        job_id = services.start_job(session, actor, source_id, offer=offer).id
    return job_with_steps(queries.job_detail(db.session(), actor, job_id))


@resource.delete("/sources/<int:source_id>")
@spec.validate(resp=Response(HTTP_200=SourceView), tags=["sources"])
def delete_source(source_id: int) -> SourceView:
    """Delete a file; what was made of it stays, and this entry tells of it."""
    with unit_of_work() as session:
        sources.discard_source(session, signed_in(), current_app.extensions["moviepoint.storage"], source_id)
    return _shown(source_id)


def download(source_id: int) -> FlaskResponse:
    """Send a source as a file that browsers store and never show."""
    path, name = sources.source_file(db.session(), signed_in(), current_app.extensions["moviepoint.storage"], source_id)
    response = send_file(path, mimetype="application/octet-stream", as_attachment=True, download_name=name,
                         conditional=True, etag=False)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _shown(source_id: int) -> SourceView:
    session, actor = db.session(), signed_in()
    edition = sources.find_source(session, actor, source_id).edition
    return next(view for view in sources.source_views(session, actor, edition) if view.id == source_id)
