"""A walk through a library: what lies there, told by names and NFO files. Knows no database.

Names are those of Kodi and Jellyfin: https://jellyfin.org/docs/general/server/media/movies/ and …/shows/. Links are not
followed, and nothing outside the folder is read.
"""
from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from moviepoint.plugin_api import Invalid, gettext

from . import nfo

VIDEOS = frozenset(
    [".mkv", ".mp4", ".m4v", ".avi", ".mov", ".ts", ".m2ts", ".webm", ".mpg", ".mpeg", ".wmv", ".ogv", ".flv"])
SIDECARS = frozenset(
    [".srt", ".vtt", ".ass", ".ssa", ".ttml", ".m4a", ".mka", ".mp3", ".flac", ".ogg", ".opus", ".wav"])
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
#: Folders whose videos are no films of their own.
EXTRAS = frozenset({"extras", "behind the scenes", "deleted scenes", "featurettes", "interviews", "scenes", "shorts",
                    "trailers", "other", "samples", "sample", "extrafanart", "theme-music", "backdrops"})
POSTERS, BACKDROPS = ("poster", "folder", "cover", "movie", "show"), ("fanart", "backdrop", "background", "art")
MAX_ENTRIES, MAX_DEPTH = 200_000, 8
_TITLE = re.compile(r"^(?P<title>.+?)[ ._]*[(\[](?P<year>(?:18|19|20|21)\d\d)[)\]](?: *- *(?P<label>.+))?")
_EPISODE = re.compile(
    r"(?:^|[^a-z0-9])s(\d{1,3})[ ._-]*e(\d{1,4})((?:-?e\d{1,4})*)|(?:^|[^0-9])(\d{1,2})x(\d{2,3})(?!\d)", re.IGNORECASE)
_SEASON = re.compile(r"^(?:season|series|сезон)[ ._]*(\d{1,3})$|^s(\d{1,3})$|^(\d{1,3})[ ._]*сезон$", re.IGNORECASE)
_NOT_A_FILM = re.compile(r"(^|[-._ ])(sample|trailer|behindthescenes|deleted|featurette|interview|scene|short)$", re.I)
_PART = re.compile(r"[ ._-]+(cd|disc|disk|part|pt|dvd)[ ._-]*\d{1,2}$", re.IGNORECASE)


@dataclass
class Video:
    """A video with what lies beside it; paths are relative to the library."""

    path: str
    label: str = ""  # of its edition: "Director's cut"
    season: int | None = None
    episode: int | None = None
    beside: list[str] = field(default_factory=list)


@dataclass
class Picture:
    """A picture of a title, a season (`season`), or an episode (both)."""

    path: str
    kind: str
    season: int | None = None
    episode: int | None = None


