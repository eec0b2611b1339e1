"""The plan: a pure function from what a source holds to the steps that make a package of it.

Nothing here touches a file. Frames are counted on a constant grid that begins at the film's zero; a segment is
a whole number of frames, the nearest to six seconds (6.006 s at 24000/1001), so that every joint is exact.
"""
from __future__ import annotations

import math
from fractions import Fraction

import msgspec

from moviepoint.domains.media.encoding.probe import AudioStream, Chapter, Probe, SubtitleStream, VideoStream
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.kernel.sentences import sentence

#: Sound has a lane of its own, so that the first minutes of a film are heard as soon as they are seen.
LIGHT, HEAVY, SOUND = LANES = ("light", "heavy", "sound")
SEEK_TEST = "seek-test"
OWN = frozenset({SEEK_TEST, "checksum", "check", "publish"})  # not of `steps.run_step`
STEREO, SURROUND = 2, 6  # channels
COPIED_RATES = (44_100, 48_000)  # samples a second, of sound that is taken as it is
TOLERANCE = 1.04  # a picture a hair smaller than a rung still counts as that rung


class Grid(msgspec.Struct, frozen=True):
    """The frame grid that all rungs share."""

    rate: tuple[int, int]  # frames a second
    keyframe: int  # frames from one keyframe to the next
    segment: int  # frames in a segment, a multiple of `keyframe`

    def seconds(self, frames: int) -> Fraction:
        """How long so many frames last."""
        return Fraction(frames * self.rate[1], self.rate[0])

    @property
    def segment_seconds(self) -> Fraction:
        return self.seconds(self.segment)

    def segments(self, frames: int) -> int:
        """How many segments so many frames fill, the last one perhaps in part."""
        return max(1, math.ceil(frames / self.segment))


class Rung(msgspec.Struct, frozen=True):
    name: str  # "stream_0"
    lines: int
    width: int
    height: int
    max_kbps: int
    crf: int
    copied: bool = False  # the source's own picture, as it is


class AudioTarget(msgspec.Struct, frozen=True):
    name: str  # "audio_en"
    stream: int
    language: str
    kind: str
    label: str
    channels: int
    kbps: int
    default: bool
    studio: str = ""
    hidden: bool = False
    note: str = ""
    offset_ms: int = 0  # later than the source has it
    track_id: int | None = None  # the row whose files are made anew
    beside: str = ""  # the name of the stereo target that this is another rendition of
    copied: bool = False  # the source's own sound, if it turns out to be without gaps and as long as the picture


class SubtitleTarget(msgspec.Struct, frozen=True):
    """`stream` is None for a file of its own, and `name` None where there is no text to show."""

    name: str | None
    stream: int | None
    language: str
    role: str
    label: str
    source_format: str
    default: bool
    note: str = ""
    studio: str = ""
    encoding: str = ""  # an editor's choice for a file's letters
    offset_ms: int = 0
    track_id: int | None = None


class Step(msgspec.Struct, frozen=True):
    """One leased piece of work. `first` and `end` are segments; `end` None means to the end of the film."""

    name: str
    kind: str  # as in `steps.run_step`, or one of those that the worker does by itself
    lane: str
    weight: float  # its share of the work, in seconds of film times rungs
    target: str = ""
    first: int = 0
    end: int | None = None


class Board(msgspec.Struct, frozen=True):
    """A storyboard that is to be made: `interval` in seconds, 0 as the film's length asks; the picture's size in
    pixels, 0 that of the highest rung."""

    name: str = "storyboard"
    interval: int = 0
    width: int = 0
    height: int = 0


class Plan(msgspec.Struct, frozen=True):
    grid: Grid
    frames: int  # as measured from the source; the last range goes on to the true end
    duration_ms: int
    rungs: tuple[Rung, ...]
    audio: tuple[AudioTarget, ...]
    subtitles: tuple[SubtitleTarget, ...]
    chapters: tuple[Chapter, ...]
    steps: tuple[Step, ...]
    bytes_needed: int  # an upper estimate of the package
    notes: tuple[str, ...] = ()
    profile: Profile = Profile()
    surround: tuple[AudioTarget, ...] = ()  # renditions with more channels, each beside one of `audio`
    board: Board = Board()
    package: str = ""  # of pictures that are added later: the live package that they belong to

    @property
    def encoded(self) -> tuple[Rung, ...]:
        """The rungs that are encoded, the largest first."""
        return tuple(rung for rung in self.rungs if not rung.copied)

    @property
    def sounds(self) -> tuple[AudioTarget, ...]:
        """Everything that is heard, stereo first."""
        return (*self.audio, *self.surround)


