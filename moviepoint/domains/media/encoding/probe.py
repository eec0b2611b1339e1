"""Inspect a source: one typed value that the plan can trust, or a refusal that an editor understands."""
from __future__ import annotations

import re
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from moviepoint.domains.media.encoding import containers, measure
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.child import NICE, Sandbox, Watch, silent
from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.kernel.sentences import sentence
from moviepoint.kernel.text import normalise_language, one_line

MAX_PIXELS = measure.MAX_PIXELS
MAX_TRACKS = 64  # of a kind
MAX_SECONDS = 24 * 3600
#: Bits a second that even a picture which never changes takes; fewer are times that were stretched.
LEAST_RATE, STRETCHED_FROM = 50, 600  # seconds
HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})
INTERLACED = frozenset({"tt", "bb", "tb", "bt"})
IMAGE_SUBTITLES = frozenset({"hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "xsub"})
TEXT_SUBTITLES = frozenset({"subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text", "ttml", "microdvd",
                            "hdmv_text_subtitle", "subviewer", "eia_608"})
BROADCAST = frozenset({"mpegts", "mpegps"})  # their clocks begin anywhere
PLAIN_PROFILES = frozenset({"Constrained Baseline", "Main", "High"})
PICTURES = frozenset({"mjpeg", "png", "bmp", "gif", "tiff", "webp"})


class VideoStream(msgspec.Struct, frozen=True):
    index: int
    codec: str
    width: int  # as coded
    height: int
    rotation: int  # degrees that the picture is turned clockwise for showing: 0, 90, 180, 270
    sample_aspect: tuple[int, int]
    frame_rate: tuple[int, int]  # real, not nominal
    variable: bool
    interlaced: bool
    hdr: bool
    bit_depth: int
    start: tuple[int, int]  # seconds on the source's clock at which the film's zero lies
    plain: bool = False  # every player shows it as it is coded: 8 bits, 4:2:0, progressive, square pixels, upright
    key_distance: int = 0  # frames from each keyframe to the next; 0: it is not always the same, or not known
    bit_rate: int = 0  # bits a second, of this stream or else of the whole file

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height with square pixels, upright."""
        width = round(self.width * self.sample_aspect[0] / self.sample_aspect[1])
        return (self.height, width) if self.rotation in (90, 270) else (width, self.height)


class AudioStream(msgspec.Struct, frozen=True):
    index: int
    codec: str
    channels: int
    sample_rate: int
    language: str
    title: str = ""
    default: bool = False
    kind: str = "original"  # original, dub, voice-over, commentary, audio-description
    profile: str = ""  # "LC"
    bit_rate: int = 0  # bits a second; 0: it is not said


class SubtitleStream(msgspec.Struct, frozen=True):
    index: int
    codec: str
    text: bool
    language: str
    title: str = ""
    default: bool = False
    role: str = "full"  # full, forced, sdh, signs, commentary


class Chapter(msgspec.Struct, frozen=True):
    start_ms: int
    end_ms: int
    title: str


class Probe(msgspec.Struct, frozen=True):
    """What a source holds. Times are measured, not believed; notes are sentences for the editor."""

    container: str
    size: int
    duration_ms: int
    claimed_ms: int
    bit_rate: int  # of the whole, bits a second
    video: VideoStream | None = None
    audio: tuple[AudioStream, ...] = ()
    subtitles: tuple[SubtitleStream, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    clock_start: tuple[int, int] = (0, 1)  # where the zero of a source without a picture lies, in seconds
    seekable: bool = False  # a range of it can be decoded from its middle with the very same frames; see `try_seeking`
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        return self.duration_ms / 1000

    @property
    def sought(self) -> bool:
        """Whether a range is reached by seeking: where that was tried. A shorter film is decoded from its front."""
        return self.seekable and self.duration_ms >= measure.SEEK_TEST_FROM_MS

    @property
    def picture(self) -> VideoStream:
        """The moving picture. Raises Refused where there is none."""
        if self.video is None:
            raise Refused("no-picture", sentence(
                "The file holds no moving picture. A sound track or subtitles are added to a film that is there "
                "already."))
        return self.video

    @property
    def zero(self) -> Fraction:
        """Where the film's zero lies on the source's clock, in seconds."""
        return Fraction(*(self.video.start if self.video else self.clock_start))


def inspect(tools: Tools, sandbox: Sandbox, source: Path, watch: Watch = silent) -> Probe:
    """Return the probe of a source; what has an index is taken as seekable, until that was tried.

    Raises Refused with a stable code, or Temporary.
    """
    known = containers.recognise(source)
    if known.missing_bytes:
        share = 100 * known.size // (known.size + known.missing_bytes)
        raise Refused("truncated", sentence(
            "The file is cut off: only %(share)s %% of it has arrived. Upload it again.", share=share))
    reader = measure.Reader(tools, sandbox, source, known.container, watch)
    described = reader.describe()
    streams: list[dict[str, Any]] = described.get("streams", [])
    films = [stream for stream in streams if _is_film(stream)]
    video = min(films, key=_rank, default=None)
    audio = [s for s in streams if s.get("codec_type") == "audio" and _int(s.get("channels"))]
    texts = [s for s in streams if s.get("codec_type") == "subtitle"]
    if video is None and not audio and not texts:
        raise Refused("no-streams", sentence("The file holds neither a picture nor sound that we can read."))
    if max(len(audio), len(texts), len(films)) > MAX_TRACKS:
        raise Refused("too-many-tracks", sentence(
            "The file holds %(count)s tracks; we take %(most)s of a kind at most.", count=len(streams),
            most=MAX_TRACKS))
    if video is not None:
        _decodable(video)
    claimed = _milliseconds(described.get("format", {}).get("duration"))
    timing = reader.timing(video or (audio or texts)[0], claimed)
    if timing.duration_ms > MAX_SECONDS * 1000:
        raise Refused("too-long", sentence("The film is longer than 24 hours."))
    if timing.duration_ms > STRETCHED_FROM * 1000 and known.size * 8000 < LEAST_RATE * timing.duration_ms:
        raise Refused("bad-times", sentence(
            "The file claims to last %(minutes)s minutes and holds only %(size)s kB: its times are damaged.",
            minutes=timing.duration_ms // 60_000, size=known.size // 1024))
    late = max(Fraction(0), timing.start) if known.container.name not in BROADCAST else Fraction(0)
    notes = tuple(_notes(texts, claimed - round(late * 1000), timing.duration_ms, films))
    rate = known.size * 8000 // max(1, timing.duration_ms)
    return Probe(container=known.container.name, size=known.size, duration_ms=timing.duration_ms, claimed_ms=claimed,
                 bit_rate=rate, video=None if video is None else _video(video, timing, rate), audio=_audio(audio),
                 subtitles=tuple(_subtitle(s) for s in texts),
                 chapters=_chapters(described.get("chapters", []), timing.duration_ms),
                 clock_start=_clock_start(known.container.name, timing),
                 seekable=video is not None and known.container.indexed, notes=notes)


def try_seeking(tools: Tools, sandbox: Sandbox, source: Path, found: Probe, watch: Watch = silent) -> Probe:
    """Return a probe that says whether a source can be sought exactly; others go first. Raises Temporary."""
    if not found.sought:
        return found
    container, video = containers.CONTAINERS[found.container], found.picture
    reader = measure.Reader(tools, sandbox, source, container, watch, nice=NICE)
    return msgspec.structs.replace(found, seekable=reader.seeks_exactly(
        video.index, Fraction(*video.start), found.duration_ms))


def require_tools(probe: Probe, tools: Tools) -> None:
    """Raise Refused where a picture would come out wrong with these programs: better none than one in false colours."""
    if probe.video is not None and probe.video.hdr and not tools.tone_mapping:
        raise Refused("no-tone-mapping", sentence(
            "The picture is HDR, and the ffmpeg of this site cannot bring it to SDR: its filter zscale is missing. "
            "Start this again once another ffmpeg is installed."))


def _clock_start(container: str, timing: measure.Timing) -> tuple[int, int]:
    """The clock of a broadcast begins anywhere; elsewhere a sound that starts late is meant to."""
    start = timing.start if container in BROADCAST else Fraction(0)
    return start.numerator, start.denominator


def _is_film(stream: dict[str, Any]) -> bool:
    """Cover art is a video stream too: one that is attached, or a still picture among moving ones."""
    disposition = stream.get("disposition", {})
    still = stream.get("codec_name") in PICTURES and stream.get("avg_frame_rate") in ("0/0", None)
    return (stream.get("codec_type") == "video" and not disposition.get("attached_pic")
            and not disposition.get("timed_thumbnails") and not still and bool(_int(stream.get("width"))))


def _rank(stream: dict[str, Any]) -> tuple[bool, bool, int]:
    """Of several moving pictures the default is taken, then the largest; a still image only where there is no other."""
    return (stream.get("codec_name") in PICTURES, not stream.get("disposition", {}).get("default"),
            -_int(stream.get("width")) * _int(stream.get("height")))


def _decodable(stream: dict[str, Any]) -> None:
    """Raises Refused for a picture that is too large, or in no known format."""
    width, height = _int(stream.get("width")), _int(stream.get("height"))
    if width * height > MAX_PIXELS:
        raise Refused("too-many-pixels", sentence(
            "The picture is %(width)s × %(height)s, which is more than we take (8192 × 4608).", width=width,
            height=height))
    if not stream.get("codec_name"):
        raise Refused("unknown-codec", sentence("The picture is in a format that cannot be decoded here."))


def _video(stream: dict[str, Any], timing: measure.Timing, whole_rate: int) -> VideoStream:
    width, height = _int(stream.get("width")), _int(stream.get("height"))
    aspect = _fraction(stream.get("sample_aspect_ratio", "").replace(":", "/"), Fraction(1))
    if not Fraction(1, 5) <= aspect <= 5:
        aspect = Fraction(1)
    pixels = stream.get("pix_fmt") or ""
    depth = _int(stream.get("bits_per_raw_sample")) or (12 if "12" in pixels else 10 if "10" in pixels else 8)
    return VideoStream(
        index=_int(stream["index"]), codec=stream["codec_name"], width=width, height=height,
        rotation=_rotation(stream), sample_aspect=(aspect.numerator, aspect.denominator),
        frame_rate=(timing.rate.numerator, timing.rate.denominator), variable=timing.variable,
        interlaced=stream.get("field_order") in INTERLACED, hdr=stream.get("color_transfer") in HDR_TRANSFERS,
        bit_depth=depth, start=(timing.start.numerator, timing.start.denominator), plain=_plain(stream, timing, aspect),
        key_distance=timing.key_distance, bit_rate=_int(stream.get("bit_rate")) or whole_rate)


def _plain(stream: dict[str, Any], timing: measure.Timing, aspect: Fraction) -> bool:
    """Whether the coded picture can be shown by every player as it is. Where nothing is said of colours, they are SD's
    or HD's usual ones; a frame rate beyond our fastest one is not kept."""
    steady = not timing.variable and timing.rate == measure.nominal(stream)
    usual = (stream.get("profile") in PLAIN_PROFILES and stream.get("pix_fmt") == "yuv420p"
             and stream.get("field_order", "progressive") in ("progressive", "unknown")
             and stream.get("color_range", "tv") in ("tv", "unknown") and aspect == 1 and not _rotation(stream))
    return bool(steady and usual and stream.get("color_space", "bt709") in ("bt709", "unknown")
                and stream.get("color_transfer") not in HDR_TRANSFERS)


def _rotation(stream: dict[str, Any]) -> int:
    """ffprobe gives the display matrix's turn counter-clockwise, from -180 to 180."""
    for side in stream.get("side_data_list", []):
        if "rotation" in side:
            return round(-float(side["rotation"]) / 90) % 4 * 90
    return 0


def _audio(streams: list[dict[str, Any]]) -> tuple[AudioStream, ...]:
    found: list[AudioStream] = []
    for stream in streams:
        language, disposition = _language(stream), stream.get("disposition", {})
        title = _title(stream)
        kind = _audio_kind(disposition, title)
        if kind == "original" and found and not disposition.get("original"):
            kind = "dub" if language != found[0].language else "original"
        found.append(AudioStream(_int(stream["index"]), stream.get("codec_name", ""), _int(stream["channels"]),
                                 _int(stream.get("sample_rate")) or 48000, language, title,
                                 bool(disposition.get("default")), kind, str(stream.get("profile") or ""),
                                 _int(stream.get("bit_rate"))))
    return tuple(found)


def _audio_kind(disposition: dict[str, Any], title: str) -> str:
    lowered = title.lower()
    if disposition.get("comment") or "commentary" in lowered or "комментар" in lowered:
        return "commentary"
    if disposition.get("visual_impaired") or disposition.get("descriptions") or "descri" in lowered:
        return "audio-description"
    if "voice-over" in lowered or "voiceover" in lowered or "закадров" in lowered:
        return "voice-over"
    if disposition.get("dub") or "дубляж" in lowered or lowered.startswith("dub"):
        return "dub"
    return "original"


def _subtitle(stream: dict[str, Any]) -> SubtitleStream:
    disposition, title, codec = stream.get("disposition", {}), _title(stream), stream.get("codec_name", "")
    lowered = title.lower()
    role = "full"
    if disposition.get("forced") or "forced" in lowered or "форсир" in lowered:
        role = "forced"
    elif disposition.get("hearing_impaired") or "sdh" in lowered.split():
        role = "sdh"
    elif disposition.get("comment"):
        role = "commentary"
    return SubtitleStream(_int(stream["index"]), codec, codec in TEXT_SUBTITLES, _language(stream), title,
                          bool(disposition.get("default")), role)


def _chapters(chapters: list[dict[str, Any]], duration_ms: int) -> tuple[Chapter, ...]:
    """Chapters inside the film, in order; times that make no sense are left out."""
    found = []
    for number, chapter in enumerate(chapters, start=1):
        start, end = _milliseconds(chapter.get("start_time")), _milliseconds(chapter.get("end_time"))
        if 0 <= start < duration_ms:
            title = one_line(chapter.get("tags", {}).get("title", ""))[:200] or str(number)
            found.append(Chapter(start, max(start, min(end, duration_ms)), title))
    return tuple(sorted(found, key=lambda chapter: chapter.start_ms)[:500])


def _notes(texts: list[dict[str, Any]], claimed: int, measured: int, films: list[dict[str, Any]]) -> list[str]:
    notes: list[str] = []
    if len(films) > 1:
        used = min(films, key=_rank)
        notes.append(sentence("The file holds %(count)s pictures; the film is the one of %(width)s × %(height)s.",
                              count=len(films), width=_int(used["width"]), height=_int(used["height"])))
    for stream in texts:
        if stream.get("codec_name") in IMAGE_SUBTITLES:
            notes.append(sentence("Subtitles in %(language)s are pictures, not text: they need a text version.",
                                  language=_language(stream)))
    if not films:
        notes.append(sentence("The file holds no moving picture."))
    if claimed > measured + max(2000, measured // 50):
        notes.append(sentence("The file claims to last %(claimed)s s, but its picture ends after %(measured)s s.",
                              claimed=round(claimed / 1000), measured=round(measured / 1000)))
    return notes


def _language(stream: dict[str, Any]) -> str:
    """The language that a stream says; of a tag that is none or too long, what it begins with."""
    tag = str(stream.get("tags", {}).get("language") or "").strip()
    for wanted in (tag, re.split("[-_]", tag, maxsplit=1)[0]):
        with suppress(ValueError):
            return normalise_language(wanted)
    return "und"


def _title(stream: dict[str, Any]) -> str:
    tags = stream.get("tags", {})
    return one_line(str(tags.get("title") or ""))[:120]


def _int(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _fraction(text: str | None, default: Fraction) -> Fraction:
    try:
        value = Fraction(text or "")
    except (ValueError, ZeroDivisionError):
        return default
    return value if value > 0 else default


def _milliseconds(text: Any) -> int:
    try:
        return round(float(text) * 1000)
    except (TypeError, ValueError):
        return 0
