"""The catalogue's resources of the API."""
from __future__ import annotations

from moviepoint.domains.catalog.api import collections, desk, genres, people, series, terms, titles

RESOURCES = {"titles": titles.resource, "series": series.resource, "people": people.resource,
             "genres": genres.resource, "keywords": terms.keywords, "companies": terms.companies,
             "collections": collections.resource, "desk": desk.resource}

__all__ = ["RESOURCES"]
