"""The embedded engine: Whoosh, with one writer and many readers.

A generation is a folder; `current` names the one in use, so that a rebuild swaps it at once. What Whoosh does
slowly (facets, ranges) is done by sets of document numbers, made once a generation.
"""
from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from whoosh.fields import ID, KEYWORD, NUMERIC, STORED, Schema

from moviepoint.domains.search import ranking
from moviepoint.domains.search.bitmaps import by_nearness, numbers
from moviepoint.domains.search.documents import FIELDS, indexed
from moviepoint.domains.search.finding import find, suggest, understand
from moviepoint.domains.search.index import Found, Matches, Query, Results, document_key
from moviepoint.domains.search.whoosh_folder import WhooshFolder, readable
from moviepoint.domains.search.whoosh_generation import Generation, Segment
from moviepoint.hooks.types import SearchDocument

VERSION = 4  # of the schema: an index of another version is not opened
FRESH_SECONDS = 1.0
SEPARATOR = ","  # stands in no term


def schema() -> Schema:
    """Return the fields; text comes as terms that are folded or stemmed already, and only whether they occur counts."""
    listed = KEYWORD(commas=True)
    return Schema(
        key=ID(unique=True), source=ID, data=STORED,
        row=NUMERIC(int, sortable=True),  # a column: thousands of ids are read at once
        **dict.fromkeys(FIELDS, listed))


class WhooshIndex:
    """SearchIndex on a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._place = WhooshFolder(folder, VERSION)
        self._open_lock = threading.Lock()
        self._open: Generation | None = None
        self._checked = 0.0
        self._segments: dict[str, Segment] = {}  # of the generation that is open

    def update(self, source: str, ids: Sequence[int], documents: Iterable[SearchDocument]) -> None:
        with self._place.writing() as writer:
            with readable():
                for row_id in ids:
                    writer.delete_by_term("key", document_key(source, row_id))
            for document in documents:
                writer.add_document(**_fields(source, document))

    def rebuild(self, documents: Mapping[str, Iterable[SearchDocument]]) -> int:
        count = 0
        with self._place.replacing(schema()) as writer:
            for source, rows in documents.items():
                for document in rows:
                    writer.add_document(**_fields(source, document))
                    count += 1
        return count

    def search(self, query: Query, limit: int) -> Results:
        generation = self._generation()
        return generation.answered(query, limit, lambda: find(generation, query, limit))

    def matches(self, source: str, query: Query, limit: int) -> Matches:
        generation = self._generation()
        with readable():
            rungs = list(by_nearness(generation.bitmaps, query))
            if rungs[-1].bit_count() < ranking.FEW:
                rungs.append(rungs[-1] | generation.meeting([reading.condition for reading in understand(
                    generation, query)]))
            others, seen = _not_of(generation, source), 0
            rows, found = generation.searcher.reader().column_reader("row"), list[int]()
            for rung in rungs:
                new = rung & ~(seen | others)
                found += (rows[number] for number in itertools.islice(numbers(new), limit - len(found)))
                seen |= rung
            return Matches(tuple(found), (seen & ~others).bit_count())

    def suggest(self, prefix: str, limit: int) -> list[Found]:
        return suggest(self._generation(), prefix, limit)

    def generation(self) -> str:
        return self._place.current()

    def digests(self) -> dict[tuple[str, int], str]:
        generation = self._generation()
        rows = (generation.rows[number] for number in numbers(generation.live))
        return {(row.source, row.id): row.digest for row in rows}

    def forget(self) -> None:
        """Drop what is remembered of words that were asked for; the benchmark measures without."""
        self._generation().forget()

    def _generation(self) -> Generation:
        now = time.monotonic()
        with self._open_lock:
            if self._open is not None and now - self._checked < FRESH_SECONDS:
                return self._open
            index = self._place.open()
            name = f"{index.storage.folder}/{index.latest_generation()}"
            if self._open is None or self._open.name != name:
                with readable():
                    self._open = Generation(index.searcher(), name, self._segments)
            self._checked = now
            return self._open


def _fields(source: str, document: SearchDocument) -> dict[str, Any]:
    """Return a document as Whoosh's fields."""
    ready = indexed(source, document)
    return {"key": document_key(source, document.id), "source": source, "row": document.id,
            "data": msgspec.msgpack.encode(ready.stored),
            **{field: SEPARATOR.join(terms) for field, terms in ready.terms.items()}}


def _not_of(generation: Generation, source: str) -> int:
    """Return the documents of all other sources; in an index of one source there are none to look at."""
    bits = 0
    for name in generation.searcher.reader().field_terms("source"):
        if name != source:
            bits |= generation.bitmaps.of("source", name)
    return bits
