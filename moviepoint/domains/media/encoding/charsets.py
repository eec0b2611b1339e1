"""Guess the encoding of a subtitle file, and say whether the guess is sure.

Sure is what says so itself (a mark, UTF-8's own order), and a code page in which the letters make words of a language,
while in every other they make nonsense. All else is a guess: an editor looks at `ranked` and chooses.

Of files of five cues in 33 languages (972 of them: `tests/unit/media/dialogue.py` in each encoding, from each line on)
all were read right, and 94 % were sure; of forty cues all were right, and all but the Vietnamese were sure. None was
wrong and sure: `tests/unit/media/test_charsets.py` counts them. Whoever wrote those lines wrote the tables too, so that
they say little of other texts, and nothing of languages that are not in `alphabets.py`.
"""
from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator

import msgspec
from charset_normalizer import from_bytes

from moviepoint.domains.media.encoding import letters
from moviepoint.domains.media.encoding.letters import Reading

#: What an editor can choose from: names as Python has them, by what they are for.
KNOWN = (
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255",
    "cp1256", "cp1257", "cp1258", "cp874", "iso8859-1", "iso8859-2", "iso8859-5", "iso8859-6", "iso8859-7",
    "iso8859-8", "iso8859-9", "iso8859-13", "iso8859-15", "iso8859-16", "koi8-r", "koi8-u", "cp437", "cp737",
    "cp850", "cp852", "cp855", "cp857", "cp862", "cp866", "cp1125", "mac-cyrillic", "mac-roman", "mac-latin2",
    "mac-greek", "mac-turkish", "cp932", "euc_jp", "iso2022_jp", "gb18030", "big5hkscs", "cp949", "johab")
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
LOOKED_AT = 2**21  # bytes that a guess is made from: more than a film's subtitles have
EACH_BYTE = 30  # lines that a guess is made from, of those in which a byte beyond ASCII stands
MOST_LINES = 600
LONGEST_LINE = 400  # bytes
MOST_BYTES = 2**16  # of all those lines: each is read in every encoding, and twice as many as real lines have is enough
#: So rare, or so permissive, that an editor should look whatever the letters say.
NEVER_SURE = frozenset({"cp1258", "johab", "mac-roman", "mac-latin2", "mac-cyrillic", "mac-greek", "mac-turkish"})
MARGIN = 8.0  # by so much must the best reading be better than the next one to be sure
#: Of text, says Python, but no file of subtitles is written in them.
NO_CODE_PAGES = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_TAGS = re.compile(rb"<[^<>]{0,200}>|\{[^{}]{0,200}\}")
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,100}\bencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_MANY = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


class Decoded(msgspec.Struct, frozen=True):
    text: str
    encoding: str
    sure: bool  # False: an editor should look at a preview


def known(name: str) -> str:
    """Return an encoding's name as Python has it. Raises LookupError for what is none, or no encoding of text."""
    if not _NAME.fullmatch(name):
        raise LookupError(name)
    found = codecs.lookup(name)
    if not getattr(found, "_is_text_encoding", True) or found.name in NO_CODE_PAGES:
        raise LookupError(name)
    return found.name


def title(name: str) -> str:
    """Return an encoding's name as people know it: Windows-1251, ISO 8859-5, KOI8-R, DOS 866."""
    name = known(name)
    if match := re.fullmatch(r"cp(\d+)", name):
        return f"{'Windows' if match[1].startswith('125') or match[1] in ('874', '932', '949') else 'DOS'}-{match[1]}"
    if match := re.fullmatch(r"iso8859-(\d+)", name):
        return f"ISO 8859-{match[1]}"
    return f"Mac {name[4:].capitalize()}" if name.startswith("mac-") else name.upper().replace("_", "-")


