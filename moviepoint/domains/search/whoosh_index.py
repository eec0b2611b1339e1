"""The embedded engine: Whoosh, with one writer and many readers.

A generation is a folder; `current` names the one in use, so that a rebuild swaps it at once. What Whoosh does
slowly (facets, ranges) is done by sets of document numbers, made once a generation.
"""
from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from whoosh import index as whoosh
from whoosh import query as q
from whoosh.analysis import SpaceSeparatedTokenizer
from whoosh.fields import ID, KEYWORD, NUMERIC, STORED, TEXT, Schema
from whoosh.searching import Searcher

from moviepoint.domains.search import ranking
from moviepoint.domains.search.analysis import has_cyrillic, stem, stems, terms, title_key, transliterate
from moviepoint.domains.search.bitmaps import Bitmaps, by_nearness, from_numbers, numbers
from moviepoint.domains.search.index import (
    FACETS,
    Found,
    Matches,
    Query,
    Results,
    decade,
    document_key,
)
from moviepoint.domains.search.readings import PIECES, readings, swapped
from moviepoint.domains.search.whoosh_folder import WhooshFolder
from moviepoint.domains.search.whoosh_folder import readable as _readable
from moviepoint.hooks.types import SearchDocument

VERSION = 3  # of the schema: an index of another version is not opened
FRESH_SECONDS = 1.0
LOCK_SECONDS = 60.0
CANDIDATES = 300  # scored by the engine, then ranked by us


def schema() -> Schema:
    """Return the fields; text comes as terms that are folded or stemmed already."""
    spaced = SpaceSeparatedTokenizer()
    return Schema(
        key=ID(unique=True, stored=True), source=ID(stored=True), kind=STORED,
        row=NUMERIC(int, stored=True, sortable=True),  # a column: thousands of ids are read at once
        exact=KEYWORD(commas=True), genres=STORED, year=STORED,
        popularity=STORED, names=STORED, digest=STORED,
        title=TEXT(analyzer=spaced), tstem=TEXT(analyzer=spaced, phrase=False),
        people=TEXT(analyzer=spaced, phrase=False), text=TEXT(analyzer=spaced, phrase=False))


class Gathered(NamedTuple):
    """What facets and filters need of all documents."""

    stored: list[dict[str, Any]]
    sets: dict[str, dict[str, set[int]]]
    years: dict[int, set[int]]


class Generation:
    """An open searcher, and what is gathered from it once, when something first asks for it."""

    def __init__(self, searcher: Searcher, name: str) -> None:
        self.searcher = searcher
        self.name = name
        self.bitmaps = Bitmaps(searcher.reader())
        self._lock = threading.Lock()
        self._gathered: Gathered | None = None

    @property
    def gathered(self) -> Gathered:
        with self._lock:
            if self._gathered is None:
                with _readable():
                    self._gathered = _gather(self.searcher)
            return self._gathered

    def not_of(self, source: str) -> int:
        """Return the documents of all other sources; in an index of one source there are none to look at."""
        bits = 0
        for name in self.searcher.reader().field_terms("source"):
            if name != source:
                bits |= self.bitmaps.of("source", name)
        return bits


