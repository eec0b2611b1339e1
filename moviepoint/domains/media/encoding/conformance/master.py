"""The master playlist: variants, renditions and their groups (RFC 8216bis, 4.4.6; Apple's authoring rules)."""
from __future__ import annotations

import re
from collections import Counter, defaultdict

from babel import Locale, UnknownLocaleError

from moviepoint.domains.media.encoding.conformance.syntax import Playlist, Say, Tag

VARIANT, MEDIA, IFRAMES = "EXT-X-STREAM-INF", "EXT-X-MEDIA", "EXT-X-I-FRAME-STREAM-INF"
WANTED = {VARIANT: ("BANDWIDTH", "AVERAGE-BANDWIDTH", "CODECS", "RESOLUTION", "FRAME-RATE"),
          MEDIA: ("TYPE", "GROUP-ID", "LANGUAGE", "NAME", "DEFAULT", "AUTOSELECT"),
          IFRAMES: ("BANDWIDTH", "CODECS", "RESOLUTION", "URI")}
QUOTED = ("CODECS", "GROUP-ID", "NAME", "LANGUAGE", "URI", "CHANNELS", "CHARACTERISTICS", "AUDIO", "SUBTITLES")
#: RFC 8216bis, 4.4.6.1.
CHARACTERISTICS = frozenset({
    "public.accessibility.describes-video", "public.accessibility.transcribes-spoken-dialog",
    "public.accessibility.describes-music-and-sound", "public.easy-to-read"})
_RESOLUTION = re.compile(r"(\d+)x(\d+)")
HIGHEST_LOW_RUNG = 2_000_000  # bits a second: on a slow line there must be something to begin with


def check_master(playlist: Playlist, say: Say) -> None:
    """Say what is amiss in a master playlist, its files left aside."""
    if (playlist.number("EXT-X-VERSION") or 1) < (4 if playlist.named(IFRAMES) or playlist.named(MEDIA) else 1):
        say("version", "EXT-X-VERSION is too low for its tags")
    if playlist.value("EXT-X-INDEPENDENT-SEGMENTS") is None:
        say("independent-segments", "lacks EXT-X-INDEPENDENT-SEGMENTS")
    for name, wanted in WANTED.items():
        for tag in playlist.named(name):
            _attributes(tag, wanted, say)
    if not playlist.named(VARIANT):
        say("variants", "has no variant")
    if playlist.named(VARIANT) and not playlist.named(IFRAMES):
        say("i-frames", "has no I-frame playlist")
    _variants(playlist, say)
    _groups(playlist, say)


def _attributes(tag: Tag, wanted: tuple[str, ...], say: Say) -> None:
    attributes = tag.attributes()
    label = attributes.get("NAME") or attributes.get("RESOLUTION") or tag.uri
    for name in wanted:
        if name not in attributes:
            say("attributes", f"{tag.name} of {label} lacks {name}")
    for name in attributes:
        if (name in QUOTED) != tag.quoted(name) and name != "CLOSED-CAPTIONS":
            say("quotes", f"{name} of {label} is quoted wrongly")
    repeated = [name for name, count in Counter(part.partition("=")[0] for part in tag.value.split(",")).items()
                if count > 1 and name in attributes]
    if repeated:
        say("attributes", f"{tag.name} of {label} has {repeated[0]} twice")


def _variants(playlist: Playlist, say: Say) -> None:
    groups = {(tag.attributes().get("TYPE"), tag.attributes().get("GROUP-ID")) for tag in playlist.named(MEDIA)}
    bandwidths = []
    for tag in playlist.named(VARIANT):
        found = tag.attributes()
        peak, average = _int(found.get("BANDWIDTH")), _int(found.get("AVERAGE-BANDWIDTH"))
        bandwidths.append(peak)
        if not tag.uri:
            say("variants", "a variant has no address")
        if average > peak:
            say("bandwidth", f"{tag.uri} has an average above its peak")
        for kind in ("AUDIO", "SUBTITLES"):
            if kind in found and (kind, found[kind]) not in groups:
                say("groups", f"{tag.uri} names the group {found[kind]}, which is not there")
    _shapes([tag.attributes().get("RESOLUTION", "") for tag in playlist.named(VARIANT)], say)
    if bandwidths and min(bandwidths) > HIGHEST_LOW_RUNG and len(bandwidths) > 1:
        say("ladder", "has no rung for a slow line (2 Mbit/s or less)")


