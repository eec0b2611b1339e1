"""The embedded engine for what is said: Whoosh, with one document for each subtitle track.

A film has a thousand cues, and a document for each would make an index of millions that Whoosh walks through in Python.
A track as a whole is one document whose words have their places: a term is read as a list of numbers per track, in one
step, and a sentence that goes on in the next cue needs nothing of its own.
"""
from __future__ import annotations

import threading
import time
import zlib
from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from pickle import loads
from typing import Any, NamedTuple

import msgspec
from whoosh.analysis import SpaceSeparatedTokenizer
from whoosh.fields import ID, NUMERIC, STORED, TEXT, Schema
from whoosh.searching import Searcher

from moviepoint.domains.search.spoken.index import Known, SpokenDocument, SpokenLine, TrackHits
from moviepoint.domains.search.spoken.nearness import places
from moviepoint.domains.search.spoken.words import words
from moviepoint.domains.search.whoosh_folder import WhooshFolder, readable

VERSION = 1  # of the schema and of the analysis: an index of another version is not opened
FRESH_SECONDS = 1.0
FIELD = "said"


def schema() -> Schema:
    """Return the fields: three columns that are read at once, what a page shows, and the terms with their places."""
    return Schema(
        track=NUMERIC(int, sortable=True), title=NUMERIC(int, sortable=True), edition=NUMERIC(int, sortable=True),
        state=ID(sortable=True), key=ID(unique=True), starts=STORED, lines=STORED,
        said=TEXT(analyzer=SpaceSeparatedTokenizer(), phrase=True))


class Tracks(NamedTuple):
    """What an open index holds: what is known by track, and the number of each track's document."""

    known: dict[int, Known]
    numbers: dict[int, int]
    tracks: dict[int, int]  # the other way round


class Generation:
    """An open searcher, and the first words of lines that were asked for."""

    def __init__(self, searcher: Searcher, name: str, starts: dict[str, array[int]]) -> None:
        self.searcher = searcher
        self.name = name
        self.held = _held(searcher)
        states = {known.state for known in self.held.known.values()}
        self._starts = {state: kept for state, kept in starts.items() if state in states}

    @property
    def read(self) -> dict[str, array[int]]:
        """What the next generation need not read again."""
        return self._starts

    def positions(self, term: str) -> dict[int, list[int]]:
        """Return the places of a term by the number of the document."""
        reader = self.searcher.reader()
        found: dict[int, list[int]] = {}
        if (FIELD, term) in reader:
            matcher = reader.postings(FIELD, term)
            while matcher.is_active():
                found[matcher.id()] = _decoded(matcher.value())
                matcher.next()
        return found

    def starts(self, number: int) -> array[int]:
        """Return the place of the first word of each of a document's lines."""
        state = self.held.known[self.held.tracks[number]].state
        if state not in self._starts:
            kept = array("I")
            kept.frombytes(zlib.decompress(self.searcher.stored_fields(number)["starts"]))
            self._starts[state] = kept
        return self._starts[state]

    def lines(self, number: int) -> list[SpokenLine]:
        """Return a document's lines."""
        packed = zlib.decompress(self.searcher.stored_fields(number)["lines"])
        return msgspec.msgpack.decode(packed, type=list[SpokenLine])


class WhooshSpoken:
    """SpokenIndex on a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._place = WhooshFolder(folder, VERSION)
        self._open_lock = threading.Lock()
        self._open: Generation | None = None
        self._checked = 0.0

    def update(self, track_ids: Collection[int], documents: Iterable[SpokenDocument]) -> None:
        with self._place.writing() as writer:
            with readable():
                for track_id in track_ids:
                    writer.delete_by_term("key", str(track_id))
            for document in documents:
                writer.add_document(**fields_of(document))

    def rebuild(self, documents: Iterable[SpokenDocument]) -> int:
        count = 0
        with self._place.replacing(schema()) as writer:
            for document in documents:
                writer.add_document(**fields_of(document))
                count += 1
        return count

    def find(self, terms: Sequence[str], loose: bool = False) -> list[TrackHits]:
        generation = self._generation()
        with readable():
            posted = {term: generation.positions(term) for term in dict.fromkeys(terms)}
            hits = []
            for number, track_id in generation.held.tracks.items():
                there = {term: held[number] for term, held in posted.items() if number in held}
                if len(terms) - sum(term in there for term in terms) > loose:
                    continue
                if found := places(terms, there, generation.starts(number), int(loose)):
                    hits.append(TrackHits(track_id, generation.held.known[track_id].state, found))
            return hits

    def lines(self, track_id: int, state: str) -> Sequence[SpokenLine]:
        generation = self._generation()
        known = generation.held.known.get(track_id)
        if known is None or known.state != state:
            return ()
        with readable():
            return generation.lines(generation.held.numbers[track_id])

    def known(self) -> Mapping[int, Known]:
        return self._generation(fresh=True).held.known

    def generation(self) -> str:
        return self._place.current()

    def _generation(self, fresh: bool = False) -> Generation:
        """Return what is open, looked at once a second whether there is something newer; with `fresh` at once."""
        now = time.monotonic()
        with self._open_lock:
            if not fresh and self._open is not None and now - self._checked < FRESH_SECONDS:
                return self._open
            index = self._place.open()
            name = f"{index.storage.folder}/{index.latest_generation()}"
            if self._open is None or self._open.name != name:
                with readable():
                    self._open = Generation(index.searcher(), name, self._open.read if self._open else {})
            self._checked = now
            return self._open


def fields_of(document: SpokenDocument) -> dict[str, Any]:
    """Return a document as Whoosh's fields."""
    starts, said = array("I"), list[str]()
    for line in document.lines:
        starts.append(len(said))
        said += [word.term for word in words(line.text)]
    return {
        "key": str(document.track_id), "track": document.track_id, "title": document.title_id,
        "edition": document.edition_id, "state": document.state, "starts": zlib.compress(starts.tobytes()),
        "lines": zlib.compress(msgspec.msgpack.encode(document.lines)), "said": " ".join(said)}


def _held(searcher: Searcher) -> Tracks:
    reader = searcher.reader()
    if not reader.doc_count_all():  # an empty index has no columns
        return Tracks({}, {}, {})
    columns = [reader.column_reader(name) for name in ("track", "state", "title", "edition")]
    known, numbers = dict[int, Known](), dict[int, int]()
    for number in reader.all_doc_ids():
        track_id, state, title_id, edition_id = (column[number] for column in columns)
        known[track_id] = Known(state.decode() if isinstance(state, bytes) else state, title_id, edition_id)
        numbers[track_id] = number
    return Tracks(known, numbers, {number: track_id for track_id, number in numbers.items()})


def _decoded(value: bytes) -> list[int]:
    """Return the places in a posting: Whoosh keeps the steps between them behind their count, four bytes long.

    Its own reader takes a step of Python for each, which for a common word in a thousand films is what one waits for.
    """
    return list(accumulate(loads(value[4:] if value.endswith(b".") else value[4:] + b".")))  # noqa: S301 -- our index
