"""Guess the encoding of a subtitle file, and say whether the guess is sure."""
from __future__ import annotations

import codecs

import msgspec
from charset_normalizer import from_bytes

SAMPLE = 2**18  # bytes that a guess is made from
CYRILLIC = ("cp1251", "koi8_r", "cp866", "iso8859_5")
#: Letters of Russian, Ukrainian, Bulgarian and Serbian text by how common they are, roughly, per thousand.
_WEIGHTS = (("оеаинтсрвлкмдпу", 60), ("яыьгзбчйхжшюцщэфіъё", 14), ("їєґўјљњћџђ", 4))
_COMMON = {letter: weight for letters, weight in _WEIGHTS for letter in letters}


class Decoded(msgspec.Struct, frozen=True):
    text: str
    encoding: str
    sure: bool  # False: an editor should look at a preview


def decode(data: bytes, chosen: str = "") -> Decoded:
    """Decode a subtitle file; `chosen` is an editor's choice and wins. Raises LookupError for an unknown name."""
    if chosen:
        return Decoded(data.decode(chosen, "replace").lstrip("\ufeff"), codecs.lookup(chosen).name, True)
    for mark, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return Decoded(data.decode(name, "replace").lstrip("\ufeff"), name, True)
    wide = _wide(data)
    if wide:
        return Decoded(data.decode(wide, "replace"), wide, True)
    try:
        return Decoded(data.decode("utf-8"), "utf-8", True)
    except UnicodeDecodeError:
        return _code_page(data)


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: every other byte of its digits, spaces and line breaks is zero."""
    sample = data[:4096]
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = sample[offset::2]
        if half and half.count(0) > len(half) * 0.2:
            return name
    return ""


def _code_page(data: bytes) -> Decoded:
    sample = data[:SAMPLE].rpartition(b"\n")[0] if len(data) > SAMPLE else data
    scores = sorted(((_cyrillic_score(sample, name), name) for name in CYRILLIC), reverse=True)
    (best, name), (second, _) = scores[0], scores[1]
    if best > 25:
        return Decoded(data.decode(name, "replace"), name, best > second + 8)
    match = from_bytes(sample).best()
    if match is None:
        return Decoded(data.decode("cp1252", "replace"), "cp1252", False)
    return Decoded(data.decode(match.encoding, "replace"), match.encoding, match.chaos < 0.05 and match.coherence > 0.3)


def _cyrillic_score(data: bytes, encoding: str) -> float:
    """The mean weight of what the bytes above 127 become: small letters score, capitals inside words cost."""
    text = data.decode(encoding, "replace")
    total, count = 0.0, 0
    before = " "
    for letter in text:
        if ord(letter) > 127 and letter not in "«»—–…№’“”„":
            count += 1
            weight = _COMMON.get(letter.lower(), -60)
            total += weight if letter.islower() or not before.islower() else -60
        before = letter
    return total / count if count else 0.0
