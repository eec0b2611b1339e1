"""A dozen lines of film dialogue in each language, written for these tests, and the encodings they are found in."""
from __future__ import annotations

from functools import cache
from pathlib import Path

_WEST, _CENTRAL = ("cp1252", "iso8859-1", "iso8859-15"), ("cp1250", "iso8859-2")
ENCODINGS = {
    **dict.fromkeys(("ru", "bg"), ("cp1251", "koi8-r", "cp866", "iso8859-5")), "uk": ("cp1251", "koi8-u", "iso8859-5"),
    "sr": ("cp1251", "iso8859-5"), **dict.fromkeys(("fr", "de", "es", "pt", "it", "sv", "da", "no", "fi", "nl"), _WEST),
    "en": ("cp1252",), **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "hr"), _CENTRAL), "tr": ("cp1254", "iso8859-9"),
    "el": ("cp1253", "iso8859-7"), "he": ("cp1255", "iso8859-8"), "ar": ("cp1256", "iso8859-6"),
    **dict.fromkeys(("lt", "lv", "et"), ("cp1257", "iso8859-13")), "vi": ("cp1258",), "th": ("cp874",),
    "ja": ("shift_jis", "cp932", "euc_jp"), "zh": ("gb18030", "gbk"), "zh-Hant": ("big5", "gb18030"),
    "ko": ("cp949", "euc_kr")}


@cache
def lines(language: str) -> list[str]:
    """Return a language's dozen of lines."""
    text = Path(__file__).with_name("dialogue.txt").read_text(encoding="utf-8")
    return text.partition(f"[{language}]\n")[2].partition("\n\n")[0].splitlines()


def srt(language: str, first: int, count: int) -> str:
    """Return so many cues of a language, from a line on and around again."""
    said = lines(language)
    return "\n".join(f"{number + 1}\n00:00:{number:02d},000 --> 00:00:{number:02d},900\n"
                     f"{said[(first + number) % len(said)]}\n" for number in range(count))
