"""Films of awkward kinds, made by ffmpeg or changed byte by byte, each a second or two of the same test picture."""
from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from moviepoint.domains.media.encoding.binaries import Tools
from tests.unit.media.films import X264, make, pattern, tone

Maker = Callable[[Tools, Path], Path]
HDR10 = "hdr10=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
HLG = "colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"
BOXES = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts")
TWO_PARTS = "1\n00:00:00,200 --> 00:00:00,900\nEarly\n\n2\n40:00:00,000 --> 40:00:01,000\nLate\n"


def x265(more: str = "") -> tuple[str, ...]:
    return ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", f"log-level=error:{more}")


def wide_colours(transfer: str) -> tuple[str, ...]:
    return ("-pix_fmt", "yuv420p10le", "-color_primaries", "bt2020", "-color_trc", transfer, "-colorspace", "bt2020nc")


def film(name: str, *options: str, size: str = "320x180", rate: str = "25", seconds: float = 1.2,
         sounds: int = 0) -> Maker:
    """A film of the test picture with `sounds` tones, encoded as the options say."""
    def build(tools: Tools, folder: Path) -> Path:
        inputs = [part for _ in range(sounds) for part in tone(440, seconds)]
        maps = [part for n in range(sounds + 1) for part in ("-map", str(n))]
        return make(tools, folder / name, *pattern(size, rate, seconds), *inputs, *maps, *options)
    return build


def turned(degrees: int) -> Maker:
    """A camera held wrong: the picture lies in the file, and a note says how to turn it upright."""
    filters = {90: "transpose=1", 180: "hflip,vflip", 270: "transpose=2"}

    def build(tools: Tools, folder: Path) -> Path:
        flat = film("flat.mp4", "-vf", filters[degrees], *X264)(tools, folder)
        return make(tools, folder / "turned.mp4", "-i", str(flat), "-c", "copy", "-metadata:s:v:0",
                    f"rotate={degrees}")
    return build


def behind_a_cover(suffix: str, container: str, *options: str) -> Maker:
    """The cover is the first stream."""
    def build(tools: Tools, folder: Path) -> Path:
        cover = make(tools, folder / f"cover.{suffix}", *pattern("300x400", seconds=0.04), "-frames:v", "1")
        return make(tools, folder / f"covered.{container}", "-i", str(cover), *pattern(seconds=1.2), *tone(440, 1.2),
                    "-map", "0", "-map", "1", "-map", "2", "-c:v:0", "copy",
                    *(option.replace("-c:v", "-c:v:1") for option in X264), "-c:a", "aac", *options)
    return build


def several_pictures(tools: Tools, folder: Path) -> Path:
    """Eight pictures; the film is the one marked as default."""
    inputs = [part for n in range(8) for part in pattern("64x36" if n != 5 else "320x180", seconds=1.2)]
    maps = [part for n in range(8) for part in ("-map", str(n), f"-disposition:v:{n}", "default" if n == 5 else "0")]
    return make(tools, folder / "eight.mkv", *inputs, *maps, *X264)


def with_attachment(tools: Tools, folder: Path) -> Path:
    """Matroska files may carry others, under any name."""
    flat = film("flat.mkv", *X264, sounds=1)(tools, folder)
    (folder / "font.ttf").write_bytes(b"not a font" * 100)
    return make(tools, folder / "attached.mkv", "-i", str(flat), "-map", "0", "-c", "copy", "-attach",
                str(folder / "font.ttf"), "-metadata:s:t", "mimetype=font/ttf", "-metadata:s:t",
                "filename=../../../escaped.ttf")


def stretched_by_subtitles(tools: Tools, folder: Path) -> Path:
    (folder / "far.srt").write_text(TWO_PARTS)
    return make(tools, folder / "far.mkv", *pattern(seconds=1.2), "-i", str(folder / "far.srt"), *X264, "-c:s", "srt")


def without_duration(tools: Tools, folder: Path) -> Path:
    """A recording that was written to a pipe: no duration and no index."""
    path = folder / "piped.mkv"
    done = subprocess.run([str(tools.ffmpeg), "-v", "error", "-nostdin", *pattern(seconds=1.2), *X264, "-f", "matroska",
                           "-"], capture_output=True, check=True, timeout=60)
    path.write_bytes(done.stdout)
    return path


def behind_an_edit(tools: Tools, folder: Path) -> Path:
    """Cut without encoding: the only keyframe lies before what is shown."""
    flat = film("flat.mp4", *X264, seconds=2, sounds=1)(tools, folder)
    return make(tools, folder / "cut.mp4", "-ss", "0.6", "-i", str(flat), "-c", "copy")


def between_keyframes(tools: Tools, folder: Path) -> Path:
    """A broadcast that was recorded from the middle of a group of pictures on."""
    flat = film("flat.ts", "-c:v", "mpeg2video", "-g", "20", "-bf", "2", "-c:a", "mp2", seconds=3, sounds=1)(
        tools, folder)
    path = folder / "caught.ts"
    path.write_bytes(flat.read_bytes()[188 * 300:])
    return path


def recordings_in_one(tools: Tools, folder: Path) -> Path:
    flat = film("flat.ts", *X264, seconds=3)(tools, folder)
    path = folder / "joined.ts"
    path.write_bytes(flat.read_bytes() * 2)
    return path


def cut_off(source: Maker, share: float) -> Maker:
    def build(tools: Tools, folder: Path) -> Path:
        whole = source(tools, folder)
        path = folder / f"half{whole.suffix}"
        path.write_bytes(whole.read_bytes()[:int(whole.stat().st_size * share)])
        return path
    return build


def with_a_hole(tools: Tools, folder: Path) -> Path:
    """A disk has lost some sectors in the middle of the film."""
    data = bytearray(film("flat.mp4", *X264, "-c:a", "aac", sounds=1, seconds=2)(tools, folder).read_bytes())
    middle = len(data) // 2
    data[middle:middle + 4096] = bytes(4096)
    path = folder / "holed.mp4"
    path.write_bytes(data)
    return path


def boxes(data: bytes | bytearray, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start of the body, end) of each box."""
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        if size < 8:
            return
        yield kind, start + 8, start + size
        if kind in BOXES:
            yield from boxes(data, start + 8, start + size)
        start += size


def lying(kind: bytes, offset: int, form: str, *values: int, when: bytes = b"") -> Maker:
    """A film in MP4 of which one number is changed, in the boxes of a kind that hold `when`."""
    def build(tools: Tools, folder: Path) -> Path:
        data = bytearray(film("flat.mp4", *X264, "-c:a", "aac", sounds=1)(tools, folder).read_bytes())
        found = [(start, end) for name, start, end in boxes(data, 0, len(data))
                 if name == kind and when in data[start:end]]
        for start, end in found:
            struct.pack_into(form, data, start + offset if offset >= 0 else end + offset, *values)
        assert found
        path = folder / "lying.mp4"
        path.write_bytes(data)
        return path
    return build
