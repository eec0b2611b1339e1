"""Whether the wall clock can be believed: leases are written with it, and it is set forward and back at times."""
from __future__ import annotations

import time
from datetime import datetime, timedelta

JUMP_SECONDS = 2.0  # by which the wall clock leaves the one that only runs; any lease is much longer


class Clock:
    """Compares the wall clock with the monotonic one at each look, and remembers when it jumped.

    After a jump all leases look as if they had run out, or as if they were of another time, those of workers too that
    are alive. These renew them within a beat, so that whoever waits for a lease's length tells one from the other.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None
        self._settled = 0.0

    def steady(self, now: datetime, settle: timedelta) -> bool:
        """Say whether the wall clock, which shows `now`, has run evenly for a time as far as this process has seen."""
        at = time.monotonic()
        ahead = now.timestamp() - at
        if self._ahead is not None and abs(ahead - self._ahead) > JUMP_SECONDS:
            self._settled = at + settle.total_seconds()
        self._ahead = ahead
        return at >= self._settled
