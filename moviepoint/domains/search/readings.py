"""Other ways to read a query that finds little: another keyboard, words run together or torn apart, other letters."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from moviepoint.domains.search.analysis import fold, has_cyrillic, terms, title_key, transliterate

_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбюё"
_TO_RUSSIAN = str.maketrans(_LATIN_KEYS, _RUSSIAN_KEYS)
_TO_LATIN = str.maketrans(_RUSSIAN_KEYS, _LATIN_KEYS)
#: Where the two systems differ by more than a letter's usual transliteration; folded, ё is е.
_HEPBURN = {first + vowel: latin + sound for first, latin in (("с", "sh"), ("т", "ch"), ("дз", "j"))
            for vowel, sound in (("и", "i"), ("я", "a"), ("ю", "u"), ("е", "o"))} | {"дз": "z", "х": "h"}
_POLIVANOV = re.compile("|".join(sorted(_HEPBURN, key=len, reverse=True)))
SHORTEST = 2  # letters of a piece of a torn word
PIECES = 4


def readings(text: str, known: Callable[[str], bool]) -> Iterator[str]:
    """Yield other texts that may be meant, most likely first; `known` tells whether a word stands in any title."""
    seen = {text}
    heard = in_latin(text) if has_cyrillic(text) else ()
    for other in (other_layout(text), torn(text, known), together(text), *heard):
        if other and other not in seen and terms(other):
            seen.add(other)
            yield other


def other_layout(text: str) -> str:
    """Return what the same keys write on the other keyboard, English or Russian."""
    small = text.casefold()
    return small.translate(_TO_LATIN if has_cyrillic(small) else _TO_RUSSIAN)


def together(text: str) -> str:
    """Return the words of a text as one."""
    return title_key(text).replace(" ", "")


def torn(text: str, known: Callable[[str], bool]) -> str:
    """Return a text with each unknown word cut into known ones, or nothing where that cannot be."""
    pieces: list[str] = []
    for word in title_key(text).split():
        cut = [word] if known(word) else _cut(word, known, PIECES)
        if not cut:
            return ""
        pieces += cut
    return " ".join(pieces)


def in_latin(text: str) -> tuple[str, str, str]:
    """Return a foreign name that was written by ear in Cyrillic: letter by letter, as English spells it, and Japanese.

    Japanese names are written in Russian by Polivanov's system and in Latin letters by Hepburn's: сё is sho.
    """
    folded = fold(text)
    heard = re.sub(r"ш[её]?н\b", "tion", folded.replace("кс", "x"))
    japanese = _POLIVANOV.sub(lambda found: _HEPBURN[found[0]], folded)
    return transliterate(text), transliterate(heard), transliterate(japanese)


def _cut(word: str, known: Callable[[str], bool], pieces: int) -> Sequence[str]:
    for at in range(len(word) - SHORTEST, SHORTEST - 1, -1):
        if known(word[:at]):
            if known(word[at:]):
                return [word[:at], word[at:]]
            if pieces > 2 and (rest := _cut(word[at:], known, pieces - 1)):
                return [word[:at], *rest]
    return []