@dataclass
class Found:
    """A film or series as it lies in the library; documents name people, genres and companies by name."""

    path: str
    document: dict[str, Any]
    seasons: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    videos: list[Video] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    collection: str = ""
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Walk:
    """One walk through a library's folder, with texts taken to be in `locale`."""

    def __init__(self, root: Path, locale: str) -> None:
        self.root, self.locale = root.resolve(), locale
        self._entries = 0

    def run(self) -> Iterator[Found]:
        """Yield films and series, folder by folder. Raises Invalid for a folder that is far too large."""
        yield from self._folder(self.root, 0)

    def _folder(self, folder: Path, depth: int) -> Iterator[Found]:
        folders, files = self._list(folder)
        names = {path.name.lower(): path for path in files}
        if "tvshow.nfo" in names or self._holds_episodes(folders, files, folder):
            yield self._series(folder, folders, files)
            return
        films: dict[str, list[Path]] = {}  # by name: one film may lie there in several editions
        for path in filter(_is_film, files):
            films.setdefault(_stem(path).casefold(), []).append(path)
        for paths in films.values():
            yield self._film(paths, files, alone=len(films) == 1 and folder != self.root)
        if depth < MAX_DEPTH:
            for inner in folders:
                if inner.name.lower() not in EXTRAS:
                    yield from self._folder(inner, depth + 1)

    def _list(self, folder: Path) -> tuple[list[Path], list[Path]]:
        """Return a folder's folders and files, sorted; nothing hidden, no links, nothing marked as to be left out."""
        with os.scandir(folder) as entries:
            found = sorted((entry for entry in entries if not entry.name.startswith(".") and not entry.is_symlink()),
                           key=lambda entry: entry.name.lower())
        self._entries += len(found)
        if self._entries > MAX_ENTRIES:
            raise Invalid(gettext("There are more than %(most)s files here. Choose a folder further inside.",
                                  most=MAX_ENTRIES))
        if any((folder / mark).exists() for mark in (".ignore", ".nomedia", ".plexignore")):
            return [], []
        return ([Path(entry.path) for entry in found if entry.is_dir()],
                [Path(entry.path) for entry in found if entry.is_file()])

    def _holds_episodes(self, folders: Sequence[Path], files: Sequence[Path], folder: Path) -> bool:
        return folder != self.root and (
            any(_season_of(inner.name) for inner in folders)
            or any(_EPISODE.search(path.stem) for path in files if _is_film(path)))

    def _film(self, paths: Sequence[Path], files: Sequence[Path], *, alone: bool) -> Found:
        """Return a film; one that has its folder for itself is told by the folder's name and pictures too."""
        path, stem = paths[0], _stem(paths[0])
        named = _named(path.parent.name) if alone and _TITLE.match(path.parent.name) else _named(stem)
        found = Found(self._relative(path.parent if alone else path), {"kind": "film", **named})
        candidates = [*(f"{one.stem}.nfo" for one in paths), f"{stem}.nfo", *(["movie.nfo"] if alone else [])]
        roots, data = self._nfo(files, candidates, found)
        if data:
            root = next((part for part in roots if part.tag == "movie"), None)
            if root is not None:
                found.document |= nfo.title_document(root, "film", self.locale)
                found.collection = nfo.collection_name(root)
            self._identify(found, data, root)
        found.videos = [self._video(one, files, paths) for one in paths]
        if parts := [one.name for one in paths if _PART.search(one.stem)]:
            found.faults.append(gettext("The film lies in several parts, which cannot be joined: %(name)s",
                                        name=", ".join(parts)))
        found.pictures = list(self._pictures(files, stem, alone=alone))
        return found

    def _video(self, path: Path, files: Sequence[Path], others: Sequence[Path] = (), season: int | None = None,
               episode: int | None = None) -> Video:
        """Return a video with the dubs and subtitles that begin with its name, and with no other video's."""
        longer = [other.stem for other in others if len(other.stem) > len(path.stem)]
        beside = [self._relative(other) for other in files
                  if other.suffix.lower() in SIDECARS and other.name.startswith(f"{path.stem}.")
                  and not any(other.name.startswith(f"{stem}.") for stem in longer)]
        match = _TITLE.match(path.stem) if season is None else None
        label = (match["label"] or "").strip(" []")[:80] if match else ""
        return Video(self._relative(path), label, season, episode, beside)

    def _series(self, folder: Path, folders: Sequence[Path], files: Sequence[Path]) -> Found:
        found = Found(self._relative(folder), {"kind": "series", **_named(folder.name)})
        roots, data = self._nfo(files, ["tvshow.nfo"], found)
        if data:
            root = next((part for part in roots if part.tag == "tvshow"), None)
            if root is not None:
                found.document |= nfo.title_document(root, "series", self.locale) | {"kind": "series"}
            self._identify(found, data, root)
        found.document.pop("runtime", None)  # an episode's, in a series' NFO
        found.pictures = list(self._pictures(files, "", alone=True))
        for number, path in self._season_pictures(files):
            found.pictures.append(Picture(self._relative(path), "poster", number))
        self._episodes(found, files, None)
        for inner in folders:
            if (season := _season_of(inner.name)) is not None:
                self._episodes(found, self._list(inner)[1], season)
        return found

    def _episodes(self, found: Found, files: Sequence[Path], season: int | None) -> None:
        """Add the episodes that lie in a folder to a series."""
        for path in (path for path in files if _is_film(path)):
            roots, _data = self._nfo(files, [f"{path.stem}.nfo"], found)
            episodes = [root for root in roots if root.tag == "episodedetails"]
            numbers = _numbers(path.stem)
            said = nfo.season_number(episodes[0]) if episodes else None
            number = next((one for one in (said, numbers[0] if numbers else None, season) if one is not None), 1)
            documents = [nfo.episode_document(root, self.locale) for root in episodes] or [{}]
            named = numbers[1] if numbers else []
            for place, document in enumerate(documents):
                if "number" not in document and place < len(named):
                    document["number"] = named[place]
            documents = [document for document in documents if "number" in document]
            if not documents:
                found.notes.append(gettext("Which episode is this? %(name)s", name=self._relative(path)))
                continue
            found.seasons.setdefault(number, []).extend(documents)
            first = documents[0]["number"]
            if len(documents) + len(named) > 2:
                found.notes.append(gettext("Several episodes in one file; it stands at the first: %(name)s",
                                           name=path.name))
            found.videos.append(self._video(path, files, season=number, episode=first))
            for other in files:
                if other.suffix.lower() in PICTURES and other.stem in (f"{path.stem}-thumb", path.stem):
                    found.pictures.append(Picture(self._relative(other), "still", number, first))

    def _nfo(self, files: Sequence[Path], names: Sequence[str], found: Found) -> tuple[list[Element], bytes]:
        """Return the roots and bytes of the first NFO of these names; one that cannot be read is a fault."""
        by_name = {path.name.lower(): path for path in files}
        for name in names:
            if (path := by_name.get(name.lower())) is not None:
                try:
                    with path.open("rb") as stream:
                        data = stream.read(nfo.MAX_BYTES + 1)
                    return nfo.parse(data), data
                except (Invalid, OSError) as error:
                    found.faults.append(f"{path.name}: {error}")
        return [], b""

    @staticmethod
    def _identify(found: Found, data: bytes, root: Element | None) -> None:
        if ids := nfo.external_ids(data, root):
            found.document["external_ids"] = ids

    def _pictures(self, files: Sequence[Path], stem: str, *, alone: bool) -> Iterator[Picture]:
        """Yield the first poster and the first backdrop, by their usual names."""
        pictures = {path.stem.lower(): path for path in files if path.suffix.lower() in PICTURES}
        for kind, usual in (("poster", POSTERS), ("backdrop", BACKDROPS)):
            names = [f"{stem}-{name}".lower() for name in usual if stem] + (list(usual) if alone else [])
            if path := next((pictures[name] for name in names if name in pictures), None):
                yield Picture(self._relative(path), kind)

    @staticmethod
    def _season_pictures(files: Sequence[Path]) -> Iterator[tuple[int, Path]]:
        for path in files:
            match = re.fullmatch(r"season(\d{1,3}|-specials)(-poster)?", path.stem.lower())
            if match and path.suffix.lower() in PICTURES:
                yield 0 if match[1] == "-specials" else int(match[1]), path

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def _is_film(path: Path) -> bool:
    return path.suffix.lower() in VIDEOS and not _NOT_A_FILM.search(path.stem)


