"""What an editor does with files, step by step."""
from __future__ import annotations

import io
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.transfer import services, tasks
from moviepoint.domains.transfer.models import TransferRow


def run(queue: list[tuple[str, dict[str, Any]]]) -> None:
    """Do what waits in the queue for transfers."""
    waiting = [arguments for name, arguments in queue if name == services.WORK]
    queue[:] = [message for message in queue if message[0] != services.WORK]
    for arguments in waiting:
        tasks.work(**arguments)


def bring_in(client: FlaskClient, queue: list[Any], data: bytes | str, *, kind: str = "title", name: str = "file.csv",
             **fields: str) -> int:
    """Upload a file in the back office and have it rehearsed; returns the transfer's id."""
    body = data.encode() if isinstance(data, str) else data
    response = client.post("/admin/transfers/import", data={
        "content_type": kind, "file": (io.BytesIO(body), name), **fields})
    assert response.status_code == 302, response.text
    run(queue)
    return int(response.headers["Location"].rsplit("/", 1)[1])


def take_out(client: FlaskClient, queue: list[Any], kind: str, format: str) -> bytes:
    response = client.post("/admin/transfers/export", data={"content_type": kind, "format": format})
    run(queue)
    return client.get(response.headers["Location"] + "/file").data


def rows(session: Session, transfer_id: int) -> list[TransferRow]:
    session.expire_all()
    return list(session.scalars(select(TransferRow).where(TransferRow.transfer_id == transfer_id)
                                .order_by(TransferRow.number)))


def empty_the_catalogue(session: Session) -> None:
    for table in ("collections", "titles", "people", "companies", "keywords", "genres"):
        session.execute(Title.metadata.tables[table].delete())
    session.commit()
    session.expire_all()
