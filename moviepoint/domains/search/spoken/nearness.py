"""Where the terms of a query stand near each other in the words of a track: its lines are one long text.

So a sentence that a cue breaks off and the next one ends is found like any other. A place is the better the nearer its
words are to the order and the distances in which they were typed.
"""
from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

from moviepoint.domains.search.spoken.index import Place

REACH = 16  # words that may stand between those that are sought, all in all: about two lines


def places(terms: Sequence[str], positions: Mapping[str, Sequence[int]], starts: Sequence[int],
           missing: int = 0) -> array[int]:
    """Return the places of a track's lines that hold all the terms but `missing` (0 or 1), packed, the nearest first.

    `positions` has the places of each term among the track's words in ascending order, `starts` that of each line's
    first word. A line is in one place only. Whatever one term may be missing, one of the two rarest is there: it is
    enough to look around those.
    """
    there = sorted((place for place, term in enumerate(terms) if positions.get(term)),
                   key=lambda place: len(positions[terms[place]]))
    allowed = missing - (len(terms) - len(there))
    if allowed < 0 or not there or len(terms) <= missing:
        return array("Q")
    if len(terms) == 1:
        return _lines(positions[terms[0]], starts)
    found: dict[int, int] = {}
    for anchor in there[:allowed + 1]:
        others = [(place - anchor, positions[terms[place]]) for place in there if place != anchor]
        for position in positions[terms[anchor]]:
            near = _nearest(position, others, len(terms) - 1 + REACH, allowed)
            if near is not None:
                gap, low, high = near
                first = bisect_right(starts, low) - 1
                place = Place(gap, first, bisect_right(starts, high) - 1).packed()
                if place < found.get(first, place + 1):
                    found[first] = place
    return apart(found.values())


def apart(found: Iterable[int]) -> array[int]:
    """Return places that share no line, the nearer of two that do."""
    kept, taken = array("Q"), set[int]()
    for place in sorted(found):
        first = place >> 8 & 0xFFFFFFFF
        lines = range(first, first + (place & 0xFF) + 1)
        if taken.isdisjoint(lines):
            taken.update(lines)
            kept.append(place)
    return kept


def _nearest(position: int, others: Sequence[tuple[int, Sequence[int]]], width: int,
             allowed: int) -> tuple[int, int, int] | None:
    """Return how far the others are from where they should be around a position, and the first and the last place.

    So many of them as are `allowed` may be too far away; each counts as far as can be.
    """
    gap, low, high = 0, position, position
    for offset, held in others:
        wanted = position + offset
        right = bisect_left(held, wanted)
        best = held[right] if right < len(held) else held[-1]
        if best != wanted and right and wanted - held[right - 1] <= abs(best - wanted):
            best = held[right - 1]
        if max(high, best) - min(low, best) > width:
            if not allowed:
                return None
            allowed -= 1
            gap += REACH
            continue
        gap += abs(best - wanted)
        low, high = min(low, best), max(high, best)
    return gap, low, high


def _lines(held: Sequence[int], starts: Sequence[int]) -> array[int]:
    """Return the lines that hold a term, each once."""
    found = array("Q")
    end = -1
    for position in held:
        if position > end:
            line = bisect_right(starts, position) - 1
            end = starts[line + 1] - 1 if line + 1 < len(starts) else 1 << 62
            found.append(line << 8)
    return found
