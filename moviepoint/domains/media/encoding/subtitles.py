"""Subtitles of any text kind become clean cues, and cues become segmented WebVTT.

Damage is reported by line and the rest is kept. Text is reduced to WebVTT's own tags, so that nothing from a
file reaches a page as it was.
"""
from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import msgspec

from moviepoint.domains.media.encoding import microdvd, ttml
from moviepoint.domains.media.encoding.cuetext import clean_overridden, lines_of, place, without_overrides
from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.domains.media.encoding.harvest import MAX_CUES, MAX_LINES, Cue, Harvest, too_much
from moviepoint.domains.media.encoding.playlists import media_playlist
from moviepoint.domains.media.encoding.segments import segment_name
from moviepoint.kernel.sentences import sentence

FORMATS = ("srt", "vtt", "ass", "microdvd", "ttml")
MAX_BYTES = 20 * 2**20
MAX_WRITTEN = 64 * 2**20  # characters of a track's segments; a cue stands in each that it spans
WHOLE = "whole.vtt"  # beside the segments: all cues at the times of their source, for another offset
TIMESTAMP_MAP = "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000"
_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[,.:](\d{1,3})"
_TIMING = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}\s*(.*)$")
_SETTING = re.compile(r"align:(?:start|center|end|left|right)|vertical:(?:rl|lr)|size:\d{1,3}(?:\.\d{1,9})?%"
                      r"|(?:line|position):-?\d{1,3}(?:\.\d{1,9})?%?(?:,[a-z-]{1,20})?")
_ASS_TIME = re.compile(r"\s*(\d{1,4}):(\d{1,2}):(\d{1,2})[.:](\d{1,3})\s*")
_DRAWING = re.compile(r"\\p[1-9]")
SETTINGS_LENGTH = 500  # characters after a time that are looked at

#: Of a track inside a film that cannot be read; the film does not fail for it.
UNREADABLE = sentence("These subtitles could not be read: they need a text version.")


class Parsed(msgspec.Struct, frozen=True):
    cues: tuple[Cue, ...]
    faults: tuple[str, ...] = ()  # sentences that name a line
    encoding: str = ""  # what a file's letters were taken as, and whether that is sure
    sure: bool = True


def detect_format(text: str, filename: str = "") -> str:
    """Return one of FORMATS by what the text looks like; the name helps only in doubt. Raises Refused."""
    start = text.lstrip("\ufeff \t\r\n")[:4096]
    if start.startswith("WEBVTT"):
        return "vtt"
    if re.search(r"^\[(Script Info|Events|V4\+? Styles)\]", start, re.MULTILINE | re.IGNORECASE):
        return "ass"
    if re.match(r"(<\?xml[^>]*>\s*)?(?><!--.*?-->\s*)*+<(\w+:)?tt[\s>]", start, re.DOTALL):
        return "ttml"
    if "-->" not in text and re.search(r"^\s*\{\d+\}\{\d*\}", start, re.MULTILINE):
        return "microdvd"
    if "-->" in text or filename.lower().endswith(".srt"):
        return "srt"
    raise Refused("not-subtitles", sentence(
        "This is not a subtitle file that we know (SRT, WebVTT, ASS, SSA, TTML, MicroDVD)."))


def parse(text: str, kind: str, frame_rate: float = 25.0) -> Parsed:
    """Turn a subtitle file into cues in order of time. `frame_rate` is for MicroDVD. Raises Refused."""
    if kind not in FORMATS:
        raise ValueError(f"no such subtitle format: {kind!r}")
    _count(text, kind)
    found = Harvest()
    if kind in ("srt", "vtt"):
        _parse_blocks(text, kind == "vtt", found)
    elif kind == "ass":
        _parse_ass(text, found)
    elif kind == "microdvd":
        microdvd.read(text, frame_rate, found)
    else:
        _refuse_types(text)
        ttml.read(text, found)
    return Parsed(found.cues(), found.faults())


def _count(text: str, kind: str) -> None:
    """Raises Refused for what would take long to read, and be too much then."""
    lines = text.count("\n") + text.count("\r") - text.count("\r\n")
    if kind == "microdvd":
        lines += text.count("|")
    if lines > MAX_LINES:
        raise too_much()
    cues = text.count("-->") if kind in ("srt", "vtt") else 0
    if cues > MAX_CUES:
        raise Refused("too-large", sentence(
            "There are %(count)s cues in these subtitles; we take %(most)s at most.", count=cues, most=MAX_CUES))


