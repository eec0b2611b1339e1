"""Media's resources of the API: uploads, editions and their playback, jobs."""
from __future__ import annotations

from moviepoint.domains.media.api import editions, jobs, uploads

RESOURCES = {"uploads": uploads.resource, "editions": editions.resource, "jobs": jobs.resource}

__all__ = ["RESOURCES"]
