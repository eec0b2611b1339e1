"""The running app's index and sources."""
from __future__ import annotations

from flask import current_app

from moviepoint.domains.search import queries
from moviepoint.domains.search.index import IndexMissing, Query, Results, SearchIndex
from moviepoint.domains.search.whoosh_index import WhooshIndex
from moviepoint.hooks.manager import HookManager
from moviepoint.hooks.types import SearchSource
from moviepoint.kernel.tasks import enqueue
from moviepoint.settings import Settings

_INDEX, _SOURCES = "moviepoint.search_index", "moviepoint.search_sources"


def current_index() -> SearchIndex:
    """Return this process's index; one for all its threads."""
    extensions = current_app.extensions
    if _INDEX not in extensions:
        settings: Settings = extensions["moviepoint.settings"]
        extensions[_INDEX] = WhooshIndex(settings.instance / "search")
    index: SearchIndex = extensions[_INDEX]
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


def current_sources() -> dict[str, SearchSource]:
    """Return the sources of documents by name: the core's and the plugins'."""
    extensions = current_app.extensions
    if _SOURCES not in extensions:
        hooks: HookManager = extensions["moviepoint.hooks"]
        extensions[_SOURCES] = {source.name: source for source in hooks.collect("register_search_documents")}
    sources: dict[str, SearchSource] = extensions[_SOURCES]
    return sources
