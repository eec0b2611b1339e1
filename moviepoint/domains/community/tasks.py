"""The background work of taking part."""
from __future__ import annotations

import structlog

from moviepoint.domains.community.services import ratings
from moviepoint.kernel.db import unit_of_work

log = structlog.get_logger(__name__)


def recount() -> None:
    """Sum up all ratings anew: each weighted mean leans on the site's, which moves with every vote."""
    with unit_of_work() as session:
        changed = ratings.recount(session)
    if changed:
        log.info("ratings summed up", changed=changed)
