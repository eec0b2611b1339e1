"""Media's background tasks: thin edges from the queue to the worker and the sweep."""
from __future__ import annotations

import os

from flask import current_app

from moviepoint.domains.media import joining, uploads, worker
from moviepoint.domains.media import sweep as sweeping
from moviepoint.kernel.db import unit_of_work
from moviepoint.settings import Settings


def bench() -> worker.Bench:
    """Return what a worker of the current app has at hand; cores are shared out among the slots."""
    settings: Settings = current_app.extensions["moviepoint.settings"]
    threads = max(1, (os.cpu_count() or 1) // settings.encode_slots) if settings.encode_slots > 1 else 0
    return worker.Bench(settings, current_app.extensions["moviepoint.storage"], threads)


def work(lane: str) -> None:
    """Look whether there is work in a lane, and do it."""
    worker.work(bench(), lane)


def sweep() -> None:
    """Free what was lost and remove what belongs to nobody."""
    sweeping.sweep(bench())


def join_upload(upload_id: int) -> None:
    """Put the parts of an upload together."""
    joining.join(current_app.extensions["moviepoint.storage"], upload_id)


def expire_uploads() -> None:
    """Remove uploads that nobody has gone on with."""
    with unit_of_work() as session:
        uploads.expire_uploads(session, current_app.extensions["moviepoint.storage"])
