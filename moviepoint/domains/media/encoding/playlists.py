"""Media playlists of finished renditions, written from what was measured of their segments (RFC 8216)."""
from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from moviepoint.domains.media.encoding.fragments import INIT
from moviepoint.domains.media.encoding.frames import TICKS, Segment
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


def iframe_playlist(folder: str, segments: Sequence[Segment], end: Fraction, form: SegmentFormat = TS) -> str:
    """Return an I-frame playlist over byte ranges of segments; `end` is the rendition's length in seconds.

    Each keyframe lasts until the next one. The tables at a segment's front are its EXT-X-MAP, or the init segment is.
    Of fMP4 only a fragment's first frame can be had by itself.
    """
    entries = [(number, segment, frame) for number, segment in enumerate(segments)
               for frame in segment.frames if frame.keyframe and frame.alone]
    zero = entries[0][2].pts
    times = [Fraction(frame.pts - zero, TICKS) for _, _, frame in entries]
    durations = [max(Fraction(1, 1000), b - a) for a, b in zip(times, [*times[1:], end], strict=True)]
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
    """Average over the whole; peak over segments at least half as long as the longest (a short tail misleads)."""
    longest = max(durations)
    peak = max(size * 8 / duration for size, duration in zip(sizes, durations, strict=True) if duration * 2 >= longest)
    average = round(sum(sizes) * 8 / sum(durations))
    return Bandwidth(average, max(average, round(peak)))


def iframe_bandwidth(segments: Sequence[Segment], end: Fraction) -> Bandwidth:
    """What a player that fetches keyframes only takes; per segment, as for the whole picture."""
    sizes = [sum(frame.end - frame.offset for frame in s.frames if frame.keyframe and frame.alone) + s.tables_end
             for s in segments]
    starts = [Fraction(s.first_pts - segments[0].first_pts, TICKS) for s in segments]
    return bandwidth(sizes, [b - a for a, b in zip(starts, [*starts[1:], end], strict=True)])


def _head(version: int, durations: Sequence[Fraction], kind: str = "VOD") -> list[str]:
    """EXTINF rounded to the nearest second must not exceed the target duration."""
    target = max(1, max(int(duration + Fraction(1, 2)) for duration in durations))
    return ["#EXTM3U", f"#EXT-X-VERSION:{version}", f"#EXT-X-TARGETDURATION:{target}", "#EXT-X-MEDIA-SEQUENCE:0",
            f"#EXT-X-PLAYLIST-TYPE:{kind}"]
