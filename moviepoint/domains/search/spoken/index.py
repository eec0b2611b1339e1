"""What an index of spoken lines must do for us, and the values that go in and out."""
from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec


class SpokenLine(msgspec.Struct, frozen=True, array_like=True):
    """A cue: milliseconds of the film, and its text on one line without tags."""

    start_ms: int
    end_ms: int
    text: str


class SpokenDocument(msgspec.Struct, frozen=True):
    """The lines of one subtitle track in the order of time; `state` says which state of the track they are of."""

    track_id: int
    title_id: int
    edition_id: int
    language: str
    state: str
    lines: tuple[SpokenLine, ...]


class Known(NamedTuple):
    """What is indexed of a track, without its lines."""

    state: str
    title_id: int
    edition_id: int


class Place(NamedTuple):
    """Lines of a track, from `first` to `last`, that hold what is sought; `gap` is how far that is from word for word:
    0 is exactly so."""

    gap: int
    first: int
    last: int

    def packed(self) -> int:
        """Return the place as one number; numbers are in the order of nearness, then of time."""
        return min(self.gap, 0xFFFF) << 40 | self.first << 8 | min(self.last - self.first, 0xFF)


def unpacked(number: int) -> Place:
    """Return the place that a number stands for."""
    first = number >> 8 & 0xFFFFFFFF
    return Place(number >> 40, first, first + (number & 0xFF))


class TrackHits(NamedTuple):
    """A track in which something was found: `places` holds packed places, the nearest first. Never empty."""

    track_id: int
    state: str
    places: array[int]

    @property
    def gap(self) -> int:
        return self.places[0] >> 40


class SpokenIndex(Protocol):
    """An engine for what is said. Who may see which film is not its business: the database says so."""

    def update(self, track_ids: Collection[int], documents: Iterable[SpokenDocument]) -> None:
        """Replace the documents of these tracks; a track without a document is removed. Raises IndexMissing."""

    def rebuild(self, documents: Iterable[SpokenDocument]) -> int:
        """Make the index anew, and put it in the old one's place; returns how many documents."""

    def find(self, terms: Sequence[str], loose: bool = False) -> list[TrackHits]:
        """Return all tracks with lines that hold these terms near each other; with `loose` all of them but one.

        Raises IndexMissing.
        """

    def lines(self, track_id: int, state: str) -> Sequence[SpokenLine]:
        """Return a track's lines; none where it is indexed in another state by now. Raises IndexMissing."""

    def known(self) -> Mapping[int, Known]:
        """Return what is indexed, by track. Raises IndexMissing."""

    def generation(self) -> str:
        """Return the name of the index in use, which a rebuild changes; empty without one. Does not open it."""
