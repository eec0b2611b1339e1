"""How a subtitle file's first lines read in each likely encoding: what an editor chooses by.

Only lines that depend on the encoding are shown. A film that begins with ten lines of plain English would look the same
in all of them.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from moviepoint.domains.media.encoding import charsets, subtitles
from moviepoint.domains.media.encoding.cuetext import lines_of, plain
from moviepoint.domains.media.encoding.errors import Refused

SAMPLE = 2**19  # bytes of a file that are looked at
LINES = 12
LONGEST = 200  # characters of a line
_WIDE = ("utf-16", "utf-32")


class Preview(msgspec.Struct, frozen=True):
    """The first lines of a file, read in an encoding, without tags."""

    encoding: str
    lines: tuple[str, ...]


def previews(data: bytes, language: str, current: str, asked: str = "") -> list[Preview]:
    """Return how a file begins in the encoding asked for, in its current one, and in the likely ones, best first.

    Likely ones that read like another are left out. `data` may be cut off at SAMPLE. Raises LookupError for an encoding
    that there is not.
    """
    data = data[:SAMPLE]
    wanted = [charsets.known(name) for name in (asked, current) if name]
    narrow = _lines_of_bytes(data)
    shown: list[Preview] = []
    for name in dict.fromkeys((*wanted, *charsets.ranked(data, language))):
        lines = _read(data, narrow, name)
        if name in wanted or lines not in [other.lines for other in shown]:
            shown.append(Preview(name, lines))
    return shown


def _read(data: bytes, narrow: Sequence[bytes], name: str) -> tuple[str, ...]:
    if name.startswith(_WIDE):
        return _shown(_lines_of_text(data.decode(name, "replace")))
    return _shown(line.decode(name, "replace") for line in narrow)


def _shown(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines as they can stand on a page: what is no letter there becomes the sign of damage."""
    return tuple("".join(c if c.isprintable() else "\ufffd" for c in line.strip()[:LONGEST]) for line in lines)


def _lines_of_bytes(data: bytes) -> list[bytes]:
    """The lines of the cues as bytes. They are found in a text in which each byte beyond ASCII stands for itself."""
    try:
        text = data.decode("ascii", "surrogateescape")
        if subtitles.detect_format(text) == "ttml":  # no XML holds such characters
            raise Refused("", "")
        found = [line.encode("utf-8", "surrogateescape") for line in _lines(text)]
    except (Refused, UnicodeEncodeError):
        found = [re.sub(rb"\s+", b" ", line) for line in charsets.lines_beyond_ascii(data)]
    return found[:LINES]


def _lines_of_text(text: str) -> list[str]:
    try:
        return list(_lines(text.lstrip("\ufeff")))[:LINES]
    except Refused:
        return [line for line in lines_of(text) if not line.isascii()][:LINES]


def _lines(text: str) -> Iterable[str]:
    """The lines of a document's cues that are not plain ASCII, or all where there are none. Raises Refused."""
    cues = subtitles.parse(text, subtitles.detect_format(text)).cues
    lines = [line for cue in cues for line in plain(cue.text).split("\n")]
    telling = [line for line in lines if not line.isascii()]
    return telling or lines
