"""The catalogue's background work."""
from __future__ import annotations

from moviepoint.domains.catalog import services
from moviepoint.kernel.db import unit_of_work


def keep_times() -> None:
    """Publish and take back what is due. Missed while no worker ran, it is made up for at the next beat."""
    with unit_of_work() as session:
        services.keep_times(session)
