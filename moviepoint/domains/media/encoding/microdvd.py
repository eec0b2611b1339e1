"""MicroDVD: a line for each cue, its times in frames. A line that cannot be read is reported; the rest stays."""
from __future__ import annotations

import re

from moviepoint.domains.media.encoding.cuetext import lines_of
from moviepoint.domains.media.encoding.harvest import Harvest
from moviepoint.kernel.sentences import sentence

_LINE = re.compile(r"\s*\{\s*(\d{1,9})\s*\}\s*\{\s*(?:(\d{1,9})\s*)?\}(.*)")
_STYLE = re.compile(r"\{([yY]):([^{}]*)\}")
_CONTROL = re.compile(r"\{[a-zA-Z]+:[^{}]*\}")
_RATE = re.compile(r"\d{1,3}(?:[.,]\d{1,6})?")
MOST_MS = 5_000  # a cue without an end lasts until the next one, and no longer than this


def read(text: str, frame_rate: float, found: Harvest) -> None:
    """Find the cues and what is wrong by line. `frame_rate` counts unless the first line says one: `{1}{1}23.976`.

    Raises Refused where there is too much.
    """
    open_start: int | None = None
    open_text = ""
    first = True
    for number, line in enumerate(lines_of(text.lstrip("\ufeff")), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            found.fault(number, sentence("the line cannot be read: %(line)s.", line=repr(line.strip()[:60])))
            continue
        found.require_room(match[3])
        rate = _RATE.fullmatch(match[3].strip()) if first and match[1] == match[2] else None
        first = False
        if rate and 1 <= float(rate[0].replace(",", ".")) <= 300:
            frame_rate = float(rate[0].replace(",", "."))
            continue
        start = round(int(match[1]) * 1000 / frame_rate)
        if open_start is not None:
            if start > open_start:
                found.cue(open_start, min(start, open_start + MOST_MS), open_text)
            open_start = None
        if not match[2]:
            open_start, open_text = start, styled(match[3])
            continue
        end = round(int(match[2]) * 1000 / frame_rate)
        if end <= start:
            found.fault(number, sentence("the cue ends before it begins."))
        else:
            found.cue(start, end, styled(match[3]))
    if open_start is not None:
        found.cue(open_start, open_start + MOST_MS, open_text)


def styled(text: str) -> str:
    """Return a cue's text: `|` breaks a line, `{y:i}` is for one line and `{Y:i}` for all, other controls go."""
    whole = _tags(text, "Y")
    lines = []
    for line in text.split("|"):
        own = _tags(line, "y")
        said = _CONTROL.sub("", line).strip()
        if said.startswith("/"):  # an older way to write italics
            said, own = said[1:].strip(), own + "i"
        said = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        tags = dict.fromkeys(whole + own)
        lines.append("".join(f"<{tag}>" for tag in tags) + said + "".join(f"</{tag}>" for tag in reversed(tags)))
    return "\n".join(lines)


def _tags(text: str, kind: str) -> str:
    """The tags that a text's controls ask for, each once however often it is asked for."""
    return "".join(dict.fromkeys(
        tag for style in _STYLE.finditer(text) if style[1] == kind for tag in "biu" if tag in style[2]))
