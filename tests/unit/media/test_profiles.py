"""Every profile gives a package that passes its check: codecs, segments, more channels, loudness."""
from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import m3u8
import pytest
from msgspec.structs import replace

from moviepoint.domains.media.encoding import fragments, sounds, steps, verify
from moviepoint.domains.media.encoding import segments as formats
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.errors import Temporary
from moviepoint.domains.media.encoding.frames import Damaged
from moviepoint.domains.media.encoding.plan import OWN, make_plan, surround_targets
from moviepoint.domains.media.encoding.profiles import PRESETS, Hardware, Profile, default_profiles, video_options
from moviepoint.domains.media.encoding.verify import PackageFacts
from moviepoint.domains.media.encoding.workshop import Workshop
from tests.unit.media.conftest import CMAF, SMALL, Quiet
from tests.unit.media.films import X264, make, pattern, tone

Shops = Callable[..., Workshop]


def encoded(shop: Workshop, package: Path) -> PackageFacts:
    """Do all steps of a plan and its check."""
    for step in shop.plan.steps:
        if step.kind not in OWN:
            steps.run_step(shop, step, package / ".work" / step.name, package, Quiet())
    return verify.finish_package(package, shop.plan, shop.tools, shop.sandbox, lambda _share: None)


@pytest.mark.parametrize(("profile", "codec"), [
    (CMAF, r"avc1\.[0-9a-f]{6}"),
    (replace(CMAF, codec="hevc", preset="ultrafast"), r"hvc1\.1\.6\.L\d+(\.[0-9A-F]+)*"),
    (replace(CMAF, codec="av1", preset="12"), r"av01\.0\.\d\dM\.08")], ids=["h264", "hevc", "av1"])
def test_a_profile_of_fmp4_is_encoded_in_ranges_and_passes_its_check(
        workshop: Shops, film: Path, tools: Tools, tmp_path: Path, profile: Profile, codec: str) -> None:
    shop = workshop(film, profile)
    assert len([step for step in shop.plan.steps if step.kind == "video"]) == 3
    facts = encoded(shop, tmp_path)
    assert {video.frames for video in facts.video} == {shop.plan.frames}
    assert all(re.fullmatch(codec, video.codec) for video in facts.video)
    assert [sound.codec for sound in facts.audio] == ["mp4a.40.2"] * 2
    for name in ("stream_0", "audio_ru"):
        playlist = m3u8.load(str(tmp_path / f"{name}.m3u8"))
        assert playlist.is_endlist
        assert playlist.segment_map[0].uri == f"{name}/init.mp4"
        done = subprocess.run([str(tools.ffprobe), "-v", "error", "-count_packets", "-show_entries",
                               "stream=nb_read_packets,duration:format=start_time,duration", "-of", "default=nk=1:nw=1",
                               str(tmp_path / f"{name}.m3u8")], capture_output=True, check=True, text=True, timeout=60)
        if name == "stream_0":
            assert str(shop.plan.frames) in done.stdout.split()
    iframes = m3u8.load(str(tmp_path / "iframes_0.m3u8"))
    for segment in iframes.segments:
        length, offset = map(int, segment.byterange.split("@"))
        data = (tmp_path / segment.uri).read_bytes()[offset:offset + length]
        shown = tmp_path / "one.mp4"
        shown.write_bytes((tmp_path / "stream_0/init.mp4").read_bytes() + data)
        counted = subprocess.run([str(tools.ffmpeg), "-v", "quiet", "-i", str(shown), "-frames:v", "1", "-f",
                                  "framemd5", "-"], capture_output=True, text=True, timeout=60, check=False)
        assert counted.stdout.splitlines()[-1].startswith("0,")


def test_ranges_of_one_rung_share_an_init_segment(workshop: Shops, film: Path, tmp_path: Path) -> None:
    """Another encoder's init segment would make what follows unplayable: it is refused, not mixed in."""
    shop = workshop(film, CMAF)
    first, second, _third = [step for step in shop.plan.steps if step.kind == "video"]
    steps.run_step(shop, first, tmp_path / "a", tmp_path, Quiet())
    other = replace(shop, plan=replace(shop.plan, profile=replace(CMAF, codec="hevc", preset="ultrafast")))
    with pytest.raises(Temporary) as raised:
        steps.run_step(other, second, tmp_path / "b", tmp_path, Quiet())
    assert raised.value.code == "uneven"


