"""The letters of a subtitle file as a resource of the API: how it reads in likely encodings, and an editor's choice."""
from __future__ import annotations

from typing import Annotated

import msgspec
from flask import current_app
from spectree import Response

from moviepoint.domains.accounts.viewer import signed_in
from moviepoint.domains.media import lettering, playback
from moviepoint.domains.media.lettering import Letters
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import require
from moviepoint.shells.api import blueprint, spec

resource = blueprint("letters", __name__)


class LettersQuery(msgspec.Struct, kw_only=True):
    """An encoding whose preview is wanted beside those of the likely ones."""

    encoding: Annotated[str, msgspec.Meta(max_length=40)] = ""


class LettersInput(msgspec.Struct, forbid_unknown_fields=True):
    """The encoding that a track's file is in; that which it was taken as confirms it."""

    encoding: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class LettersChosen(msgspec.Struct):
    """What a choice has begun: the job that makes the track anew; none where the encoding was only confirmed."""

    encoding: str
    job_id: int | None


@resource.get("/editions/<public_id>/tracks/<int:track_id>/letters")
@spec.validate(resp=Response(HTTP_200=Letters), tags=["editions"])
def get_letters(public_id: str, track_id: int, query: LettersQuery) -> Letters:
    """Show the first lines of a subtitle file in likely encodings, the likeliest first, to those who may choose."""
    require(signed_in(), lettering.MANAGE)
    session = db.session()
    return lettering.look(session, signed_in(), current_app.extensions["moviepoint.storage"],
                          playback.load_edition(session, public_id), track_id, query.encoding)


@resource.post("/editions/<public_id>/tracks/<int:track_id>/letters")
@spec.validate(resp=Response(HTTP_200=LettersChosen), tags=["editions"])
def choose_letters(public_id: str, track_id: int, json: LettersInput) -> LettersChosen:
    """Make a subtitle track anew from its file in another encoding, or confirm the one that it has."""
    require(signed_in(), lettering.MANAGE)
    with unit_of_work() as session:
        edition = playback.load_edition(session, public_id)
        job = lettering.choose(session, signed_in(), current_app.extensions["moviepoint.storage"], edition.id, track_id,
                               json.encoding)
        return LettersChosen(json.encoding, job.id if job else None)
