"""What the pages and slots of taking part give to their templates: a contract with those who make themes."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """How many gave one value, and their part of the most given one, from 0 to 100."""

    value: int
    count: int
    share: int


@dataclass(frozen=True, slots=True)
class RatingBox:
    """A title's ratings: `mean` is empty without any, else "7.8"; `own` is the visitor's, 0 when there is none."""

    title_id: int
    mean: str
    votes: int
    bars: Sequence[Bar]
    own: int = 0
    open: bool = False  # whether this visitor may rate
