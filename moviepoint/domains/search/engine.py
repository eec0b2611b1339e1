"""The running app's two indexes, of what is public and of what is not, and their sources."""
from __future__ import annotations

from collections.abc import Sequence

import structlog
from flask import current_app
from sqlalchemy.orm import Session

from moviepoint.domains.search import queries, titles
from moviepoint.domains.search.engines import DEFAULT, FOLDERS, open_whoosh
from moviepoint.domains.search.faceting import with_facets
from moviepoint.domains.search.index import IndexMissing, Query, Results, SearchIndex
from moviepoint.hooks.manager import HookManager
from moviepoint.hooks.types import SearchFacet, SearchSource, TitleMatches
from moviepoint.kernel.tasks import enqueue
from moviepoint.settings import Settings

_INDEXES, _SOURCES, _FACETS = "moviepoint.search_indexes", "moviepoint.search_sources", "moviepoint.search_facets"
log = structlog.get_logger(__name__)
#: Names in a search's address that are its own.
OWN_NAMES = {"q", "query", "page", "page_size", "order", "sort_by", "language"}


def current_index(private: bool = False) -> SearchIndex:
    """Return this process's index, the public or the private one; one for all its threads."""
    indexes: dict[bool, SearchIndex] = current_app.extensions.setdefault(_INDEXES, {})
    if private not in indexes:
        indexes[private] = _open(current_app.extensions["moviepoint.settings"], private)
    return indexes[private]


def _open(settings: Settings, private: bool) -> SearchIndex:
    """Return the index of the engine that is set; where that cannot be, the embedded one, so that the site stays up."""
    try:
        return open_chosen(settings, private)
    except ValueError as error:
        log.error("search engine cannot be used", error=str(error), instead=DEFAULT)
        return open_whoosh(settings, private)


def open_chosen(settings: Settings, private: bool) -> SearchIndex:
    """Return the index of the engine that is set. Raises ValueError, in a sentence for the operator."""
    hooks: HookManager = current_app.extensions["moviepoint.hooks"]
    known = {engine.name: engine for engine in hooks.collect("register_search_engines")}
    if settings.search_engine not in known:
        raise ValueError(f"There is no search engine {settings.search_engine!r}; there are {', '.join(known)}.")
    index: SearchIndex = known[settings.search_engine].open(settings, private)
    return index


def ask(query: Query) -> Results:
    """Return what is found; an index that is missing or damaged is put on the worker's list. Raises IndexMissing."""
    index = current_index()
    found_wanting = index.generation()
    try:
        return queries.run(index, query)
    except IndexMissing:
        enqueue("search.rebuild", instead_of=found_wanting)
        raise


def ask_titles(session: Session, text: str, limit: int) -> TitleMatches | None:
    """Return the titles of the back office that match, or None where the index cannot tell: no word, no index yet."""
    index = current_index(private=True)
    found_wanting = index.generation()
    try:
        return titles.find(session, index, text, limit)
    except IndexMissing:
        enqueue("search.rebuild", instead_of=found_wanting, private=True)
        return None


def current_sources(private: bool = False) -> dict[str, SearchSource]:
    """Return the sources of documents of an index by name: the core's and the plugins'."""
    extensions = current_app.extensions
    if _SOURCES not in extensions:
        hooks: HookManager = extensions["moviepoint.hooks"]
        found, facets = list(hooks.collect("register_search_documents")), current_facets()
        extensions[_SOURCES] = {wanted: {source.name: with_facets(source, facets) for source in found
                                         if source.private is wanted} for wanted in FOLDERS}
    sources: dict[str, SearchSource] = extensions[_SOURCES][private]
    return sources


def current_facets() -> Sequence[SearchFacet]:
    """Return what results are narrowed by, in the order of the page; a name that is taken is left out."""
    extensions = current_app.extensions
    if _FACETS not in extensions:
        hooks: HookManager = extensions["moviepoint.hooks"]
        kept: dict[str, SearchFacet] = {}
        for facet in hooks.collect("register_search_facets"):
            if facet.name in kept or facet.name in OWN_NAMES:
                log.error("a facet of search has a name that is taken", name=facet.name)
            else:
                kept[facet.name] = facet
        extensions[_FACETS] = tuple(sorted(kept.values(), key=lambda facet: facet.order))
    found: Sequence[SearchFacet] = extensions[_FACETS]
    return found
