"""Subtitles of any text kind become clean cues, and cues become segmented WebVTT.

Damage is reported by line and the rest is kept. Text is reduced to WebVTT's own tags, so that nothing from a
file reaches a page as it was.
"""
from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import msgspec

from moviepoint.domains.media.encoding import microdvd, ttml
from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.domains.media.encoding.playlists import media_playlist
from moviepoint.domains.media.encoding.segments import segment_name
from moviepoint.kernel.sentences import sentence

FORMATS = ("srt", "vtt", "ass", "microdvd", "ttml")
MAX_BYTES = 20 * 2**20
MAX_FAULTS = 20
MAX_CUES = 50_000
MAX_WRITTEN = 64 * 2**20  # characters of a track's segments; a cue stands in each that it spans
WHOLE = "whole.vtt"  # beside the segments: all cues at the times of their source, for another offset
TIMESTAMP_MAP = "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000"
_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[,.:](\d{1,3})"
_TIMING = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}\s*(.*)$")
_TAG = re.compile(r"<(/?)([a-zA-Z]++)([^<>]*)>|<\d[\d:.]*>")
_OVERRIDE = re.compile(r"\{([^{}]*)\}")
_SETTING = re.compile(r"^(?:align:(?:start|center|end|left|right)|vertical:(?:rl|lr)|size:\d{1,3}(?:\.\d+)?%"
                      r"|(?:line|position):-?\d{1,3}(?:\.\d+)?%?(?:,[a-z-]+)?)$")
_KEPT = frozenset({"b", "i", "u", "ruby", "rt"})


class Cue(msgspec.Struct, frozen=True):
    start_ms: int
    end_ms: int
    text: str  # safe WebVTT cue text, lines joined by \n
    settings: str = ""


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
    faults: list[str] = []
    _count(text.count("-->") if kind in ("srt", "vtt") else 0)
    if kind in ("srt", "vtt"):
        found = _parse_blocks(text, kind == "vtt", faults)
    elif kind == "ass":
        found = _parse_ass(text, faults)
    else:
        found = _parse_lines(text, kind, frame_rate, faults)
    unique = dict.fromkeys(cue for cue in found if cue.text)
    _count(len(unique))
    cues = tuple(sorted(unique, key=lambda cue: (cue.start_ms, cue.end_ms)))
    if len(faults) > MAX_FAULTS:
        faults[MAX_FAULTS:] = [sentence("And %(count)s more.", count=len(faults) - MAX_FAULTS)]
    return Parsed(cues, tuple(faults))


def _count(cues: int) -> None:
    if cues > MAX_CUES:
        raise Refused("too-large", sentence(
            "There are %(count)s cues in these subtitles; we take %(most)s at most.", count=cues, most=MAX_CUES))


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
    blocks = ["WEBVTT" + (f"\n{header}" if header else "")]
    for cue in cues:
        timing = f"{timestamp(cue.start_ms)} --> {timestamp(cue.end_ms)} {cue.settings}".rstrip()
        blocks.append(f"{timing}\n{cue.text}")
    return "\n\n".join(blocks) + "\n"


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
    files, position, open_cues, start, written = [], 0, list[Cue](), Fraction(0), 0
    for number, duration in enumerate(durations):
        last = number == len(durations) - 1
        while position < len(ordered) and (last or ordered[position].start_ms < (start + duration) * 1000):
            open_cues.append(ordered[position])
            position += 1
        open_cues = [cue for cue in open_cues if cue.end_ms > start * 1000]
        path = f"{name}/{segment_name(number, 'vtt')}"
        text = render(open_cues, TIMESTAMP_MAP)
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


def plain(text: str) -> str:
    """Return a cue's text as people read it, without tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def clean(text: str) -> str:
    """Return cue text in WebVTT's own tags, balanced, everything else escaped; blank lines removed."""
    parts: list[str] = []
    stack: list[str] = []
    position = 0
    for match in _TAG.finditer(text):
        parts.append(_escape(text[position:match.start()]))
        position = match.end()
        name = (match[2] or "").lower()
        if match[1] and name in stack:
            while stack:
                closed = stack.pop()
                parts.append(f"</{closed}>")
                if closed == name:
                    break
        elif not match[1] and name in _KEPT:
            stack.append(name)
            parts.append(f"<{name}>")
        elif not match[1] and name == "v" and (speaker := _escape(match[3]).strip()):
            stack.append("v")
            parts.append(f"<v {' '.join(speaker.split())}>")
    parts.append(_escape(text[position:]))
    parts += [f"</{name}>" for name in reversed(stack)]
    lines = (line.strip() for line in "".join(parts).replace("\r", "").split("\n"))
    joined = "\n".join(line for line in lines if line)
    return joined if _visible(joined) else ""


def _escape(text: str) -> str:
    plain = html.unescape(text)
    plain = "".join(c for c in plain if c in "\n\t" or (ord(c) >= 32 and ord(c) != 127))
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\u00a0", "&nbsp;")


def _visible(text: str) -> bool:
    return bool(html.unescape(re.sub(r"<[^>]*>", "", text)).strip())


def _milliseconds(groups: Sequence[str | None]) -> int | None:
    """Hours, minutes, seconds, fraction; None for times that no clock shows."""
    hours, minutes, seconds = (int(g or 0) for g in groups[:3])
    if minutes > 59 or seconds > 59 or hours > 99:
        return None
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((groups[3] or "0").ljust(3, "0"))


def _fault(line: int, fault: str) -> str:
    return sentence("Line %(line)s: %(fault)s", line=line, fault=fault)


