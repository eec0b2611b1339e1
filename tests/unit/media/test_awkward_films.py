"""Films as they really come: each is inspected, planned and encoded, and what comes out is looked at."""
from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from moviepoint.domains.media.encoding import verify
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.domains.media.encoding.plan import OWN
from moviepoint.domains.media.encoding.probe import Probe
from moviepoint.domains.media.encoding.profiles import RungSpec
from moviepoint.domains.media.encoding.segments import decodable
from moviepoint.domains.media.encoding.steps import run_step
from moviepoint.domains.media.encoding.workshop import Workshop
from tests.unit.media import awkward
from tests.unit.media.awkward import HDR10, HLG, Maker, film, wide_colours, x265
from tests.unit.media.conftest import SMALL, Quiet
from tests.unit.media.films import X264, pattern
from tests.unit.media.test_steps import distance

Shops = Callable[..., Workshop]
Fact = Callable[[Probe], bool]
TINY = replace(SMALL, rungs=(RungSpec(180, 600, 24),))
VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8")
SVT = ("-c:v", "libsvtav1", "-preset", "12", "-crf", "45")
WIDE = "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0"
UNEVEN = "select='if(lt(t,.5),1,if(lt(t,1),not(mod(n,3)),not(mod(n,7))))',setpts=PTS+if(mod(N\\,2)\\,.0005\\,0)/TB"


