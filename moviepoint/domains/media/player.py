"""What the player in the browser is told: addresses, tracks by meaning, and its words in the page's language."""
from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import Any

import msgspec

from moviepoint.domains.media import playback
from moviepoint.domains.media.encoding import sidecars
from moviepoint.domains.media.models import AudioTrack, Edition, SubtitleTrack
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.sentences import said
from moviepoint.kernel.text import language_name, one_line


class Track(msgspec.Struct):
    """A dub or subtitles as the player knows them: `label` is the NAME in the master, `title` the editor's words.

    `studio` is who made it, by which a viewer's choice is known again in another film.
    """

    language: str
    kind: str
    label: str
    default: bool
    title: str = ""
    id: int = 0
    studio: str = ""


class Place(msgspec.Struct):
    """A page that the player leads to."""

    url: str
    name: str


class Around(msgspec.Struct):
    """What the player knows of the page that it stands on; all of it may be missing.

    `series` and `poster` are for the lock screen. `cues` is where a track's text is, with TRACK for its id. `share` is
    the public address of the watch page.
    """

    series: str = ""
    poster: str = ""
    previous: Place | None = None
    next: Place | None = None
    cues: str = ""
    share: str = ""


class Skip(msgspec.Struct):
    """A stretch that viewers may skip, in seconds: an intro, a recap or the credits."""

    kind: str
    start: float
    end: float


def audio_kinds() -> dict[str, str]:
    """Return the words for kinds of audio tracks; what goes without saying has none."""
    return {"original": _("original"), "dub": _("dubbed"), "voice-over": _("voice-over"),
            "commentary": _("commentary"), "description": _("audio description"),
            "audio-description": _("audio description")}


def subtitle_kinds() -> dict[str, str]:
    """Return the words for roles of subtitles."""
    return {"full": "", "forced": _("forced"), "sdh": _("for the hard of hearing"), "signs": _("signs only"),
            "commentary": _("commentary")}


def tracks_heard(edition: Edition, locale: str = "") -> list[Track]:
    """Return the dubs that are shown, in the master's order, with the editor's words for a locale."""
    return [Track(track.language, track.kind, name, track.default, title_of(track, locale),
                  studio=track.studio)
            for track, name in zip(playback.shown_audio(edition), playback.audio_names(edition), strict=True)]


def tracks_read(edition: Edition, locale: str = "") -> list[Track]:
    """Return the subtitles that are shown, in the master's order, with the editor's words for a locale."""
    return [Track(track.language, track.role, name, track.default, title_of(track, locale), track.id,
                  track.studio)
            for track, name in zip(playback.shown_subtitles(edition), playback.subtitle_names(edition), strict=True)]


def note_words(note: str) -> str:
    """Return what an editor should know of a track in words of the reader's language."""
    if note.startswith(sidecars.LENGTH):
        apart = int(note.removeprefix(sidecars.LENGTH))
        seconds = f"{abs(apart) / 1000:.1f}"
        longer = _("This sound is %(seconds)s s longer than the film.", seconds=seconds)
        shorter = _("This sound is %(seconds)s s shorter than the film.", seconds=seconds)
        advice = _("Listen to it, set an offset if it needs one, and show it.")
        return f"{longer if apart > 0 else shorter} {advice}"
    return {"other-length": _("Made for a cut of another length. Listen to it, and show it if it fits."),
            "gone": _("The files of this track are not on the storage. Upload it again."),
            "other-format": _("Players of DASH do not get this track: its file was not kept when the film was encoded "
                              "in another format. Upload it again.")}.get(note, said(note))


def title_of(track: AudioTrack | SubtitleTrack, locale: str) -> str:
    """Return what an editor calls a track for those who read a locale; else its label, else its studio."""
    return track.labels.get(locale) or track.labels.get(locale.partition("-")[0]) or track.label or track.studio


def audio_name(track: AudioTrack, locale: str) -> str:
    """Return how a page names a dub: "Russian, dubbed"."""
    return _named(track.language, audio_kinds().get(track.kind, ""), locale) or title_of(track, locale)


def subtitle_name(track: SubtitleTrack, locale: str) -> str:
    """Return how a page names subtitles: "Russian, forced"."""
    return _named(track.language, subtitle_kinds().get(track.role, ""), locale) or title_of(track, locale)


def _named(language: str, kind: str, locale: str) -> str:
    parts = ["" if language == "und" else language_name(language, locale), kind]
    return ", ".join(part for part in parts if part)


