"""Two at once on PostgreSQL, in an order that does not depend on luck."""
from __future__ import annotations

import threading
import time

from sqlalchemy import create_engine, text

WAITING = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")


def second_waits(database_url: str, first: threading.Thread, inside: threading.Event, second: threading.Thread,
                 go_on: threading.Event) -> None:
    """Let the first go on only once the second waits for its lock, or has gone past it; both have ended then.

    The first sets `inside` when it holds the lock, and waits for `go_on`.
    """
    first.start()
    assert inside.wait(30)
    second.start()
    watch = create_engine(database_url)
    with watch.connect() as connection:
        while second.is_alive() and not connection.scalar(WAITING):
            connection.rollback()
            time.sleep(0.02)
    watch.dispose()
    go_on.set()
    first.join(30)
    second.join(30)
