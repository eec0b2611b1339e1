"""The catalogue's background work."""
from __future__ import annotations

from datetime import timedelta

from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.services.desk import waiting_runs
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.tasks import enqueue

LOST = timedelta(minutes=2)  # without a part done, a run's message has been lost


def keep_times() -> None:
    """Publish and take back what is due. Missed while no worker ran, it is made up for at the next beat."""
    with unit_of_work() as session:
        services.keep_times(session)


def bulk(run_id: int) -> None:
    """Do what was asked to be done to many titles, part by part; progress can be seen after each."""
    more = True
    while more:
        with unit_of_work() as session:
            more = services.work_on(session, run_id)


def resume_bulk() -> None:
    """Go on with runs whose worker was killed."""
    for run_id in waiting_runs(db.session(), utcnow() - LOST):
        enqueue("catalog.bulk", run_id=run_id)