def _stem(path: Path) -> str:
    """Return a film's name without its edition and its part: "Aelita (1924)" of "Aelita (1924) - Restored"."""
    match = _TITLE.match(path.stem)
    return f"{match['title']} ({match['year']})" if match and match["label"] else _PART.sub("", path.stem)


def _named(name: str) -> dict[str, Any]:
    """Return what a name says: "Aelita (1924)"."""
    if match := _TITLE.match(name):
        return {"original_title": _words(match["title"])[:300], "year": int(match["year"])}
    return {"original_title": _words(name)[:300] or name[:300]}


def _words(text: str) -> str:
    return re.sub(r"[._ ]+", " ", text).strip() if " " not in text.strip() else text.strip()


def _numbers(stem: str) -> tuple[int, list[int]] | None:
    """Return the season and the episodes that a file's name says."""
    match = _EPISODE.search(stem)
    if match is None:
        return None
    if match[4]:
        return int(match[4]), [int(match[5])]
    return int(match[1]), [int(match[2]), *map(int, re.findall(r"\d+", match[3]))]


def _season_of(name: str) -> int | None:
    """Return the season that a folder's name says; specials are season 0."""
    if name.lower() in ("specials", "special", "спецвыпуски"):
        return 0
    match = _SEASON.match(name)
    return int(next(filter(None, match.groups()))) if match else None
