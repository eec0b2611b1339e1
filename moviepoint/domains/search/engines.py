"""The engines that MoviePoint brings along."""
from __future__ import annotations

from moviepoint.domains.search.index import SearchIndex
from moviepoint.domains.search.postgres_index import PostgresIndex
from moviepoint.domains.search.whoosh_index import WhooshIndex
from moviepoint.hooks.types import SearchEngine
from moviepoint.kernel.db import db
from moviepoint.settings import Settings

DEFAULT = "whoosh"
#: The folder of the public index, and of the one with what is not public yet.
FOLDERS = {False: "search", True: "search-private"}


def open_whoosh(settings: Settings, private: bool) -> SearchIndex:
    """Return the index in a folder of the instance."""
    return WhooshIndex(settings.instance / FOLDERS[private])


def open_postgres(settings: Settings, private: bool) -> SearchIndex:
    """Return the index beside the site's tables. Raises ValueError where they are not in PostgreSQL."""
    if not settings.database_url.startswith("postgresql"):
        raise ValueError("MOVIEPOINT_SEARCH_ENGINE=postgresql needs MOVIEPOINT_DATABASE_URL to be PostgreSQL's.")
    return PostgresIndex(db.engine, "private" if private else "public")


ENGINES = (SearchEngine(DEFAULT, open_whoosh), SearchEngine("postgresql", open_postgres))