class WhooshIndex:
    """SearchIndex on a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._place = WhooshFolder(folder, VERSION)
        self._write_lock = threading.Lock()
        self._open_lock = threading.Lock()
        self._open: Generation | None = None
        self._checked = 0.0

    def update(self, source: str, ids: Sequence[int], documents: Iterable[SearchDocument]) -> None:
        with self._write_lock:
            with _readable():
                writer = self._index().writer(timeout=LOCK_SECONDS)
            try:
                with _readable():
                    for row_id in ids:
                        writer.delete_by_term("key", document_key(source, row_id))
                for document in documents:
                    writer.add_document(**fields_of(source, document))
            except BaseException:
                writer.cancel()
                raise
            with _readable():
                writer.commit()

    def rebuild(self, documents: Mapping[str, Iterable[SearchDocument]]) -> int:
        count = 0
        with self._write_lock, self._place.replacing(schema()) as index:
            writer = index.writer(limitmb=128)
            try:
                for source, rows in documents.items():
                    for document in rows:
                        writer.add_document(**fields_of(source, document))
                        count += 1
                writer.commit(optimize=True)
            except BaseException:
                if not writer.is_closed:
                    writer.cancel()
                raise
        return count

    def search(self, query: Query, limit: int) -> Results:
        generation = self._generation()
        known = generation.gathered
        with _readable():
            matching, scored, meant = self._match(generation, query)
        passing = self._passing(known, query)
        kept = matching & passing[""]
        keys = [title_key(text) for text in (query.text, *meant)]
        order = sorted(kept, key=lambda number: ranking.rank(
            keys, known.stored[number], scored.get(number, 0.0)), reverse=True)
        found = tuple(Found(known.stored[n]["source"], known.stored[n]["row"], scored.get(n, 0.0))
                      for n in order[:limit])
        facets = {facet: {value: count for value, numbers in known.sets[facet].items()
                          if (count := len(numbers & matching & passing[facet]))} for facet in FACETS}
        return Results(found, len(kept), facets, next((text for text in meant if text != " ".join(query.terms)), ""))

    def matches(self, source: str, query: Query, limit: int) -> Matches:
        generation = self._generation()
        with _readable():
            rungs = list(by_nearness(generation.bitmaps, query))
            if rungs[-1].bit_count() < ranking.FEW:
                rungs.append(rungs[-1] | from_numbers(generation.searcher.docs_for_query(lenient(query.terms))))
            others, seen = generation.not_of(source), 0
            rows, found = generation.searcher.reader().column_reader("row"), list[int]()
            for rung in rungs:
                new = rung & ~(seen | others)
                found += (rows[number] for number in itertools.islice(numbers(new), limit - len(found)))
                seen |= rung
            return Matches(tuple(found), (seen & ~others).bit_count())

    def suggest(self, prefix: str, limit: int) -> list[Found]:
        words = terms(prefix)
        if not words:
            return []
        generation = self._generation()
        stored = generation.gathered.stored
        condition = q.And([*(q.Term("title", word) for word in words[:-1]), q.Prefix("title", words[-1])])
        with _readable():
            numbers = set(generation.searcher.docs_for_query(condition))
        keys = [title_key(prefix)]
        best = sorted(numbers, key=lambda n: ranking.rank(keys, stored[n], 0.0), reverse=True)
        return [Found(stored[n]["source"], stored[n]["row"], 0.0) for n in best[:limit]]

    def generation(self) -> str:
        return self._place.current()

    def digests(self) -> dict[tuple[str, int], str]:
        return {(row["source"], row["row"]): row["digest"] for row in self._generation().gathered.stored if row}

    def _match(self, generation: Generation, query: Query) -> tuple[set[int], dict[int, float], list[str]]:
        """Return all matches, the engine's score of the best of them, and what the query may have meant instead."""
        searcher, meant = generation.searcher, list[str]()
        conditions = [strict(query.terms)]
        matching = set(searcher.docs_for_query(conditions[0]))
        as_typed = bool(matching)
        for kept in (1, 0) if len(matching) < ranking.FEW else ():
            wider = lenient(query.terms, kept)
            if (more := set(searcher.docs_for_query(wider))) - matching:
                conditions.append(wider)
                meant.append(self._correct(generation, query.terms))
                matching |= more
            if matching:
                break  # a wrong first letter is looked for only where nothing else is found: it walks through all words
        if not as_typed:
            for text, condition in self._read_otherwise(generation, query):
                if more := set(searcher.docs_for_query(condition)):
                    conditions.append(condition)
                    meant.append(text)
                    matching |= more
        scored = {hit.docnum: float(hit.score) for hit in searcher.search(q.Or(conditions), limit=CANDIDATES)}
        return matching, scored, [text for text in meant if text]

    def _read_otherwise(self, generation: Generation, query: Query) -> Iterator[tuple[str, q.Query]]:
        """Yield other readings of a query that finds nothing, and what each asks; misspelt ones come last."""
        reader = generation.searcher.reader()
        others = list(readings(query.text, lambda word: ("title", word) in reader))
        asked = [(text, tuple(terms(text)[:len(query.terms) + PIECES])) for text in others]
        yield from ((text, strict(words)) for text, words in asked)
        for text, words in asked:
            if has_cyrillic(query.text) and not has_cyrillic(text):
                yield self._correct(generation, words), lenient(words)

    def _passing(self, generation: Gathered, query: Query) -> dict[str, set[int]]:
        """Return the documents that pass all filters (""), and all but each facet's own."""
        everything = set(range(len(generation.stored)))
        allowed = dict.fromkeys(FACETS, everything)
        for facet, wanted in (("kind", query.kinds), ("genre", query.genres)):
            if wanted:
                allowed[facet] = set().union(*(generation.sets[facet].get(value, set()) for value in wanted))
        if query.years:
            first, last = query.years
            allowed["decade"] = set().union(*(numbers for year, numbers in generation.years.items()
                                              if first <= year <= last))
        passing = {"": set.intersection(*allowed.values())}
        for facet in FACETS:
            passing[facet] = set.intersection(*(numbers for name, numbers in allowed.items() if name != facet))
        return passing

    def _correct(self, generation: Generation, words: Sequence[str]) -> str:
        """Return the query with each unknown word replaced by the nearest known one; empty if one has none."""
        reader, corrected = generation.searcher.reader(), []
        for word in words:
            if ("title", word) in reader or ("people", word) in reader:
                corrected.append(word)
                continue
            near = [nearest for field in ("title", "people")
                    for nearest in generation.searcher.suggest(field, word, limit=1, maxdist=ranking.reach(word))]
            if not near:
                return ""
            corrected.append(near[0])
        return " ".join(corrected)

    def _index(self) -> whoosh.FileIndex:
        """Open the generation in use. Raises IndexMissing, also for what is damaged or of another version."""
        return self._place.open()

    def _generation(self) -> Generation:
        now = time.monotonic()
        with self._open_lock:
            if self._open is not None and now - self._checked < FRESH_SECONDS:
                return self._open
            index = self._index()
            name = f"{index.storage.folder}/{index.latest_generation()}"
            if self._open is None or self._open.name != name:
                with _readable():
                    self._open = Generation(index.searcher(), name)
            self._checked = now
            return self._open


