"""What the page of spoken lines gives to its template."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from moviepoint.domains.catalog.contexts import Card, Choice, Pager, Picture
from moviepoint.domains.search.spoken.queries import Part


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was found: `url` opens the player there, `time` is as clocks show it, `note` names an episode.

    `parts` are its text in pieces, of which those that are `marked` were sought; `language` is a tag, for `lang`.
    """

    url: str
    time: str
    parts: Sequence[Part]
    language: str
    language_name: str
    note: str = ""
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Film:
    """A film or series and some of what was found in it; `more` leads to the rest, and is empty where there is none."""

    card: Card
    count: int
    lines: Sequence[Line]
    more: str = ""


@dataclass(frozen=True, slots=True)
class LinesPage:
    """`site/lines.html`. `message` says why a query was not run, or is empty.

    `hits` is how many lines were found, in `pager.total` films; with `title` they are all in one film, `everywhere`
    leads back to all of them, and the pager counts lines. `loose` says that no line holds all the words.
    """

    query: str
    pager: Pager
    films: Sequence[Film] = ()
    hits: int = 0
    languages: Sequence[Choice] = ()
    loose: bool = False
    title: int | None = None
    everywhere: str = ""
    message: str = ""
