"""Read a package back before anybody sees it, write its playlists from what is there, and measure it."""
from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

import msgspec
import webvtt
from webvtt.errors import MalformedFileError

from moviepoint.domains.media.encoding import fragments, playlists, storyboard, subtitles
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.child import Sandbox
from moviepoint.domains.media.encoding.decoding import Decoder
from moviepoint.domains.media.encoding.errors import Temporary
from moviepoint.domains.media.encoding.fence import free, held
from moviepoint.domains.media.encoding.frames import Damaged, Segment, fault_of
from moviepoint.domains.media.encoding.plan import AudioTarget, Grid, Plan
from moviepoint.domains.media.encoding.playlists import Bandwidth
from moviepoint.domains.media.encoding.ranges import segment_fault, uneven
from moviepoint.domains.media.encoding.segments import (
    AAC_LC,
    FMP4,
    SUFFIXES,
    SegmentFormat,
    read_segment,
    segment_name,
)
from moviepoint.domains.media.encoding.sounds import audio_durations
from moviepoint.kernel.sentences import sentence

Hold = Callable[[], object]
AGREEMENT = 0.5  # seconds by which renditions may differ from the picture


class VideoFacts(msgspec.Struct, frozen=True):
    name: str
    width: int
    height: int
    codec: str
    frame_rate: float
    bandwidth: Bandwidth
    iframes: Bandwidth
    segments: int
    frames: int


class AudioFacts(msgspec.Struct, frozen=True):
    name: str
    codec: str
    channels: int
    bandwidth: Bandwidth


class PackageFacts(msgspec.Struct, frozen=True):
    """What a checked package holds, measured."""

    duration_ms: int
    video: tuple[VideoFacts, ...]
    audio: tuple[AudioFacts, ...]
    subtitles: tuple[str, ...]
    storyboard: storyboard.Layout | None
    size: int  # bytes
    surround: tuple[AudioFacts, ...] = ()


class PictureFacts(msgspec.Struct, frozen=True):
    """What rungs and a storyboard hold that were made beside a film, measured."""

    video: tuple[VideoFacts, ...]
    storyboard: storyboard.Layout | None
    size: int  # bytes


class TrackFacts(msgspec.Struct, frozen=True):
    """What tracks hold that were made beside a film, measured."""

    audio: tuple[AudioFacts, ...]
    subtitles: tuple[str, ...]
    size: int  # bytes
    surround: tuple[AudioFacts, ...] = ()


class BadPackage(Temporary):
    """The package is not what the plan says; the message names the first fault."""

    def __init__(self, fault: str) -> None:
        super().__init__("bad-package", sentence(
            "The finished package did not pass its check: %(fault)s.", fault=fault))


def finish_package(package: Path, plan: Plan, tools: Tools, sandbox: Sandbox,
                   tick: Callable[[float], None], hold: Hold = free) -> PackageFacts:
    """Check a package against its plan and write the playlists.

    `tick` gets the share done, once a segment, and may raise to end the work; `hold` is asked before each file is
    written, and raises where the work is somebody else's. Raises BadPackage.
    """
    video = [_picture(package, plan, number, tools, sandbox, tick, hold) for number in range(len(plan.rungs))]
    seconds = _agreed_length(video, plan.grid)
    audio, surround = _sounds(package, plan, seconds, tools, sandbox, tick, hold)
    texts = tuple(target.name for target in plan.subtitles if target.name)
    for name in texts:
        _check_cues(package, name, plan.grid, seconds)
    layout = _check_storyboard(package, plan, seconds)
    _check_addresses(package, [*(v.name for v in video), *(iframes_name(v.name) for v in video),
                               *(a.name for a in (*audio, *surround)), *texts])
    return PackageFacts(round(seconds * 1000), tuple(video), audio, texts, layout, _size(package), surround)


def finish_tracks(package: Path, plan: Plan, tools: Tools, sandbox: Sandbox,
                  tick: Callable[[float], None], hold: Hold = free) -> TrackFacts:
    """Check tracks that were made apart from their film, and write their playlists. Raises BadPackage."""
    seconds = plan.grid.seconds(plan.frames)
    audio, surround = _sounds(package, plan, seconds, tools, sandbox, tick, hold)
    texts = tuple(target.name for target in plan.subtitles if target.name)
    for name in texts:
        _check_cues(package, name, plan.grid, seconds)
    _check_addresses(package, [*(a.name for a in (*audio, *surround)), *texts])
    return TrackFacts(audio, texts, _size(package), surround)


