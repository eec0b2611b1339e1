"""What the list of titles asks of others: the search for its words, and the filters that other domains have added."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import structlog
from flask import current_app
from sqlalchemy.orm import Session

from moviepoint.domains.catalog.backoffice_filters import MAX_MATCHES, Filters, Known
from moviepoint.hooks.manager import HookManager
from moviepoint.hooks.types import TitleFilter, TitleMatches

log = structlog.get_logger(__name__)
#: Names in the list's address that are the list's own.
OWN = {each.name for each in fields(Filters)} | {"name"}
_EXTENSION = "moviepoint.title_filters"


def title_filters() -> Sequence[TitleFilter]:
    """Return the filters that domains and plugins have registered, in order."""
    kept: tuple[TitleFilter, ...] | None = current_app.extensions.get(_EXTENSION)
    if kept is None:
        found = list(_hooks().collect("register_title_filters"))
        kept = tuple(other for other in found if other.name not in OWN)
        for other in found:
            if other.name in OWN:
                log.error("a filter of titles has a name that is taken", name=other.name)
        current_app.extensions[_EXTENSION] = kept
    return kept


def known(session: Session, filters: Filters) -> Known:
    """Return what the filters mean; the bin stands in no index, its names are compared in the database."""
    matches: TitleMatches | None = None
    if filters.q and not filters.bin:
        matches = _hooks().resolve("resolve_title_search", session=session, text=filters.q, limit=MAX_MATCHES)
    return Known(matches, {other.name: other for other in title_filters()})


def _hooks() -> HookManager:
    hooks: HookManager = current_app.extensions["moviepoint.hooks"]
    return hooks
