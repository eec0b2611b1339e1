"""Progress, imports, exports and all of one's data as resources."""
from __future__ import annotations

from typing import Any, Literal

import msgspec
from flask import Response as FlaskResponse
from flask import current_app, request
from flask_security.utils import verify_password
from spectree import Response

from moviepoint.domains.accounts.viewer import in_person, signed_in
from moviepoint.domains.community import exports
from moviepoint.domains.community.exchange import MOST_BYTES
from moviepoint.domains.community.policies import member_id
from moviepoint.domains.community.queries import imports as import_reads
from moviepoint.domains.community.queries import progress as reads
from moviepoint.domains.community.schemas.data import (
    ImportInfo,
    ImportRowInfo,
    LeaveInput,
    ProgressInfo,
    ProgressInput,
    import_info,
    progress_info,
    row_info,
)
from moviepoint.domains.community.services import imports, leaving, progress
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.errors import Invalid, NotFound
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.limits import limiter
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("member_data", __name__)
BEATS, SELDOM = "120 per minute", "10 per hour"


class RowsQuery(PageQuery, kw_only=True):
    """Only rows with this verdict; empty for all."""

    verdict: str = ""


class FileQuery(msgspec.Struct, kw_only=True):
    """Where the file is from, and its name, which says what it holds."""

    source: Literal["letterboxd", "imdb"]
    name: str = ""


@resource.get("/progress")
@in_language
@spec.validate(resp=Response(HTTP_200=list[ProgressInfo]), tags=["progress"])
def list_progress() -> list[ProgressInfo]:
    """List what one has begun to watch, one of each title, the last watched first."""
    viewer = signed_in()
    return [progress_info(row.row, row.edition, row.title_id, row.season, row.episode)
            for row in reads.unfinished(db.session(), viewer, member_id(viewer), 100)]


@resource.get("/progress/<edition>")
@in_language
@spec.validate(resp=Response(HTTP_200=ProgressInfo), tags=["progress"])
def get_progress(edition: str) -> ProgressInfo:
    """Show how far one has watched an edition."""
    found = reads.one(db.session(), member_id(signed_in()), edition)
    if found is None:
        raise NotFound()
    return progress_info(found, edition)


@resource.put("/progress/<edition>")
@limiter.limit(BEATS)
@in_language
@spec.validate(tags=["progress"])
def keep_progress(edition: str, json: ProgressInput) -> FlaskResponse:
    """Keep how far one has watched an edition."""
    with unit_of_work() as session:
        progress.keep(session, current_app.extensions["moviepoint.hooks"], signed_in(), edition, json.position,
                      json.duration)
    return FlaskResponse(status=204)


@resource.delete("/progress/<edition>")
def forget_progress(edition: str) -> FlaskResponse:
    """Forget how far one has watched an edition."""
    with unit_of_work() as session:
        progress.forget(session, signed_in(), edition)
    return FlaskResponse(status=204)


@resource.get("/member-imports")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[ImportInfo]), tags=["imports"])
def list_imports(query: PageQuery) -> Page[ImportInfo]:
    """List what one has brought in."""
    return paged(db.session(), import_reads.imports(member_id(signed_in())), query, _shown)


@resource.post("/member-imports")
@limiter.limit(SELDOM)
@in_language
@spec.validate(resp=Response(HTTP_200=ImportInfo), tags=["imports"])
def start_import(query: FileQuery) -> ImportInfo:
    """Bring in a file of Letterboxd's or IMDb's, the body of the request; a task rehearses it."""
    request.max_content_length = MOST_BYTES + 1
    with unit_of_work() as session:
        return _shown([imports.start(session, signed_in(), current_app.extensions["moviepoint.storage"], query.source,
                                     query.name, request.get_data())])[0]


@resource.get("/member-imports/<int:import_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=ImportInfo), tags=["imports"])
def get_import(import_id: int) -> ImportInfo:
    """Show an import: how far it is, and what its rows would do."""
    return _shown([imports.own_import(db.session(), signed_in(), import_id)])[0]


@resource.get("/member-imports/<int:import_id>/rows")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[ImportRowInfo]), tags=["imports"])
def list_rows(import_id: int, query: RowsQuery) -> Page[ImportRowInfo]:
    """List an import's rows."""
    session = db.session()
    imports.own_import(session, signed_in(), import_id)
    return paged(session, import_reads.rows(import_id, query.verdict), query,
                 lambda rows: [row_info(row) for row in rows])


@resource.post("/member-imports/<int:import_id>/apply")
@in_language
@spec.validate(resp=Response(HTTP_200=ImportInfo), tags=["imports"])
def apply_import(import_id: int) -> ImportInfo:
    """Take in what was rehearsed."""
    with unit_of_work() as session:
        return _shown([imports.apply(session, signed_in(), import_id)])[0]


@resource.delete("/member-imports/<int:import_id>")
def remove_import(import_id: int) -> FlaskResponse:
    """Forget an import and its rows."""
    with unit_of_work() as session:
        imports.remove(session, signed_in(), current_app.extensions["moviepoint.storage"], import_id)
    return FlaskResponse(status=204)


@resource.get('/member-exports/<any(letterboxd, "imdb-ratings", "imdb-watchlist"):what>')
@limiter.limit(SELDOM)
def export(what: str) -> FlaskResponse:
    """Give what one has as Letterboxd's archive or IMDb's file."""
    return export_file(what)


@resource.get("/my-data")
@limiter.limit(SELDOM)
def my_data() -> FlaskResponse:
    """Give all that is kept of oneself."""
    return data_file()


@resource.post("/my-data/leave")
@limiter.limit(SELDOM)
@in_language
@spec.validate(tags=["my data"])
def leave(json: LeaveInput) -> FlaskResponse:
    """Delete one's account with all that is one's own; there is no way back."""
    confirm(json.email, json.password)
    with unit_of_work() as session:
        leaving.leave(session, in_person(), current_app.extensions["moviepoint.storage"])
    return FlaskResponse(status=204)


def confirm(email: str, password: str) -> None:
    """Raise Invalid unless somebody says again who they are, before what cannot be undone."""
    user = in_person()
    if email.strip().casefold() != user.email.casefold():
        sentence = _("This is not the address of your account.")
        raise Invalid(sentence, fields={"email": [sentence]})
    if user.password and not verify_password(password, user.password):
        sentence = _("This is not your password.")
        raise Invalid(sentence, fields={"password": [sentence]})


def export_file(what: str) -> FlaskResponse:
    """Return an export as a download."""
    session, viewer = db.session(), signed_in()
    if what == "letterboxd":
        return _download(exports.letterboxd(session, viewer), "application/zip", "letterboxd.zip")
    text = exports.imdb(session, viewer, what.removeprefix("imdb-"))
    return _download(text.encode(), "text/csv", f"{what}.csv")


def data_file() -> FlaskResponse:
    """Return all that is kept of a member as a download."""
    content = msgspec.json.format(msgspec.json.encode(leaving.everything(db.session(), in_person())), indent=1)
    return _download(content, "application/json", "my-data.json")


def _download(content: bytes, kind: str, name: str) -> FlaskResponse:
    return FlaskResponse(content, mimetype=kind, headers={
        "Content-Disposition": f"attachment; filename={name}", "Cache-Control": "private, no-store"})


def _shown(rows: Any) -> list[ImportInfo]:
    counts = import_reads.verdicts(db.session(), [row.id for row in rows])
    return [import_info(row, counts.get(row.id, {})) for row in rows]
