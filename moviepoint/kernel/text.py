"""Language tags, slugs and small text manners."""
from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from slugify import slugify as _slugify

#: ISO 639-2/B and other spellings met in files, which CLDR's two-letter data does not know.
_ALIASES = {
    "alb": "sq", "arm": "hy", "baq": "eu", "bur": "my", "chi": "zh", "cze": "cs", "dut": "nl", "fre": "fr",
    "geo": "ka", "ger": "de", "gre": "el", "ice": "is", "mac": "mk", "mao": "mi", "may": "ms", "per": "fa",
    "rum": "ro", "slo": "sk", "tib": "bo", "wel": "cy", "pob": "pt-BR", "scr": "hr", "scc": "sr", "iw": "he",
    "mol": "ro", "jw": "jv", "in": "id",
    "rus": "ru", "eng": "en", "deu": "de", "fra": "fr", "spa": "es", "ita": "it", "jpn": "ja", "kor": "ko",
    "zho": "zh", "por": "pt", "pol": "pl", "ukr": "uk", "bel": "be", "kaz": "kk", "uzb": "uz", "tur": "tr",
    "ara": "ar", "heb": "he", "hin": "hi", "tha": "th", "vie": "vi", "ind": "id", "swe": "sv", "nor": "no",
    "nob": "nb", "nno": "nn", "dan": "da", "fin": "fi", "est": "et", "lav": "lv", "lit": "lt", "ces": "cs",
    "slk": "sk", "hun": "hu", "ron": "ro", "bul": "bg", "srp": "sr", "hrv": "hr", "slv": "sl", "mkd": "mk",
    "ell": "el", "sqi": "sq", "hye": "hy", "kat": "ka", "aze": "az", "fas": "fa", "urd": "ur", "ben": "bn",
    "tam": "ta", "tel": "te", "mal": "ml", "kan": "kn", "mar": "mr", "guj": "gu", "pan": "pa", "msa": "ms",
    "nld": "nl", "isl": "is", "gle": "ga", "cym": "cy", "eus": "eu", "cat": "ca", "glg": "gl", "lat": "la",
    "mon": "mn", "kir": "ky", "tgk": "tg", "tuk": "tk", "tat": "tt", "epo": "eo", "mya": "my", "khm": "km",
    "lao": "lo", "bod": "bo", "nep": "ne", "sin": "si", "amh": "am", "swa": "sw", "zul": "zu", "afr": "af",
}
#: Countries that are no more, which CLDR does not name and old films come from; other locales see the English.
_FORMER_COUNTRIES = {
    "SU": {"en": "Soviet Union", "ru": "СССР"},
    "DD": {"en": "East Germany", "ru": "ГДР"},
    "CS": {"en": "Czechoslovakia", "ru": "Чехословакия"},
    "YU": {"en": "Yugoslavia", "ru": "Югославия"},
}
LANGUAGE_LENGTH = 35  # characters of a tag that is kept: the longest that RFC 5646 asks everybody to take
_SPECIAL = frozenset({"und", "zxx", "mul"})
KEPT = 2_000  # answers remembered of each kind: the tags may be any that a visitor makes up


@lru_cache(KEPT)
def normalise_language(tag: str) -> str:
    """Return the BCP-47 form of a language tag: `rus` → `ru`, `zh_CN` → `zh-CN`, `pob` → `pt-BR`.

    Empty means `und`. Raises ValueError for what is no language, or longer than LANGUAGE_LENGTH.
    """
    if len(tag) > LANGUAGE_LENGTH:  # nothing long is looked at, or remembered
        raise ValueError(f"{tag[:LANGUAGE_LENGTH]!r}… is too long for a language tag")
    cleaned = tag.strip().replace("_", "-")
    if not cleaned:
        return "und"
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", cleaned):
        raise ValueError(f"{tag!r} is no language tag")
    language, _, rest = cleaned.partition("-")
    language = language.lower()
    if language in _SPECIAL:
        return language
    language = _ALIASES.get(language, language)
    parts = [language] + [p.title() if len(p) == 4 and p.isalpha() else p.upper() if len(p) in (2, 3) else p.lower()
                          for p in rest.split("-") if p]
    joined = "-".join(parts)
    if language_name(joined.split("-")[0], "en") == joined.split("-")[0]:
        raise ValueError(f"{tag!r} is no known language")
    if len(joined) > LANGUAGE_LENGTH:  # `pob` has become `pt-BR`
        raise ValueError(f"{tag!r} is too long for a language tag")
    return joined


@lru_cache(KEPT)
def language_name(tag: str, locale: str) -> str:
    """Return a language's name in a locale's language ("Russian", "русский"); the tag itself if unknown."""
    parsed = _locale(locale)
    base, _, rest = tag.partition("-")
    name = parsed.languages.get(tag.replace("-", "_")) or parsed.languages.get(base) or tag
    if rest and tag.replace("-", "_") not in parsed.languages:
        detail = parsed.scripts.get(rest) or parsed.territories.get(rest)
        name = f"{name} ({detail})" if detail else name
    return name


@lru_cache(KEPT)
def country_name(code: str, locale: str) -> str:
    """Return a country's name in a locale's language; the code itself if unknown."""
    parsed, code = _locale(locale), code.upper()
    former = _FORMER_COUNTRIES.get(code, {})
    return str(parsed.territories.get(code) or former.get(parsed.language) or former.get("en") or code)


def country_code(name: str) -> str:
    """Return a country's ISO 3166-1 code by its English or Russian name, or the code itself; empty if unknown."""
    return _country_codes().get(name.strip().casefold(), "")


@cache
def _country_codes() -> dict[str, str]:
    codes = {"usa": "US", "u.s.a.": "US", "united states of america": "US", "uk": "GB", "great britain": "GB",
             "ussr": "SU", "korea": "KR", "czech republic": "CZ", "сша": "US"}
    for language in ("en", "ru"):
        former = {code: names[language] for code, names in _FORMER_COUNTRIES.items()}
        for code, known in (dict(_locale(language).territories) | former).items():
            if len(code) == 2 and code.isalpha():
                codes.setdefault(str(known).casefold(), code)
                codes.setdefault(code.casefold(), code)
    return codes


@lru_cache(KEPT)
def text_direction(tag: str) -> str:
    """Return `rtl` or `ltr` for a language tag."""
    try:
        return Locale.parse(tag.replace("-", "_")).text_direction
    except (UnknownLocaleError, ValueError):
        return "ltr"


def slugify(text: str, max_length: int = 80) -> str:
    """Return an ASCII slug; `title` when nothing of the text survives."""
    return str(_slugify(text, max_length=max_length, word_boundary=True)) or "title"


def one_line(text: str) -> str:
    """Fold white space and drop control characters: for names that end up in a line of something."""
    kept = "".join(" " if unicodedata.category(c).startswith(("C", "Z")) else c for c in text)
    return " ".join(kept.split())


def prose(text: str) -> str:
    """Keep lines and drop other control characters, which PostgreSQL would refuse and no reader sees."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) != "Cc").strip()


def _locale(tag: str) -> Locale:
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")