def player_words() -> dict[str, Any]:
    """Return the player's sentences and labels in the page's language."""
    return {
        "audioKinds": {kind: word for kind, word in audio_kinds().items() if kind != "original"},
        "subtitleKinds": subtitle_kinds(),
        "skip": {"intro": _("Skip the intro"), "recap": _("Skip the recap"), "credits": _("Skip the credits")},
        "next": _("Next: %(name)s", name="%(name)s"),
        "resumed": _("Going on from %(time)s", time="%(time)s"),
        "faults": {
            "offline": _("The connection is gone. When you are online again, try again."),
            "forbidden": _("This film is not open to you any more. Reload the page, or sign in."),
            "missing": _("A part of this film could not be found. It may have been replaced just now."),
            "busy": _("Too many people are watching at the moment. Wait a little and try again."),
            "network": _("The film does not arrive. The connection may be too slow or broken."),
            "damaged": _("The film cannot be played from here. It may be damaged, or your browser cannot decode it."),
            "unsupported": _("This browser cannot play films. A newer one can."),
            "other": _("The player met a fault that it does not know."),
        },
        # Names of the player's own buttons, where Shaka's translation is missing or says something else.
        "interface": {
            "LANGUAGE": _("Audio"), "CAPTIONS": _("Subtitles"), "QUALITY": _("Quality"), "RESOLUTION": _("Quality"),
            "AUTO_QUALITY": _("Automatic"), "PLAYBACK_RATE": _("Speed"), "OFF": _("Off"), "BACK": _("Back"),
            "PLAY": _("Play"), "PAUSE": _("Pause"), "REPLAY": _("Play again"), "MUTE": _("Mute"),
            "UNMUTE": _("Unmute"), "VOLUME": _("Volume"), "SEEK": _("Seek"), "FULL_SCREEN": _("Full screen"),
            "EXIT_FULL_SCREEN": _("Leave full screen"), "PICTURE_IN_PICTURE": _("Picture in picture"),
            "ENTER_PICTURE_IN_PICTURE": _("Picture in picture"),
            "EXIT_PICTURE_IN_PICTURE": _("Leave picture in picture"), "MORE_SETTINGS": _("More settings"),
            "CHAPTERS": _("Chapters"), "CHAPTER": _("Chapters"), "MOVIEPOINT_CAPTIONS": _("Look of subtitles"),
            "MOVIEPOINT_KEYS": _("Keys"), "UNDETERMINED_LANGUAGE": _("Unknown language"),
            "UNRECOGNIZED_LANGUAGE": _("Unknown language"), "SUBTITLE_FORCED": _("forced"),
            "PIP_WINDOW_ACTIVE": _("The film plays in a window of its own"),
        },
    }


def skips(edition: Edition) -> list[Skip]:
    """Return what may be skipped; one without an end lasts until the next mark, and credits until the film's end."""
    last = edition.duration_ms or 0
    found = []
    for mark in edition.marks:
        if mark.kind == "chapter":
            continue
        later = min((other.start_ms for other in edition.marks if other.start_ms > mark.start_ms), default=last)
        end = mark.end_ms or (last if mark.kind == "credits" else later)
        if end > mark.start_ms:
            found.append(Skip(mark.kind, mark.start_ms / 1000, end / 1000))
    return found


def chapters(edition: Edition) -> str:
    """Return an edition's chapters as a data address of WebVTT; empty when it has none."""
    marks = [mark for mark in edition.marks if mark.kind == "chapter" and mark.label]
    if not marks:
        return ""
    ends = [mark.start_ms for mark in marks[1:]] + [edition.duration_ms or marks[-1].start_ms + 1000]
    cues = [f"{_stamp(mark.start_ms)} --> {_stamp(mark.end_ms or end)}\n{escape(one_line(mark.label))}\n"
            for mark, end in zip(marks, ends, strict=True)]
    return "data:text/vtt;base64," + b64encode("\n".join(["WEBVTT\n", *cues]).encode()).decode()


def _stamp(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def player_settings(edition: Edition, *, master: str, storyboard: str, locale: str, audio: list[Track],
                    subtitles: list[Track], plays: str = "", token: str = "",
                    around: Around | None = None) -> str:
    """Return the player's settings as JSON that cannot close the script element that it stands in.

    `plays` is where a play is told of, with a token against forgery; empty where plays do not count.
    """
    data = {"edition": edition.public_id, "master": master, "locale": locale, "audio": audio, "subtitles": subtitles,
            "storyboard": storyboard, "chapters": chapters(edition), "words": player_words(),
            "plays": plays, "token": token, "skips": skips(edition), "around": around or Around()}
    text = msgspec.json.encode(data).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