def _parse_blocks(text: str, strict_blocks: bool, faults: list[str]) -> list[Cue]:
    """SRT and WebVTT: blocks of lines, of which one is the timing. SRT's text may have blank lines in it."""
    cues: list[Cue] = []
    for first, lines in _blocks(text):
        if strict_blocks and re.match(r"^(WEBVTT|NOTE|STYLE|REGION)\b", lines[0]):
            continue
        timing = next((n for n, line in enumerate(lines[:3]) if "-->" in line), None)
        if timing is None:
            if not strict_blocks and cues and not lines[0].strip().isdigit():
                before = cues[-1]
                cues[-1] = Cue(before.start_ms, before.end_ms, f"{before.text}\n{_srt_text(lines)[0]}".strip(),
                               before.settings)
            else:
                faults.append(_fault(first, sentence("a cue without a time.")))
            continue
        cue = _timed(lines[timing], lines[timing + 1:], strict_blocks)
        if isinstance(cue, str):
            faults.append(_fault(first + timing, cue))
        elif cue.text:
            cues.append(cue)
    return cues


def _blocks(text: str) -> Iterable[tuple[int, list[str]]]:
    """(number of the first line, lines) of each run of lines that are not blank; a new timing ends a block too."""
    block: list[str] = []
    first = 1
    for number, line in enumerate([*text.lstrip("\ufeff").splitlines(), ""], start=1):
        if line.strip() and not ("-->" in line and any("-->" in earlier for earlier in block)):
            if not block:
                first = number
            block.append(line)
            continue
        if block:
            moved = [block.pop()] if line.strip() and block[-1].strip().isdigit() else []
            yield first, block
            block, first = [*moved, line] if line.strip() else [], number - len(moved)


def _timed(timing: str, lines: list[str], webvtt: bool) -> Cue | str:
    """Return the cue, or what is wrong with it."""
    match = _TIMING.match(timing)
    if match is None:
        return sentence("the time cannot be read: %(time)s.", time=repr(timing.strip()[:60]))
    start, end = _milliseconds(match.groups()[:4]), _milliseconds(match.groups()[4:8])
    if start is None or end is None:
        return sentence("the time cannot be: %(time)s.", time=repr(timing.strip()[:60]))
    if end <= start:
        return sentence("the cue ends before it begins.")
    if webvtt:
        settings = " ".join(s for s in match[9].split() if _SETTING.match(s))
        return Cue(start, end, clean("\n".join(lines)), settings)
    text, settings = _srt_text(lines)
    return Cue(start, end, text, settings)


def _srt_text(lines: list[str]) -> tuple[str, str]:
    """SRT borrows ASS's overrides for the place on the screen: `{\\an8}` is the top."""
    text = "\n".join(lines)
    return clean(_OVERRIDE.sub("", text) if "{\\" in text else text), _place(text)


def _place(text: str) -> str:
    match = re.search(r"\\an([1-9])", text)
    if match is None:
        return ""
    row, column = divmod(int(match[1]) - 1, 3)
    vertical = {0: "", 1: "line:50%", 2: "line:0"}[row]
    horizontal = {0: "position:10% align:start", 1: "", 2: "position:90% align:end"}[column]
    return f"{vertical} {horizontal}".strip()


def _parse_ass(text: str, faults: list[str]) -> list[Cue]:
    """The Events section of ASS and SSA, by its own Format line; drawings and comments are left out."""
    cues: list[Cue] = []
    fields: list[str] = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        kind, _, rest = line.partition(":")
        if kind.strip() == "Format":
            fields = [name.strip().lower() for name in rest.split(",")]
        if kind.strip() != "Dialogue" or "text" not in fields:
            continue
        values = dict(zip(fields, rest.split(",", len(fields) - 1), strict=False))
        start, end = (_ass_time(values.get(name, "")) for name in ("start", "end"))
        if start is None or end is None or "text" not in values:
            faults.append(_fault(number, sentence("the dialogue cannot be read.")))
        elif end <= start:
            faults.append(_fault(number, sentence("the cue ends before it begins.")))
        elif not re.search(r"\\p[1-9]", values["text"]):
            cues.append(Cue(start, end, clean(_ass_text(values["text"])), _place(values["text"])))
    return cues


def _ass_time(text: str) -> int | None:
    match = re.fullmatch(r"\s*(\d{1,4}):(\d{1,2}):(\d{1,2})[.:](\d{1,3})\s*", text)
    return None if match is None else _milliseconds(match.groups())


def _ass_text(text: str) -> str:
    """Overrides for bold, italic and underline become tags; all others go. Literal angle brackets are text."""
    def override(match: re.Match[str]) -> str:
        tags = re.findall(r"\\([biu])([01])(?![0-9])", match[1])
        return "".join(f"\0{'/' if on == '0' else ''}{name}\1" for name, on in tags)
    text = _OVERRIDE.sub(override, text)
    text = text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", "\u00a0")
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\0", "<").replace("\1", ">")


def _parse_lines(text: str, kind: str, frame_rate: float, faults: list[str]) -> list[Cue]:
    """TTML and MicroDVD, whose readers say what is wrong by line."""
    if kind == "ttml" and re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise Refused("not-subtitles", sentence("Subtitles with a document type of their own are not taken."))
    events, wrong = ttml.read(text) if kind == "ttml" else microdvd.read(text, frame_rate)
    faults += [_fault(line, fault) for line, fault in wrong]
    return [Cue(start, end, clean(words)) for start, end, words in events]
