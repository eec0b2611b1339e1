"""Taking part as resources of the API."""
from __future__ import annotations

from moviepoint.domains.community.api import contributions, data, lists, members, ratings, reviews

RESOURCES = {"ratings": ratings.resource, "lists": lists.resource, "members": members.resource,
             "reviews": reviews.resource, "member_data": data.resource,
             "contributions": contributions.resource}