def _shapes(resolutions: list[str], say: Say) -> None:
    """Pictures of even sides, all of one shape: a player changes between them in the middle of a scene."""
    sizes = [(int(found[1]), int(found[2])) for text in resolutions if (found := _RESOLUTION.fullmatch(text))]
    if len(sizes) < len([text for text in resolutions if text]):
        say("resolution", "a RESOLUTION is no width and height")
    for width, height in sizes:
        if width % 2 or height % 2:
            say("resolution", f"{width}x{height} has an odd side")
        top_width, top_height = sizes[0]
        if abs(width * top_height - height * top_width) > 2 * max(top_width, top_height):  # each side is rounded
            say("resolution", f"{width}x{height} is of another shape than {top_width}x{top_height}")


def _groups(playlist: Playlist, say: Say) -> None:
    groups: defaultdict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for tag in playlist.named(MEDIA):
        found = tag.attributes()
        groups[found.get("TYPE", ""), found.get("GROUP-ID", "")].append(found)
    for (kind, group), members in groups.items():
        names = Counter(member.get("NAME", "") for member in members)
        for name, count in names.items():
            if count > 1:
                say("names", f"the group {group} has {count} renditions called {name}")
        defaults = sum(member.get("DEFAULT") == "YES" for member in members)
        if defaults > 1:
            say("default", f"the group {group} has several defaults")
        elif not defaults and kind == "AUDIO":
            say("default", f"the group {group} has no default, and nobody knows what is heard first")
        for member in members:
            _rendition(kind, member, say)
    for kind in {kind for kind, _ in groups}:
        sets = {tuple(sorted((m.get("NAME", ""), m.get("LANGUAGE", "")) for m in members))
                for (other, _), members in groups.items() if other == kind}
        if len(sets) > 1:
            say("groups", f"the {kind} groups do not have the same renditions")


def _rendition(kind: str, member: dict[str, str], say: Say) -> None:
    name = member.get("NAME", "?")
    if not name.strip():
        say("names", f"a rendition of {kind} has no name")
    unknown = set(filter(None, member.get("CHARACTERISTICS", "").split(","))) - CHARACTERISTICS
    if unknown:
        say("characteristics", f"{name} has unknown CHARACTERISTICS: {', '.join(sorted(unknown))}")
    if member.get("DEFAULT") == "YES" and member.get("AUTOSELECT") != "YES":
        say("autoselect", f"{name} is the default and not AUTOSELECT")
    if "FORCED" in member and kind != "SUBTITLES":
        say("forced", f"{name} is FORCED and no subtitles")
    if kind == "AUDIO" and not member.get("CHANNELS", "").split("/")[0].isdigit():
        say("channels", f"{name} does not say its CHANNELS")
    if kind == "SUBTITLES" and "URI" not in member:
        say("uri", f"{name} has no URI")
    if "LANGUAGE" in member and not is_language(member["LANGUAGE"]):
        say("language", f"{name} has a LANGUAGE that is no tag: {member['LANGUAGE']}")


def is_language(tag: str) -> bool:
    """Whether a tag names a language that CLDR knows, or says that there is none."""
    if tag in ("und", "zxx", "mul", "mis"):
        return True
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return len(tag.split("-")[0]) in (2, 3) and tag.isascii() and tag.replace("-", "").isalnum()
    return True


def _int(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
