"""What a search engine must do for us, and the values that go in and out."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from moviepoint.hooks.types import SearchDocument
from moviepoint.kernel.errors import Unavailable

FACETS = ("kind", "genre", "decade")


class IndexMissing(Unavailable):
    """There is no index yet, or it cannot be read: it is made anew from the database."""

    code = "search-index"


class Query(msgspec.Struct, frozen=True):
    """What is sought: terms, and the values that a document must have. `years` is a range, inclusive."""

    text: str
    terms: tuple[str, ...]
    kinds: frozenset[str] = frozenset()
    genres: frozenset[str] = frozenset()
    years: tuple[int, int] | None = None


class Found(msgspec.Struct, frozen=True):
    """A document that matches: its source's name and id there."""

    source: str
    id: int
    score: float


class Results(msgspec.Struct, frozen=True):
    """The best matches in order, how many there are in all, and counts by facet and value."""

    found: tuple[Found, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]]
    correction: str = ""  # a query that finds more, or empty


class Matches(msgspec.Struct, frozen=True):
    """Rows of one source that match, the nearest first, and how many there are in all."""

    ids: tuple[int, ...]
    total: int


class SearchIndex(Protocol):
    """An engine. Relevance lives above it, in `ranking`; rows come from the database."""

    def update(self, source: str, ids: Sequence[int], documents: Iterable[SearchDocument]) -> None:
        """Replace the documents of these ids; an id without a document is removed."""

    def rebuild(self, documents: Mapping[str, Iterable[SearchDocument]]) -> int:
        """Make the index anew from documents by source, and put it in the old one's place; returns how many."""

    def search(self, query: Query, limit: int) -> Results:
        """Return the best `limit` matches. Raises IndexMissing."""

    def matches(self, source: str, query: Query, limit: int) -> Matches:
        """Return the nearest `limit` rows of one source, without facets. Raises IndexMissing."""

    def suggest(self, prefix: str, limit: int) -> list[Found]:
        """Return documents with a title word that begins so. Raises IndexMissing."""

    def generation(self) -> str:
        """Return the name of the index in use, which a rebuild changes; empty without one. Does not open it."""

    def digests(self) -> dict[tuple[str, int], str]:
        """Return what is indexed: (source, id) and a digest of the document. Raises IndexMissing."""


def document_key(source: str, row_id: int) -> str:
    return f"{source}:{row_id}"


def decade(year: int) -> str:
    return f"{year // 10 * 10}s"
