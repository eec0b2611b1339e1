"""Sets of documents as the bits of one number: what a search without scores is made of.

A hundred thousand documents are 12 KiB; to join two sets is one step of the processor for sixty-four of them, where the
engine's own matchers take a step of Python for each.
"""
from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence

from whoosh.reading import IndexReader

from moviepoint.domains.search.analysis import stem, title_key
from moviepoint.domains.search.index import Query
from moviepoint.domains.search.recent import Recent

KEPT = 32 * 2**20  # bytes of sets that are kept of one generation
OF_ONE = 400  # bytes that a set takes beside its bits


class Bitmaps:
    """The documents of an open index by term; those asked for last are kept."""

    def __init__(self, reader: IndexReader) -> None:
        self.reader = reader
        self.kept: Recent[int] = Recent(KEPT, lambda bits: OF_ONE + sys.getsizeof(bits))

    def of(self, field: str, term: str, beginning: bool = False) -> int:
        """Return the documents with a term in a field, or with any that begins so."""
        return self.kept.get((field, term, beginning), lambda: self._read(field, term, beginning))

    def _read(self, field: str, term: str, beginning: bool) -> int:
        reader = self.reader
        if beginning:
            terms: Iterable[bytes | str] = list(reader.expand_prefix(field, term))
        else:
            terms = [term] if (field, term) in reader else []
        bits = bytearray(reader.doc_count_all() // 8 + 1)
        for each in terms:
            for number in reader.postings(field, each).all_ids():
                bits[number >> 3] |= 1 << (number & 7)
        return int.from_bytes(bits, "little")


def numbers(bits: int) -> Iterator[int]:
    """Yield the documents of a set, the ones indexed last first."""
    data = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    for place in range(len(data) - 1, -1, -1):
        if byte := data[place]:
            for bit in (7, 6, 5, 4, 3, 2, 1, 0):
                if byte >> bit & 1:
                    yield place * 8 + bit


def by_nearness(bitmaps: Bitmaps, query: Query) -> Sequence[int]:
    """Return sets of documents, the nearest first, each within the next.

    All words are the whole of a title, its beginning, somewhere in titles (the last one as a beginning), in titles by
    their stems, in titles or names of people, or in the texts too.
    """
    key, last = title_key(query.text), len(query.terms) - 1
    rungs = [bitmaps.of("exact", key), bitmaps.of("exact", key, beginning=len(key) > 1)]
    places: list[list[int]] = []  # by word: in titles, by stem, in names, in texts; each holding those before it
    for number, word in enumerate(query.terms):
        held = bitmaps.of("title", word)
        if number == last and (last or len(word) > 1):  # one letter alone begins too many titles
            held |= bitmaps.of("title", word, beginning=True)
        places.append([held])
        for field, term in (("tstem", stem(word)), ("people", word), ("text", stem(word))):
            places[-1].append(places[-1][-1] | bitmaps.of(field, term))
    for rung in zip(*places, strict=True):
        together = rung[0]
        for bits in rung[1:]:
            together &= bits
        rungs.append(rungs[-1] | together)
    return rungs
