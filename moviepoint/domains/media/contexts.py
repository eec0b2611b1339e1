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
class Readable:
    """Subtitles that can be read as a text: the track's id, its language and its name."""

    id: int
    language: str
    name: str


@dataclass(frozen=True, slots=True)
class WatchPage:
    """`site/watch.html`. `player_settings` is JSON that is safe inside a script element.

    `above` leads upward: the series and season of an episode, or nothing. `audio` and `subtitles` are names of
    languages and kinds, for reading; the player has its own. `share` is the public address, `embed_code` what other
    sites put in their pages and `oembed` the address that tells them; both are empty where that is not allowed.
    `texts` are the subtitles that can be read beside the film, at `cues_address` with TRACK for their id.
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
    share: str = ""
    embed_code: str = ""
    oembed: str = ""
    texts: Sequence[Readable] = ()
    cues_address: str = ""


@dataclass(frozen=True, slots=True)
class EmbedPage:
    """`site/embed.html`: the player alone, in a frame on another site. Without `player_settings` it says why not."""

    heading: Words | None
    watch_url: str
    poster: Picture | None = None
    player_settings: str = ""
