"""How films are encoded: values that an editor sets, and the encoders' options that follow from them."""
from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from moviepoint.domains.media.encoding.segments import FMP4, TS, SegmentFormat

Codec = Literal["h264", "hevc", "av1"]
X264_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
#: The presets of each codec's software encoder, the fastest first.
PRESETS: dict[str, tuple[str, ...]] = {
    "h264": X264_PRESETS, "hevc": X264_PRESETS, "av1": tuple(str(number) for number in range(13, 1, -1))}
SOFTWARE = {"h264": "libx264", "hevc": "libx265", "av1": "libsvtav1"}
MUXED = {"h264": (TS, FMP4), "hevc": (FMP4,), "av1": (FMP4,)}


class RungSpec(msgspec.Struct, frozen=True):
    """A rung that a profile offers: it fits a box of `lines` × 16/9, whichever way the picture stands."""

    lines: Annotated[int, Meta(ge=64, le=4320)]
    max_kbps: Annotated[int, Meta(ge=50, le=200_000)]
    crf: Annotated[int, Meta(ge=1, le=63)]


class Hardware(msgspec.Struct, frozen=True):
    """An encoder that is not software. Only plugins can name one: what stands here reaches ffmpeg as it is."""

    encoder: str  # "h264_vaapi"
    options: dict[str, str] = {}
    filters: tuple[tuple[str, str], ...] = ()  # name and argument, after scaling: ("format", "nv12"), ("hwupload", "")
    arguments: tuple[str, ...] = ()  # before the input: ("-vaapi_device", "/dev/dri/renderD128")
    devices: tuple[str, ...] = ()  # what the sandbox lets through: ("/dev/dri",)


class Profile(msgspec.Struct, frozen=True):
    """How films are encoded; `default_profiles` names the ones that every site begins with."""

    rungs: tuple[RungSpec, ...] = (RungSpec(1080, 6000, 22), RungSpec(720, 3200, 22), RungSpec(480, 1500, 22),
                                   RungSpec(360, 800, 23))
    codec: Codec = "h264"
    preset: str = "veryfast"
    segments: SegmentFormat = "ts"
    segment_seconds: Annotated[int, Meta(ge=2, le=12)] = 6
    keyframe_seconds: Annotated[int, Meta(ge=1, le=12)] = 2
    range_segments: Annotated[int, Meta(ge=1, le=600)] = 20  # two minutes: long enough for seek and start not to show
    audio_kbps: Annotated[int, Meta(ge=32, le=512)] = 160  # of stereo
    surround_kbps: Annotated[int, Meta(ge=0, le=1024)] = 0  # of 5.1 beside it, where the source has it; 0: none
    loudness: Annotated[float, Meta(ge=-40, le=-5)] | None = None  # LUFS (EBU R128); None: as the source has it
    hardware: Hardware | None = None


class Ready(msgspec.Struct, frozen=True):
    """A profile with its name, as it stands in the list before anybody has changed it."""

    slug: str
    name: str
    profile: Profile


def default_profiles() -> tuple[Ready, ...]:
    """Return the profiles that every site begins with; the first is the one for whoever chooses none."""
    hevc = (RungSpec(2160, 12_000, 26), RungSpec(1080, 4500, 26), RungSpec(720, 2400, 26), RungSpec(480, 1100, 26))
    av1 = (RungSpec(1080, 4000, 35), RungSpec(720, 2200, 35), RungSpec(480, 1000, 36), RungSpec(360, 550, 38))
    return (Ready("standard", "H.264, MPEG-TS", Profile()),
            Ready("cmaf", "H.264, fMP4", Profile(segments="fmp4", surround_kbps=384)),
            Ready("hevc", "HEVC, fMP4", Profile(hevc, "hevc", "fast", "fmp4", surround_kbps=384)),
            Ready("av1", "AV1, fMP4", Profile(av1, "av1", "8", "fmp4", surround_kbps=384)))


def video_options(profile: Profile, crf: int, max_kbps: int, keyframe: int, threads: int) -> dict[str, Any]:
    """Return an encoder's options for one rung: constant quality under a cap, closed groups of `keyframe` frames."""
    options: dict[str, Any] = {
        "preset": profile.preset, "crf": crf, "maxrate": f"{max_kbps}k", "bufsize": f"{max_kbps * 2}k",
        "g": keyframe, "pix_fmt": "yuv420p"}
    if profile.hardware is not None:
        return {"c:v": profile.hardware.encoder, "g": keyframe, "maxrate": f"{max_kbps}k",
                "bufsize": f"{max_kbps * 2}k", **profile.hardware.options}
    if profile.codec == "hevc":
        # info=0: a list of settings in the stream would differ between machines, and an init segment with it
        grid = f"keyint={keyframe}:min-keyint={keyframe}:scenecut=0:open-gop=0:info=0:log-level=error"
        return options | {"c:v": SOFTWARE["hevc"], "profile:v": "main", "tag:v": "hvc1",
                          "x265-params": f"{grid}:pools={threads}" if threads else grid}
    if profile.codec == "av1":
        grid = "scd=0:irefresh-type=2"
        return options | {"c:v": SOFTWARE["av1"], "svtav1-params": f"{grid}:lp={threads}" if threads else grid}
    return options | {"c:v": SOFTWARE["h264"], "keyint_min": keyframe, "sc_threshold": 0, "flags": "+cgop",
                      "profile:v": "high", "threads": threads}
