"""A whole package: its master, each media playlist it names, and the segments behind them."""
from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import msgspec

from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.child import Sandbox
from moviepoint.domains.media.encoding.conformance.master import IFRAMES, MEDIA, VARIANT, check_master
from moviepoint.domains.media.encoding.conformance.streams import check_streams
from moviepoint.domains.media.encoding.conformance.syntax import Departure, Entry, Playlist, Say, Tag, entries, read
from moviepoint.domains.media.encoding.conformance.texts import check_texts
from moviepoint.domains.media.encoding.frames import TICKS, Damaged, Segment
from moviepoint.domains.media.encoding.segments import AAC_LC, CLOCK_SECONDS, read_segment, sound_seconds

BOUNDARY = 0.002  # seconds by which boundaries of rungs may differ: rounding of EXTINF
AGREEMENT = 0.5  # seconds by which renditions may differ in length
TRUE = 0.05  # share by which a declared bandwidth may differ from the measured one
RATES_DIFFER = 0.02  # frames a second: the last frame's length is not in a segment
_RATE = re.compile(r"\d+(\.\d+)?")
LONGEST_GAP = 2.1  # seconds between keyframes


class Rendition(msgspec.Struct):
    """What was found of one media playlist."""

    name: str
    entries: list[Entry]
    peak: float = 0.0  # bits a second
    average: float = 0.0
    codec: str = ""
    frame_rate: float = 0.0
    keyframes: dict[str, list[int]] = {}  # by the segment's address, in ticks from its first picture

    @property
    def seconds(self) -> float:
        return sum(entry.seconds for entry in self.entries)


class Report(msgspec.Struct):
    """What was looked at, and what is amiss."""

    departures: list[Departure]
    playlists: int = 0
    segments: int = 0


class Programs(msgspec.Struct, frozen=True):
    """What looks inside the streams; without them only what the containers and playlists say is compared."""

    tools: Tools
    sandbox: Sandbox
    decode: bool = False  # every picture and sound: about as long as a tenth of the film for each rung


def check_package(package: Path, master: str, tick: Callable[[], None] = lambda: None,
                  programs: Programs | None = None) -> Report:
    """Check a package against its master playlist; `tick` is called for each segment, and may raise."""
    report = Report([])

    def says(where: str) -> Say:
        return lambda rule, what: report.departures.append(Departure(where, rule, what))

    playlist = read(master, says("master.m3u8"))
    check_master(playlist, says("master.m3u8"))
    look = _Look(package, report, says, tick)
    pictures = {tag.uri: look.rendition(tag.uri, "video") for tag in playlist.named(VARIANT)}
    sounds = {_uri(tag): look.rendition(_uri(tag), "audio") for tag in playlist.named(MEDIA)
              if tag.attributes().get("TYPE") == "AUDIO" and _uri(tag)}
    texts = {_uri(tag): look.rendition(_uri(tag), "text") for tag in playlist.named(MEDIA)
             if tag.attributes().get("TYPE") == "SUBTITLES" and _uri(tag)}
    for tag in playlist.named(IFRAMES):
        _declared(tag, {"BANDWIDTH": look.iframes(_uri(tag))}, _uri(tag), says("master.m3u8"))
    _compare(list(pictures.values()), [*sounds.values(), *texts.values()], says)
    _bandwidths(playlist, pictures, sounds, says("master.m3u8"))
    if programs is not None:
        check_streams(package, playlist, programs.tools, programs.sandbox, says, tick, programs.decode)
    return report