def _refuse_types(text: str) -> None:
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise Refused("not-subtitles", sentence("Subtitles with a document type of their own are not taken."))


def shift(cues: Iterable[Cue], by_ms: int) -> tuple[Cue, ...]:
    """Move cues in time; what would end before the film begins is left out."""
    return tuple(Cue(max(0, c.start_ms + by_ms), c.end_ms + by_ms, c.text, c.settings)
                 for c in cues if c.end_ms + by_ms > 0)


def timestamp(milliseconds: int) -> str:
    """Return a WebVTT timestamp: 01:02:03.004."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def render(cues: Iterable[Cue], header: str = "") -> str:
    """Return a WebVTT document of cues."""
    return _document(map(_block, cues), header)


def _document(blocks: Iterable[str], header: str) -> str:
    return "\n\n".join(["WEBVTT" + (f"\n{header}" if header else ""), *blocks]) + "\n"


def _block(cue: Cue) -> str:
    timing = f"{timestamp(cue.start_ms)} --> {timestamp(cue.end_ms)} {cue.settings}".rstrip()
    return f"{timing}\n{cue.text}"


def segment_durations(segment_seconds: Fraction, seconds: Fraction) -> list[Fraction]:
    """Cut a length into segments: all of `segment_seconds` but the last."""
    whole = int(seconds / segment_seconds)
    rest = seconds - whole * segment_seconds
    return [segment_seconds] * whole + ([rest] if rest or not whole else [])


def write_segments(cues: Sequence[Cue], folder: Path, name: str, segment_seconds: Fraction,
                   seconds: Fraction) -> tuple[str, ...]:
    """Write `<name>/data0000.vtt` … and `<name>.m3u8`; a cue that spans segments stands in each. Returns the names."""
    durations = segment_durations(segment_seconds, seconds)
    (folder / name).mkdir(parents=True, exist_ok=True)
    ordered = sorted(cues, key=lambda cue: cue.start_ms)
    files, position, open_blocks, start, written = [], 0, list[tuple[int, str]](), Fraction(0), 0  # each with its end
    for number, duration in enumerate(durations):
        last, end_ms = number == len(durations) - 1, math.ceil((start + duration) * 1000)
        while position < len(ordered) and (last or ordered[position].start_ms < end_ms):
            open_blocks.append((ordered[position].end_ms, _block(ordered[position])))
            position += 1
        start_ms = math.floor(start * 1000)
        open_blocks = [block for block in open_blocks if block[0] > start_ms]
        path = f"{name}/{segment_name(number, 'vtt')}"
        text = _document((block for _end, block in open_blocks), TIMESTAMP_MAP)
        written += len(text)
        if written > MAX_WRITTEN:
            raise Refused("too-large", sentence(
                "These subtitles overlap so much that they would be larger than any film needs."))
        (folder / path).write_text(text, encoding="utf-8", newline="\n")
        files.append(path)
        start += duration
    (folder / f"{name}.m3u8").write_text(media_playlist(name, durations, suffix="vtt"), encoding="utf-8")
    return (*files, f"{name}.m3u8")


def write_track(cues: Sequence[Cue], folder: Path, name: str, segment_seconds: Fraction, seconds: Fraction,
                offset_ms: int = 0) -> tuple[str, ...]:
    """Write a track's segments, its cues moved by an offset, and all its cues unmoved as one document."""
    files = write_segments(shift(cues, offset_ms), folder, name, segment_seconds, seconds)
    (folder / name / WHOLE).write_text(render(cues), encoding="utf-8", newline="\n")
    return (*files, f"{name}/{WHOLE}")


def read_track(folder: Path) -> tuple[Cue, ...]:
    """Return a stored track's cues at the times of their source, in order. Raises OSError."""
    whole = folder / WHOLE
    if whole.is_file():
        return parse(whole.read_text(encoding="utf-8"), "vtt").cues
    found = [cue for path in sorted(folder.glob("data*.vtt")) for cue in
             parse(path.read_text(encoding="utf-8"), "vtt").cues]  # packages of before there was such a document
    return tuple(sorted(dict.fromkeys(found), key=lambda cue: (cue.start_ms, cue.end_ms)))


def _milliseconds(groups: Sequence[str | None]) -> int | None:
    """Hours, minutes, seconds, fraction; None for times that no clock shows."""
    hours, minutes, seconds = (int(g or 0) for g in groups[:3])
    if minutes > 59 or seconds > 59 or hours > 99:
        return None
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((groups[3] or "0").ljust(3, "0"))


