"""Tracks that come in files of their own: what such a file holds, and the plan that adds it to a film.

The film's grid and length are given; nothing of the picture is made again, so adding a dub costs one sound encode.
"""
from __future__ import annotations

import codecs
from fractions import Fraction
from pathlib import Path

import msgspec

from moviepoint.domains.media.encoding import charsets, containers, probe, subtitles
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.child import Sandbox, Watch, silent
from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.encoding.plan import (
    LIGHT,
    SOUND,
    AudioTarget,
    Grid,
    Plan,
    Step,
    SubtitleTarget,
    audio_targets,
    bytes_needed,
    subtitle_targets,
    surround_targets,
)
from moviepoint.domains.media.encoding.probe import Probe, SubtitleStream
from moviepoint.domains.media.encoding.profiles import Profile
from moviepoint.kernel.sentences import Sentence, join, sentence

TEXT = "text"  # the "container" of a subtitle file
LENGTH = "length:"  # begins the note of a sound of another length; milliseconds follow
CHECKSUM = Step("checksum", "checksum", LIGHT, 1.0)  # beside the sound's encoding, which takes far longer
APART_MS = 1_000  # a dub whose length differs by more is held for the editor


class Film(msgspec.Struct, frozen=True):
    """The film that tracks are added to: its grid, its length in frames, and how it was encoded."""

    grid: Grid
    frames: int
    profile: Profile = Profile()

    @property
    def seconds(self) -> Fraction:
        return self.grid.seconds(self.frames)


def inspect(tools: Tools, sandbox: Sandbox, source: Path, intent: Intent, watch: Watch = silent) -> Probe:
    """Return what a file of tracks holds. Raises Refused where there is nothing of the kind in it."""
    if intent.use == "subtitles" and (text := _as_text(source, intent)) is not None:
        return text
    found = probe.inspect(tools, sandbox, source, watch)
    if not (found.audio if intent.use == "audio" else found.subtitles):
        raise Refused("no-track", sentence("There is no sound in this file.") if intent.use == "audio"
                      else sentence("There are no subtitles in this file."))
    return found


def guess(encoding: str) -> Sentence:
    """Return what is said of a file whose letters may be others."""
    return sentence("The letters were taken as %(encoding)s, which is a guess: look at the text.", encoding=encoding)


def without_guess(note: str) -> str:
    """Return a track's note without that its letters are a guess."""
    if not isinstance(note, Sentence):
        return note
    if note.template == guess("").template:
        return ""
    parts = [str(value) if not isinstance(value, str) else value for value in note.values.values()]
    kept = [part for part in parts if without_guess(part)]
    return join(kept) if len(kept) < len(parts) else note


def read_text(source: Path, encoding: str, frame_rate: float, language: str = "und") -> subtitles.Parsed:
    """Read a subtitle file into cues; `encoding` is an editor's choice, or empty, `language` a hint. Raises Refused."""
    decoded = _decode(source, encoding, language)
    kind = subtitles.detect_format(decoded.text, source.name)
    parsed = subtitles.parse(decoded.text, kind, frame_rate)
    if not parsed.cues:
        raise Refused("no-cues", sentence("Not one line of subtitles could be read in this file."))
    faults = parsed.faults if decoded.sure else (guess(decoded.encoding), *parsed.faults)
    return subtitles.Parsed(parsed.cues, faults, decoded.encoding, decoded.sure)


def make_plan(found: Probe, intent: Intent, film: Film, mark: str) -> Plan:
    """Return the steps that add a file's tracks to a film. `mark` ends each name, so that none is taken already.

    Raises Refused where one track is to be replaced, and the file has several.
    """
    audio = audio_targets(found.audio, film.profile) if intent.use == "audio" else ()
    texts = subtitle_targets(found.subtitles) if intent.use == "subtitles" else ()
    single = len(audio) + len(texts) == 1
    if intent.replaces and not single:
        raise Refused("several-tracks", sentence(
            "There are several tracks in this file. Send one that holds only the track which replaces the other."))
    note = _length_note(found, film) if audio else ""
    sounds = tuple(_sound(target, intent, single, mark, note) for target in audio)
    words = tuple(_words(target, intent, single, mark, found.container == TEXT) for target in texts)
    plan = _plan(film, sounds, words, found.notes if found.container != TEXT else (),
                 surround=surround_targets(found.audio, sounds, film.profile))
    return msgspec.structs.replace(plan, steps=(CHECKSUM, *plan.steps))


