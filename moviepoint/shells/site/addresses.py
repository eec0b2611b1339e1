"""Addresses of pages outside a request: for tasks, mail and sitemaps, which have no Host header to trust either."""
from __future__ import annotations

from typing import Any

from flask import current_app


def path_of(endpoint: str, **values: Any) -> str:
    """Return a page's path below the site's root; a localised one needs its `locale`."""
    return str(current_app.url_map.bind("localhost").build(endpoint, values))


def address_of(endpoint: str, **values: Any) -> str:
    """Return a page's public address, made of the site's address in the settings."""
    return str(current_app.extensions["moviepoint.settings"].base_url.rstrip("/")) + path_of(endpoint, **values)
