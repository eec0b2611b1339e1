"""A worker process as operators run it, with a shorter lease: `python run_worker.py LEASE PATIENCE SETTINGS`.

The settings are JSON; the lease and the patience are in seconds.
"""
from __future__ import annotations

import sys
from datetime import timedelta

import msgspec

from moviepoint.app import create_app
from moviepoint.domains.media import ledger
from moviepoint.kernel.tasks import EXTENSION, run_worker
from moviepoint.settings import Settings

if __name__ == "__main__":
    ledger.LEASE = timedelta(seconds=float(sys.argv[1]))
    ledger.BEAT = ledger.LEASE / 6
    app = create_app(msgspec.json.decode(sys.argv[3], type=Settings, dec_hook=lambda kind, value: kind(value)))
    run_worker(app.extensions[EXTENSION], 4, float(sys.argv[2]))