def _parse_blocks(text: str, webvtt: bool, found: Harvest) -> None:
    """SRT and WebVTT: blocks of lines, of which one is the timing. SRT's text may have blank lines in it."""
    last: _Open | None = None
    for first, lines in _blocks(text):
        if webvtt and re.match(r"^(WEBVTT|NOTE|STYLE|REGION)\b", lines[0]):
            continue
        timing = next((n for n, line in enumerate(lines[:3]) if "-->" in line), None)
        if timing is None and last is not None and not webvtt and not lines[0].strip().isdigit():
            last.lines += lines
            continue
        opened = sentence("a cue without a time.") if timing is None else _timed(lines[timing], lines[timing + 1:])
        if isinstance(opened, str):
            found.fault(first + (timing or 0), opened)
            continue
        if last is not None:
            last.close(webvtt, found)
        last = opened
    if last is not None:
        last.close(webvtt, found)


class _Open(msgspec.Struct):
    """A cue whose text may go on; it is put together once, when that is over."""

    start: int
    end: int
    settings: str
    lines: list[str]

    def close(self, webvtt: bool, found: Harvest) -> None:
        text = "\n".join(self.lines)
        if webvtt:
            found.cue(self.start, self.end, text, self.settings)
        else:  # SRT borrows ASS's overrides for the place on the screen
            found.cue(self.start, self.end, without_overrides(text) if "{\\" in text else text, place(text))


def _blocks(text: str) -> Iterable[tuple[int, list[str]]]:
    """(number of the first line, lines) of each run of lines that are not blank; a new timing ends a block too."""
    block: list[str] = []
    first, timed = 1, False
    for number, line in enumerate([*lines_of(text.lstrip("\ufeff")), ""], start=1):
        timing = "-->" in line
        if line.strip() and not (timing and timed):
            if not block:
                first = number
            block.append(line)
            timed = timed or timing
            continue
        if block:
            moved = [block.pop()] if timing and block[-1].strip().isdigit() else []
            yield first, block
            block, first, timed = [*moved, line] if timing else [], number - len(moved), timing


def _timed(timing: str, lines: list[str]) -> _Open | str:
    """Return the cue, or what is wrong with it."""
    match = _TIMING.match(timing)
    if match is None:
        return sentence("the time cannot be read: %(time)s.", time=repr(timing.strip()[:60]))
    start, end = _milliseconds(match.groups()[:4]), _milliseconds(match.groups()[4:8])
    if start is None or end is None:
        return sentence("the time cannot be: %(time)s.", time=repr(timing.strip()[:60]))
    if end <= start:
        return sentence("the cue ends before it begins.")
    said = [word for word in match[9][:SETTINGS_LENGTH].split() if _SETTING.fullmatch(word)]
    settings = {word.partition(":")[0]: word for word in said}  # of one that is said twice, the last counts
    return _Open(start, end, " ".join(settings.values()), lines)


def _parse_ass(text: str, found: Harvest) -> None:
    """The Events section of ASS and SSA, by its own Format line; drawings and comments are left out."""
    columns: dict[str, int] = {}
    count = 0
    for number, line in enumerate(lines_of(text.lstrip("\ufeff")), start=1):
        kind, _, rest = line.partition(":")
        kind = kind.strip()
        if kind == "Format":
            names = [name.strip().lower() for name in rest.split(",")]
            columns = {name: column for column, name in enumerate(names) if name in ("start", "end", "text")}
            count = len(names)
        elif kind == "Dialogue" and "text" in columns:
            parts = rest.split(",", count - 1)
            _dialogue({name: parts[column] for name, column in columns.items() if column < len(parts)}, number, found)


def _dialogue(values: dict[str, str], number: int, found: Harvest) -> None:
    text = values.get("text", "")
    if _DRAWING.search(text):
        return
    start, end = (_ass_time(values.get(name, "")) for name in ("start", "end"))
    if start is None or end is None or "text" not in values:
        found.fault(number, sentence("the dialogue cannot be read."))
    elif end <= start:
        found.fault(number, sentence("the cue ends before it begins."))
    else:
        found.cue(start, end, without_overrides(text, all_of_them=False), place(text), clean_overridden)


def _ass_time(text: str) -> int | None:
    match = _ASS_TIME.fullmatch(text)
    return None if match is None else _milliseconds(match.groups())
