"""The master playlist, as text from plain values: RFC 8216bis and Apple's authoring rules.

It is rendered when asked for, so that hiding, renaming or adding a track is live at once. What a track is
called comes from people and files; it cannot write a line or an attribute of its own.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from moviepoint.kernel.text import one_line

AUDIO_GROUP, WIDE_GROUP, SUBTITLE_GROUP = "audio", "audio-wide", "subtitles"
DESCRIBES_VIDEO = "public.accessibility.describes-video"
FOR_THE_DEAF = "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound"
#: EXT-X-MEDIA needs version 4 (RFC 8216, section 7); nothing here needs more.
VERSION = 4


class Variant(msgspec.Struct, frozen=True):
    """One rung; bandwidths in bits a second, measured. `iframe_bandwidth` 0 means it has no I-frame playlist."""

    path: str  # "stream_0"
    width: int
    height: int
    codec: str
    frame_rate: float
    average_bandwidth: int
    peak_bandwidth: int
    iframe_path: str = ""  # "iframes_0"
    iframe_bandwidth: int = 0


class Wide(msgspec.Struct, frozen=True):
    """A dub's rendition with more channels."""

    path: str
    codec: str
    channels: int
    average_bandwidth: int
    peak_bandwidth: int


class Sound(msgspec.Struct, frozen=True):
    """One dub. `kind` as in the audio track's row."""

    path: str
    language: str
    name: str
    kind: str
    default: bool
    codec: str
    channels: int
    average_bandwidth: int
    peak_bandwidth: int
    wide: Wide | None = None

    def widest(self) -> Sound:
        """The same dub with as many channels as there are."""
        if self.wide is None:
            return self
        return msgspec.structs.replace(self, wide=None, **msgspec.structs.asdict(self.wide))


class Text(msgspec.Struct, frozen=True):
    """One subtitle track. `role` as in its row."""

    path: str
    language: str
    name: str
    role: str
    default: bool


def render_master(variants: Sequence[Variant], sounds: Sequence[Sound] = (), texts: Sequence[Text] = ()) -> str:
    """Return the master playlist; renditions and variants in the order given, the first variant starts.

    Dubs with more channels are a second group beside the stereo, in which every dub is there too.

    Addresses are relative: `stream_0.m3u8`, `audio_en.m3u8`. Raises ValueError without a variant.
    """
    if not variants:
        raise ValueError("a master playlist needs a variant")
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    groups = {AUDIO_GROUP: sounds} if sounds else {}
    if any(sound.wide for sound in sounds):
        groups[WIDE_GROUP] = [sound.widest() for sound in sounds]
    names, default = unique_names(s.name for s in sounds), one_default(sounds)
    for group, members in groups.items():
        lines += [_sound_line(sound, group, name, position == default)
                  for position, (sound, name) in enumerate(zip(members, names, strict=True))]
    chosen = next((n for n, text in enumerate(texts) if text.default), None)
    for position, (text, name) in enumerate(zip(texts, unique_names(t.name for t in texts), strict=True)):
        lines.append(_text_line(text, name, position == chosen))
    for group, members in (groups or {"": ()}).items():
        for variant in variants:
            lines += [_variant_line(variant, group, members, bool(texts)), f"{variant.path}.m3u8"]
    lines += [_iframe_line(variant) for variant in variants if variant.iframe_path and variant.iframe_bandwidth]
    return "\n".join([*lines, ""])


def quoted(value: str) -> str:
    """Return an attribute's quoted string: one line, no control characters, no double quote (RFC 8216, 4.2)."""
    return '"' + one_line(value).replace('"', "\u2033") + '"'


def unique_names(names: Iterable[str]) -> list[str]:
    """Return names that differ from each other after escaping, as a rendition group requires; none is empty."""
    taken: set[str] = set()
    found = []
    for number, name in enumerate(names, start=1):
        base = one_line(name).replace('"', "\u2033") or f"Track {number}"
        unique, count = base, 2
        while unique in taken:
            unique, count = f"{base} ({count})", count + 1
        taken.add(unique)
        found.append(unique)
    return found


def one_default(sounds: Sequence[Sound]) -> int | None:
    """The first marked as default, else the first that is no commentary, else the first."""
    marked = [n for n, sound in enumerate(sounds) if sound.default]
    plain = [n for n, sound in enumerate(sounds) if sound.kind not in ("commentary", "audio-description")]
    return next(iter([*marked, *plain, *range(len(sounds))]), None)


def _sound_line(sound: Sound, group: str, name: str, default: bool) -> str:
    attributes = {"TYPE": "AUDIO", "GROUP-ID": quoted(group), **_language(sound.language), "NAME": quoted(name),
                  "DEFAULT": _yes(default), "AUTOSELECT": _yes(default or sound.kind != "commentary"),
                  "CHANNELS": quoted(str(sound.channels))}
    if sound.kind == "audio-description":
        attributes["CHARACTERISTICS"] = quoted(DESCRIBES_VIDEO)
    return _line("EXT-X-MEDIA", attributes | {"URI": quoted(f"{sound.path}.m3u8")})


def _text_line(text: Text, name: str, default: bool) -> str:
    attributes = {"TYPE": "SUBTITLES", "GROUP-ID": quoted(SUBTITLE_GROUP), **_language(text.language),
                  "NAME": quoted(name), "DEFAULT": _yes(default),
                  "AUTOSELECT": _yes(default or text.role not in ("commentary", "signs")),
                  "FORCED": _yes(text.role == "forced")}
    if text.role == "sdh":
        attributes["CHARACTERISTICS"] = quoted(FOR_THE_DEAF)
    return _line("EXT-X-MEDIA", attributes | {"URI": quoted(f"{text.path}.m3u8")})


def _variant_line(variant: Variant, group: str, sounds: Sequence[Sound], texts: bool) -> str:
    """A variant's bandwidth counts the dearest sound that may be played with it."""
    codecs = [variant.codec, *dict.fromkeys(sound.codec for sound in sounds)]
    attributes = {
        "BANDWIDTH": str(variant.peak_bandwidth + max((s.peak_bandwidth for s in sounds), default=0)),
        "AVERAGE-BANDWIDTH": str(variant.average_bandwidth + max((s.average_bandwidth for s in sounds), default=0)),
        "CODECS": quoted(",".join(codecs)), "RESOLUTION": f"{variant.width}x{variant.height}",
        "FRAME-RATE": f"{variant.frame_rate:.3f}", "CLOSED-CAPTIONS": "NONE"}
    if group:
        attributes["AUDIO"] = quoted(group)
    if texts:
        attributes["SUBTITLES"] = quoted(SUBTITLE_GROUP)
    return _line("EXT-X-STREAM-INF", attributes)


def _iframe_line(variant: Variant) -> str:
    return _line("EXT-X-I-FRAME-STREAM-INF", {
        "BANDWIDTH": str(variant.iframe_bandwidth), "CODECS": quoted(variant.codec),
        "RESOLUTION": f"{variant.width}x{variant.height}", "URI": quoted(f"{variant.iframe_path}.m3u8")})


def _language(tag: str) -> dict[str, str]:
    return {"LANGUAGE": quoted(tag or "und")}


def _yes(value: bool) -> str:
    return "YES" if value else "NO"


def _line(tag: str, attributes: dict[str, str]) -> str:
    return f"#{tag}:" + ",".join(f"{name}={value}" for name, value in attributes.items())
