"""Playlists as text: lines, tags and attribute lists (RFC 8216bis, section 4)."""
from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
#: Tags that a playlist has once at most.
SINGLE = frozenset({"EXTM3U", "EXT-X-VERSION", "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-PLAYLIST-TYPE",
                    "EXT-X-ENDLIST", "EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-I-FRAMES-ONLY"})


class Departure(msgspec.Struct, frozen=True):
    """One thing that is not as it should be."""

    where: str  # the playlist or segment
    rule: str  # a name that stays: "target-duration"
    what: str  # a sentence

    def __str__(self) -> str:
        return f"{self.where}: {self.what} [{self.rule}]"


Say = Callable[[str, str], None]


class Tag(msgspec.Struct, frozen=True):
    name: str
    value: str
    uri: str = ""  # the line after it, where it has one

    def attributes(self) -> dict[str, str]:
        """Return the attribute list, values as they stand, without their quotes."""
        return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(self.value)}

    def quoted(self, name: str) -> bool:
        """Whether an attribute's value stands in quotes."""
        return any(found == name and value.startswith('"') for found, value in _ATTRIBUTE.findall(self.value))


class Entry(msgspec.Struct, frozen=True):
    """A media segment of a playlist; `length` and `offset` in bytes where it is a byte range."""

    uri: str
    seconds: float
    length: int | None
    offset: int
    map_uri: str
    map_length: int | None


class Playlist(msgspec.Struct):
    """A playlist's tags in their order."""

    tags: list[Tag]

    def named(self, name: str) -> list[Tag]:
        return [tag for tag in self.tags if tag.name == name]

    def value(self, name: str) -> str | None:
        return next((tag.value for tag in self.tags if tag.name == name), None)

    def number(self, name: str) -> int | None:
        value = self.value(name)
        return int(value) if value is not None and value.isdigit() else None


def read(text: str, say: Say) -> Playlist:
    """Return a playlist's tags; what breaks the rules of its lines is said."""
    if not text.startswith("#EXTM3U\n"):
        say("extm3u", "does not begin with #EXTM3U")
    if "\r" in text.replace("\r\n", "") or _CONTROL.search(text.replace("\r", "")):
        say("characters", "holds control characters")
    if text.startswith("\ufeff"):
        say("characters", "begins with a byte order mark")
    tags: list[Tag] = []
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines):
        if not line.startswith("#EXT"):
            continue
        name, _, value = line[1:].partition(":")
        following = next((other for other in lines[number + 1:] if other and not other.startswith("#")), "")
        if name in SINGLE and any(tag.name == name for tag in tags):
            say("single", f"has {name} more than once")
        tags.append(Tag(name, value, following))
        if "=" in value and name.startswith("EXT-X-") and not _whole(value):
            say("attributes", f"{name} has an attribute list that cannot be read")
    return Playlist(tags)


def entries(text: str, say: Say) -> list[Entry]:
    """Return a media playlist's segments."""
    found: list[Entry] = []
    seconds, span, map_uri = 0.0, "", ""
    map_length: int | None = None
    ends: dict[str, int] = {}
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("#EXTINF:"):
            seconds = _seconds(line, say)
        elif line.startswith("#EXT-X-BYTERANGE:"):
            span = line.partition(":")[2]
        elif line.startswith("#EXT-X-MAP:"):
            attributes = Tag("", line.partition(":")[2]).attributes()
            map_uri, map_length = attributes.get("URI", ""), _number(attributes.get("BYTERANGE", "").partition("@")[0])
        elif line and not line.startswith("#"):
            length, offset = _number(span.partition("@")[0]), _number(span.partition("@")[2])
            begin = ends.get(line, 0) if offset is None else offset
            ends[line] = begin + (length or 0)
            found.append(Entry(line, seconds, length, begin, map_uri, map_length))
            seconds, span = 0.0, ""
    return found


def _seconds(line: str, say: Say) -> float:
    try:
        return float(line.removeprefix("#EXTINF:").partition(",")[0])
    except ValueError:
        say("extinf", "has an EXTINF that is no number")
        return 0.0


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def _whole(value: str) -> bool:
    """Whether all of an attribute list can be read."""
    return _ATTRIBUTE.sub("", value) == ""
