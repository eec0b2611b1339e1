"""What a file's name says of it."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.domains.media.encoding.naming import Intent, guess
from moviepoint.kernel.text import normalise_language


@pytest.mark.parametrize(("name", "use", "language", "kind"), [
    ("film.mkv", "film", "und", ""),
    ("film.ru.mkv", "film", "und", ""),  # a film's own tracks say their languages
    ("film.ru.srt", "subtitles", "ru", "full"),
    ("film.en.forced.vtt", "subtitles", "en", "forced"),
    ("film.forced.en.vtt", "subtitles", "en", "forced"),
    ("film.de.m4a", "audio", "de", "dub"),
    ("Film (2024) [rus].srt", "subtitles", "ru", "full"),
    ("film.pt-BR.srt", "subtitles", "pt-BR", "full"),
    ("film.zh_Hans.ass", "subtitles", "zh-Hans", "full"),
    ("film.pob.srt", "subtitles", "pt-BR", "full"),
    ("film.pl.hi.srt", "subtitles", "pl", "sdh"),  # hard of hearing
    ("film.hi.srt", "subtitles", "hi", "full"),  # Hindi
    ("film.en.sdh.srt", "subtitles", "en", "sdh"),  # not Southern Kurdish
    ("Film.English.SDH.srt", "subtitles", "en", "sdh"),
    ("фильм.русский.форсированные.srt", "subtitles", "ru", "forced"),
    ("фильм.русский.дубляж.mka", "audio", "ru", "dub"),
    ("film.ru.mvo.ac3.mka", "audio", "und", "dub"),  # a word that says nothing ends what is read
    ("film.ru.MVO.flac", "audio", "ru", "voice-over"),
    ("film.en.ad.wav", "audio", "en", "audio-description"),
    ("film.commentary.en.mp3", "audio", "en", "commentary"),
    ("It.srt", "subtitles", "it", "full"),  # wrong for the film It, and for an editor to correct
    ("en.srt", "subtitles", "en", "full"),
    ("The.Man.Who.Was.srt", "subtitles", "und", "full"),
    (r"C:\films\film.en.srt", "subtitles", "en", "full"),
    ("../../film.fr.srt", "subtitles", "fr", "full"),
    ("srt", "film", "und", ""),
    ("", "film", "und", ""),
    (".srt", "film", "und", ""),
])
def test_names_are_read_from_their_end(name: str, use: str, language: str, kind: str) -> None:
    found = guess(name)
    assert (found.use, found.language, found.kind) == (use, language, kind)


@given(st.text(max_size=60), st.sampled_from(["", ".srt", ".mp3", ".mkv", ".hi.vtt", ".EN.ass"]))
def test_any_name_is_taken(name: str, suffix: str) -> None:
    found = guess(name + suffix)
    assert isinstance(found, Intent)
    assert normalise_language(found.language) == found.language