class _Look:
    """Reads media playlists and their segments; each playlist once."""

    def __init__(self, package: Path, report: Report, says: Callable[[str], Say], tick: Callable[[], None]) -> None:
        self._package, self._report, self._says, self._tick = package, report, says, tick

    def rendition(self, uri: str, kind: str) -> Rendition:
        """Check one media playlist, whole."""
        say, text = self._says(uri), self._text(uri)
        found = Rendition(uri, entries(text, say))
        playlist = read(text, say)
        _media_tags(playlist, found.entries, say)
        if not found.entries:
            return found
        if kind == "text":
            check_texts(self._package, [entry for entry in found.entries if self._safe(entry.uri)], self._says,
                        self._count)
        else:
            self._segments(found, kind)
        return found

    def iframes(self, uri: str) -> float:
        """Check an I-frame playlist: each range is a keyframe that is there. Returns its peak in bits a second."""
        say, text = self._says(uri), self._text(uri)
        playlist, found = read(text, say), entries(text, say)
        if playlist.value("EXT-X-I-FRAMES-ONLY") is None:
            say("i-frames", "lacks EXT-X-I-FRAMES-ONLY")
        _media_tags(playlist, found, say)
        starts: dict[str, set[int]] = {}
        for entry in found:
            segment = self._read(entry.uri)
            if segment is None or entry.length is None:
                say("i-frames", f"{entry.uri} is no range of a segment")
                continue
            if entry.uri not in starts:
                starts[entry.uri] = {frame.offset for frame in segment.frames if frame.keyframe}
            if entry.offset not in starts[entry.uri]:
                say("i-frames", f"{entry.uri} has no keyframe at byte {entry.offset}")
        target = playlist.number("EXT-X-TARGETDURATION") or 1
        return _peak([((entry.length or 0) * 8, entry.seconds) for entry in found], target)

    def _segments(self, found: Rendition, kind: str) -> None:
        say, sizes, clock = self._says(found.name), [], Fraction(CLOCK_SECONDS * TICKS)
        frames = 0
        for number, entry in enumerate(found.entries):
            segment = self._read(entry.uri)
            if segment is None:
                continue
            frames += len(segment.frames)
            sizes.append((segment.size * 8, entry.seconds))
            found.codec = found.codec or segment.codec
            apart = (segment.first_pts - clock) / TICKS
            if (kind == "video" and abs(apart) > BOUNDARY) or abs(apart) > 0.05:
                say("timestamps", f"{entry.uri} begins {float(apart):+.3f} s from where it should")
            clock += round(Fraction(entry.seconds) * TICKS)
            if kind == "video":
                found.keyframes[entry.uri] = _keyframes(segment, entry, say)
            else:
                self._sound(entry, say, number == len(found.entries) - 1)
        found.peak = _peak(sizes, round(max((seconds for _, seconds in sizes), default=0.0)))
        found.frame_rate = frames / max(0.001, sum(seconds for _, seconds in sizes))
        found.average = sum(bits for bits, _ in sizes) / max(0.001, sum(seconds for _, seconds in sizes))

    def _sound(self, entry: Entry, say: Say, last: bool) -> None:
        try:
            seconds = float(sound_seconds(self._package / entry.uri))
        except (OSError, Damaged):
            return
        if abs(seconds - entry.seconds) > 0.05:
            say("extinf", f"{entry.uri} lasts {seconds:.3f} s and says {entry.seconds:.3f} s")

    def _count(self) -> None:
        self._tick()
        self._report.segments += 1

    def _safe(self, uri: str) -> bool:
        """Whether an address stays within the package, for a player and for whoever reads the files."""
        inside = (self._package / uri).resolve().is_relative_to(self._package.resolve())
        if not inside or ":" in uri or uri.startswith("/"):
            self._says(uri)("address", "does not lie in the package")
            return False
        return True

    def _read(self, uri: str) -> Segment | None:
        self._count()
        if not self._safe(uri):
            return None
        try:
            return read_segment(self._package / uri)
        except (OSError, Damaged) as error:
            self._says(uri)("segment", f"cannot be read: {error}")
            return None

    def _text(self, uri: str) -> str:
        self._report.playlists += 1
        if not self._safe(uri):
            return "#EXTM3U\n"
        try:
            return (self._package / uri).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self._says(uri)("playlist", f"cannot be read: {error}")
            return "#EXTM3U\n"


def _media_tags(playlist: Playlist, found: list[Entry], say: Say) -> None:
    """Version, target duration, type and end of a media playlist (4.4.3)."""
    target = playlist.number("EXT-X-TARGETDURATION")
    if target is None:
        say("target-duration", "lacks EXT-X-TARGETDURATION")
    for entry in found:
        if target is not None and round(entry.seconds) > target:
            say("target-duration", f"{entry.uri} lasts {entry.seconds:.3f} s, the target is {target} s")
    if not found:
        say("segments", "names no segment")
    frames_only = playlist.value("EXT-X-I-FRAMES-ONLY") is not None
    mapped = bool(playlist.named("EXT-X-MAP"))
    least = 6 if mapped and not frames_only else 5 if mapped else 4 if frames_only else 3
    if (playlist.number("EXT-X-VERSION") or 1) < least:
        say("version", f"EXT-X-VERSION must be {least} at least for its tags")
    if playlist.value("EXT-X-PLAYLIST-TYPE") != "VOD" or playlist.value("EXT-X-ENDLIST") is None:
        say("vod", "is not marked as finished (VOD with EXT-X-ENDLIST)")
    if any(entry.uri.endswith(".m4s") for entry in found) and not mapped:
        say("map", "has segments of fMP4 and no EXT-X-MAP")


