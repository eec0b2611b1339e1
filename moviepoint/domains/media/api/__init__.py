"""Media's resources of the API: uploads, editions and their playback, jobs."""
from __future__ import annotations

from moviepoint.domains.media.api import access, editions, jobs, letters, plays, profiles, sources, uploads

RESOURCES = {"uploads": uploads.resource, "editions": editions.resource, "jobs": jobs.resource,
             "sources": sources.resource, "plays": plays.resource, "profiles": profiles.resource,
             "access": access.resource, "letters": letters.resource}

__all__ = ["RESOURCES"]