def test_more_channels_stand_beside_the_stereo(workshop: Shops, tools: Tools, tmp_path: Path) -> None:
    film = make(tools, tmp_path / "film.mkv", *pattern(seconds=8), "-f", "lavfi", "-i",
                "anoisesrc=r=48000:d=8:a=0.1", *tone(440, 8), "-map", "0:v", "-map", "1:a", "-map", "2:a", *X264,
                "-c:a", "ac3", "-filter:a:0", "aformat=channel_layouts=5.1", "-metadata:s:a:0", "language=eng",
                "-metadata:s:a:1", "language=rus")
    shop = workshop(film, replace(CMAF, surround_kbps=384))
    assert [(t.name, t.channels) for t in shop.plan.sounds] == [
        ("audio_en", 2), ("audio_ru", 1), ("audio_en-6ch", 6)]
    facts = encoded(shop, tmp_path / "p")
    assert [(s.name, s.channels) for s in facts.surround] == [("audio_en-6ch", 6)]
    with formats.decodable(tmp_path / "p/audio_en-6ch/data0000.m4s") as path:
        shown = subprocess.run([str(tools.ffprobe), "-v", "error", "-show_entries", "stream=channels", "-of",
                                "csv=p=0", str(path)], capture_output=True, text=True, check=True, timeout=30)
    assert shown.stdout.strip() == "6"
    assert surround_targets(shop.probe.audio, shop.plan.audio, SMALL) == ()  # a profile without


@pytest.mark.parametrize(("volume", "wished"), [("0.05", -23.0), ("0.9", -23.0)])
def test_a_dub_is_brought_to_the_loudness_of_its_profile(workshop: Shops, tools: Tools, tmp_path: Path, volume: str,
                                                         wished: float) -> None:
    film = make(tools, tmp_path / "film.mkv", *pattern(seconds=8), "-f", "lavfi", "-i", "sine=f=440:r=48000:d=8",
                "-af", f"volume={volume}", *X264, "-c:a", "pcm_s16le")
    shop = workshop(film, replace(SMALL, loudness=wished))
    step = next(step for step in shop.plan.steps if step.kind == "audio")
    steps.run_step(shop, step, tmp_path / "s", tmp_path / "p", Quiet())
    joined = tmp_path / "sound.ts"
    joined.write_bytes(b"".join(path.read_bytes() for path in sorted((tmp_path / "p/audio_und").glob("*.ts"))))
    said = subprocess.run([str(tools.ffmpeg), "-hide_banner", "-nostats", "-i", str(joined), "-af", "ebur128", "-f",
                           "null", "-"], capture_output=True, text=True, check=True, timeout=60).stderr
    assert float(re.findall(r"I:\s+(-[\d.]+) LUFS", said)[-1]) == pytest.approx(wished, abs=0.5)


@pytest.mark.parametrize(("loudness", "peak", "wished", "gain"), [
    (-30.0, -20.0, -23.0, 7.0), (-18.0, -1.0, -23.0, -5.0), (-30.0, -3.0, -16.0, 2.0), (-30.0, 0.5, -16.0, 0.0),
    (float("-inf"), -90.0, -23.0, 0.0), (-70.0, -60.0, -23.0, 0.0), (float("nan"), 0.0, -23.0, 0.0)])
def test_peaks_stay_below_full_scale(loudness: float, peak: float, wished: float, gain: float) -> None:
    assert sounds.gain_for(loudness, peak, wished) == gain


def test_a_plugins_encoder_gets_its_own_options() -> None:
    card = Hardware("h264_vaapi", {"qp": "24"}, (("format", "nv12"), ("hwupload", "")),
                    ("-vaapi_device", "/dev/dri/renderD128"), ("/dev/dri",))
    options = video_options(Profile(hardware=card), 22, 3200, 48, 0)
    assert (options["c:v"], options["qp"], options["g"]) == ("h264_vaapi", "24", 48)
    assert "preset" not in options


def test_the_profiles_that_a_site_begins_with_are_in_order() -> None:
    found = default_profiles()
    assert found[0].profile == Profile()
    assert [ready.slug for ready in found] == ["standard", "cmaf", "hevc", "av1"]
    for ready in found:
        assert ready.profile.preset in PRESETS[ready.profile.codec]
        assert [rung.lines for rung in ready.profile.rungs] == sorted(
            (rung.lines for rung in ready.profile.rungs), reverse=True)


def test_a_cut_segment_is_damaged(workshop: Shops, film: Path, tmp_path: Path) -> None:
    shop = workshop(film, CMAF)
    step = next(step for step in shop.plan.steps if step.kind == "audio")
    steps.run_step(shop, step, tmp_path / "s", tmp_path, Quiet())
    path = tmp_path / "audio_ru" / "data0000.m4s"
    whole = path.read_bytes()
    for length in (0, 7, 24, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(Damaged):
            fragments.read_segment(path)
    with pytest.raises(Damaged):
        fragments.read_init(path)


def test_a_plan_keeps_its_profile(workshop: Shops, film: Path) -> None:
    """A job goes on as it began, whatever becomes of the profile meanwhile."""
    shop = workshop(film, CMAF)
    assert make_plan(shop.probe, CMAF).profile == CMAF
