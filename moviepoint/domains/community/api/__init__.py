"""Taking part as resources of the API."""
from __future__ import annotations

from moviepoint.domains.community.api import ratings

RESOURCES = {"ratings": ratings.resource}
