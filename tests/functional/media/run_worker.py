"""A worker process as operators run it, with a shorter lease: `python run_worker.py LEASE PATIENCE SETTINGS [CLOCK]`.

The settings are JSON; the lease (0: the real one) and the patience are in seconds. With a shorter lease all that a
worker waits for is as much shorter: beats, pauses, and the time between two sweeps. A clock is a file that says by how
many seconds the wall clock is set.
"""
from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from moviepoint.kernel import db

if len(sys.argv) > 4:  # before anybody takes the clock by its name
    true_time = db.utcnow

    def shifted() -> datetime:
        return true_time() + timedelta(seconds=float(Path(sys.argv[4]).read_text() or 0))

    db.utcnow = shifted

from moviepoint.app import create_app
from moviepoint.domains.media import ledger
from moviepoint.kernel.tasks import EXTENSION, run_worker
from moviepoint.settings import Settings

if __name__ == "__main__":
    app = create_app(msgspec.json.decode(sys.argv[3], type=Settings, dec_hook=lambda kind, value: kind(value)))
    queue = app.extensions[EXTENSION]
    if float(sys.argv[1]):
        lease = timedelta(seconds=float(sys.argv[1]))
        share = min(1.0, lease / ledger.LEASE)
        ledger.LEASE, ledger.BEAT = lease, lease / 6
        ledger.PAUSES = tuple(pause * share for pause in ledger.PAUSES)
        queue.frequent = [(seconds * share, run) for seconds, run in queue.frequent]
    run_worker(queue, 4, float(sys.argv[2]))
