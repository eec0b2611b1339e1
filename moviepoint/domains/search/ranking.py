"""Relevance above the engine: what somebody most likely meant, whichever engine found it."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

FEW = 3  # with fewer matches a second, forgiving look is worth its time
EXACT, BEGINS, HOLDS = 1000.0, 100.0, 50.0
TITLE_BEFORE_PERSON = 5.0


def rank(keys: Sequence[str], stored: Mapping[str, Any], score: float) -> float:
    """Return a match's place: an exact title first, then one that begins so, then the engine's score.

    The first of the keys was typed; what it may have meant counts a little less.
    """
    names = stored.get("names", ())
    bonus = max((_likeness(key, names) - (place > 0) for place, key in enumerate(keys)), default=0.0)
    if stored.get("kind") != "person":
        bonus += TITLE_BEFORE_PERSON
    return bonus + score + float(stored.get("popularity") or 0.0)


def reach(word: str) -> int:
    """Return how many letters of a word may be wrong: none of a short one, two of a long one."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def _likeness(key: str, names: Sequence[str]) -> float:
    if key in names:
        return EXACT
    if any(name.startswith(key) for name in names):
        return BEGINS
    return HOLDS if any(f" {key}" in name for name in names) else 0.0
