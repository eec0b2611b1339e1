"""The index kept by tantivy: one writer in the worker, any number of readers; a web machine may keep its own copy.

tantivy finds, scores by what our conditions say, and counts facets; what a query means is decided above it, as for
every engine.
"""
from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import structlog
from tantivy import Document, Index, IndexWriter, Occur, Order, Query, Schema, SchemaBuilder, Searcher

from moviepoint.plugin_api import SearchDocument
from moviepoint.plugin_api import search_kit as kit

from .conditions import any_of, passing

log = structlog.get_logger(__name__)
VERSION = 1  # of the schema: an index of another version is not opened
FRESH_SECONDS = 1.0
WORDS_SECONDS = 30.0  # words that come new are corrected to so much later; they are found at once
HEAP = 50_000_000  # bytes a writer gathers before it writes
VALUES = 1000  # of a facet that are counted
IN_MEMORY = 20_000  # matches ordered by title in one reader's language; beyond, by the original title
ROW = msgspec.msgpack.Decoder(kit.Stored)


def schema() -> Schema:
    """Return the fields; terms come whole, and only whether they occur counts."""
    builder = SchemaBuilder()
    for field in ("key", "source", "years", *kit.FIELDS):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("facets", tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_text_field("by_title", tokenizer_name="raw", index_option="basic", fast=True)
    for field in ("year_first", "year_last", "rating_first", "rating_last"):
        builder.add_integer_field(field, fast=True)
    builder.add_bytes_field("data", stored=True)
    return builder.build()


class TantivyIndex:
    """SearchIndex on a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._generations = kit.Generations(folder, VERSION)
        self._write_lock, self._open_lock = threading.Lock(), threading.Lock()
        self._open: TantivyGeneration | None = None
        self._checked = 0.0

    def update(self, source: str, ids: Sequence[int], documents: Iterable[SearchDocument]) -> None:
        with self._write_lock, readable():
            index = self._index()

            def fill(writer: IndexWriter) -> None:
                for row_id in ids:
                    writer.delete_documents_by_term("key", kit.document_key(source, row_id))
                for document in documents:
                    writer.add_document(_document(kit.indexed(source, document)))

            _write(index, fill)

    def rebuild(self, documents: Mapping[str, Iterable[SearchDocument]]) -> int:
        target, count = self._generations.fresh(), 0

        def fill(writer: IndexWriter) -> None:
            nonlocal count
            for source, rows in documents.items():
                for document in rows:
                    writer.add_document(_document(kit.indexed(source, document)))
                    count += 1

        with self._write_lock:
            try:
                _write(Index(schema(), str(target)), fill)
            except BaseException:
                shutil.rmtree(target, ignore_errors=True)
                raise
            self._generations.use(target)
        return count

    def search(self, query: kit.Query, limit: int) -> kit.Results:
        with readable():
            return kit.find(self._opened(), query, limit)

    def matches(self, source: str, query: kit.Query, limit: int) -> kit.Matches:
        with readable():
            generation = self._opened()
            conditions = [*kit.whole(kit.title_key(query.text)),
                          *(reading.condition for reading in kit.understand(generation, query))]
            return generation.rows_of(source, conditions, limit)

    def suggest(self, prefix: str, limit: int) -> list[kit.Found]:
        with readable():
            return kit.suggest(self._opened(), prefix, limit)

    def generation(self) -> str:
        return self._generations.current()

    def digests(self) -> dict[tuple[str, int], str]:
        with readable():
            return {(row.source, row.id): row.digest for row in self._opened().everything()}

    def _index(self) -> Index:
        path = self._generations.path()
        if path is None or not Index.exists(str(path)):
            raise kit.IndexMissing()
        return Index(schema(), str(path))

    def _opened(self) -> TantivyGeneration:
        now = time.monotonic()
        with self._open_lock:
            if self._open is None or now - self._checked >= FRESH_SECONDS:
                name = self._generations.current()
                if self._open is None or self._open.name != name:
                    self._open = TantivyGeneration(self._index(), name)
                else:
                    self._open.refresh()
                self._checked = now
            return self._open


class TantivyGeneration:
    """An OpenIndex on a searcher, which is replaced as others are written."""

    def __init__(self, index: Index, name: str) -> None:
        self.index, self.name, self.schema = index, name, index.schema
        self._words: dict[str, tuple[float, kit.Vocabulary]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Look at what was written since."""
        self.index.reload()
        self.searcher: Searcher = self.index.searcher()

    def in_title(self, word: str) -> bool:
        return self.searcher.doc_freq("title", word) > 0

    def known(self, word: str) -> bool:
        return self.in_title(word) or self.searcher.doc_freq("people", word) > 0

    def near(self, word: str, reach: int) -> Mapping[str, int]:
        return self._vocabulary("title", "people").near(word, reach)

    def near_stems(self, stem: str) -> Mapping[str, int]:
        return self._vocabulary("tstem").near(stem, 1)

    def count(self, conditions: Sequence[kit.Condition]) -> int:
        return int(self.searcher.search(any_of(self.schema, conditions), limit=1, count=True).count or 0)

    def select(self, conditions: Sequence[kit.Condition], query: kit.Query, limit: int) -> kit.Selection:
        matching = any_of(self.schema, conditions)
        wanted = Query.boolean_query([(Occur.Must, matching), *passing(self.schema, query)])
        hits, total = self._ordered(wanted, query, limit)
        found = (kit.Candidate(row.source, row.id, row.kind, row.names, score, row.popularity, row.votes)
                 for score, row in hits)
        return kit.Selection(tuple(found), total, self._facets(matching, query))

    def rows_of(self, source: str, conditions: Sequence[kit.Condition], limit: int) -> kit.Matches:
        """Return the ids of a source's documents that meet one of the conditions, the best first."""
        only = Query.const_score_query(Query.term_query(self.schema, "source", source), 0.0)
        found = self.searcher.search(Query.boolean_query([(Occur.Must, any_of(self.schema, conditions)), (
            Occur.Must, only)]), limit=max(limit, 1), count=True)
        return kit.Matches(tuple(self._row(address).id for _score, address in found.hits)[:limit], found.count or 0)

    def everything(self) -> Iterator[kit.Stored]:
        """Yield all documents."""
        found = self.searcher.search(Query.all_query(), limit=max(self.searcher.num_docs, 1))
        return (self._row(address) for _score, address in found.hits)

    def _ordered(self, wanted: Query, query: kit.Query, limit: int) -> tuple[Sequence[tuple[float, kit.Stored]], int]:
        """Return (score, document) in the order that the query wants, and how many match."""
        field, _, direction = query.order.partition(".")
        options: dict[str, Any] = {}
        if field in ("year", "rating"):
            options = {"order_by_field": f"{field}_{'first' if direction == 'asc' else 'last'}"}
        elif field == "title":
            options, limit = {"order_by_field": "by_title"}, max(limit, IN_MEMORY)
        if options:
            options["order"] = Order.Asc if direction == "asc" else Order.Desc
        found = self.searcher.search(wanted, limit=limit, count=True, **options)
        rows = [(0.0 if options else float(key), self._row(address)) for key, address in found.hits]
        if options and (field != "title" or (found.count or 0) <= IN_MEMORY):
            rows = [(0.0, row) for _number, row in kit.best(((n, row) for n, (_s, row) in enumerate(rows)), query, {},
                                                            limit)]
        return rows, found.count or 0

    def _facets(self, matching: Query, query: kit.Query) -> Mapping[str, Mapping[str, int]]:
        """Count what each choice would give: those of a facet in which something is chosen without what is."""
        counts: dict[str, dict[str, int]] = {}
        own = [*query.chosen, *(["year"] if query.years else [])]
        asked = {"values": {"terms": {"field": "facets", "size": VALUES}}}
        for name in ("", *own):
            wanted = Query.boolean_query([(Occur.Must, matching), *passing(self.schema, query, name)])
            for bucket in self.searcher.aggregate(wanted, asked)["values"]["buckets"]:
                facet, _, choice = bucket["key"].partition("=")
                if facet == name or (not name and facet not in own):
                    counts.setdefault(facet, {})[choice] = bucket["doc_count"]
        return counts

    def _row(self, address: Any) -> kit.Stored:
        return ROW.decode(bytes(self.searcher.doc(address)["data"][0]))

    def _vocabulary(self, *fields: str) -> kit.Vocabulary:
        made, kept = self._words.get(fields[0], (0.0, None))
        if kept is None or time.monotonic() - made >= WORDS_SECONDS:
            kept = kit.Vocabulary(word for field in fields
                                  for word, _count in self.searcher.terms_with_prefix(field, ""))
            self._words[fields[0]] = (time.monotonic(), kept)
        return kept


@contextmanager
def readable() -> Iterator[None]:
    """Turn a failure of tantivy to read its files into IndexMissing: ValueError, OSError, or a panic of its own.

    The class of panics cannot be imported, and is no Exception, so that nobody takes it for one.
    """
    try:
        yield
    except (ValueError, OSError) as error:
        log.warning("search index cannot be read", error=repr(error))
        raise kit.IndexMissing() from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        log.warning("search index cannot be read", error=repr(error))
        raise kit.IndexMissing() from None


def _write(index: Index, fill: Callable[[IndexWriter], None]) -> None:
    """Let a writer be filled, and commit all of it or nothing."""
    writer = index.writer(HEAP, 1)
    try:
        fill(writer)
        writer.commit()
    except BaseException:
        writer.rollback()
        raise
    finally:
        writer.wait_merging_threads()


def _document(ready: kit.Indexed) -> Document:
    """Return a document as tantivy's fields. Missing values stand at the end, whichever way one looks."""
    row, made = ready.stored, Document()
    made.add_text("key", kit.document_key(row.source, row.id))
    made.add_text("source", row.source)
    made.add_bytes("data", msgspec.msgpack.encode(row))
    made.add_text("by_title", row.order.get("", ""))
    if row.year:
        made.add_text("years", str(row.year))
    for field, terms in ready.terms.items():
        for term in terms:
            made.add_text(field, term)
    for name, values in row.facets.items():
        for value in values:
            made.add_text("facets", f"{name}={value}")
    rating = None if row.rating is None else round(row.rating * 10)
    for name, value in (("year", row.year), ("rating", rating)):
        made.add_integer(f"{name}_first", 100_000 if value is None else value)
        made.add_integer(f"{name}_last", -1 if value is None else value)
    return made
