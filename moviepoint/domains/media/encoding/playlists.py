"""Media playlists of finished renditions, written from what was measured of their segments (RFC 8216)."""
from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from moviepoint.domains.media.encoding.fragments import INIT
from moviepoint.domains.media.encoding.frames import TICKS, Frame, Segment
from moviepoint.domains.media.encoding.segments import FMP4, SUFFIXES, TS, SegmentFormat, segment_name

END = "#EXT-X-ENDLIST"


class Bandwidth(msgspec.Struct, frozen=True):
    """Bits a second, measured over segments."""

    average: int
    peak: int


def media_playlist(folder: str, durations: Sequence[Fraction], form: SegmentFormat = TS, suffix: str = "",
                   live: Fraction | None = None) -> str:
    """Return a playlist of segments in `folder`; durations in seconds.

    `live` makes it an EVENT playlist that is still growing, by segments of at most so many seconds.
    """
    mapped = form == FMP4 and not suffix
    lines = _head(7 if mapped else 3, [*durations, *([live] if live else [])], "EVENT" if live else "VOD")
    if mapped:
        lines.append(f'#EXT-X-MAP:URI="{folder}/{INIT}"')
    for number, duration in enumerate(durations):
        lines += [f"#EXTINF:{float(duration):.6f},", f"{folder}/{segment_name(number, suffix or SUFFIXES[form])}"]
    return "\n".join([*lines, *([] if live else [END]), ""])


def format_of(playlist: str) -> SegmentFormat:
    """Return the format of the segments of a playlist of picture or sound: fMP4 has an init segment."""
    return FMP4 if "#EXT-X-MAP:" in playlist else TS


def iframe_playlist(folder: str, segments: Sequence[Segment], end: Fraction, form: SegmentFormat = TS) -> str:
    """Return an I-frame playlist over byte ranges of segments; `end` is the rendition's length in seconds.

    Each keyframe lasts until the next one. The tables at a segment's front are its EXT-X-MAP, or the init segment is.
    Of fMP4 only a fragment's first frame can be had by itself.
    """
    entries, durations = _keyframes(segments, end)
    lines = [*_head(7 if form == FMP4 else 5, durations), "#EXT-X-I-FRAMES-ONLY"]
    if form == FMP4:
        lines.append(f'#EXT-X-MAP:URI="{folder}/{INIT}"')
    mapped = -1
    for (number, segment, frame), duration in zip(entries, durations, strict=True):
        name = f"{folder}/{segment_name(number, SUFFIXES[form])}"
        if number != mapped and form == TS:
            lines.append(f'#EXT-X-MAP:URI="{name}",BYTERANGE="{segment.tables_end}@0"')
            mapped = number
        lines += [f"#EXTINF:{float(duration):.6f},", f"#EXT-X-BYTERANGE:{frame.end - frame.offset}@{frame.offset}",
                  name]
    return "\n".join([*lines, END, ""])


def bandwidth(sizes: Sequence[int], durations: Sequence[Fraction]) -> Bandwidth:
    """Average over the whole; peak as RFC 8216bis has it: of any run of segments that together last between half and
    one and a half of the target duration."""
    target, peak = target_duration(durations), Fraction(0)
    for first in range(len(sizes)):
        size, length = 0, Fraction(0)
        for number in range(first, len(sizes)):
            size, length = size + sizes[number], length + durations[number]
            if length * 2 > target * 3:
                break
            if length * 2 >= target:
                peak = max(peak, Fraction(size * 8) / length)
    average = round(sum(sizes) * 8 / sum(durations))
    return Bandwidth(average, max(average, round(peak)))


def iframe_bandwidth(segments: Sequence[Segment], end: Fraction) -> Bandwidth:
    """What a player that fetches keyframes only takes: each keyframe lasts until the next one."""
    entries, durations = _keyframes(segments, end)
    return bandwidth([frame.end - frame.offset for _, _, frame in entries], durations)


def _keyframes(segments: Sequence[Segment], end: Fraction) -> tuple[list[tuple[int, Segment, Frame]], list[Fraction]]:
    """(number of the segment, segment, frame) of each keyframe that can be had by itself; and how long each lasts."""
    entries = [(number, segment, frame) for number, segment in enumerate(segments)
               for frame in segment.frames if frame.keyframe and frame.alone]
    zero = entries[0][2].pts
    times = [Fraction(frame.pts - zero, TICKS) for _, _, frame in entries]
    return entries, [max(Fraction(1, 1000), b - a) for a, b in zip(times, [*times[1:], end], strict=True)]


def target_duration(durations: Sequence[Fraction]) -> int:
    """EXTINF rounded to the nearest second must not exceed the target duration."""
    return max(1, max(int(duration + Fraction(1, 2)) for duration in durations))


def _head(version: int, durations: Sequence[Fraction], kind: str = "VOD") -> list[str]:
    return ["#EXTM3U", f"#EXT-X-VERSION:{version}", f"#EXT-X-TARGETDURATION:{target_duration(durations)}",
            "#EXT-X-MEDIA-SEQUENCE:0", f"#EXT-X-PLAYLIST-TYPE:{kind}"]
