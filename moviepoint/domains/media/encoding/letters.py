"""How well bytes read as text: the same bytes in each code page, weighed by the languages that are written in it.

The weight is about the logarithm of the chance that somebody who writes a language writes these letters. A letter that
the language has not, a capital in the middle of a word, two scripts in one word and control characters cost much.
"""
from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache

import msgspec

from moviepoint.domains.media.encoding.alphabets import LANGUAGES, Alphabet

#: What a reading costs for each of these, in natural logarithms.
CASE, CAPITAL, MIXED, PAIR, INSIDE = -6.0, -1.0, -7.0, -1.0, -4.0
MARKS, SIGN, FOREIGN, CONTROL = -4.5, -9.0, -11.0, -18.0
LONE = -3.0  # a guillemet without its other
WORD, SHORT_WORD = 2.2, 1.0  # what a known word gives, and one of a single letter
ASCII_IN_SCRIPT = math.log(0.03)
HINT = 3.0  # for the language that the file is said to be in: it breaks ties, and no more
#: Below so much a letter, in the mean, no text is written: real ones have 3.5 at most, and ideographs 8.1.
WORST, WORST_IDEOGRAPHS = -4.2, -8.4
#: A small preference where nothing else decides: Windows first, then what was common elsewhere.
PRIORS = {
    **dict.fromkeys([f"iso8859-{part}" for part in (2, 5, 6, 7, 9, 13, 15)], -0.7),
    **dict.fromkeys(("koi8-r", "koi8-u", "cp866", "euc_jp"), -0.3), "cp1258": -1.0, "johab": -3.0, "iso8859-4": -2.0,
    **dict.fromkeys([f"cp{page}" for page in (720, 737, 775, 850, 852, 855, 857, 862, 1125)], -2.0),
    **dict.fromkeys([f"mac-{name}" for name in ("roman", "latin2", "cyrillic", "greek", "turkish")], -3.0)}
_TYPOGRAPHY = frozenset("«»‹›“”„‚‘―•·¿¡♪♫°№§™£€、。「」『』！？（），．：；～・‥《》〈〉【】〜ㆍ　％")
#: Scripts as letters of a shape: small and capital ones apart where there are both.
_SCRIPTS = {"LATIN": "lL", "CYRILLIC": "cC", "GREEK": "gG", "HEBREW": "hh", "ARABIC": "rr", "THAI": "tt", "CJK": "kk",
            "HIRAGANA": "kk", "KATAKANA": "kk", "KATAKANA-HIRAGANA": "kk", "HANGUL": "kk", "FULLWIDTH": "kk",
            "HALFWIDTH": "kk"}
_LETTERS = "aAlLcCgGhrtk"
_CASE = re.compile(r"(?<=[lcg])[ALCG]|(?<=a)[LCG]")
_MIXED = re.compile("|".join(f"(?<=[{own}])[{''.join(c for c in _LETTERS if c not in own + free)}]" for own, free in (
    ("aA", "lLk"), ("lL", "aA"), ("cC", ""), ("gG", ""), ("h", ""), ("r", ""), ("t", ""), ("k", "aA"))))
_PAIR = re.compile(r"(?<=[lL])[lL]")
_INSIDE = re.compile(rf"(?<=[{_LETTERS}])[.$](?=[{_LETTERS}])|(?<![{_LETTERS}])'(?=[{_LETTERS}])")
_WORDS = re.compile(r"[^\W\d_]+")


class Reading(msgspec.Struct, frozen=True):
    """Bytes read in an encoding as a language: `score` compares with others' of the same bytes; `each` is per letter.

    `odd` says that there are characters among them that no text has, `poor` that the letters are no text's.
    """

    encoding: str
    language: str
    text: str
    score: float
    each: float
    odd: bool
    poor: bool


class _Shapes(dict[int, str]):
    """What each character is for a reading: a letter of a script, a mark, a sign, or what no text has."""

    def __missing__(self, code: int) -> str:
        self[code] = shape = _shape(chr(code))
        return shape


