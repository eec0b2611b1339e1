"""What the list of titles asks of others: the search for its words, and the filters that other domains have added."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from urllib.parse import parse_qsl, urlencode

import structlog
from flask import current_app
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from moviepoint.domains.catalog.backoffice_filters import MAX_MATCHES, Filters, Known
from moviepoint.domains.catalog.backoffice_queries import title_ids
from moviepoint.hooks.manager import HookManager
from moviepoint.hooks.types import TitleFilter, TitleMatches
from moviepoint.kernel.policies import Actor

log = structlog.get_logger(__name__)
#: Names in the list's address that are the list's own.
OWN = {each.name for each in fields(Filters)} | {"name"}
MAX_QUERY = 4_000  # letters of an address
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


def canonical(query: str) -> str:
    """Return a list's address, without its page, as the list itself would write it: what makes no sense is gone."""
    return urlencode(_read(query).query(), doseq=True)


def found_ids(session: Session, viewer: Actor, query: str) -> Sequence[int]:
    """Return the ids of all titles that a list's address finds, as its count says."""
    filters = _read(query)
    return title_ids(session, viewer, filters, known(session, filters))


def _read(query: str) -> Filters:
    return Filters.read(MultiDict(parse_qsl(query.removeprefix("?")[:MAX_QUERY])), title_filters())


def _hooks() -> HookManager:
    hooks: HookManager = current_app.extensions["moviepoint.hooks"]
    return hooks
