"""The background work of taking part."""
from __future__ import annotations

import structlog
from flask import current_app

from moviepoint.domains.community import import_work
from moviepoint.domains.community.models import WORKING, Import
from moviepoint.domains.community.services import announcements, imports, ratings
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.leases import abandoned
from moviepoint.kernel.tasks import enqueue

log = structlog.get_logger(__name__)


def recount() -> None:
    """Sum up all ratings anew: each weighted mean leans on the site's, which moves with every vote."""
    with unit_of_work() as session:
        changed = ratings.recount(session)
    if changed:
        log.info("ratings summed up", changed=changed)


def announce() -> None:
    """Tell followers of new episodes: each series in a unit of work of its own."""
    for title_id, episode_ids in announcements.unannounced(db.session()).items():
        with unit_of_work() as session:
            told = announcements.announce(session, title_id, episode_ids)
        if told:
            log.info("episodes announced", title=title_id, episodes=len(episode_ids), followers=told)


def bring_in(import_id: int) -> None:
    """Do what an import waits for: read it, or take it in."""
    import_work.run(current_app.extensions["moviepoint.storage"], import_id)


def resume_imports() -> None:
    """Take up imports whose worker was killed, or whose message was lost."""
    for import_id in abandoned(db.session(), Import, WORKING):
        enqueue(imports.WORK, import_id=import_id)
