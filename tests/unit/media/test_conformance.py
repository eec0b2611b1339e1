"""The checker names what is wrong, and finds nothing wrong with what we make."""
from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from moviepoint.domains.media.encoding import steps, verify
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.conformance import Programs, check_package
from moviepoint.domains.media.encoding.plan import OWN
from moviepoint.domains.media.encoding.profiles import Profile
from moviepoint.domains.media.encoding.segments import SUFFIXES
from moviepoint.domains.media.encoding.workshop import Workshop
from moviepoint.domains.media.packaging import Sound, Text, Variant, Wide, render_master
from tests.unit.media.conftest import CMAF, SMALL, Quiet

Shops = Callable[..., Workshop]


def build(shop: Workshop, package: Path) -> str:
    """Make a package with its playlists; returns its master."""
    for step in shop.plan.steps:
        if step.kind not in OWN:
            steps.run_step(shop, step, package / ".work" / step.name, package, Quiet())
    facts = verify.finish_package(package, shop.plan, shop.tools, shop.sandbox, lambda _share: None)
    wide = {target.beside: Wide(s.name, s.codec, s.channels, s.bandwidth.average, s.bandwidth.peak)
            for target, s in zip(shop.plan.surround, facts.surround, strict=True)}
    return render_master(
        [Variant(v.name, v.width, v.height, v.codec, v.frame_rate, v.bandwidth.average, v.bandwidth.peak,
                 v.name.replace("stream", "iframes"), v.iframes.peak) for v in facts.video],
        [Sound(t.name, t.language, t.label or t.name, t.kind, t.default, s.codec, s.channels, s.bandwidth.average,
               s.bandwidth.peak, wide.get(t.name)) for t, s in zip(shop.plan.audio, facts.audio, strict=True)],
        [Text(t.name or "", t.language, t.name or "", t.role, t.default) for t in shop.plan.subtitles])


@pytest.fixture(scope="session", params=[SMALL, CMAF, replace(CMAF, codec="hevc", preset="ultrafast"),
                                         replace(CMAF, codec="av1", preset="12")], ids=["ts", "fmp4", "hevc", "av1"])