def finish_pictures(package: Path, plan: Plan, tools: Tools, sandbox: Sandbox,
                    tick: Callable[[float], None], hold: Hold = free) -> PictureFacts:
    """Check rungs and a storyboard that were made apart from their film, and write the rungs' playlists.

    The film's length is given, to the frame. Raises BadPackage.
    """
    video = [_picture(package, plan, number, tools, sandbox, tick, hold) for number in range(len(plan.rungs))]
    for facts in video:
        if facts.frames != plan.frames:
            raise BadPackage(sentence("%(name)s has %(frames)s frames, %(other)s has %(wanted)s", name=facts.name,
                                      frames=facts.frames, other=sentence("the film"), wanted=plan.frames))
    layout = _check_storyboard(package, plan, plan.grid.seconds(plan.frames))
    _check_addresses(package, [name for v in video for name in (v.name, iframes_name(v.name))])
    return PictureFacts(tuple(video), layout, _size(package))


def iframes_name(rung: str) -> str:
    """Return the name of a rung's I-frame playlist: `iframes_0` of `stream_0`."""
    return rung.replace("stream", "iframes", 1)


def _picture(package: Path, plan: Plan, number: int, tools: Tools, sandbox: Sandbox,
             tick: Callable[[float], None], hold: Hold) -> VideoFacts:
    """Check one rung and write its playlists."""
    rung, grid, form, rungs = plan.rungs[number], plan.grid, plan.profile.segments, len(plan.rungs)
    segments = _picture_segments(package / rung.name, grid, form, tick, number / rungs, 1 / rungs)
    frames = sum(len(s.frames) for s in segments)
    end = grid.seconds(frames)
    durations = [grid.seconds(len(s.frames)) for s in segments]
    _write(package / f"{rung.name}.m3u8", playlists.media_playlist(rung.name, durations, form), hold)
    _write(package / f"{iframes_name(rung.name)}.m3u8", playlists.iframe_playlist(rung.name, segments, end, form), hold)
    decoder = Decoder(package, tools, sandbox, partial(tick, (number + 1) / rungs))
    if not decoder.keyframes(rung.name, float(end)):
        raise _undecodable(rung.name)
    if number == rungs - 1:
        _require_whole(decoder, rung.name, form, {len(segments) - 1})
    return VideoFacts(
        rung.name, rung.width, rung.height, segments[0].codec, round(grid.rate[0] / grid.rate[1], 3),
        playlists.bandwidth([s.size for s in segments], durations), playlists.iframe_bandwidth(segments, end),
        len(segments), frames)


def _sounds(package: Path, plan: Plan, seconds: Fraction, tools: Tools, sandbox: Sandbox,
            tick: Callable[[float], None], hold: Hold) -> tuple[tuple[AudioFacts, ...], tuple[AudioFacts, ...]]:
    """Check all that is heard: the stereo renditions, and those with more channels."""
    def checked(targets: tuple[AudioTarget, ...]) -> tuple[AudioFacts, ...]:
        return tuple(_sound(package, target, plan.profile.segments, seconds, tools, sandbox, partial(tick, 1.0),
                            hold)
                     for target in targets)
    return checked(plan.audio), checked(plan.surround)


def _size(package: Path) -> int:
    return sum(path.stat().st_size for path in package.rglob("*") if path.is_file())


def _within(name: str, fault: str) -> str:
    return sentence("in %(name)s, %(fault)s", name=name, fault=fault)


def _picture_segments(folder: Path, grid: Grid, form: SegmentFormat, tick: Callable[[float], None], done: float,
                      share: float) -> list[Segment]:
    count = len(list(folder.glob(f"data*.{SUFFIXES[form]}")))
    segments = []
    for number in range(count):
        try:
            segment = read_segment(folder / segment_name(number, SUFFIXES[form]))
        except (OSError, Damaged) as error:
            raise BadPackage(_within(folder.name, fault_of(error))) from error
        fault = segment_fault(segment, grid, number)
        if not fault and number < count - 1 and len(segment.frames) != grid.segment:
            fault = uneven(segment, grid, number)
        if fault:
            raise BadPackage(_within(folder.name, fault))
        segments.append(segment)
        tick(done + share * len(segments) / count)
    if not segments or not segments[0].codec:
        raise BadPackage(sentence("%(name)s holds no picture", name=folder.name))
    return segments


