"""What the pages about watching give to their templates."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from moviepoint.domains.catalog.contexts import Link, Picture, Seo, Words


@dataclass(frozen=True, slots=True)
class WatchLink:
    """An edition that can be watched: `label` is empty for the usual one, `note` says for whom it is if not for all."""

    url: str
    label: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class WatchButtons:
    """`media/watch_buttons.html`, in the slots `title.player` and `episode.player`."""

    editions: Sequence[WatchLink]


@dataclass(frozen=True, slots=True)
class WatchPage:
    """`site/watch.html`. `player_settings` is JSON that is safe inside a script element.

    `above` leads upward: the series and season of an episode, or nothing. `audio` and `subtitles` are names of
    languages and kinds, for reading; the player has its own.
    """

    seo: Seo
    heading: Words
    about: Link
    above: Sequence[Link]
    edition_label: str
    duration: int  # minutes
    poster: Picture | None
    player_settings: str
    audio: Sequence[str] = ()
    subtitles: Sequence[str] = ()
    previous: Link | None = None
    next: Link | None = None
