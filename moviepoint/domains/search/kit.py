"""What an engine is built of: all that lies above it, for the engines that plugins bring."""
from __future__ import annotations

from moviepoint.domains.search.analysis import title_key
from moviepoint.domains.search.conditions import Condition, Place, whole
from moviepoint.domains.search.documents import FIELDS, Indexed, Stored, indexed
from moviepoint.domains.search.finding import find, suggest, understand
from moviepoint.domains.search.generations import Generations
from moviepoint.domains.search.index import (
    RELEVANCE,
    Candidate,
    Found,
    IndexMissing,
    Matches,
    OpenIndex,
    Query,
    Results,
    SearchIndex,
    Selection,
    document_key,
)
from moviepoint.domains.search.ranking import best, fame
from moviepoint.domains.search.vocabulary import Vocabulary, distance

__all__ = [
    "FIELDS", "RELEVANCE", "Candidate", "Condition", "Found", "Generations", "IndexMissing", "Indexed", "Matches",
    "OpenIndex", "Place", "Query", "Results", "SearchIndex", "Selection", "Stored", "Vocabulary", "best", "distance",
    "document_key", "fame", "find", "indexed", "suggest", "title_key", "understand", "whole",
]