def _agreed_length(video: list[VideoFacts], grid: Grid) -> Fraction:
    """The picture's length; all rungs have it to the frame."""
    top = video[0]
    for facts in video[1:]:
        if (facts.segments, facts.frames) != (top.segments, top.frames):
            raise BadPackage(sentence("%(name)s has %(frames)s frames, %(other)s has %(wanted)s", name=facts.name,
                                      frames=facts.frames, other=top.name, wanted=top.frames))
    return grid.seconds(top.frames)


def _sound(package: Path, target: AudioTarget, form: SegmentFormat, seconds: Fraction, tools: Tools, sandbox: Sandbox,
           alive: Callable[[], None], hold: Hold) -> AudioFacts:
    name, suffix = target.name, SUFFIXES[form]
    try:
        durations = audio_durations(package / name)
        codec = fragments.read_init(package / name / fragments.INIT).codec if form == FMP4 else AAC_LC
    except Temporary as error:
        raise BadPackage(_within(name, error.message)) from error
    except (OSError, Damaged) as error:
        raise BadPackage(_within(name, fault_of(error))) from error
    if abs(float(sum(durations) - seconds)) > AGREEMENT:
        raise BadPackage(sentence("%(name)s lasts %(length)s s, the picture %(total)s s", name=name,
                                  length=round(float(sum(durations)), 2), total=round(float(seconds), 2)))
    sizes = [(package / name / segment_name(n, suffix)).stat().st_size for n in range(len(durations))]
    _write(package / f"{name}.m3u8", playlists.media_playlist(name, durations, form), hold)
    last = len(durations) - 1
    _require_whole(Decoder(package, tools, sandbox, alive), name, form, {0, last // 2, last})
    return AudioFacts(name, codec, target.channels, playlists.bandwidth(sizes, durations))


def _check_cues(package: Path, name: str, grid: Grid, seconds: Fraction) -> None:
    durations = subtitles.segment_durations(grid.segment_seconds, seconds)
    found = len(list((package / name).glob("data*.vtt")))
    if abs(found - len(durations)) > 1:
        raise BadPackage(sentence("%(name)s has %(count)s segments and not %(wanted)s", name=name, count=found,
                                  wanted=len(durations)))
    for number in range(found):
        path = package / name / segment_name(number, "vtt")
        try:
            text = path.read_text(encoding="utf-8")
            cues = len(webvtt.from_string(text))
        except (OSError, UnicodeDecodeError, MalformedFileError) as error:
            raise BadPackage(sentence("%(name)s, segment %(number)s: %(fault)s", name=name, number=number,
                                      fault=sentence("it is no WebVTT"))) from error
        if cues != text.count(" --> ") or subtitles.TIMESTAMP_MAP not in text:
            raise BadPackage(sentence("%(name)s, segment %(number)s: %(fault)s", name=name, number=number,
                                      fault=sentence("a cue does not parse")))


def _check_storyboard(package: Path, plan: Plan, seconds: Fraction) -> storyboard.Layout | None:
    if not any(step.kind == "storyboard" for step in plan.steps):
        return None
    layout = storyboard.layout_for(plan, seconds)
    name = plan.board.name
    index = package / storyboard.index_name(name)
    if not index.exists():
        raise BadPackage(sentence("the storyboard is missing"))
    for path in set(re.findall(rf"^({re.escape(name)}/\d+\.jpg)#", index.read_text(encoding="utf-8"), re.MULTILINE)):
        if not (package / path).is_file():
            raise BadPackage(sentence("%(name)s is missing", name=path))
    return layout


def _check_addresses(package: Path, names: list[str]) -> None:
    """Every address that a playlist names exists and is not empty."""
    for name in names:
        path = package / f"{name}.m3u8"
        if not path.is_file():
            raise BadPackage(sentence("%(name)s is missing", name=path.name))
        text = path.read_text(encoding="utf-8")
        for address in [line for line in text.splitlines() if line and not line.startswith("#")]:
            target = package / address
            if not target.is_file() or not target.stat().st_size:
                raise BadPackage(sentence("%(name)s names %(address)s, which is missing or empty", name=path.name,
                                          address=address))


def _require_whole(decoder: Decoder, name: str, form: SegmentFormat, numbers: set[int]) -> None:
    if not decoder.whole(name, form, numbers):
        raise _undecodable(name)


def _undecodable(name: str) -> BadPackage:
    return BadPackage(sentence("%(name)s does not decode", name=name))


def _write(path: Path, text: str, hold: Hold) -> None:
    staged = path.with_name(f".{path.name}.part")
    with held(path.parent, hold):
        staged.write_text(text, encoding="utf-8", newline="\n")
        staged.replace(path)
