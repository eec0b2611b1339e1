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

FOLDER = "storyboard"
INDEX = "storyboard.vtt"
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
    """A picture every ten seconds, more often in a short film; the picture's shape is the film's."""
    top = plan.rungs[0]
    scale = min(1.0, LONG_SIDE / max(top.width, top.height))
    interval = max(1, min(10, round(seconds / 60)))
    return Layout(max(2, round(top.width * scale / 2) * 2), max(2, round(top.height * scale / 2) * 2), interval,
                  COLUMNS, ROWS, max(1, math.ceil(seconds / interval)))


def finish(staging: Path, layout: Layout, seconds: Fraction) -> tuple[str, ...]:
    """Check the sheets and write the index; returns the files' names. Raises Temporary."""
    sheets = tuple(f"{FOLDER}/{number:04d}.jpg" for number in range(layout.sheets))
    for name in sheets:
        try:
            with Image.open(staging / name, formats=("JPEG",)) as sheet:
                size = sheet.size
        except (OSError, UnidentifiedImageError) as error:
            raise Temporary("no-storyboard", sentence(
                "The storyboard is incomplete: %(error)s.", error=str(error))) from error
        if size != (layout.width * layout.columns, layout.height * layout.rows):
            raise Temporary("no-storyboard", sentence(
                "A storyboard sheet has the size %(width)s × %(height)s.", width=size[0], height=size[1]))
    (staging / INDEX).write_text(index(layout, seconds), encoding="utf-8")
    return (*sheets, INDEX)


def index(layout: Layout, seconds: Fraction) -> str:
    """Return the WebVTT: one cue per picture, its place on the sheet as a media fragment."""
    blocks = ["WEBVTT\n"]
    for number in range(layout.pictures):
        sheet, place = divmod(number, layout.columns * layout.rows)
        row, column = divmod(place, layout.columns)
        start, end = number * layout.interval, min(Fraction((number + 1) * layout.interval), seconds)
        blocks.append(f"{timestamp(start * 1000)} --> {timestamp(round(end * 1000))}\n{FOLDER}/{sheet:04d}.jpg#xywh="
                      f"{column * layout.width},{row * layout.height},{layout.width},{layout.height}\n")
    return "\n".join(blocks)
