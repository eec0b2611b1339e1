"""Relevance above the engine: what somebody most likely meant, whichever engine found it."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moviepoint.domains.search.analysis import title_key
from moviepoint.domains.search.index import Query

FEW = 3  # with fewer matches a second, forgiving look is worth its time
EXACT, BEGINS, HOLDS = 1000.0, 100.0, 50.0
TITLE_BEFORE_PERSON = 5.0


def rank(query: Query, stored: Mapping[str, Any], score: float) -> float:
    """Return a match's place: an exact title first, then one that begins so, then the engine's score."""
    key = title_key(query.text)
    names = stored.get("names", ())
    bonus = 0.0
    if key in names:
        bonus = EXACT
    elif any(name.startswith(key) for name in names):
        bonus = BEGINS
    elif any(f" {key}" in name for name in names):
        bonus = HOLDS
    if stored.get("kind") != "person":
        bonus += TITLE_BEFORE_PERSON
    return bonus + score + float(stored.get("popularity") or 0.0)


def reach(word: str) -> int:
    """Return how many letters of a word may be wrong: none of a short one, two of a long one."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2
