"""From text to terms, the same for every engine: folding, stemming by script, transliteration.

Engines get terms and never analyse by themselves, so that all of them find the same.
"""
from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from whoosh.lang.porter2 import stem as english_stem
from whoosh.lang.snowball.russian import RussianStemmer

MAX_TERM = 40  # letters
WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
JOINERS = re.compile(r"(?<=\w)[-‐‑–](?=\w)")

_russian = RussianStemmer()
#: Cyrillic in Latin letters, as those write who have no other keyboard.
_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh",
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    "і": "i", "ї": "yi", "є": "ye", "ґ": "g",
}
#: Letters that decompose to nothing simpler, but that people type without.
_PLAIN = str.maketrans({"ё": "е", "ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "’": "'"})


def fold(text: str) -> str:
    """Return text in small letters without accents; й stays a letter of its own, ё is е."""
    if text.isascii():
        return text.lower()
    kept = unicodedata.normalize("NFKC", text).casefold().translate(_PLAIN)
    return "".join(letter if letter == "й" else _bare(letter) for letter in kept)


def terms(text: str) -> list[str]:
    """Return the folded words of a text; what a hyphen joins is given apart and as one word."""
    found = []
    for word in WORDS.findall(JOINERS.sub(" ", fold(text))):
        found.append(word.replace("'", "")[:MAX_TERM])
    for joined in re.findall(r"\w+(?:[-‐‑–]\w+)+", fold(text)):
        found.append(re.sub(r"\W", "", joined)[:MAX_TERM])
    return found


def stems(text: str) -> list[str]:
    """Return the stems of a text's words: Russian for Cyrillic, English for Latin, else the word itself."""
    return [stem(term) for term in terms(text)]


@lru_cache(maxsize=50_000)
def stem(term: str) -> str:
    """Return a term's stem by its script."""
    if "\u0400" <= term[0] <= "\u04ff":
        return str(_russian.stem(term))
    return str(english_stem(term)) if term[0].isascii() and term[0].isalpha() else term


def transliterate(text: str) -> str:
    """Return folded Cyrillic in Latin letters; other letters stay."""
    return "".join(_LATIN.get(letter, letter) for letter in fold(text))


def has_cyrillic(text: str) -> bool:
    return not text.isascii() and any("\u0400" <= letter <= "\u04ff" for letter in text)


def title_key(text: str) -> str:
    """Return what makes two titles the same to somebody who types one: its folded words."""
    return " ".join(WORDS.findall(JOINERS.sub(" ", fold(text))))


@lru_cache(maxsize=5_000)
def _bare(letter: str) -> str:
    parts = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    return parts.casefold().translate(_PLAIN)  # again: what stands inside 𝖠 or ǿ shows only now
