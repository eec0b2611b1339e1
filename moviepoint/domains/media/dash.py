"""The DASH manifest over the same fMP4 segments that HLS plays (ISO/IEC 23009-1, profile isoff-live).

Like the master playlist it is rendered when asked for. How long each segment is stands in the media playlists.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from xml.etree import ElementTree as Xml

import msgspec

from moviepoint.domains.media.encoding.fragments import INIT
from moviepoint.domains.media.encoding.segments import CLOCK_SECONDS
from moviepoint.domains.media.packaging import Sound, Text, Variant, one_default, unique_names

NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
ROLE = "urn:mpeg:dash:role:2011"
PURPOSE = "urn:tva:metadata:cs:AudioPurposeCS:2007"
CHANNELS = "urn:mpeg:mpegB:cicp:ChannelConfiguration"
TIMESCALE = 1_000_000  # as exact as the playlists are
AUDIO_ROLES = {"original": "main", "dub": "dub", "voice-over": "dub", "commentary": "commentary",
               "audio-description": "alternate"}
TEXT_ROLES = {"full": "subtitle", "forced": "forced-subtitle", "sdh": "caption", "signs": "forced-subtitle",
              "commentary": "commentary"}
DESCRIBES, TRANSCRIBES = "1", "2"  # of the TV-Anytime audio purposes: for the blind, for the hard of hearing
_EXTINF = re.compile(r"^#EXTINF:([\d.]+),", re.MULTILINE)


class Timeline(msgspec.Struct, frozen=True):
    """The lengths of a rendition's segments, in seconds."""

    durations: tuple[Fraction, ...]

    @property
    def seconds(self) -> Fraction:
        return sum(self.durations, Fraction(0))


def timeline(playlist: str) -> Timeline:
    """Read the lengths of segments from a media playlist."""
    return Timeline(tuple(Fraction(length) for length in _EXTINF.findall(playlist)))


def render_manifest(variants: Sequence[Variant], sounds: Sequence[Sound], texts: Sequence[Text],
                    timelines: dict[str, Timeline]) -> str:
    """Return the manifest; `timelines` by path (`stream_0`). Raises ValueError without a variant."""
    if not variants:
        raise ValueError("a manifest needs a variant")
    length = timelines[variants[0].path].seconds
    mpd = Xml.Element("MPD", {
        "xmlns": NAMESPACE, "profiles": "urn:mpeg:dash:profile:isoff-live:2011", "type": "static",
        "mediaPresentationDuration": f"PT{float(length):.3f}S", "minBufferTime": "PT6S"})
    period = Xml.SubElement(mpd, "Period", {"id": "0", "start": "PT0S"})
    _pictures(period, variants, timelines)
    names, default = unique_names(s.name for s in sounds), one_default(sounds)
    for place, (sound, name) in enumerate(zip(sounds, names, strict=True)):
        _sound(period, sound, name, place == default, timelines)
    for text, name in zip(texts, unique_names(t.name for t in texts), strict=True):
        _text(period, text, name, timelines)
    Xml.indent(mpd)
    return Xml.tostring(mpd, "unicode", xml_declaration=True) + "\n"


def _pictures(period: Xml.Element, variants: Sequence[Variant], timelines: dict[str, Timeline]) -> None:
    group = Xml.SubElement(period, "AdaptationSet", {
        "contentType": "video", "mimeType": "video/mp4", "segmentAlignment": "true", "startWithSAP": "1"})
    for variant in variants:
        rate = Fraction(variant.frame_rate).limit_denominator(1001)
        node = Xml.SubElement(group, "Representation", {
            "id": variant.path, "codecs": variant.codec, "bandwidth": str(variant.peak_bandwidth),
            "width": str(variant.width), "height": str(variant.height), "sar": "1:1",
            "frameRate": f"{rate.numerator}/{rate.denominator}" if rate.denominator > 1 else str(rate.numerator)})
        _segments(node, variant.path, "m4s", timelines[variant.path], CLOCK_SECONDS)


def _sound(period: Xml.Element, sound: Sound, name: str, default: bool, timelines: dict[str, Timeline]) -> None:
    """One dub, in each of its numbers of channels: players choose between sets, and never change within one."""
    for one in ([sound, sound.widest()] if sound.wide else [sound]):
        group = Xml.SubElement(period, "AdaptationSet", {
            "contentType": "audio", "mimeType": "audio/mp4", "segmentAlignment": "true", "startWithSAP": "1",
            **_language(one.language)})
        if one.kind == "audio-description":
            _descriptor(group, "Accessibility", PURPOSE, DESCRIBES)
        _descriptor(group, "Role", ROLE, "main" if default else AUDIO_ROLES.get(one.kind, "alternate"))
        Xml.SubElement(group, "Label").text = name
        node = Xml.SubElement(group, "Representation", {
            "id": one.path, "codecs": one.codec, "bandwidth": str(one.peak_bandwidth), "audioSamplingRate": "48000"})
        _descriptor(node, "AudioChannelConfiguration", CHANNELS, str(one.channels))
        _segments(node, one.path, "m4s", timelines[one.path], CLOCK_SECONDS)


def _text(period: Xml.Element, text: Text, name: str, timelines: dict[str, Timeline]) -> None:
    """Subtitles, whose cues carry the film's own times: their clock begins at zero."""
    group = Xml.SubElement(period, "AdaptationSet", {"contentType": "text", "mimeType": "text/vtt",
                                                     **_language(text.language)})
    if text.role == "sdh":
        _descriptor(group, "Accessibility", PURPOSE, TRANSCRIBES)
    _descriptor(group, "Role", ROLE, TEXT_ROLES.get(text.role, "subtitle"))
    Xml.SubElement(group, "Label").text = name
    node = Xml.SubElement(group, "Representation", {"id": text.path, "bandwidth": "1000"})
    _segments(node, text.path, "vtt", timelines[text.path], 0)


def _segments(node: Xml.Element, path: str, suffix: str, found: Timeline, zero: int) -> None:
    """The template and the timeline: equal lengths that follow each other are one entry."""
    template = Xml.SubElement(node, "SegmentTemplate", {
        "timescale": str(TIMESCALE), "presentationTimeOffset": str(zero * TIMESCALE), "startNumber": "0",
        "media": f"{path}/data$Number%04d$.{suffix}"})
    if suffix == "m4s":
        template.set("initialization", f"{path}/{INIT}")
    line = Xml.SubElement(template, "SegmentTimeline")
    at = zero * TIMESCALE
    for place, (units, count) in enumerate(_runs(round(length * TIMESCALE) for length in found.durations)):
        entry = {"t": str(at)} if not place else {}
        Xml.SubElement(line, "S", entry | {"d": str(units)} | ({"r": str(count - 1)} if count > 1 else {}))


def _runs(values: Iterable[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for value in values:
        if runs and runs[-1][0] == value:
            runs[-1] = (value, runs[-1][1] + 1)
        else:
            runs.append((value, 1))
    return runs


def _descriptor(node: Xml.Element, tag: str, scheme: str, value: str) -> None:
    Xml.SubElement(node, tag, {"schemeIdUri": scheme, "value": value})


def _language(tag: str) -> dict[str, str]:
    return {} if tag in ("", "und") else {"lang": tag}
