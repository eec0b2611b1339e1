"""Which of an edition's tracks is which of a file's, when the file is encoded again.

A row remembers where it came from: the stream, its language and its kind as the source has them. What an editor has
made of it since (names, order, language, kind, hidden, offset) stays with the row.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from moviepoint.domains.media.encoding.plan import AudioTarget, Plan, SubtitleTarget
from moviepoint.domains.media.models import AudioTrack, Edition, SubtitleTrack

Row = AudioTrack | SubtitleTrack
Target = AudioTarget | SubtitleTarget
R = TypeVar("R", AudioTrack, SubtitleTrack)
T = TypeVar("T", AudioTarget, SubtitleTarget)
INSTEAD = "instead"  # in an origin: that of the film's own track whose place the row has taken


def origin_of(target: Target) -> dict[str, object]:
    """Return what a row keeps of where it came from."""
    kind = target.kind if isinstance(target, AudioTarget) else target.role
    return {"stream": target.stream, "language": target.language, "kind": kind}


def added_apart(edition: Edition, row: Row) -> bool:
    """Say whether a track came in a file of its own and not with the film."""
    source = next((source for source in edition.sources if source.id == row.source_id), None)
    return bool(source is not None and source.intent and source.intent.get("use") != "film")


def match(rows: Iterable[R], targets: Sequence[T]) -> list[R | None]:
    """Return for each target the row that it continues, or None.

    Stream, language and kind together first; then language and kind, for a file whose streams stand in another order.
    """
    known = list(rows)
    return [None if number is None else known[number] for number in _numbers([row.origin for row in known], targets)]


def replaced(rows: Iterable[Row], targets: Sequence[Target]) -> list[bool]:
    """Say of each of a film's targets whether a track from a file of its own has taken its place."""
    places = [row.origin[INSTEAD] for row in rows if row.origin and row.origin.get(INSTEAD)]
    return [number is not None for number in _numbers(places, targets)]


def succession(edition: Edition, row: Row, target: Target) -> dict[str, object]:
    """Return what a row keeps when a file of its own takes its place: also which of the film's tracks it was."""
    before = row.origin or {}
    film = before.get(INSTEAD) if added_apart(edition, row) else before
    return {**origin_of(target), **({INSTEAD: film} if film else {})}


def with_offsets(plan: Plan, edition: Edition) -> Plan:
    """Return a film's plan in which each track has the offset that an editor gave to it before."""
    return msgspec.structs.replace(
        plan, audio=_offset(plan.audio, [row for row in edition.audio if not added_apart(edition, row)]),
        subtitles=_offset(plan.subtitles, [row for row in edition.subtitles if not added_apart(edition, row)]))


def _offset(targets: tuple[T, ...], rows: list[R]) -> tuple[T, ...]:
    return tuple(msgspec.structs.replace(target, offset_ms=row.offset_ms) if row else target
                 for target, row in zip(targets, match(rows, targets), strict=True))


def _numbers(origins: Sequence[dict[str, Any] | None], targets: Sequence[Target]) -> list[int | None]:
    """Return for each target the number of the origin that it has, each at most once."""
    found: list[int | None] = [None] * len(targets)
    for names in (("stream", "language", "kind"), ("language", "kind")):
        for place, target in enumerate(targets):
            if found[place] is None:
                wanted = origin_of(target)
                found[place] = next((number for number, origin in enumerate(origins)
                                     if number not in found and _same(origin, wanted, names)), None)
    return found


def _same(origin: dict[str, object] | None, wanted: dict[str, object], names: Iterable[str]) -> bool:
    return origin is not None and all(origin.get(name) == wanted[name] for name in names)
