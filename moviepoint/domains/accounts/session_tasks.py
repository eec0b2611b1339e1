"""Sessions that are over leave the table."""
from __future__ import annotations

import structlog

from moviepoint.domains.accounts import sessions
from moviepoint.kernel.db import unit_of_work

log = structlog.get_logger(__name__)


def forget_sessions() -> None:
    """Delete sessions that are over."""
    with unit_of_work() as session:
        count = sessions.forget_old(session)
    if count:
        log.info("old sessions forgotten", count=count)