def make_plan(probe: Probe, profile: Profile, existing: frozenset[str] = frozenset(), copy: bool = True) -> Plan:
    """Return the steps that turn a probed film into a package.

    `existing` holds names (`audio_en`) that are taken in the edition already. Without `copy` the picture is encoded
    even where it seems fit to be copied. Raises Refused when the source has no moving picture.
    """
    video = probe.picture
    rungs = ladder(video.shown_size, profile)
    grid = copied_grid(video, rungs[0], profile) if copy else None
    if grid is not None:
        rungs = (msgspec.structs.replace(rungs[0], copied=True), *rungs[1:])
    grid = grid or make_grid(video.frame_rate, profile)
    frames = max(1, round(Fraction(probe.duration_ms, 1000) * Fraction(*grid.rate)))
    audio = audio_targets(probe.audio, profile, existing)
    surround = surround_targets(probe.audio, audio, profile)
    subtitles = subtitle_targets(probe.subtitles, existing)
    steps = _steps(probe, profile, grid, frames, rungs, (*audio, *surround), subtitles)
    return Plan(grid, frames, probe.duration_ms, rungs, audio, subtitles, probe.chapters, tuple(steps),
                bytes_needed(probe.seconds, rungs, (*audio, *surround)), tuple(_notes(probe)), profile, surround)


def make_grid(rate: tuple[int, int], profile: Profile) -> Grid:
    """Return the grid whose keyframes and segments come nearest to the profile's seconds."""
    keyframe = max(1, round(Fraction(*rate) * profile.keyframe_seconds))
    return Grid(rate, keyframe, keyframe * max(1, round(profile.segment_seconds / profile.keyframe_seconds)))


def copied_grid(video: VideoStream, top: Rung, profile: Profile) -> Grid | None:
    """Return the grid that the source's own keyframes make, if its picture can be the highest rung as it is.

    Then the other rungs follow it, so that all have their boundaries at the same instants.
    """
    rate, distance = Fraction(*video.frame_rate), video.key_distance
    fit = (profile.codec == video.codec == "h264" and profile.hardware is None and video.plain and distance
           and (video.width, video.height) == video.shown_size == (top.width, top.height)
           and video.bit_rate <= top.max_kbps * 1000)
    if not fit or distance / rate > profile.keyframe_seconds * Fraction(101, 100):
        return None
    return Grid(video.frame_rate, distance, distance * max(1, round(profile.segment_seconds * rate / distance)))


def ladder(size: tuple[int, int], profile: Profile) -> tuple[Rung, ...]:
    """Return the rungs for a picture (upright, square pixels), highest first: even, never larger, at least one."""
    found = [spec for spec in sorted(profile.rungs, key=lambda spec: -spec.lines) if fits(spec, size)]
    if not found:
        found.append(min(profile.rungs, key=lambda spec: spec.lines))
    return tuple(rung_of(spec, size, f"stream_{position}") for position, spec in enumerate(found))


def fits(spec: RungSpec, size: tuple[int, int]) -> bool:
    """Say whether a rung is no larger than a picture."""
    return _scale(spec, size) <= TOLERANCE


def rung_of(spec: RungSpec, size: tuple[int, int], name: str) -> Rung:
    """Return what a rung is for a picture of a size: it fits the rung's box, and is never larger than the picture."""
    scale = min(_scale(spec, size), 1.0)
    return Rung(name, spec.lines, _even(size[0], scale), _even(size[1], scale), spec.max_kbps, spec.crf)


def _scale(spec: RungSpec, size: tuple[int, int]) -> float:
    return min(spec.lines / min(size), spec.lines * 16 / 9 / max(size))


def audio_targets(streams: tuple[AudioStream, ...], profile: Profile,
                  existing: frozenset[str] = frozenset()) -> tuple[AudioTarget, ...]:
    """Return one target per dub, named by language; the source's default comes first, exactly one is default."""
    default = next((s.index for s in streams if s.default and s.kind != "commentary"),
                   next((s.index for s in streams if s.kind != "commentary"),
                        streams[0].index if streams else None))
    taken = set(existing)
    targets = []
    for stream in streams:
        channels = min(stream.channels, STEREO)
        targets.append(AudioTarget(_name("audio", stream.language, taken), stream.index, stream.language, stream.kind,
                                   stream.title, channels, profile.audio_kbps * channels // 2 or 64,
                                   stream.index == default))
    return tuple(_copied(target, streams, profile) for target in targets)


def _copied(target: AudioTarget, streams: tuple[AudioStream, ...], profile: Profile) -> AudioTarget:
    """Mark a target whose stream may be taken as it is: AAC-LC of the same channels, and no dearer by more than a
    quarter."""
    stream = next(stream for stream in streams if stream.index == target.stream)
    fit = (stream.codec == "aac" and stream.profile == "LC" and stream.sample_rate in COPIED_RATES
           and stream.channels == target.channels and profile.loudness is None
           and 0 < stream.bit_rate <= target.kbps * 1250)
    return msgspec.structs.replace(target, copied=fit)


