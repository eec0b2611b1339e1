"""The text of a cue: in WebVTT's own tags, balanced, and everything else of it as letters.

Subtitles come from anybody: what is done for a text takes as long as the text is, whatever stands in it.
"""
from __future__ import annotations

import html
import re

#: Tags that are open at once; deeper ones are left out, so that closing one never looks through thousands.
DEEPEST = 12
_TAG = re.compile(r"<(/?)([a-zA-Z]++)([^<>]*)>|<\d[\d:.]*>")
_ANY_TAG = re.compile(r"<[^<>]*>")
_KEPT = frozenset({"b", "i", "u", "ruby", "rt"})
_CLASSES = re.compile(r"^\S+")  # ".loud" in "<v.loud Esme>"
_LONG_NUMBER = re.compile(r"&#([0-9]{8,});?")  # Python reads no number of thousands of digits
_LINE_ENDS = re.compile("[\v\f\x85\u2028\u2029]")  # what Unicode ends a line with, beside those that end one in a file
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_OVERRIDE = re.compile(r"\{([^{}]*)\}")
_OTHER_OVERRIDE = re.compile(r"\{(?:[^{}\\]++|\\(?![biu][01]))*+\}")
_SWITCH = re.compile(r"\\([biu])([01])(?![0-9])")


def lines_of(text: str) -> list[str]:
    """Return the lines of a file of subtitles. They end with LF, CR or both: other ends that Unicode has are text."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def plain(text: str) -> str:
    """Return a cleaned cue's text as people read it, without tags."""
    return _unescape(_ANY_TAG.sub("", text))


def clean(text: str) -> str:
    """Return cue text in WebVTT's own tags, balanced, everything else escaped; blank lines removed."""
    parts: list[str] = []
    stack: list[str] = []
    position = 0
    for match in _TAG.finditer(text):
        if match.start() > position:
            parts.append(_escape(text[position:match.start()]))
        position = match.end()
        name = (match[2] or "").lower()
        if match[1]:
            if name in stack:
                parts.append(_closed(stack, name))
        elif len(stack) == DEEPEST:
            continue
        elif name in _KEPT:
            stack.append(name)
            parts.append(f"<{name}>")
        elif name == "v" and (speaker := _escape(_CLASSES.sub("", match[3])).split()):
            stack.append("v")
            parts.append(f"<v {' '.join(speaker)}>")
    parts.append(_escape(text[position:]))
    parts += [f"</{name}>" for name in reversed(stack)]
    lines = (line.strip() for line in "".join(parts).split("\n"))
    joined = "\n".join(line for line in lines if line)
    return joined if _visible(joined) else ""


def clean_overridden(text: str) -> str:
    """Return ASS's text as a cue's: overrides for bold, italic and underline are tags, all others go.

    Literal angle brackets are text.
    """
    def override(match: re.Match[str]) -> str:
        return "".join(f"\0{'/' if on == '0' else ''}{name}\1" for name, on in _SWITCH.findall(match[1]))
    text = _OVERRIDE.sub(override, text)
    text = text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", "\u00a0")
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return clean(text.replace("\0", "<").replace("\1", ">"))


def without_overrides(text: str, all_of_them: bool = True) -> str:
    """Return a text without ASS's overrides; or without those that are neither bold nor italic nor underline."""
    return (_OVERRIDE if all_of_them else _OTHER_OVERRIDE).sub("", text)


def place(text: str) -> str:
    """Return WebVTT's settings for the place on the screen that ASS's overrides say: `{\\an8}` is the top."""
    match = re.search(r"\\an([1-9])", text)
    if match is None:
        return ""
    row, column = divmod(int(match[1]) - 1, 3)
    vertical = {0: "", 1: "line:50%", 2: "line:0"}[row]
    horizontal = {0: "position:10% align:start", 1: "", 2: "position:90% align:end"}[column]
    return f"{vertical} {horizontal}".strip()


def _closed(stack: list[str], name: str) -> str:
    """Close what is open, from the innermost to `name`."""
    closed = ""
    while not closed.endswith(f"</{name}>"):
        closed += f"</{stack.pop()}>"
    return closed


def _escape(text: str) -> str:
    kept = _CONTROLS.sub("", _LINE_ENDS.sub("\n", _unescape(text)))
    return kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\u00a0", "&nbsp;")


def _unescape(text: str) -> str:
    return html.unescape(_LONG_NUMBER.sub(_number, text)) if "&" in text else text


def _number(match: re.Match[str]) -> str:
    """A character's number as short as it can be; one that no character has is the sign of damage."""
    digits = match[1].lstrip("0")
    return "\ufffd" if len(digits) > 7 else f"&#{digits or '0'};"


def _visible(text: str) -> bool:
    """Whether anything of a cleaned text can be seen."""
    return bool(_ANY_TAG.sub("", text).replace("&nbsp;", "").strip())