def strict(words: Sequence[str]) -> q.Query:
    """Every word must be found: in a title (the last one as its beginning), in a name, or in the text by its stem."""
    wanted = [[q.Term("title", word, boost=4.0), q.Term("tstem", stem(word), boost=3.0),
               q.Term("people", word, boost=2.0), q.Term("text", stem(word))] for word in words]
    if len(words) > 1 or len(words[-1]) > 1:  # one letter alone begins too many titles
        wanted[-1].append(q.Prefix("title", words[-1], boost=1.5))
    return q.And([q.Or(places) for places in wanted])


def lenient(words: Sequence[str], kept: int = 1) -> q.Query:
    """As `strict`, but a word of a title or a name may be misspelt, after its first `kept` letters."""
    return q.And([q.Or([
        q.Term("title", word, boost=4.0), q.Term("tstem", stem(word), boost=3.0), q.Term("people", word, boost=2.0),
        q.Term("text", stem(word)),
        *(q.FuzzyTerm(field, word, maxdist=ranking.reach(word), prefixlength=kept if len(word) > 3 else 0)
          for field in ("title", "people") if ranking.reach(word)),
        *(q.FuzzyTerm("tstem", stem(word), maxdist=1, prefixlength=2) for _ in range(len(word) > 4)),
        *(q.Term(field, other) for field in ("title", "people") if len(word) > 3 for other in swapped(word))])
        for word in words])


def fields_of(source: str, document: SearchDocument) -> dict[str, Any]:
    """Return a document as Whoosh's fields."""
    names = [document.original_title, *document.titles]
    spelt = [*names, *(transliterate(name) for name in names if has_cyrillic(name)),
             *(transliterate(name.casefold().replace("ё", "йо")) for name in names if "ё" in name.casefold())]
    people = [*document.people, *(transliterate(name) for name in document.people if has_cyrillic(name))]
    keys = sorted({title_key(name) for name in spelt if name})
    return {
        "key": document_key(source, document.id), "source": source, "row": document.id, "kind": document.kind,
        "genres": list(document.genres), "year": document.year, "popularity": document.popularity, "names": keys,
        "exact": ",".join(keys),
        "digest": digest(document), "title": " ".join(term for name in spelt for term in terms(name)),
        "tstem": " ".join(term for name in spelt for term in stems(name)),
        "people": " ".join(term for name in people for term in terms(name)),
        "text": " ".join(term for text in document.text for term in stems(text))}


def digest(document: SearchDocument) -> str:
    """Return a short hash of all that is indexed of a document."""
    return hashlib.sha256(msgspec.json.encode(document)).hexdigest()[:16]


def _gather(searcher: Searcher) -> Gathered:
    reader = searcher.reader()
    stored: list[dict[str, Any]] = [{} for _ in range(reader.doc_count_all())]
    sets: dict[str, dict[str, set[int]]] = {facet: defaultdict(set) for facet in FACETS}
    years: dict[int, set[int]] = defaultdict(set)
    for number, row in reader.iter_docs():
        stored[number] = row
        sets["kind"][row["kind"]].add(number)
        for genre in row.get("genres", ()):
            sets["genre"][genre].add(number)
        if row.get("year"):
            sets["decade"][decade(row["year"])].add(number)
            years[row["year"]].add(number)
    return Gathered(stored, sets, years)