def made(request: pytest.FixtureRequest, workshop: Shops, film: Path,
         tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("made")
    profile: Profile = request.param
    return folder, build(workshop(film, profile), folder)


@pytest.fixture(scope="session")
def plain(workshop: Shops, film: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("plain")
    return folder, build(workshop(film), folder)


def test_what_we_make_departs_from_nothing(made: tuple[Path, str]) -> None:
    folder, master = made
    report = check_package(folder, master)
    assert [str(departure) for departure in report.departures] == []
    assert report.playlists == 7
    assert report.segments >= 3 * 7


def test_programs_find_in_the_streams_what_the_master_declares(made: tuple[Path, str], workshop: Shops,
                                                               film: Path) -> None:
    folder, master = made
    shop = workshop(film)
    report = check_package(folder, master, programs=Programs(shop.tools, shop.sandbox, decode=True))
    assert [str(departure) for departure in report.departures] == []


def test_where_a_film_was_taken_is_told_nowhere(made: tuple[Path, str], film: Path) -> None:
    place = b"+59.9-030.3"
    assert place in film.read_bytes()
    files = [path for path in made[0].rglob("*") if path.is_file()]
    assert len({path.suffix for path in files} & {".ts", ".mp4", ".m4s", ".jpg", ".vtt"}) >= 3
    assert [path.name for path in files if place in path.read_bytes()] == []


def rules(folder: Path, master: str) -> set[str]:
    return {departure.rule for departure in check_package(folder, master).departures}


@pytest.mark.parametrize(("pattern", "becomes", "rule"), [
    (r"#EXTM3U\n", "", "extm3u"),
    (r"#EXT-X-INDEPENDENT-SEGMENTS\n", "", "independent-segments"),
    (r"#EXT-X-VERSION:4", "#EXT-X-VERSION:3", "version"),
    (r",AVERAGE-BANDWIDTH=\d+", "", "attributes"),
    (r"BANDWIDTH=(\d+),AV", r"BANDWIDTH=\g<1>0,AV", "bandwidth"),
    (r"avc1\.[0-9a-f]+", "avc1.640028", "codecs"),
    (r'AUDIO="audio"', 'AUDIO="nobody"', "groups"),
    (r'NAME="[^"]*"', 'NAME="Same"', "names"),
    (r"DEFAULT=NO", "DEFAULT=YES", "default"),
    (r"AUTOSELECT=YES", "AUTOSELECT=NO", "autoselect"),
    (r",AUTOSELECT=YES", "", "attributes"),
    (r',LANGUAGE="ru"', "", "attributes"),
    (r'LANGUAGE="ru"', 'LANGUAGE="russian language"', "language"),
    (r'LANGUAGE="ru"', "LANGUAGE=ru", "quotes"),
    (r',CHANNELS="\d"', "", "channels"),
    (r"#EXT-X-I-FRAME-STREAM-INF.*\n", "", "i-frames"),
    (r'NAME="', 'NAME="a\x07', "characters"),
    (r"stream_0\.m3u8", "stream_9.m3u8", "playlist"),
    (r"(#EXT-X-STREAM-INF:)", r"\1BANDWIDTH=1,", "attributes"),
    (r"FRAME-RATE=", "FRAME RATE=", "attributes"),
    (r"FRAME-RATE=23\.976", "FRAME-RATE=25.000", "frame-rate"),
    (r"(I-FRAME-STREAM-INF:BANDWIDTH=\d+)", r"\g<1>0", "bandwidth"),
    (r"DEFAULT=YES", "DEFAULT=NO", "default"),
    (r"RESOLUTION=160x90", "RESOLUTION=160x91", "resolution"),
    (r"RESOLUTION=160x90", "RESOLUTION=160x120", "resolution"),
    (r"RESOLUTION=160x90", "RESOLUTION=wide", "resolution"),
    (r'NAME="[^"]*"', 'NAME=" "', "names"),
    (r'(CHANNELS="\d")', r'\1,CHARACTERISTICS="public.wonderful"', "characteristics"),
    (r"stream_0\.m3u8", "../made/stream_0.m3u8", "address"),
    (r"stream_0\.m3u8", "https://example.org/stream_0.m3u8", "address")])
def test_a_wrong_master_is_named(plain: tuple[Path, str], pattern: str, becomes: str, rule: str) -> None:
    folder, master = plain
    changed = re.sub(pattern, becomes, master)
    assert changed != master
    assert rule in rules(folder, changed)


SECOND = r"#EXTINF:6\.006000,\nstream_1/data0001"


@pytest.mark.parametrize(("file", "pattern", "becomes", "rule"), [
    ("stream_0.m3u8", r"#EXT-X-ENDLIST\n", "", "vod"),
    ("stream_0.m3u8", r"TARGETDURATION:6", "TARGETDURATION:5", "target-duration"),
    ("stream_0.m3u8", r"#EXT-X-TARGETDURATION:6\n", "", "target-duration"),
    ("stream_0.m3u8", r"VERSION:3", "VERSION:2", "version"),
    ("stream_1.m3u8", SECOND, "#EXTINF:5.500000,\nstream_1/data0001", "boundaries"),
    ("stream_1.m3u8", SECOND, "#EXTINF:5.500000,\nstream_1/data0001", "extinf"),
    ("stream_1.m3u8", SECOND + r".ts\n", "", "timestamps"),
    ("stream_0.m3u8", r"data0001", "data0000", "timestamps"),
    ("stream_0.m3u8", r"data0001", "data0009", "segment"),
    ("stream_0.m3u8", r"#EXTINF:6.006000", "#EXTINF:long", "extinf"),
    ("audio_ru.m3u8", r"#EXTINF:[\d.]+,\naudio_ru/data0002.ts\n", "", "length"),
    ("iframes_0.m3u8", r"@(\d+)\nstream_0/data0001", r"@1\nstream_0/data0001", "i-frames"),
    ("iframes_0.m3u8", r"#EXT-X-I-FRAMES-ONLY\n", "", "i-frames"),
    ("subs_ru.m3u8", r"data0001", "data0007", "webvtt"),
    ("subs_ru/data0000.vtt", r"X-TIMESTAMP-MAP=.*\n", "\n", "webvtt"),
    ("subs_ru/data0000.vtt", r"MPEGTS:900000", "MPEGTS:0", "webvtt"),
    ("subs_ru/data0001.vtt", r"00:00:05.500 --> .*\n.*\n", "", "cues"),
    ("subs_ru/data0000.vtt", r"00:00:05\.500 -->", "00:00:06.900 -->", "cues"),
    ("stream_0.m3u8", r"stream_0/data0001", "../x/data0001", "address"),
    ("subs_ru/data0000.vtt", r"WEBVTT", "WEBTVV", "webvtt")])
def test_a_wrong_package_is_named(plain: tuple[Path, str], tmp_path: Path, file: str, pattern: str, becomes: str,
                                  rule: str) -> None:
    folder, master = plain
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    text = (copy / file).read_text(encoding="utf-8")
    changed = re.sub(pattern, becomes, text)
    assert changed != text
    (copy / file).write_text(changed, encoding="utf-8")
    assert rule in rules(copy, master)


def test_keyframes_at_other_instants_are_named(plain: tuple[Path, str], tools: Tools, tmp_path: Path) -> None:
    """A player that changes between rungs at a keyframe must find one there."""
    folder, master = plain
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    segment = copy / "stream_1/data0001.ts"
    subprocess.run([tools.ffmpeg, "-v", "error", "-copyts", "-i", folder / "stream_1/data0001.ts", "-c:v", "libx264",
                    "-preset", "ultrafast", "-g", "16", "-sc_threshold", "0", "-muxdelay", "0", "-muxpreload", "0",
                    "-y", segment], check=True, timeout=60)
    found = [d for d in check_package(copy, master).departures if d.rule == "keyframes"]
    assert [d.what for d in found] == [
        "stream_1/data0001.ts has its keyframes at other instants than stream_0/data0001.ts"]


def test_bytes_that_are_gone_are_named(made: tuple[Path, str], tmp_path: Path) -> None:
    folder, master = made
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    for name in ("stream_1", "audio_en"):
        path = next(path for suffix in SUFFIXES.values() for path in (copy / name).glob(f"data0001.{suffix}"))
        path.write_bytes(path.read_bytes()[:-100])
    found = check_package(copy, master).departures
    assert {d.where.split("/")[0] for d in found if d.rule == "segment"} == {"stream_1", "audio_en"}
