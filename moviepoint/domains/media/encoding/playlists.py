"""Media playlists of finished renditions, written from what was measured of their segments (RFC 8216)."""
from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from moviepoint.domains.media.encoding.transport import Segment


class Bandwidth(msgspec.Struct, frozen=True):
    """Bits a second, measured over segments."""

    average: int
    peak: int


def segment_name(number: int, kind: str = "ts") -> str:
    return f"data{number:04d}.{kind}"


def media_playlist(folder: str, durations: Sequence[Fraction], kind: str = "ts") -> str:
    """Return a finished playlist of segments in `folder`; durations in seconds."""
    lines = _head(3, durations)
    for number, duration in enumerate(durations):
        lines += [f"#EXTINF:{float(duration):.6f},", f"{folder}/{segment_name(number, kind)}"]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def iframe_playlist(folder: str, segments: Sequence[Segment], end: Fraction) -> str:
    """Return an I-frame playlist over byte ranges of segments; `end` is the rendition's length in seconds.

    Each keyframe lasts until the next one. The tables at a segment's front are its EXT-X-MAP.
    """
    entries = [(number, segment, frame) for number, segment in enumerate(segments)
               for frame in segment.frames if frame.keyframe]
    zero = entries[0][2].pts
    times = [Fraction(frame.pts - zero, 90_000) for _, _, frame in entries]
    durations = [max(Fraction(1, 1000), b - a) for a, b in zip(times, [*times[1:], end], strict=True)]
    lines = [*_head(5, durations), "#EXT-X-I-FRAMES-ONLY"]
    mapped = -1
    for (number, segment, frame), duration in zip(entries, durations, strict=True):
        name = f"{folder}/{segment_name(number)}"
        if number != mapped:
            lines.append(f'#EXT-X-MAP:URI="{name}",BYTERANGE="{segment.tables_end}@0"')
            mapped = number
        lines += [f"#EXTINF:{float(duration):.6f},", f"#EXT-X-BYTERANGE:{frame.end - frame.offset}@{frame.offset}",
                  name]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def bandwidth(sizes: Sequence[int], durations: Sequence[Fraction]) -> Bandwidth:
    """Average over the whole; peak over segments at least half as long as the longest (a short tail misleads)."""
    longest = max(durations)
    peak = max(size * 8 / duration for size, duration in zip(sizes, durations, strict=True) if duration * 2 >= longest)
    average = round(sum(sizes) * 8 / sum(durations))
    return Bandwidth(average, max(average, round(peak)))


def iframe_bandwidth(segments: Sequence[Segment], end: Fraction) -> Bandwidth:
    """What a player that fetches keyframes only takes; per segment, as for the whole picture."""
    sizes = [sum(frame.end - frame.offset for frame in s.frames if frame.keyframe) + s.tables_end for s in segments]
    starts = [Fraction(s.first_pts - segments[0].first_pts, 90_000) for s in segments]
    return bandwidth(sizes, [b - a for a, b in zip(starts, [*starts[1:], end], strict=True)])


def _head(version: int, durations: Sequence[Fraction]) -> list[str]:
    """EXTINF rounded to the nearest second must not exceed the target duration."""
    target = max(1, max(int(duration + Fraction(1, 2)) for duration in durations))
    return ["#EXTM3U", f"#EXT-X-VERSION:{version}", f"#EXT-X-TARGETDURATION:{target}", "#EXT-X-MEDIA-SEQUENCE:0",
            "#EXT-X-PLAYLIST-TYPE:VOD"]
