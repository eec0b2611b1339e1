"""The running app's two indexes, of what is public and of what is not, and their sources."""
from __future__ import annotations

from flask import current_app
from sqlalchemy.orm import Session

from moviepoint.domains.search import queries, titles
from moviepoint.domains.search.index import IndexMissing, Query, Results, SearchIndex
from moviepoint.domains.search.whoosh_index import WhooshIndex
from moviepoint.hooks.manager import HookManager
from moviepoint.hooks.types import SearchSource, TitleMatches
from moviepoint.kernel.tasks import enqueue
from moviepoint.settings import Settings

_INDEXES, _SOURCES = "moviepoint.search_indexes", "moviepoint.search_sources"
#: The folder of the public index, and of the one with what is not public yet.
FOLDERS = {False: "search", True: "search-private"}


def current_index(private: bool = False) -> SearchIndex:
    """Return this process's index, the public or the private one; one for all its threads."""
    indexes: dict[bool, SearchIndex] = current_app.extensions.setdefault(_INDEXES, {})
    if private not in indexes:
        settings: Settings = current_app.extensions["moviepoint.settings"]
        indexes[private] = WhooshIndex(settings.instance / FOLDERS[private])
    return indexes[private]


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
        found = list(hooks.collect("register_search_documents"))
        extensions[_SOURCES] = {wanted: {source.name: source for source in found if source.private is wanted}
                                for wanted in FOLDERS}
    sources: dict[str, SearchSource] = extensions[_SOURCES][private]
    return sources
