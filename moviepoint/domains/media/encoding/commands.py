"""The ffmpeg commands. The only module that uses ffmpeg-python, which only builds them; `child` runs them.

One clock for all renditions: the film's zero lies at ten seconds of the transport stream, whatever the source's
clock and wherever a range begins, so that `X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000` fits every cue.
Timestamps are kept as the source has them (`-copyts`), moved to the film's zero by the graph, and put on the
grid by `fps` without a start of its own: a frame's number is then a pure function of its time, and a range cut
by frame number gives the same frames wherever decoding began.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import ffmpeg

from moviepoint.domains.media.encoding.containers import CONTAINERS
from moviepoint.domains.media.encoding.fragments import INIT
from moviepoint.domains.media.encoding.plan import AudioTarget, Grid, Plan, Rung
from moviepoint.domains.media.encoding.probe import MAX_PIXELS, Probe, VideoStream
from moviepoint.domains.media.encoding.profiles import Hardware, SegmentFormat, video_options
from moviepoint.domains.media.encoding.segments import CLOCK_SECONDS, DEMUXERS, FMP4, SUFFIXES

#: Makes the arguments, given the source's name as the child sees it.
Builder = Callable[[str], list[str]]
#: How far before a range decoding begins at least; the demuxer goes back to a keyframe from there.
PREROLL = Fraction(1)
#: The muxer cuts at the first keyframe that is late enough; rounding must not make a keyframe come too early.
CUT_EARLIER = 50e-6
TONE_MAP = (("zscale", {"t": "linear", "npl": 100}), ("format", {"pix_fmts": "gbrpf32le"}),
            ("zscale", {"p": "bt709"}), ("tonemap", {"tonemap": "hable", "desat": 0}),
            ("zscale", {"t": "bt709", "m": "bt709", "r": "tv"}))
#: Several sound frames to a PES packet (one each would cost a third more bytes), without moving the clock.
AUDIO_MUXING = {"muxdelay": 0.2, "hls_segment_options": "mpegts_copyts=1"}
SEI = 6  # the type of H.264 units with messages for the decoder (ISO/IEC 14496-10, table 7-1)
FULL_SCALE = -1.0  # dBTP that no peak may come above when sound is made louder (EBU R128 s2)
#: Some decoders call every frame that they are told to skip an error.
MANY_ERRORS = ("-max_error_rate", "1")
GLOBAL = ("-hide_banner", "-nostdin", "-y", "-v", "warning", "-copyts", "-progress", "pipe:1",
          "-stats_period", "0.5")


def video_range(source: str, probe: Probe, plan: Plan, first: int, end: int | None,
                threads: int = 0) -> list[str]:
    """Encode segments `first` up to, not including, `end` (None: to the film's end) of all rungs that are encoded.

    Decodes once. Writes `<rung>/data0000.ts` … below the working directory, each whole file by a rename. Segments
    of fMP4 begin at zero whatever their number, and are moved by whoever takes them. `threads` 0 leaves their
    number to the encoder.
    """
    video, grid = probe.picture, plan.grid
    start = grid.segment * first
    stop = None if end is None else grid.segment * end
    picture = _input(source, probe, _seek(probe, grid, start))[str(video.index)]
    picture = _on_grid(picture, video, grid, start, stop)
    picture = _upright(picture, video, plan.encoded[0])
    branches = picture.filter_multi_output("split", len(plan.encoded)) if len(plan.encoded) > 1 else [picture]
    outputs = [_rung_output(branches[position], rung, plan, first, start, threads)
               for position, rung in enumerate(plan.encoded)]
    hardware = plan.profile.hardware
    return [*(hardware.arguments if hardware else ()), *_arguments(outputs)]


def copied_picture(source: str, probe: Probe, rung: Rung, plan: Plan) -> list[str]:
    """Cut the source's own picture into segments. Those of fMP4 begin at zero, and are moved by whoever takes them.

    SEI messages go: a camera may have written a place into them, and captions that the master says are not there.
    """
    options = _hls(rung.name, float(plan.grid.segment_seconds), 0, -probe.zero, plan.profile.segments)
    picture = _input(source, probe, None)[str(probe.picture.index)]
    return _arguments([ffmpeg.output(picture, f"{rung.name}/index.m3u8", **options, **{
        "c:v": "copy", "bsf:v": f"filter_units=remove_types={SEI}"})])


def copied_sound(source: str, probe: Probe, target: AudioTarget, plan: Plan, seconds: Fraction) -> list[str]:
    """Cut the source's own sound into segments, no longer than the picture; their clock is as that of a picture's.

    It is decoded beside, for nothing but to hear what the decoder says of it.
    """
    form = plan.profile.segments
    options = _hls(target.name, float(plan.grid.segment_seconds), 0, -probe.zero, form) | {
        "c:a": "copy", "t": f"{float(probe.zero + seconds):.6f}"} | ({} if form == FMP4 else AUDIO_MUXING)
    sound = _input(source, probe, None)[str(target.stream)]
    return _arguments([ffmpeg.output(sound, f"{target.name}/index.m3u8", **options),
                       ffmpeg.output(sound, "-", f="null")])


def audio_track(source: str, probe: Probe, target: AudioTarget, plan: Plan, seconds: Fraction,
                gain: float = 0.0) -> list[str]:
    """Encode one dub whole, as long as the picture, from the film's zero; gaps become silence.

    An offset moves it on the film's clock, to the sample: what comes before the film is cut off. `gain` is in dB.
    """
    sound = _sound(source, probe, target)
    sound = sound.filter("apad", whole_dur=f"{float(seconds):.6f}").filter("atrim", end=f"{float(seconds):.6f}")
    if gain:
        sound = sound.filter("volume", f"{gain:.2f}dB")
    form = plan.profile.segments
    options = _hls(target.name, float(plan.grid.segment_seconds), 0, Fraction(0), form)
    options |= {"c:a": "aac", "b:a": f"{target.kbps}k", "ac": target.channels} | (
        {} if form == FMP4 else AUDIO_MUXING)
    return _arguments([ffmpeg.output(sound, f"{target.name}/index.m3u8", **options)])


def loudness(source: str, probe: Probe, target: AudioTarget) -> list[str]:
    """Measure a dub's integrated loudness and true peak (EBU R128), said on standard error at the end."""
    sound = _sound(source, probe, target).filter("ebur128", peak="true", framelog="verbose")
    return ["-hide_banner", "-nostdin", "-v", "info", "-nostats", "-copyts", "-progress", "pipe:1",
            *ffmpeg.output(sound, "-", f="null").get_args()]


def _sound(source: str, probe: Probe, target: AudioTarget) -> Any:
    """A dub on the film's clock, at 48 kHz, in the target's channels."""
    sound = _input(source, probe, None)[str(target.stream)]
    sound = sound.filter("asetpts", f"PTS-round({probe.zero - Fraction(target.offset_ms, 1000)}/TB)")
    sound = sound.filter("aresample", 48000, **{"async": 1, "min_hard_comp": 0.1, "first_pts": 0})
    layout = "stereo" if target.channels == 2 else "mono" if target.channels == 1 else "5.1"
    return sound.filter("aformat", channel_layouts=layout)


def keyframe_pictures(source: str, probe: Probe, width: int, height: int, interval: int, columns: int,
                      rows: int, sheets: int, every: bool = False) -> list[str]:
    """Sheets of small pictures, from the keyframes alone: `0000.jpg` …

    Picture n shows the last keyframe at or before n × `interval` seconds; the last sheet is filled up. `every` picture
    is looked at where no keyframe is shown.
    """
    video = probe.picture
    options = {} if every else {"skip_frame": "nokey"}
    picture = _input(source, probe, None, **options)[str(video.index)]
    picture = picture.filter("setpts", f"PTS-round({Fraction(*video.start)}/TB)")
    picture = picture.filter("fps", f"1/{interval}", start_time=0, round="up")
    picture = picture.filter("scale", width, height, flags="area")
    if video.hdr:
        picture = _tone_mapped(picture)
    picture = picture.filter("tpad", stop=-1, stop_mode="clone").filter("setsar", 1)
    picture = picture.filter("tile", f"{columns}x{rows}").filter("format", "yuvj420p")
    return _arguments([ffmpeg.output(picture, "%04d.jpg", f="image2", start_number=0, **{
        "c:v": "mjpeg", "q:v": 5, "frames:v": sheets, "map_metadata": -1, "fps_mode": "passthrough"})],
        MANY_ERRORS)


def poster(source: str, form: SegmentFormat) -> list[str]:
    """The first picture of a finished segment as `poster.jpg`; a segment begins with a clean keyframe."""
    picture = ffmpeg.input(source, f=DEMUXERS[form])["v:0"].filter("format", "yuvj420p")
    return _arguments([ffmpeg.output(picture, "poster.jpg", f="image2", update=1, **{
        "c:v": "mjpeg", "q:v": 3, "frames:v": 1, "map_metadata": -1, "fps_mode": "passthrough"})])


def extract_subtitles(source: str, probe: Probe, stream: int) -> list[str]:
    """One embedded text track to standard output, as the film's clock has it."""
    codec = next(s.codec for s in probe.subtitles if s.index == stream)
    kind = "ass" if codec in ("ass", "ssa") else "srt"
    node = _input(source, probe, None)[str(stream)]
    arguments = ffmpeg.output(node, "pipe:1", f=kind, **{"c:s": kind, "map_metadata": -1}).get_args()
    return ["-hide_banner", "-nostdin", "-v", "warning", "-copyts", *arguments]


def _input(source: str, probe: Probe, seek: Fraction | None, **options: Any) -> Any:
    container = CONTAINERS[probe.container]
    options |= {"protocol_whitelist": "file,pipe", "format_whitelist": container.whitelist, "f": container.demuxer,
                "max_pixels": MAX_PIXELS}
    if seek is not None:
        options |= {"ss": f"{float(seek):.6f}", "seek_timestamp": 1, "noaccurate_seek": None}
    return ffmpeg.input(source, **options)


def _seek(probe: Probe, grid: Grid, start_frame: int) -> Fraction | None:
    """Where to seek on the source's clock; None where everything from the front on is decoded.

    That is so in a source that does not give the same pictures after a seek, also when its encoding goes on after a
    kill: what is there already is decoded once more, which takes a fifth of what encoding it would.
    """
    if start_frame == 0 or not probe.sought:
        return None
    return max(Fraction(0), grid.seconds(start_frame) - PREROLL) + probe.zero


def _on_grid(picture: Any, video: VideoStream, grid: Grid, start: int, stop: int | None) -> Any:
    if video.interlaced:
        picture = picture.filter("bwdif", mode="send_frame")
    picture = picture.filter("setpts", f"PTS-round({Fraction(*video.start)}/TB)")
    picture = picture.filter("fps", f"{grid.rate[0]}/{grid.rate[1]}")
    cut = {"start_pts": start} | ({} if stop is None else {"end_pts": stop})
    return picture.filter("trim", **cut).filter("setpts", f"PTS-{start}")


def _upright(picture: Any, video: VideoStream, top: Rung) -> Any:
    """Bring the picture to the highest rung's size with square pixels (ffmpeg has turned it already), and to SDR."""
    picture = picture.filter("scale", top.width, top.height, flags="bicubic")
    if video.hdr:
        picture = _tone_mapped(picture)
    return picture.filter("setsar", 1).filter("format", "yuv420p")


def _tone_mapped(picture: Any) -> Any:
    for name, options in TONE_MAP:
        picture = picture.filter(name, **options)
    return picture


def _rung_output(picture: Any, rung: Rung, plan: Plan, first: int, start: int, threads: int) -> Any:
    top, grid, profile = plan.encoded[0], plan.grid, plan.profile
    if (rung.width, rung.height) != (top.width, top.height):
        picture = picture.filter("scale", rung.width, rung.height, flags="bicubic").filter("setsar", 1)
    picture = _uploaded(picture, profile.hardware)
    options = video_options(profile, rung.crf, rung.max_kbps, grid.keyframe, threads) | {
        "fps_mode": "passthrough", "enc_time_base": f"{grid.rate[1]}/{grid.rate[0]}",
        "colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "color_range": "tv"}
    return ffmpeg.output(picture, f"{rung.name}/index.m3u8", **options, **_hls(
        rung.name, float(grid.segment_seconds), first, grid.seconds(start), profile.segments))


def _uploaded(picture: Any, hardware: Hardware | None) -> Any:
    """Bring a picture to the device that encodes it."""
    for name, argument in hardware.filters if hardware else ():
        picture = picture.filter(name, argument) if argument else picture.filter(name)
    return picture


def _hls(name: str, segment_seconds: float, first: int, start: Fraction, form: SegmentFormat) -> dict[str, Any]:
    """The muxer's own playlist is written and never believed; whole segments get their name by a rename.

    `start` is where what comes begins on the film's clock; where it is copied, less than nothing for a source whose
    clock is at more than zero when the film begins.
    """
    options: dict[str, Any] = {
        "f": "hls", "hls_time": f"{segment_seconds - CUT_EARLIER:.6f}", "hls_list_size": 1, "hls_flags": "temp_file",
        "hls_segment_filename": f"{name}/data%04d.{SUFFIXES[form]}", "start_number": first,
        "muxdelay": 0, "muxpreload": 0, "avoid_negative_ts": "disabled", "map_metadata": -1, "map_chapters": -1,
    }
    if form == FMP4:
        moved = {"output_ts_offset": f"{float(start):.6f}"} if start < 0 else {}
        return options | moved | {"hls_segment_type": "fmp4", "hls_fmp4_init_filename": INIT,
                                  "hls_segment_options": "movflags=+negative_cts_offsets"}
    options["output_ts_offset"] = f"{float(CLOCK_SECONDS + start):.6f}"
    if first:
        options["hls_segment_options"] = "mpegts_flags=initial_discontinuity"
    return options


def _arguments(outputs: Sequence[Any], more: Sequence[str] = ()) -> list[str]:
    joined = outputs[0] if len(outputs) == 1 else ffmpeg.merge_outputs(*outputs)
    return [*GLOBAL, *more, *joined.get_args()]
