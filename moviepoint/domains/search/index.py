"""What a search engine must do for us, and the values that go in and out."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from moviepoint.domains.search.conditions import Condition
from moviepoint.hooks.types import SearchDocument
from moviepoint.kernel.errors import Unavailable

RELEVANCE = "relevance"
ORDERS = ("year", "rating", "title")


class IndexMissing(Unavailable):
    """There is no index yet, or it cannot be read: it is made anew from the database."""

    code = "search-index"


class Query(msgspec.Struct, frozen=True):
    """What is sought: terms, and the values that a document must have.

    `chosen` holds values by facet: a document must have one of each facet's. `years` are ranges, inclusive, of which
    it must be in one. `order` is RELEVANCE, or one of ORDERS with `.asc` or `.desc`; titles are ordered by the
    name in the first of `locales` that has one.
    """

    text: str
    terms: tuple[str, ...]
    chosen: Mapping[str, frozenset[str]] = {}
    years: tuple[tuple[int, int], ...] = ()
    order: str = RELEVANCE
    locales: tuple[str, ...] = ()


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
    meant: tuple[str, ...] = ()  # all texts that were looked for, the one typed first


class Candidate(msgspec.Struct, frozen=True):
    """A document that meets the conditions, with what is needed to rank it."""

    source: str
    id: int
    kind: str
    names: tuple[str, ...]  # whole titles, as `title_key` gives them
    score: float
    popularity: float = 0.0
    votes: int = 0


class Selection(msgspec.Struct, frozen=True):
    """What an engine found: the best candidates, how many match in all, and counts by facet and value."""

    candidates: Sequence[Candidate]
    total: int
    facets: Mapping[str, Mapping[str, int]]


class Matches(msgspec.Struct, frozen=True):
    """Rows of one source that match, the nearest first, and how many there are in all."""

    ids: tuple[int, ...]
    total: int


class OpenIndex(Protocol):
    """One state of an index, open for reading: all that an engine must be able to do. It judges nothing by itself."""

    def in_title(self, word: str) -> bool:
        """Say whether a word stands in any title."""

    def known(self, word: str) -> bool:
        """Say whether a word stands in any title or name."""

    def near(self, word: str, reach: int) -> Mapping[str, int]:
        """Return words of titles and names at most `reach` letters off (`vocabulary.distance`), and how far each is."""

    def near_stems(self, stem: str) -> Mapping[str, int]:
        """Return stems of words of titles that are one letter off."""

    def count(self, conditions: Sequence[Condition]) -> int:
        """Return how many documents meet one of the conditions."""

    def select(self, conditions: Sequence[Condition], query: Query, limit: int) -> Selection:
        """Return those that also have what the query has chosen, at most `limit`, in its order.

        Facets count what each choice would give: they hold to all that was chosen but the facet's own. By relevance,
        the best scores come first, and of the same score the most popular.
        """


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