def decode(data: bytes, chosen: str = "", language: str = "und") -> Decoded:
    """Decode a subtitle file; `chosen` is an editor's choice and wins, `language` (BCP-47) a hint where it is known.

    Raises LookupError for the name of an encoding that there is not.
    """
    if chosen:
        name = known(chosen)
        return Decoded(_plain(data, name), name, True)
    name = _said(data)
    if name:
        text = _plain(data, name)
        return Decoded(text, name, not letters.odd(text))
    data = data.rstrip(b"\x1a")  # DOS ends a text so
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _code_page(data, language)
    return Decoded(text, "utf-8", not _control(text))


def ranked(data: bytes, language: str = "und", most: int = 8) -> tuple[str, ...]:
    """Return the names of encodings that a file may be in; those that read alike stand once.

    The likeliest comes first, then those of the language, then others, and last what gives characters that no text has.
    """
    first = decode(data, "", language)
    own = letters.encodings_of(language)
    others = sorted(_readings(data, language), key=lambda reading: (reading.odd, reading.encoding not in own))
    return tuple(dict.fromkeys([first.encoding, *(reading.encoding for reading in others)]))[:most]


def lines_beyond_ascii(data: bytes) -> Iterator[bytes]:
    """Give the lines whose letters depend on the encoding, without tags."""
    for line in re.split(rb"[\r\n]+", data):
        if not line.isascii():
            yield _TAGS.sub(b" ", line[:LONGEST_LINE])


def _plain(data: bytes, name: str) -> str:
    return data.decode(name, "replace").lstrip("\ufeff")


def _said(data: bytes) -> str:
    """The encoding that the bytes themselves tell, or an empty string."""
    for mark, name in MARKS:
        if data.startswith(mark):
            return name
    wide = _wide(data)
    if wide:
        return wide
    if b"\x1b$" in data[:2**18] and data.isascii():
        return "iso2022_jp"
    declared = _DECLARED.match(data)
    if declared and not declared[1].lower().startswith((b"utf", b"ucs")):
        try:
            return known(declared[1].decode("ascii"))
        except LookupError:
            return ""
    return ""


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: every other byte of its digits, spaces and line breaks is zero."""
    sample = data[:4096]
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half, other = sample[offset::2], sample[1 - offset::2]
        if half and half.count(0) > len(half) * 0.2 and other.count(0) < len(other) * 0.02:
            return name
    return ""


def _control(text: str) -> bool:
    return any((ord(c) < 32 and c not in "\t\n\r\f\v") or 127 <= ord(c) < 160 for c in set(text))


def _code_page(data: bytes, language: str) -> Decoded:
    head = data[:LOOKED_AT]
    damaged = len(_MANY.sub(b"", head).translate(None, bytes(range(128))))
    if damaged * 10 < len(_MANY.findall(head)):
        return Decoded(data.decode("utf-8", "replace"), "utf-8", False)
    found = _readings(data, language)
    best = found[0]
    if best.odd:  # none of our code pages: the library knows some more
        match = from_bytes(b"\n".join(_sample(data))).best()
        if match is not None:
            return Decoded(data.decode(match.encoding, "replace"), known(match.encoding), False)
    text = data.decode(best.encoding, "replace")
    margin = best.score - found[1].score if len(found) > 1 else MARGIN
    return Decoded(text, best.encoding, margin >= MARGIN and not best.poor and best.encoding not in NEVER_SURE
                   and not letters.odd(text))


def _readings(data: bytes, language: str) -> list[Reading]:
    return letters.readings(b"\n".join(_sample(data)), language)


def _sample(data: bytes) -> Iterator[bytes]:
    """Give lines until each byte beyond ASCII has been seen often enough: rare ones tell code pages apart."""
    seen: Counter[int] = Counter()
    lines = taken = 0
    for line in lines_beyond_ascii(data[:LOOKED_AT]):
        high = {byte for byte in line if byte > 127}
        if any(seen[byte] < EACH_BYTE for byte in high):
            seen.update(high)
            lines, taken = lines + 1, taken + len(line)
            yield line
            if lines == MOST_LINES or taken > MOST_BYTES:
                return
