"""The running app's index of what is said."""
from __future__ import annotations

from flask import current_app

from moviepoint.domains.accounts.viewer import current_viewer
from moviepoint.domains.search.index import IndexMissing
from moviepoint.domains.search.spoken import queries
from moviepoint.domains.search.spoken.index import SpokenIndex
from moviepoint.domains.search.spoken.queries import Found, SpokenQuery
from moviepoint.domains.search.spoken.whoosh import WhooshSpoken
from moviepoint.kernel.db import db
from moviepoint.kernel.tasks import enqueue
from moviepoint.settings import Settings

INDEX = "moviepoint.search_spoken"
FOLDER = "search-spoken"


def current_spoken() -> SpokenIndex:
    """Return this process's index of what is said; one for all its threads."""
    extensions = current_app.extensions
    if INDEX not in extensions:
        settings: Settings = extensions["moviepoint.settings"]
        extensions[INDEX] = WhooshSpoken(settings.instance / FOLDER)
    index: SpokenIndex = extensions[INDEX]
    return index


def ask(query: SpokenQuery) -> Found:
    """Return what is found for the viewer of this request.

    An index that is missing or damaged is put on the worker's list. Raises IndexMissing.
    """
    index = current_spoken()
    found_wanting = index.generation()
    try:
        return queries.run(db.session(), current_app.extensions["moviepoint.hooks"], current_viewer(), index, query)
    except IndexMissing:
        enqueue("search.rebuild_spoken", instead_of=found_wanting)
        raise
