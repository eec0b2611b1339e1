"""What the edges of transfers share: the kinds of content that are exchanged, and a file as a download."""
from __future__ import annotations

from flask import Response, current_app, send_file

from moviepoint.domains.transfer.models import Transfer
from moviepoint.hooks.types import ContentType
from moviepoint.kernel.errors import NotFound
from moviepoint.shells.admin.content import content_types

MIME = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def exchanged_types() -> dict[str, ContentType]:
    """Return the kinds of content that files are made of, by name, in the order in which to bring them in."""
    return {name: kind for name, kind in content_types().items() if kind.exchanged}


def exchanged_type(name: str) -> ContentType:
    """Return the kind of that name. Raises NotFound."""
    found = exchanged_types().get(name)
    if found is None:
        raise NotFound()
    return found


def permissions() -> dict[str, str]:
    """Return by content type the permission that its transfers need."""
    return {name: kind.permission for name, kind in exchanged_types().items()}


def download(transfer: Transfer) -> Response:
    """Return a transfer's file as a download. Raises NotFound while there is none."""
    storage = current_app.extensions["moviepoint.storage"]
    if not transfer.key or (transfer.direction == "out" and transfer.state != "done"):
        raise NotFound()
    return send_file(storage.open(transfer.key), mimetype=MIME[transfer.format], as_attachment=True,
                     download_name=transfer.file_name or f"{transfer.content_type}.{transfer.format}")
