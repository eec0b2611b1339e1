"""Import and export as resources: a file is the body of a request, everything else is JSON."""
from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from flask import Response as FlaskResponse
from flask import current_app, request
from spectree import Response

from moviepoint.domains.accounts.viewer import signed_in
from moviepoint.domains.transfer import queries, services
from moviepoint.domains.transfer.exchange import download, exchanged_type, permissions
from moviepoint.domains.transfer.models import Transfer, TransferRow
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language

resource = blueprint("transfers", __name__)


class TransferInfo(msgspec.Struct, kw_only=True):
    """An import or export; `seen` of `total` rows are through the present stage."""

    id: int
    direction: str
    content_type: str
    format: str
    file_name: str
    encoding: str
    state: str
    error: str
    total: int
    seen: int
    actor_name: str
    created_at: datetime
    finished_at: datetime | None


class TransferDetail(TransferInfo, kw_only=True):
    """A transfer with the number of its rows by verdict and outcome."""

    counts: dict[str, int]


class TransferRowInfo(msgspec.Struct, kw_only=True):
    """One row: what it would do to which entity, and what became of it."""

    number: int
    label: str
    verdict: str
    entity_id: int | None
    changes: list[dict[str, Any]]
    held: list[str]
    faults: list[str]
    chosen: bool
    outcome: str
    document: dict[str, Any]


class ImportQuery(msgspec.Struct, kw_only=True):
    """What the body is: `format` is csv or json, and needed where the file has no name."""

    content_type: str
    format: str = ""
    file_name: str = ""
    encoding: str = ""
    language: str = ""


class ExportInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    content_type: str
    format: str = "json"


class ChoiceInput(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which rows are taken; without numbers, all that can be applied."""

    chosen: bool
    numbers: Annotated[list[int], msgspec.Meta(max_length=10_000)] | None = None


class RowsQuery(PageQuery, kw_only=True):
    verdict: str = ""
    outcome: str = ""


@resource.get("/transfers")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[TransferInfo]), tags=["transfers"])
def list_transfers(query: PageQuery) -> Page[TransferInfo]:
    """List imports and exports, the newest first."""
    viewer = signed_in()
    allowed = [name for name, permission in permissions().items() if viewer.may(permission)]
    return paged(db.session(), queries.transfers(allowed), query, lambda rows: [_info(row) for row in rows])


@resource.post("/imports")
@in_language
@spec.validate(resp=Response(HTTP_202=TransferDetail), tags=["transfers"])
def start_import(query: ImportQuery) -> Any:
    """Take a CSV or JSON file (the body) and rehearse it; nothing of the content changes."""
    viewer = signed_in()
    with unit_of_work() as session:
        transfer = services.start_import(
            session, viewer, current_app.extensions["moviepoint.storage"], exchanged_type(query.content_type),
            request.get_data(), file_name=query.file_name, format=query.format, encoding=query.encoding)
    return _detail(transfer), 202


@resource.post("/exports")
@in_language
@spec.validate(resp=Response(HTTP_202=TransferDetail), tags=["transfers"])
def start_export(json: ExportInput) -> Any:
    """Have all content of a kind written to a file, which `/exports/{id}/file` gives once it is done."""
    viewer = signed_in()
    with unit_of_work() as session:
        transfer = services.start_export(session, viewer, exchanged_type(json.content_type), json.format)
    return _detail(transfer), 202


@resource.get("/transfers/<int:transfer_id>")
@in_language
@spec.validate(resp=Response(HTTP_200=TransferDetail), tags=["transfers"])
def get_transfer(transfer_id: int) -> TransferDetail:
    """Show how far a transfer is."""
    return _detail(_transfer(transfer_id))


@resource.get("/transfers/<int:transfer_id>/rows")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[TransferRowInfo]), tags=["transfers"])
def list_rows(transfer_id: int, query: RowsQuery) -> Page[TransferRowInfo]:
    """List an import's rows with their differences and faults."""
    statement = queries.rows(_transfer(transfer_id).id, verdict=query.verdict, outcome=query.outcome)
    return paged(db.session(), statement, query, lambda rows: [_row(row) for row in rows])


@resource.post("/transfers/<int:transfer_id>/choice")
@in_language
@spec.validate(resp=Response(HTTP_200=TransferDetail), tags=["transfers"])
def choose(transfer_id: int, json: ChoiceInput) -> TransferDetail:
    """Take rows into what will be applied, or leave them out."""
    with unit_of_work() as session:
        transfer = _transfer(transfer_id)
        services.choose(session, signed_in(), exchanged_type(transfer.content_type), transfer, json.chosen,
                        json.numbers)
    return _detail(transfer)


@resource.post("/transfers/<int:transfer_id>/apply")
@in_language
@spec.validate(resp=Response(HTTP_202=TransferDetail), tags=["transfers"])
def apply(transfer_id: int) -> Any:
    """Write the chosen rows."""
    viewer = signed_in()
    with unit_of_work() as session:
        transfer = _transfer(transfer_id)
        services.apply(session, viewer, exchanged_type(transfer.content_type), transfer)
    return _detail(transfer), 202


@resource.post("/transfers/<int:transfer_id>/cancel")
@in_language
@spec.validate(resp=Response(HTTP_200=TransferDetail), tags=["transfers"])
def cancel(transfer_id: int) -> TransferDetail:
    """Stop a transfer; rows that are applied stay so."""
    with unit_of_work() as session:
        transfer = _transfer(transfer_id)
        services.cancel(session, signed_in(), exchanged_type(transfer.content_type), transfer)
    return _detail(transfer)


@resource.delete("/transfers/<int:transfer_id>")
@in_language
@spec.validate(resp=Response("HTTP_204"), tags=["transfers"])
def delete(transfer_id: int) -> FlaskResponse:
    """Remove a transfer with its file."""
    with unit_of_work() as session:
        transfer = _transfer(transfer_id)
        services.delete(session, signed_in(), exchanged_type(transfer.content_type),
                        current_app.extensions["moviepoint.storage"], transfer)
    return FlaskResponse(status=204)


@resource.get("/exports/<int:transfer_id>/file")
def file(transfer_id: int) -> FlaskResponse:
    """Give an export's file."""
    return download(_transfer(transfer_id))


def _transfer(transfer_id: int) -> Transfer:
    return queries.transfer(db.session(), signed_in(), permissions(), transfer_id)


def _info(transfer: Transfer) -> TransferInfo:
    return TransferInfo(**{name: getattr(transfer, name) for name in TransferInfo.__struct_fields__})


def _detail(transfer: Transfer) -> TransferDetail:
    return TransferDetail(**msgspec.structs.asdict(_info(transfer)),
                          counts=queries.counts(db.session(), transfer.id))


def _row(row: TransferRow) -> TransferRowInfo:
    return TransferRowInfo(**{name: getattr(row, name) for name in TransferRowInfo.__struct_fields__})
