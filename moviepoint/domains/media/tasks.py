"""Media's background tasks: thin edges from the queue to the worker and the sweep."""
from __future__ import annotations

import os

from flask import current_app

from moviepoint.domains.media import joining, uploads, worker
from moviepoint.domains.media import leftovers as remaining
from moviepoint.domains.media import sweep as sweeping
from moviepoint.domains.media.remote import work as remote
from moviepoint.kernel.bucket import current_bucket
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


def store() -> None:
    """Move what is live into the bucket, and remove there what is over."""
    remote.run(current_app.extensions["moviepoint.settings"], current_app.extensions["moviepoint.storage"],
               current_bucket())


def tidy_bucket() -> None:
    """Look for what the bucket has of packages that belong to nobody."""
    remote.tidy(current_app.extensions["moviepoint.settings"], current_app.extensions["moviepoint.storage"],
                current_bucket())


def leftovers() -> None:
    """Remove from storage what no row names."""
    remaining.remove_leftovers(bench())


def join_upload(upload_id: int) -> None:
    """Put the parts of an upload together."""
    joining.join(current_app.extensions["moviepoint.storage"], upload_id)


def expire_uploads() -> None:
    """Remove uploads that nobody has gone on with."""
    with unit_of_work() as session:
        uploads.expire_uploads(session, current_app.extensions["moviepoint.storage"])
