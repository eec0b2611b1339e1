"""What a file is to become, guessed from its name: a suggestion that an editor can correct before it is sent.

    film.ru.srt            Russian subtitles
    film.en.forced.vtt     forced English subtitles
    film.de.m4a            a German dub
"""
from __future__ import annotations

import re
from functools import cache
from pathlib import PurePosixPath
from typing import Literal

import msgspec
from babel import Locale

from moviepoint.kernel.text import normalise_language

Use = Literal["film", "audio", "subtitles"]
AUDIO_SUFFIXES = frozenset({"m4a", "mka", "mp3", "wav", "flac", "ogg", "oga", "opus", "weba", "wma"})
SUBTITLE_SUFFIXES = frozenset({"srt", "vtt", "ass", "ssa", "ttml", "dfxp", "sub", "mks"})
#: Words in names, by what they say of a track. They win over languages: `sdh` is Southern Kurdish too.
SUBTITLE_WORDS = {"forced": "forced", "форсированные": "forced", "sdh": "sdh", "cc": "sdh", "signs": "signs",
                  "songs": "signs", "надписи": "signs", "full": "full", "полные": "full", "commentary": "commentary",
                  "комментарии": "commentary"}
AUDIO_WORDS = {"original": "original", "orig": "original", "оригинал": "original", "dub": "dub", "dubbed": "dub",
               "дубляж": "dub", "voiceover": "voice-over", "voice-over": "voice-over", "mvo": "voice-over",
               "avo": "voice-over", "dvo": "voice-over", "закадровый": "voice-over", "commentary": "commentary",
               "комментарии": "commentary", "ad": "audio-description", "descriptive": "audio-description",
               "audiodescription": "audio-description", "тифлокомментарий": "audio-description"}
THREE_LETTERS = frozenset({"fil", "yue", "cmn", "zxx", "und"})
HARD_OF_HEARING = "hi"  # and Hindi: it says the first only beside a language


class Intent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an upload is to become in its edition.

    `kind` is a dub's kind or a subtitle's role, empty for the usual one; `encoding` an editor's choice for a
    subtitle file's letters, empty where it is to be found out. `replaces` is the id of the track whose place the file
    takes, 0 for a new one. All but `use` matter for files with one track.
    """

    use: Use = "film"
    language: str = "und"
    kind: str = ""
    label: str = ""
    studio: str = ""
    encoding: str = ""
    replaces: int = 0


def guess(filename: str) -> Intent:
    """Return what a file's name says of it; a name that says nothing is a film's."""
    path = PurePosixPath(filename.replace("\\", "/").lower())
    suffix = path.suffix.removeprefix(".")
    use: Use = "audio" if suffix in AUDIO_SUFFIXES else "subtitles" if suffix in SUBTITLE_SUFFIXES else "film"
    if use == "film":
        return Intent()
    language, kind = _words(path.stem, AUDIO_WORDS if use == "audio" else SUBTITLE_WORDS)
    return Intent(use, language, kind or ("dub" if use == "audio" else "full"))


def _words(stem: str, kinds: dict[str, str]) -> tuple[str, str]:
    """Read a stem from its end for as long as its words are languages and kinds; a title's own words end it."""
    language, kind, hearing = "", "", False
    words = [word for word in re.split(r"[.\s()\[\]{},]+", stem) if word]
    for number, word in enumerate(reversed(words), start=1):
        found = _language(word) if number < len(words) or len(words) == 1 else ""
        if word == HARD_OF_HEARING and "sdh" in kinds.values() and not language and not hearing:
            hearing = True
        elif word in kinds and not kind:
            kind = kinds[word]
        elif found and not language:
            language = found
        else:
            break
    if hearing:
        return (language, kind or "sdh") if language else (HARD_OF_HEARING, kind)
    return language or "und", kind


def _language(word: str) -> str:
    """Return the tag of a language's code or name, or an empty string."""
    if word in _names():
        return _names()[word]
    if not re.fullmatch(r"[a-z]{2,3}([-_]([a-z]{4}|[a-z]{2}))?", word):
        return ""
    try:
        tag = normalise_language(word)
    except ValueError:
        return ""
    base = tag.partition("-")[0]
    return tag if len(base) == 2 or base in THREE_LETTERS else ""  # Washo is `was`, and so is a word in a title


@cache
def _names() -> dict[str, str]:
    """Languages with a code of two letters, by their English, Russian and own names in small letters."""
    names: dict[str, str] = {}
    for locale in ("en", "ru"):
        names |= {name.lower(): tag for tag, name in Locale(locale).languages.items() if len(tag) == 2}
    return names
