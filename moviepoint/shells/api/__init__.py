"""The REST API's frame: mounting, schemas, paging, language and errors, under /api/v1."""
from __future__ import annotations

from moviepoint.shells.api.paging import Page, PageQuery, paged
from moviepoint.shells.api.spec import PREFIX, blueprint, spec

__all__ = ["PREFIX", "Page", "PageQuery", "blueprint", "paged", "spec"]
