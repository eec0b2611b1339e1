"""Pictures that are made for a film later: further rungs, and another storyboard. Nothing that is there is touched.

The film's grid and its length in frames are given, so that a viewer's player may change between old and new rungs
at any segment.
"""
from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.domains.media.encoding.plan import (
    HEAVY,
    LIGHT,
    Board,
    Plan,
    Rung,
    Step,
    bytes_needed,
    fits,
    range_steps,
    rung_of,
)
from moviepoint.domains.media.encoding.probe import Probe
from moviepoint.domains.media.encoding.profiles import RungSpec
from moviepoint.domains.media.encoding.sidecars import Film
from moviepoint.kernel.sentences import sentence

MOST_RUNGS = 8


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be made: rungs, and a storyboard with so many seconds between its pictures (0: as the film's length
    asks; None: no storyboard)."""

    rungs: Annotated[tuple[RungSpec, ...], Meta(max_length=MOST_RUNGS)] = ()
    storyboard_seconds: Annotated[int, Meta(ge=0, le=60)] | None = None

    @property
    def empty(self) -> bool:
        return not self.rungs and self.storyboard_seconds is None


def make_plan(probe: Probe, wish: Wish, film: Film, package: str, mark: str) -> Plan:
    """Return the steps that make pictures for the film in a package. `mark` ends each name, so that none is taken.

    Raises Refused for a rung that is larger than the source, or of the same size as another one that is wished.
    """
    video = probe.picture
    rungs = tuple(_rung(spec, video.shown_size, f"stream_{number}-{mark}")
                  for number, spec in enumerate(sorted(wish.rungs, key=lambda spec: -spec.lines)))
    if len({(rung.width, rung.height) for rung in rungs}) < len(rungs):
        raise Refused("same-size", sentence("Two of these rungs would have the same size."))
    seconds = float(film.seconds)
    steps = range_steps(film.grid.segments(film.frames), probe.seekable, film.profile, film.grid, len(rungs)) \
        if rungs else []
    if wish.storyboard_seconds is not None:
        steps.append(Step("storyboard", "storyboard", HEAVY, seconds * 0.05))
    steps += [Step("check", "check-pictures", LIGHT, 1.0 + seconds * 0.01),
              Step("publish", "publish-pictures", LIGHT, 0.5)]
    width, height = video.shown_size
    return Plan(film.grid, film.frames, round(seconds * 1000), rungs, (), (), (), tuple(steps),
                bytes_needed(seconds, rungs, ()), profile=film.profile, package=package,
                board=Board(f"storyboard-{mark}", wish.storyboard_seconds or 0, width, height))


def _rung(spec: RungSpec, size: tuple[int, int], name: str) -> Rung:
    if not fits(spec, size):
        raise Refused("too-large-rung", sentence(
            "A rung of %(lines)s lines is larger than the film's own picture (%(width)s × %(height)s).",
            lines=spec.lines, width=size[0], height=size[1]))
    return rung_of(spec, size, name)
