"""A worker process as operators run it, with a shorter lease.

    python run_worker.py INSTANCE LEASE_SECONDS [PATIENCE_SECONDS [DATABASE_URL QUEUE_URL]]
"""
from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from moviepoint.app import create_app
from moviepoint.domains.media import ledger
from moviepoint.kernel.tasks import EXTENSION, run_worker
from moviepoint.settings import Settings

if __name__ == "__main__":
    ledger.LEASE = timedelta(seconds=float(sys.argv[2]))
    ledger.BEAT = ledger.LEASE / 6
    patience, database, queue = (*sys.argv[3:], *("20", "", "")[len(sys.argv) - 3:])
    app = create_app(Settings(instance=Path(sys.argv[1]), secret_key="s" * 48, plugins=(), database_url=database,
                              queue_url=queue))
    run_worker(app.extensions[EXTENSION], 4, float(patience))
