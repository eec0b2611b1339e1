"""Whoosh's index as it is at one moment, open for reading.

Of Whoosh only the lists of documents by term are used: its queries, scores and facets take a step of Python for each
document, sets of bits one of the processor for sixty-four. What is read beside is read once for a segment, since
segments never change but for what is deleted of them: a title that is saved costs the next search one title's worth.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from functools import cached_property, reduce
from itertools import chain
from operator import and_, or_

import msgspec
from whoosh.reading import IndexReader
from whoosh.searching import Searcher

from moviepoint.domains.search import ranking
from moviepoint.domains.search.bitmaps import Bitmaps, numbers
from moviepoint.domains.search.conditions import Condition
from moviepoint.domains.search.documents import Stored
from moviepoint.domains.search.index import RELEVANCE, Candidate, Query, Results, Selection
from moviepoint.domains.search.recent import Recent
from moviepoint.domains.search.vocabulary import Vocabulary
from moviepoint.domains.search.whoosh_folder import readable

#: Rows that are kept of answers; an answer takes as much as some rows beside its own, for its facets.
KEPT_ROWS, ROWS_OF_ONE = 100_000, 100

ROW = msgspec.msgpack.Decoder(Stored)


class Segment:
    """What is kept of one segment, deleted documents too; each part is read when something first asks for it."""

    def __init__(self, reader: IndexReader) -> None:
        self.reader = reader

    @cached_property
    def rows(self) -> list[Stored]:
        with readable():
            return [ROW.decode(self.reader.stored_fields(number)["data"])
                    for number in range(self.reader.doc_count_all())]

    @cached_property
    def facets(self) -> dict[tuple[str, str], int]:
        """Sets of documents by facet and value; single years are under the facet ""."""
        size = len(self.rows) // 8 + 1
        found: dict[tuple[str, str], bytearray] = defaultdict(lambda: bytearray(size))
        for number, row in enumerate(self.rows):
            for name, values in chain(row.facets.items(), [("", (str(row.year),))] if row.year else ()):
                for value in values:
                    found[name, value][number >> 3] |= 1 << (number & 7)
        return {key: int.from_bytes(bits, "little") for key, bits in found.items()}

    @cached_property
    def titles(self) -> frozenset[str]:
        with readable():
            return frozenset(self.reader.field_terms("title"))

    @cached_property
    def words(self) -> Vocabulary:
        with readable():
            return Vocabulary(chain(self.titles, self.reader.field_terms("people")))

    @cached_property
    def stems(self) -> Vocabulary:
        with readable():
            return Vocabulary(self.reader.field_terms("tstem"))


class Generation:
    """An OpenIndex on a searcher."""

    def __init__(self, searcher: Searcher, name: str, known: MutableMapping[str, Segment]) -> None:
        """Open; `known` are segments of earlier generations, of which those still in use are kept."""
        self.searcher = searcher
        self.name = name
        self._segments: list[tuple[Segment, int]] = []
        self.forget()
        leaves = [(reader.segment(), reader, offset) for reader, offset in searcher.reader().leaf_readers()]
        kept = {segment.segment_id(): known.get(segment.segment_id()) or Segment(reader)
                for segment, reader, _offset in leaves}
        known.clear()
        known.update(kept)
        self._segments = [(kept[segment.segment_id()], offset) for segment, _reader, offset in leaves]
        self.live = (1 << searcher.reader().doc_count_all()) - 1
        for segment, _reader, offset in leaves:
            for number in segment.deleted_docs() or ():
                self.live &= ~(1 << offset + number)

    @cached_property
    def rows(self) -> list[Stored]:
        return [row for segment, _offset in self._segments for row in segment.rows]

    @cached_property
    def facets(self) -> Mapping[str, Mapping[str, int]]:
        found: dict[str, dict[str, int]] = {"": {}}
        for segment, offset in self._segments:
            for (name, value), bits in segment.facets.items():
                values = found.setdefault(name, {})
                values[value] = values.get(value, 0) | bits << offset & self.live
        return found

    def answered(self, query: Query, limit: int, find: Callable[[], Results]) -> Results:
        """Return what `find` finds for a query, kept for whoever asks the same: the next page, other visitors."""
        key = (query.text, query.terms, frozenset(query.chosen.items()), query.years, query.order, query.locales, limit)
        return self._answers.get(key, find)

    def forget(self) -> None:
        """Drop what is remembered of words that were asked for."""
        self.bitmaps = Bitmaps(self.searcher.reader())
        self._answers: Recent[Results] = Recent(KEPT_ROWS, lambda results: ROWS_OF_ONE + len(results.found))
        for segment, _offset in self._segments:
            segment.words.near.cache_clear()
            segment.stems.near.cache_clear()

    def in_title(self, word: str) -> bool:
        return any(word in segment.titles for segment, _offset in self._segments)

    def known(self, word: str) -> bool:
        return any(word in segment.words for segment, _offset in self._segments)

    def near(self, word: str, reach: int) -> Mapping[str, int]:
        return _union(segment.words.near(word, reach) for segment, _offset in self._segments)

    def near_stems(self, stem: str) -> Mapping[str, int]:
        return _union(segment.stems.near(stem, 1) for segment, _offset in self._segments)

    def count(self, conditions: Sequence[Condition]) -> int:
        return self.meeting(conditions).bit_count()

    def meeting(self, conditions: Sequence[Condition]) -> int:
        """Return the documents that meet one of the conditions."""
        with readable():
            return reduce(or_, map(self._meeting, conditions), 0)

    def select(self, conditions: Sequence[Condition], query: Query, limit: int) -> Selection:
        matching = self.meeting(conditions)
        allowed = self._allowed(query)
        kept = reduce(and_, allowed.values(), matching)
        counts: dict[str, dict[str, int]] = {}
        for name, values in self.facets.items():
            others = reduce(and_, (bits for own, bits in allowed.items() if own != name), matching)
            if name:
                counts[name] = {value: count for value, bits in values.items()
                                if (count := (bits & others).bit_count())}
        scores = self._scores(conditions, kept) if query.order == RELEVANCE else {}
        rows = ((number, self.rows[number]) for number in numbers(kept))
        found = (Candidate(row.source, row.id, row.kind, row.names, scores.get(number, 0.0), row.popularity, row.votes)
                 for number, row in ranking.best(rows, query, scores, limit))
        return Selection(tuple(found), kept.bit_count(), counts)

    def _meeting(self, condition: Condition) -> int:
        return reduce(and_, (reduce(or_, (self.bitmaps.of(place.field, place.term, place.beginning)
                                          for place in places), 0) for places in condition.words), self.live)

    def _allowed(self, query: Query) -> dict[str, int]:
        """Return, by facet, the documents that have what was chosen there."""
        allowed = {name: reduce(or_, (self.facets.get(name, {}).get(value, 0) for value in values), 0)
                   for name, values in query.chosen.items() if values}
        if query.years:
            allowed["year"] = reduce(or_, (bits for year, bits in self.facets[""].items() if any(
                first <= int(year) <= last for first, last in query.years)), 0)
        return allowed

    def _scores(self, conditions: Sequence[Condition], kept: int) -> dict[int, float]:
        """Return the documents' scores, as `conditions` defines them."""
        scores: dict[int, float] = {}
        for condition in conditions:
            sums: dict[int, float] = defaultdict(float)
            with readable():
                meeting = self._meeting(condition) & kept
                for places in condition.words if meeting else ():
                    left = meeting
                    for place in sorted(places, key=lambda place: -place.weight):
                        here = self.bitmaps.of(place.field, place.term, place.beginning) & left
                        left &= ~here
                        for number in numbers(here):
                            sums[number] += place.weight
            for number, score in sums.items():
                if score > scores.get(number, 0.0):
                    scores[number] = score
        return scores


def _union(found: Iterator[Mapping[str, int]]) -> Mapping[str, int]:
    return reduce(lambda one, other: {**one, **other} if one else other, found, {})