def retime_plan(film: Film, track: AudioTarget | SubtitleTarget, found: Probe | None = None) -> Plan:
    """Return the steps that make one track anew, with another offset; a sound's source is known by its probe."""
    if isinstance(track, AudioTarget):
        streams = found.audio if found else ()
        return _plan(film, (track,), (), surround=surround_targets(streams, (track,), film.profile))
    return _plan(film, (), (track,), again=True)


def reading_plan(film: Film, track: SubtitleTarget) -> Plan:
    """Return the steps that read one track's file of text anew, in another encoding."""
    return _plan(film, (), (track,))


def _plan(film: Film, audio: tuple[AudioTarget, ...], texts: tuple[SubtitleTarget, ...], notes: tuple[str, ...] = (),
          again: bool = False, surround: tuple[AudioTarget, ...] = ()) -> Plan:
    seconds = float(film.seconds)
    steps = [Step(t.name, "audio", SOUND, seconds * 0.1, t.name) for t in (*audio, *surround)]
    steps += [Step(t.name, "retime" if again else "subtitles", LIGHT, 1.0, t.name) for t in texts if t.name]
    steps += [Step("check", "check-tracks", LIGHT, 1.0), Step("publish", "publish-tracks", LIGHT, 0.5)]
    return Plan(film.grid, film.frames, round(seconds * 1000), (), audio, texts, (), tuple(steps),
                bytes_needed(seconds, (), (*audio, *surround)), notes, film.profile, surround)


def _sound(target: AudioTarget, intent: Intent, single: bool, mark: str, note: str) -> AudioTarget:
    """What the editor has said wins over what the file says, where it is clear of which track it is said.

    A sound of another length takes nobody's place: it waits beside the track that it was to replace, hidden.
    """
    said = intent if single else Intent("audio")
    language = said.language if said.language != "und" else target.language
    kind = said.kind or ("dub" if target.kind == "original" else target.kind)
    return msgspec.structs.replace(
        target, name=_named("audio", target.name, language, single, mark), language=language, kind=kind,
        label=said.label or target.label, studio=intent.studio, default=False, hidden=bool(note), note=note,
        track_id=None if note else intent.replaces or None)


def _words(target: SubtitleTarget, intent: Intent, single: bool, mark: str, file: bool) -> SubtitleTarget:
    said = intent if single else Intent("subtitles")
    language = said.language if said.language != "und" else target.language
    name = target.name and _named("subs", target.name, language, single, mark)
    return msgspec.structs.replace(
        target, name=name, language=language, role=said.kind or target.role, label=said.label or target.label,
        studio=intent.studio, default=False, stream=None if file else target.stream, encoding=intent.encoding,
        track_id=intent.replaces or None)


def _named(prefix: str, name: str, language: str, single: bool, mark: str) -> str:
    return f"{prefix}_{language}-{mark}" if single else f"{name}-{mark}"


def _length_note(found: Probe, film: Film) -> str:
    apart = found.duration_ms - round(float(film.seconds) * 1000)
    if abs(apart) <= APART_MS:
        return ""
    return f"{LENGTH}{apart}"


def _as_text(source: Path, intent: Intent) -> Probe | None:
    """Return the probe of a subtitle file, or None for what is no text. Raises Refused for other texts."""
    with source.open("rb") as stream:
        head = stream.read(4096)
    containers.refuse_archive(head)
    if containers.container_name(head) is not None:
        return None
    _small(source)
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or intent.encoding.startswith("utf")
    if b"\0" in head and not wide and not charsets.decode(head).encoding.startswith("utf-16"):
        return None
    kind = subtitles.detect_format(_decode(source, intent.encoding, intent.language).text, source.name)
    return Probe(container=TEXT, size=source.stat().st_size, duration_ms=0, claimed_ms=0, bit_rate=0,
                 subtitles=(SubtitleStream(0, kind, True, "und"),))


def _decode(source: Path, encoding: str, language: str) -> charsets.Decoded:
    _small(source)
    try:
        return charsets.decode(source.read_bytes(), encoding, language)
    except LookupError:
        raise Refused("encoding", sentence("There is no text encoding called %(name)s.", name=encoding)) from None


def _small(source: Path) -> None:
    """Raises Refused for a file that is larger than any text of a film."""
    if source.stat().st_size > subtitles.MAX_BYTES:
        raise Refused("too-large", sentence("This is too large for a subtitle file (20 MB at most)."))