def _shape(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Cn", "Co", "Cs") or character == "\ufffd":
        return " " if character in "\t\n\r\f\v" else "!"
    if ord(character) < 128:
        return ("A" if character.isupper() else "a") if character.isalpha() else " "
    if character in "–—…":
        return "-"
    if character in _TYPOGRAPHY:
        return "."
    if character == "’":
        return "'"
    if category == "Mn":
        return "m"
    if category[0] == "L":
        script = _SCRIPTS.get(unicodedata.name(character, "?").partition(" ")[0], "??")
        return script[category == "Lu"]
    return "k" if 0x3000 <= ord(character) <= 0x30FF or 0xFF00 <= ord(character) <= 0xFFEF else \
        " " if character == "\u00a0" else "$"


_SHAPES = _Shapes()


def odd(text: str) -> bool:
    """Say whether a text has characters that no text has: control, private, unassigned, or those of damage."""
    return any(_SHAPES[ord(character)] == "!" for character in set(text))


def encodings_of(language: str) -> frozenset[str]:
    """Return the encodings that texts in a language (BCP-47) are found in; none for a language that we do not know."""
    return frozenset(name for known in LANGUAGES if _same(known.tag, language) for name in known.encodings)


def readings(data: bytes, language: str = "und") -> list[Reading]:
    """Return how bytes read, the best first, one for each different text. `language` is a hint (BCP-47)."""
    best: dict[str, Reading] = {}
    texts = {name: data.decode(name, "replace") for name in {name for known in LANGUAGES for name in known.encodings}}
    costs = {name: _look(text) for name, text in texts.items()}
    counted = {name: (Counter(text), Counter(_WORDS.findall(text.lower()))) for name, text in texts.items()}
    for known in LANGUAGES:
        for name in known.encodings:
            reading = _read(known, name, texts[name], costs[name], *counted[name], language)
            if reading.text not in best or best[reading.text].score < reading.score:
                best[reading.text] = reading
    return sorted(best.values(), key=lambda reading: -reading.score)


def _look(text: str) -> Mapping[str, int]:
    """Count what costs whatever the language is."""
    shape = text.translate(_SHAPES)
    return {"case": len(_CASE.findall(shape)), "capital": sum(shape.count(c) for c in "LCG"),
            "mixed": len(_MIXED.findall(shape)), "pair": len(_PAIR.findall(shape)),
            "inside": len(_INSIDE.findall(shape)), "control": shape.count("!"),
            "lone": abs(text.count("«") - text.count("»")),
            "ascii": shape.count("a") + shape.count("A")}


def _read(known: Alphabet, encoding: str, text: str, cost: Mapping[str, int], characters: Mapping[str, int],
          words: Mapping[str, int], language: str) -> Reading:
    chances = _chances(known.tag)
    letters, high = 0.0, 0
    for character, count in characters.items():
        if character >= "\x80":
            letters += count * _chance(chances, known, character)
            high += count
    latin = known.share < 0.5
    score = (letters + cost["case"] * CASE + cost["capital"] * CAPITAL + cost["mixed"] * MIXED
             + cost["pair"] * PAIR * latin + cost["inside"] * INSIDE + cost["control"] * CONTROL
             + cost["lone"] * LONE)
    each = score / max(1, high) - math.log(known.share)
    score += cost["ascii"] * (math.log(1 - known.share) if latin else ASCII_IN_SCRIPT)
    score += sum(words[word] * (WORD if len(word) > 1 else SHORT_WORD) for word in known.words if word in words)
    score += PRIORS.get(encoding, 0.0) + (HINT if _same(known.tag, language) else 0.0)
    return Reading(encoding, known.tag, text, score, each, cost["control"] > 0,
                   each < (WORST_IDEOGRAPHS if known.rest else WORST))


def _same(tag: str, language: str) -> bool:
    if language in ("nb", "nn"):
        language = "no"
    if tag.startswith("zh"):
        return tag == ("zh-Hant" if language in ("zh-Hant", "zh-TW", "zh-HK") else language.partition("-")[0])
    return tag == language.partition("-")[0]


def _chance(chances: Mapping[str, float], known: Alphabet, character: str) -> float:
    found = chances.get(character)
    if found is None:
        found = chances.get(character.lower())
    if found is not None:
        return found
    shape = _SHAPES[ord(character)]
    if shape in ".-'" or character == "\u00a0":
        return MARKS
    if shape == "$":
        return SIGN
    if shape in (" ", "!"):
        return 0.0  # counted by its shape
    if known.rest and unicodedata.name(character, "").startswith(("CJK", "HANGUL")):
        return math.log(known.rest / known.others)
    return FOREIGN


@cache
def _chances(tag: str) -> Mapping[str, float]:
    """The logarithm of the chance of each of a language's letters: each next one is a little rarer."""
    known = next(known for known in LANGUAGES if known.tag == tag)
    groups = (*known.groups, (known.letters, known.share * (1 - known.rest - sum(share for _, share in known.groups))))
    found: dict[str, float] = {}
    for letters, share in groups:
        weights = [1 / (place + len(letters) / 8 + 1) for place in range(len(letters))]
        for letter, weight in zip(letters, weights, strict=True):
            found.setdefault(letter, math.log(share * weight / sum(weights)))
    return found
