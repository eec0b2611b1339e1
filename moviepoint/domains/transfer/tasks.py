"""The background work of transfers: thin edges from the queue to `work.py`."""
from __future__ import annotations

import time
from datetime import timedelta

from flask import current_app

from moviepoint.domains.transfer import services
from moviepoint.domains.transfer import work as working
from moviepoint.domains.transfer.exchange import exchanged_types
from moviepoint.domains.transfer.models import WORKING, Transfer
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.leases import abandoned
from moviepoint.kernel.tasks import enqueue

KEEP = timedelta(days=90)  # a transfer that is over, with its rows and its file
KEEP_SECONDS = 24 * 3600  # a file without a transfer may still be on its way into one


def desk() -> working.Desk:
    """Return what the work of the current app needs."""
    return working.Desk(current_app.extensions["moviepoint.storage"], exchanged_types())


def work(transfer_id: int) -> None:
    """Do what a transfer waits for."""
    working.run(desk(), transfer_id)


def resume() -> None:
    """Take up what a killed worker has left behind; remove old transfers, and files that belong to none."""
    for transfer_id in abandoned(db.session(), Transfer, WORKING):
        enqueue(services.WORK, transfer_id=transfer_id)
    storage = current_app.extensions["moviepoint.storage"]
    with unit_of_work() as session:
        services.delete_old(session, storage, utcnow() - KEEP)
    folder = storage.path(services.FOLDER)
    if folder.is_dir():
        old = [path for path in folder.iterdir() if path.stat().st_mtime < time.time() - KEEP_SECONDS]
        for path in services.orphans(db.session(), [f"{services.FOLDER}/{path.name}" for path in old]):
            storage.delete(path)
