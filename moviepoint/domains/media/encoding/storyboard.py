"""Small pictures for the seek bar: sheets of them, and a WebVTT file that says which shows when."""
from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import msgspec
from PIL import Image, UnidentifiedImageError

from moviepoint.domains.media.encoding.errors import Temporary
from moviepoint.domains.media.encoding.plan import Plan
from moviepoint.domains.media.encoding.subtitles import timestamp
from moviepoint.kernel.sentences import sentence

LONG_SIDE = 240
COLUMNS, ROWS = 5, 5


class Layout(msgspec.Struct, frozen=True):
    """Pixels of one picture, seconds between pictures, and how they stand on a sheet."""

    width: int
    height: int
    interval: int
    columns: int
    rows: int
    pictures: int

    @property
    def sheets(self) -> int:
        return math.ceil(self.pictures / (self.columns * self.rows))


def layout_for(plan: Plan, seconds: Fraction) -> Layout:
    """A picture every ten seconds, more often in a short film, or as the plan says; its shape is the film's."""
    shape = plan.board if plan.board.width else plan.rungs[0]
    scale = min(1.0, LONG_SIDE / max(shape.width, shape.height))
    interval = plan.board.interval or max(1, min(10, round(seconds / 60)))
    return Layout(max(2, round(shape.width * scale / 2) * 2), max(2, round(shape.height * scale / 2) * 2), interval,
                  COLUMNS, ROWS, max(1, math.ceil(seconds / interval)))


def index_name(name: str) -> str:
    """Return what a storyboard's index is called, beside the folder of its sheets."""
    return f"{name}.vtt"


def finish(staging: Path, name: str, layout: Layout, seconds: Fraction) -> tuple[str, ...]:
    """Check the sheets and write the index; returns the files' names. Raises Temporary."""
    sheets = tuple(f"{name}/{number:04d}.jpg" for number in range(layout.sheets))
    for path in sheets:
        try:
            with Image.open(staging / path, formats=("JPEG",)) as sheet:
                size = sheet.size
        except (OSError, UnidentifiedImageError) as error:
            raise Temporary("no-storyboard", sentence(
                "The storyboard is incomplete: %(error)s.", error=str(error))) from error
        if size != (layout.width * layout.columns, layout.height * layout.rows):
            raise Temporary("no-storyboard", sentence(
                "A storyboard sheet has the size %(width)s × %(height)s.", width=size[0], height=size[1]))
    (staging / index_name(name)).write_text(index(name, layout, seconds), encoding="utf-8")
    return (*sheets, index_name(name))


def index(name: str, layout: Layout, seconds: Fraction) -> str:
    """Return the WebVTT: one cue per picture, its place on the sheet as a media fragment."""
    blocks = ["WEBVTT\n"]
    for number in range(layout.pictures):
        sheet, place = divmod(number, layout.columns * layout.rows)
        row, column = divmod(place, layout.columns)
        start, end = number * layout.interval, min(Fraction((number + 1) * layout.interval), seconds)
        blocks.append(f"{timestamp(start * 1000)} --> {timestamp(round(end * 1000))}\n{name}/{sheet:04d}.jpg#xywh="
                      f"{column * layout.width},{row * layout.height},{layout.width},{layout.height}\n")
    return "\n".join(blocks)