def _keyframes(segment: Segment, entry: Entry, say: Say) -> list[int]:
    """A segment begins with a keyframe, is as long as it says, and has one every two seconds. Returns their places."""
    keys = sorted(frame.pts for frame in segment.frames if frame.keyframe)
    if not keys or keys[0] != segment.first_pts:
        say("independent", f"{entry.uri} does not begin with a keyframe")
    times = sorted(frame.pts for frame in segment.frames)
    step = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 0
    lasts = (times[-1] - times[0] + step) / TICKS
    if len(times) > 1 and abs(lasts - entry.seconds) > max(0.01, step / TICKS):
        say("extinf", f"{entry.uri} lasts {lasts:.3f} s and says {entry.seconds:.3f} s")
    gaps = [(b - a) / TICKS for a, b in zip(keys, [*keys[1:], times[-1]], strict=True)]
    if max(gaps, default=0) > LONGEST_GAP:
        say("keyframes", f"{entry.uri} has no keyframe for {max(gaps):.1f} s")
    return [key - segment.first_pts for key in keys]


def _compare(pictures: list[Rendition], others: list[Rendition], says: Callable[[str], Say]) -> None:
    """Boundaries and keyframes are the same in all rungs; sound and subtitles are as long as the picture."""
    if not pictures:
        return
    top = pictures[0]
    for rung in pictures[1:]:
        pairs = list(zip(top.entries, rung.entries, strict=False))
        if len(top.entries) != len(rung.entries) or any(abs(a.seconds - b.seconds) > BOUNDARY for a, b in pairs):
            says(rung.name)("boundaries", f"has not the boundaries of {top.name}")
        for above, entry in pairs:
            places = rung.keyframes.get(entry.uri, []), top.keyframes.get(above.uri, [])
            if all(places) and not _alike(*places):
                says(rung.name)("keyframes", f"{entry.uri} has its keyframes at other instants than {above.uri}")
    for other in others:
        if abs(other.seconds - top.seconds) > AGREEMENT:
            says(other.name)("length", f"lasts {other.seconds:.2f} s, the picture {top.seconds:.2f} s")


def _alike(places: list[int], others: list[int]) -> bool:
    return len(places) == len(others) and all(
        abs(a - b) <= BOUNDARY * TICKS for a, b in zip(places, others, strict=True))


def _bandwidths(playlist: Playlist, pictures: dict[str, Rendition], sounds: dict[str, Rendition], say: Say) -> None:
    """Declared bandwidths and codecs against what the segments have."""
    for tag in playlist.named(VARIANT):
        found, rung = tag.attributes(), pictures[tag.uri]
        heard = [sounds[_uri(media)] for media in playlist.named(MEDIA)
                 if media.attributes().get("TYPE") == "AUDIO" and _uri(media) in sounds
                 and media.attributes().get("GROUP-ID") == found.get("AUDIO")]
        measured = {"BANDWIDTH": rung.peak + max((s.peak for s in heard), default=0.0),
                    "AVERAGE-BANDWIDTH": rung.average + max((s.average for s in heard), default=0.0)}
        measured["BANDWIDTH"] = max(measured.values())  # of a film shorter than half a segment
        _declared(tag, measured, tag.uri, say)
        rate = found.get("FRAME-RATE", "")
        if rung.frame_rate and _RATE.fullmatch(rate) and abs(float(rate) - rung.frame_rate) > RATES_DIFFER:
            say("frame-rate", f"{tag.uri} declares {rate} frames a second, there are {rung.frame_rate:.3f}")
        codecs = {rung.codec, *(sound.codec or AAC_LC for sound in heard)} - {""}
        if set(found.get("CODECS", "").split(",")) != codecs:
            say("codecs", f"{tag.uri} declares {found.get('CODECS')}, its segments have {','.join(sorted(codecs))}")


def _declared(tag: Tag, measured: dict[str, float], uri: str, say: Say) -> None:
    """Declared rates are those of the files."""
    for name, bits in measured.items():
        declared = float(tag.attributes().get(name, "0") or 0)
        if bits and abs(declared / bits - 1) > TRUE:
            say("bandwidth", f"{uri} declares a {name} of {declared:.0f}, measured were {bits:.0f}")


def _peak(sizes: list[tuple[int, float]], target: int) -> float:
    """The greatest rate of any run of segments that last between half and one and a half of the target (4.4.6.2)."""
    peak = 0.0
    for first in range(len(sizes)):
        bits = lasts = 0.0
        for more, seconds in sizes[first:]:
            bits, lasts = bits + more, lasts + seconds
            if lasts > target * 1.5:
                break
            if lasts >= target * 0.5 and lasts:
                peak = max(peak, bits / lasts)
    return peak


def _uri(tag: Tag) -> str:
    return tag.attributes().get("URI", "")