#: name: how it is made, the seconds and the picture that come out, the channels of its sounds, what else is known.
ENCODED: dict[str, tuple[Maker, float, tuple[int, int], list[int], Fact]] = {
    "mp4": (film("a.mp4", *X264, "-c:a", "aac", sounds=1), 1.2, (320, 180), [1], lambda p: p.container == "mp4"),
    "hevc in ts": (film("a.ts", *x265()), 1.2, (320, 180), [], lambda p: p.picture.codec == "hevc"),
    "av1": (film("a.mkv", *SVT), 1.2, (320, 180), [], lambda p: p.picture.codec == "av1"),
    "vp8": (film("a.webm", "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus", sounds=1), 1.2, (320, 180),
            [1], lambda p: p.picture.codec == "vp8"),
    "vp9, odd": (film("a.webm", "-vf", "crop=319:179:exact=1", *VP9), 1.2, (318, 178), [],
                 lambda p: p.picture.shown_size == (319, 179)),
    "theora": (film("a.ogv", "-c:v", "libtheora", "-q:v", "7"), 1.2, (320, 180), [], lambda p: p.container == "ogg"),
    "mpeg-4 in avi": (film("a.avi", "-c:v", "mpeg4", "-q:v", "3", "-c:a", "mp3", sounds=1), 1.2, (320, 180), [1],
                      lambda p: not p.seekable),
    "flv": (film("a.flv", "-c:v", "flv1", "-q:v", "3", "-c:a", "mp3", "-ar", "44100", sounds=1), 1.2, (320, 180), [1],
            lambda p: p.container == "flv"),
    "wmv": (film("a.wmv", "-c:v", "wmv2", "-q:v", "3", "-c:a", "wmav2", sounds=1), 1.2, (320, 180), [1],
            lambda p: p.container == "asf"),
    "mpeg-2": (film("a.mpg", "-c:v", "mpeg2video", "-q:v", "3", "-c:a", "mp2", sounds=1), 1.2, (320, 180), [1],
               lambda p: p.container == "mpegps"),
    "prores": (film("a.mov", "-c:v", "prores_ks"), 1.2, (320, 180), [], lambda p: p.picture.bit_depth == 10),
    "motion jpeg": (film("a.mov", "-c:v", "mjpeg", "-q:v", "3"), 1.2, (320, 180), [],
                    lambda p: p.picture.codec == "mjpeg"),
    "10 bits, 4:2:2": (film("a.mkv", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv422p10le"), 1.2,
                       (320, 180), [], lambda p: p.picture.bit_depth == 10),
    "hdr10": (film("a.mp4", *x265(HDR10), *wide_colours("smpte2084"), "-tag:v", "hvc1"), 1.2, (320, 180), [],
              lambda p: p.picture.hdr),
    "hlg": (film("a.mkv", *x265(HLG), *wide_colours("arib-std-b67")), 1.2, (320, 180), [], lambda p: p.picture.hdr),
    "interlaced": (film("a.ts", "-vf", "tinterlace=interleave_top,setsar=1", "-c:v", "mpeg2video", "-q:v", "3",
                        "-flags", "+ilme+ildct", "-top", "1", rate="50"), 1.2, (320, 180), [],
                   lambda p: p.picture.interlaced),
    "wide pixels": (film("a.mp4", "-vf", "scale=160:180,setsar=2", *X264), 1.2, (320, 180), [],
                    lambda p: p.picture.sample_aspect == (2, 1)),
    "absurd pixels": (film("a.mp4", "-vf", "setsar=1/9", *X264), 1.2, (320, 180), [],
                      lambda p: p.picture.shown_size == (320, 180)),
    "turned by 90": (awkward.turned(90), 1.2, (320, 180), [], lambda p: p.picture.rotation == 270),
    "turned by 180": (awkward.turned(180), 1.2, (320, 180), [], lambda p: p.picture.rotation == 180),
    "turned by 270": (awkward.turned(270), 1.2, (320, 180), [], lambda p: p.picture.rotation == 90),
    "variable rate": (film("a.mp4", "-vf", UNEVEN, "-fps_mode", "vfr", "-video_track_timescale", "57600", *X264,
                           rate="30", seconds=1.6), 1.43, (320, 180), [],
                      lambda p: p.picture.variable and p.picture.frame_rate == (30, 1)),
    "one picture a second": (film("a.mp4", *X264, rate="1", seconds=3), 3, (320, 180), [],
                             lambda p: p.picture.frame_rate == (8, 1)),
    "1000 pictures a second": (film("a.mp4", *X264, rate="1000", seconds=0.4), 0.4, (320, 180), [],
                               lambda p: p.picture.frame_rate == (125, 4)),
    "one picture": (film("a.mp4", "-frames:v", "1", *X264), 0.04, (320, 180), [], lambda p: p.duration_ms == 40),
    "start at 10 s": (film("a.mkv", *X264, "-c:a", "aac", "-output_ts_offset", "10", sounds=1), 1.2, (320, 180), [1],
                      lambda p: abs(p.zero - 10) < 0.05 and not p.notes),
    "edit list": (awkward.behind_an_edit, 1.4, (320, 180), [1], lambda p: p.zero == 0),
    "between keyframes": (awkward.between_keyframes, 2.2, (320, 180), [1], lambda p: p.duration_ms < 2900),
    "no duration": (awkward.without_duration, 1.2, (320, 180), [], lambda p: p.claimed_ms == 0),
    "40 hours by a subtitle": (awkward.stretched_by_subtitles, 1.2, (320, 180), [],
                               lambda p: p.claimed_ms > 143_000_000 and "claims to last 144001 s" in p.notes[0]),
    "40 hours by a number": (awkward.lying(b"mvhd", 16, ">I", 144_000_000), 1.2, (320, 180), [1],
                             lambda p: "claims to last" in p.notes[0]),
    "no duration in mp4": (awkward.lying(b"mvhd", 16, ">I", 0), 1.2, (320, 180), [1], lambda p: p.duration_ms == 1200),
    "cover art": (awkward.behind_a_cover("jpg", "mp4", "-disposition:v:0", "attached_pic"), 1.2, (320, 180), [1],
                  lambda p: p.picture.codec == "h264" and not p.notes),
    "cover art, unmarked": (awkward.behind_a_cover("png", "mkv"), 1.2, (320, 180), [1],
                            lambda p: p.picture.codec == "h264"),
    "eight pictures": (awkward.several_pictures, 1.2, (320, 180), [], lambda p: "holds 8 pictures" in p.notes[0]),
    "a hole": (awkward.with_a_hole, 2, (320, 180), [1], lambda p: p.duration_ms == 2000),
    "data track": (film("a.mov", *X264, "-timecode", "01:00:00:00"), 1.2, (320, 180), [],
                   lambda p: p.picture.index == 0),
    "attachment": (awkward.with_attachment, 1.2, (320, 180), [1], lambda p: len(p.audio) == 1),
    "eight dubs": (film("a.mkv", *X264, "-c:a", "aac", sounds=8), 1.2, (320, 180), [1] * 8, lambda p: p.seekable),
    "5.1": (film("a.mkv", *X264, "-af", WIDE, "-c:a", "ac3", sounds=1), 1.2, (320, 180), [2],
            lambda p: p.audio[0].channels == 6),
    "8 kHz": (film("a.mkv", *X264, "-ar", "8000", "-c:a", "pcm_s16le", sounds=1), 1.2, (320, 180), [1],
              lambda p: p.audio[0].sample_rate == 8000),
    "192 kHz": (film("a.mkv", *X264, "-ar", "192000", "-c:a", "flac", sounds=1), 1.2, (320, 180), [1],
                lambda p: p.audio[0].sample_rate == 192000),
    "tiny": (film("a.mkv", "-c:v", "ffv1", size="2x2"), 1.2, (2, 2), [], lambda p: p.picture.codec == "ffv1"),
    "a ribbon": (film("a.mp4", *X264, size="2000x20"), 1.2, (320, 4), [], lambda p: p.seekable),
}
UNLIKE = {"tiny", "a ribbon", "between keyframes", "edit list", "hdr10", "hlg", "interlaced"}  # another first picture


def encode(shop: Workshop, folder: Path) -> verify.PackageFacts:
    """Make everything that the plan names, and read it back."""
    for step in shop.plan.steps:
        if step.kind not in OWN:
            run_step(shop, step, folder / ".work" / step.name, folder, Quiet())
    return verify.finish_package(folder, shop.plan, shop.tools, shop.sandbox, lambda _share: None)


def streams(tools: Tools, path: Path) -> dict[str, Any]:
    done = subprocess.run([str(tools.ffprobe), "-v", "error", "-show_streams", "-of", "json", str(path)],
                          capture_output=True, check=True, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout)["streams"][0]
    return found


def first_picture(tools: Tools, *source: str) -> bytes:
    return subprocess.run([str(tools.ffmpeg), "-v", "error", "-nostdin", *source, "-frames:v", "1", "-vf",
                           "scale=64:36", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"], capture_output=True, check=True,
                          timeout=60).stdout


@pytest.fixture(scope="session")
def test_picture(tools: Tools) -> bytes:
    """The first picture of all these films, as it is meant to be seen."""
    return first_picture(tools, *pattern())


@pytest.mark.parametrize("name", ENCODED)
def test_it_is_encoded_right(name: str, tools: Tools, workshop: Shops, tmp_path: Path, test_picture: bytes) -> None:
    """Upright, whole, in ordinary colours, progressive, and with its sounds."""
    build, seconds, size, channels, fact = ENCODED[name]
    source = build(tools, tmp_path)
    before = sorted(tmp_path.rglob("*"))
    shop = workshop(source, TINY)
    assert fact(shop.probe), shop.probe
    facts = encode(shop, tmp_path / "package")
    frame = 1.01 / facts.video[0].frame_rate
    assert abs(facts.duration_ms / 1000 - seconds) <= max(frame, 0.15 * (name in UNLIKE or shop.probe.picture.variable))
    assert [(v.width, v.height) for v in facts.video] == [size]
    assert [a.channels for a in facts.audio] == channels
    with decodable(tmp_path / "package/stream_0/data0000.ts") as segment:
        made = streams(tools, segment)
        assert (made["pix_fmt"], made["color_transfer"], made["field_order"]) == ("yuv420p", "bt709", "progressive")
        assert (made["sample_aspect_ratio"], made.get("side_data_list")) == ("1:1", None)
        if name not in UNLIKE:
            assert distance(first_picture(tools, "-i", str(segment)), test_picture) < 12
    made_beside = [path for path in sorted(tmp_path.rglob("*")) if "package" not in path.parts and path not in before]
    assert [path.name for path in made_beside if path.name != "package"] == []


@pytest.mark.parametrize("name", ["hdr10", "hlg"])
def test_bright_colours_come_down(name: str, tools: Tools, workshop: Shops, tmp_path: Path) -> None:
    """A picture of wide range is neither washed out nor black: its own greys keep their order."""
    shop = workshop(ENCODED[name][0](tools, tmp_path), TINY)
    encode(shop, tmp_path / "package")
    picture = first_picture(tools, "-i", str(tmp_path / "package/stream_0/data0000.ts"))
    assert min(picture) < 40
    assert max(picture) > 180
    assert 40 < sum(picture) / len(picture) < 200


def test_no_comb_is_left(tools: Tools, workshop: Shops, tmp_path: Path) -> None:
    """ffmpeg's own detector finds lines of two moments in the source, and hardly any in what was made."""
    source = ENCODED["interlaced"][0](tools, tmp_path)
    encode(workshop(source, TINY), tmp_path / "package")
    before, after = combed(tools, source), combed(tools, tmp_path / "package/stream_0/data0000.ts")
    assert before > 15
    assert after <= before / 4


def combed(tools: Tools, path: Path) -> int:
    done = subprocess.run([str(tools.ffmpeg), "-nostdin", "-i", str(path), "-vf", "idet", "-f", "null", "-"],
                          capture_output=True, check=True, text=True, timeout=60)
    words = done.stderr.rpartition("Multi frame detection:")[2].split()
    return int(words[words.index("TFF:") + 1]) + int(words[words.index("BFF:") + 1])


REFUSED: dict[str, tuple[Maker, str, str]] = {
    "cut off mp4": (awkward.cut_off(film("a.mp4", *X264, "-movflags", "+faststart"), 0.6), "truncated", "59 %"),
    "cut off mp4, index last": (awkward.cut_off(film("a.mp4", *X264), 0.6), "truncated", "table of contents"),
    "cut off mkv": (awkward.cut_off(film("a.mkv", *X264), 0.5), "truncated", "50 %"),
    "cut off avi": (awkward.cut_off(film("a.avi", "-c:v", "mpeg4"), 0.5), "truncated", "50 %"),
    "sound only": (film("a.mka", "-map", "-0:v", "-c:a", "aac", sounds=1), "no-picture", "no moving picture"),
    "recordings in one": (awkward.recordings_in_one, "clock-jumps", "several recordings"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_words(name: str, tools: Tools, workshop: Shops, tmp_path: Path) -> None:
    build, code, words = REFUSED[name]
    source = build(tools, tmp_path)
    with pytest.raises(Refused) as raised:
        workshop(source, TINY)
    assert raised.value.code == code
    assert words in raised.value.message
    assert raised.value.message.endswith(".")


def test_a_film_cut_off_without_a_trace_says_how_long_it_claims_to_be(tools: Tools, workshop: Shops,
                                                                      tmp_path: Path) -> None:
    """FLV says no sizes, only a length: what is there is encoded, and the editor is told."""
    source = awkward.cut_off(film("a.flv", "-c:v", "flv1", seconds=6), 0.5)(tools, tmp_path)
    plan = workshop(source, TINY).plan
    assert 2000 < plan.duration_ms < 2500
    assert "claims to last 6 s, but its picture ends after 2 s" in plan.notes[0]


def test_surround_stands_beside_stereo(tools: Tools, workshop: Shops, tmp_path: Path) -> None:
    shop = workshop(ENCODED["5.1"][0](tools, tmp_path), replace(TINY, surround_kbps=256))
    facts = encode(shop, tmp_path / "package")
    assert [a.channels for a in (*facts.audio, *facts.surround)] == [2, 6]
    assert streams(tools, tmp_path / f"package/{facts.surround[0].name}/data0000.ts")["channels"] == 6
