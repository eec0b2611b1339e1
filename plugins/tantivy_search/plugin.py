"""The tantivy engine, chosen by `MOVIEPOINT_SEARCH_ENGINE=tantivy`; it needs `pip install tantivy==0.27.*`."""
from __future__ import annotations

from collections.abc import Sequence

from moviepoint.plugin_api import SearchEngine, Settings, hookimpl, search_kit

from .index import TantivyIndex

FOLDERS = {False: "search-tantivy", True: "search-tantivy-private"}


def open_index(settings: Settings, private: bool) -> search_kit.SearchIndex:
    """Return the index in a folder of the instance."""
    return TantivyIndex(settings.instance / FOLDERS[private])


@hookimpl
def register_search_engines() -> Sequence[SearchEngine]:
    return [SearchEngine("tantivy", open_index)]