def surround_targets(streams: tuple[AudioStream, ...], audio: tuple[AudioTarget, ...],
                     profile: Profile) -> tuple[AudioTarget, ...]:
    """Return a 5.1 target beside each stereo one whose source has as many channels, where the profile asks for it."""
    channels = {stream.index: stream.channels for stream in streams}
    wide = [msgspec.structs.replace(target, name=f"{target.name}-{SURROUND}ch", channels=SURROUND,
                                    kbps=profile.surround_kbps, beside=target.name)
            for target in audio if profile.surround_kbps and channels[target.stream] >= SURROUND]
    return tuple(_copied(target, streams, profile) for target in wide)


def subtitle_targets(streams: tuple[SubtitleStream, ...],
                     existing: frozenset[str] = frozenset()) -> tuple[SubtitleTarget, ...]:
    """Return one target per subtitle track; pictures get no name, and a note for the editor."""
    taken = set(existing)
    return tuple(SubtitleTarget(
        _name("subs", stream.language, taken) if stream.text else None, stream.index, stream.language, stream.role,
        stream.title, stream.codec, stream.default and stream.text,
        "" if stream.text else sentence("Not text: needs a text version.")) for stream in streams)


def _name(prefix: str, language: str, taken: set[str]) -> str:
    base = f"{prefix}_{language}"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    taken.add(name)
    return name


def _even(length: int, scale: float) -> int:
    """The nearest even length, not above the source's own."""
    return max(2, min(round(length * scale / 2) * 2, length // 2 * 2))


def video_ranges(segments: int, seekable: bool, profile: Profile) -> tuple[tuple[int, int | None], ...]:
    """Cut a film into ranges of segments; the last one is open, and takes in a remainder too short for its own."""
    if not seekable:
        return ((0, None),)
    count = max(1, round(segments / profile.range_segments))
    firsts = [number * profile.range_segments for number in range(count)]
    return tuple(zip(firsts, [*firsts[1:], None], strict=True))


def _steps(probe: Probe, profile: Profile, grid: Grid, frames: int, rungs: tuple[Rung, ...],
           audio: tuple[AudioTarget, ...], subtitles: tuple[SubtitleTarget, ...]) -> list[Step]:
    """In the order of work: what is quick and makes the first minutes watchable comes first."""
    seconds, total = probe.seconds, grid.segments(frames)
    encoded = [rung for rung in rungs if not rung.copied]
    copies = [Step(f"copy-{rung.name}", "copy", LIGHT, seconds * 0.01, rung.name) for rung in rungs if rung.copied]
    ranges = range_steps(total, probe.seekable, profile, grid, len(encoded)) if encoded else []
    sounds = [Step(t.name, "audio", SOUND, seconds * 0.1, t.name) for t in audio]
    texts = [Step(t.name, "subtitles", LIGHT, 1.0, t.name) for t in subtitles if t.name]
    tried = [Step(SEEK_TEST, SEEK_TEST, LIGHT, 1.0)] if probe.sought else []
    return [*tried, *sounds[:1], *copies, *ranges[:1], *texts,
            Step("checksum", "checksum", HEAVY, 0.5 + seconds * 0.005), *sounds[1:],
            Step("storyboard", "storyboard", HEAVY, seconds * 0.05), *ranges[1:],
            Step("check", "check", LIGHT, 1.0 + seconds * 0.01), Step("publish", "publish", LIGHT, 0.5)]


def range_steps(total: int, seekable: bool, profile: Profile, grid: Grid, rungs: int) -> list[Step]:
    """Return the steps that encode so many rungs of a film of `total` segments."""
    return [_range_step(first, end, total, grid, rungs) for first, end in video_ranges(total, seekable, profile)]


def _range_step(first: int, end: int | None, total: int, grid: Grid, rungs: int) -> Step:
    length = (total if end is None else end) - first
    last = "end" if end is None else f"{end - 1:04d}"
    weight = float(length * grid.segment_seconds) * rungs
    return Step(f"video-{first:04d}-{last}", "video", HEAVY, weight, "", first, end)


def bytes_needed(seconds: float, rungs: tuple[Rung, ...], audio: tuple[AudioTarget, ...]) -> int:
    """Return the ceiling of all rates together, and a twentieth for the transport stream and small files."""
    kbps = sum(rung.max_kbps for rung in rungs) + sum(target.kbps for target in audio)
    return int(seconds * kbps * 125 * 1.05) + 2**20


def _notes(probe: Probe) -> list[str]:
    notes = list(probe.notes)
    if probe.picture.hdr:
        notes.append(sentence(
            "The picture is HDR; it is brought to SDR, and encoding takes about half as long again."))
    if probe.picture.interlaced:
        notes.append(sentence("The picture is interlaced; it is deinterlaced."))
    if not probe.audio:
        notes.append(sentence("The film has no sound."))
    if not probe.seekable and probe.seconds > 120:
        notes.append(sentence("This source cannot be cut safely; it is encoded in one piece."))
    return notes
