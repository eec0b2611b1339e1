"""From what somebody types to the lines that they may read: the index finds, the database says what is open to them."""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import NamedTuple

import msgspec
from sqlalchemy.orm import Session

from moviepoint.domains.media import spoken
from moviepoint.domains.media.spoken import TrackPlace
from moviepoint.domains.search.queries import MAX_QUERY, MAX_TERMS
from moviepoint.domains.search.spoken.index import SpokenIndex, SpokenLine, TrackHits, unpacked
from moviepoint.domains.search.spoken.words import terms, words
from moviepoint.hooks.manager import HookManager
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor
from moviepoint.kernel.text import normalise_language

FEWEST_LOOSE = 3  # words of a query of which one may be wrong when nothing holds them all
SHOWN = 320  # letters of a hit at most


class SpokenQuery(msgspec.Struct, frozen=True):
    """What is sought: terms in their order, in subtitles of one language or of all, of one title or of all."""

    text: str
    terms: tuple[str, ...]
    language: str = ""
    title_id: int | None = None


@dataclass(frozen=True, slots=True)
class FilmHits:
    """A title and what is said in it: its hits by track, nearest first, and how many there are in all."""

    title_id: int
    terms: frozenset[str]
    tracks: tuple[tuple[TrackPlace, TrackHits], ...]
    count: int
    gap: int


class Found(NamedTuple):
    """Films in order, and how many hits there are in each language of subtitles, whichever was chosen.

    `loose` says that nothing holds all the words, and that one of them is missing in each hit.
    """

    films: Sequence[FilmHits] = ()
    languages: Mapping[str, int] = {}
    loose: bool = False

    @property
    def hits(self) -> int:
        return sum(film.count for film in self.films)


class Part(NamedTuple):
    """A piece of a hit's text; `marked` when it is one of the words that were sought."""

    text: str
    marked: bool


class Hit(NamedTuple):
    """One place: where it is, and its text in parts."""

    place: TrackPlace
    start_ms: int
    end_ms: int
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


def make_query(text: str, language: str = "", title_id: int | None = None) -> SpokenQuery:
    """Return a query. Raises Invalid for a text that is too long, or what is no language."""
    if len(text) > MAX_QUERY:
        raise Invalid(_("Search for fewer words: up to %(number)s letters.", number=MAX_QUERY),
                      fields={"query": [_("It is too long.")]}, code="query-too-long")
    try:
        wanted = normalise_language(language) if language else ""
    except ValueError:
        sentence = _("There is no such language: %(language)s.", language=language[:40])
        raise Invalid(sentence, fields={"subtitle_language": [sentence]}) from None
    return SpokenQuery(text, tuple(terms(text)[:MAX_TERMS]), wanted, title_id)


def run(session: Session, hooks: HookManager, viewer: Actor | None, index: SpokenIndex, query: SpokenQuery) -> Found:
    """Return what a viewer may see of what is found; a query without a single word finds nothing. Raises IndexMissing.

    Two queries of the database, whatever is found. What was indexed in another state than the database knows now is
    left out until the worker has read it again: a line of a film that was withdrawn is never shown.
    """
    if not query.terms:
        return Found()
    found = _open(session, hooks, viewer, index.find(query.terms), query)
    if found.films or found.languages or len(query.terms) < FEWEST_LOOSE:
        return found
    return _open(session, hooks, viewer, index.find(query.terms, loose=True), query)._replace(loose=True)


def hits(index: SpokenIndex, film: FilmHits, limit: int, offset: int = 0) -> list[Hit]:
    """Return a part of a film's hits, the nearest first, then by time."""
    texts: dict[int, Sequence[SpokenLine]] = {}
    ordered = merge(*([(place >> 40, (at.season or 0, at.episode or 0), place, number) for place in found.places]
                      for number, (at, found) in enumerate(film.tracks)))
    shown = []
    for _gap, _part, place, number in islice(ordered, offset, offset + limit):
        at, found = film.tracks[number]
        if at.track.id not in texts:
            texts[at.track.id] = index.lines(at.track.id, found.state)
        where = unpacked(place)
        lines = texts[at.track.id][where.first:where.last + 1]
        if lines:
            shown.append(Hit(at, lines[0].start_ms, lines[-1].end_ms,
                             marked(" ".join(line.text for line in lines), film.terms)))
    return shown


def marked(text: str, sought: frozenset[str]) -> tuple[Part, ...]:
    """Return a text in parts, its words that were sought marked; a long one is cut around the first of them."""
    places = [(word.start, word.end) for word in words(text) if word.term in sought]
    begin = max(0, places[0][0] - SHOWN // 3) if places and len(text) > SHOWN else 0
    end = min(len(text), begin + SHOWN)
    parts, done = [Part("…", False)] if begin else [], begin
    for first, last in places:
        if last <= end:
            parts += [Part(text[done:first], False), Part(text[first:last], True)]
            done = last
    parts.append(Part(text[done:end] + ("…" if end < len(text) else ""), False))
    return tuple(part for part in parts if part.text)


def in_language(language: str, wanted: str) -> bool:
    """Say whether subtitles in a language are among those wanted: "pt" takes "pt-BR" in, and "" all."""
    return not wanted or language == wanted or language.startswith(f"{wanted}-")


def _open(session: Session, hooks: HookManager, viewer: Actor | None, found: Sequence[TrackHits],
          query: SpokenQuery) -> Found:
    """Return films that a viewer may watch, of those tracks, the nearest first, then those with the most hits."""
    places = spoken.open_tracks(session, hooks, viewer, [one.track_id for one in found])
    chosen = _one_each([(places[one.track_id], one) for one in found
                        if one.track_id in places and places[one.track_id].track.state == one.state
                        and query.title_id in (None, places[one.track_id].track.title_id)])
    languages: Counter[str] = Counter()
    films: dict[int, list[tuple[TrackPlace, TrackHits]]] = {}
    for place, found_there in chosen:
        languages[place.track.language] += len(found_there.places)
        if in_language(place.track.language, query.language):
            films.setdefault(place.track.title_id, []).append((place, found_there))
    sought = frozenset(query.terms)
    ordered = sorted((FilmHits(title_id, sought, tuple(tracks), sum(len(one.places) for _place, one in tracks),
                               min(one.gap for _place, one in tracks)) for title_id, tracks in films.items()),
                     key=lambda film: (film.gap, -film.count, film.title_id))
    return Found(ordered, dict(languages.most_common()))


def _one_each(tracks: Sequence[tuple[TrackPlace, TrackHits]]) -> list[tuple[TrackPlace, TrackHits]]:
    """Keep one track for each language of a film or episode, the one with the most hits.

    Editions of a film say the same, and so do its subtitles with and without sounds: a line is shown once.
    """
    best: dict[tuple[int, int | None, str], tuple[TrackPlace, TrackHits]] = {}
    for place, found in sorted(tracks, key=lambda one: (-len(one[1].places), one[0].order)):
        best.setdefault((place.track.title_id, place.episode_id, place.track.language), (place, found))
    return sorted(best.values(), key=lambda one: (one[0].season or 0, one[0].episode or 0, one[0].order))
