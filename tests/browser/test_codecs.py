"""What profiles offer beside H.264 and stereo is played by a real browser: AV1 in fMP4, and sound in 5.1."""
from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from moviepoint.domains.media.encoding.profiles import Profile, RungSpec

from .conftest import Site
from .encoded import encode_film
from .test_player import LISTEN, READY, play, until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SECONDS, HERTZ = 14, 550
AV1 = Profile(rungs=(RungSpec(180, 400, 45), RungSpec(90, 150, 45)), codec="av1", preset="12", segments="fmp4",
              surround_kbps=192)
PLAYED = """() => {
    const { player } = document.querySelector("[data-player]");
    const [video, active] = [document.querySelector("video"), player.getVariantTracks().find((one) => one.active)];
    return { at: video.currentTime, width: video.videoWidth, codec: active.videoCodec, channels: active.channelsCount,
             shown: video.getVideoPlaybackQuality().totalVideoFrames,
             offered: [...new Set(player.getVariantTracks().map((one) => one.channelsCount))].sort() };
}"""
SURROUND = """() => {
    const { player } = document.querySelector("[data-player]");
    player.configure({ abr: { enabled: false } });
    player.selectVariantTrack(player.getVariantTracks().find((one) => one.channelsCount === 6), true);
}"""


@pytest.fixture(scope="module")
def film(site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A film with six channels, encoded in AV1; returns its edition."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed (apt-get install ffmpeg)")
    source: Path = tmp_path_factory.mktemp("codecs") / "film.mkv"
    subprocess.run([ffmpeg, "-v", "error", "-f", "lavfi", "-i", f"testsrc2=s=320x180:r=25:d={SECONDS}", "-f", "lavfi",
                    "-i", f"sine=f={HERTZ}:r=48000:d={SECONDS}", "-af", "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0",
                    "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "ac3", str(source)], check=True, timeout=60)
    return encode_film(site, source, AV1, "codecs")


def test_av1_and_surround_are_played(site: Site, film: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/en/watch/{film}")
    page.wait_for_selector(READY)
    play(page)
    until(page, f"({PLAYED})().at > 2")
    seen: dict[str, Any] = page.evaluate(PLAYED)
    assert seen["codec"].startswith("av01")
    assert seen["offered"] == [2, 6]
    assert seen["width"] in (320, 160)
    assert seen["shown"] > 25
    page.evaluate(SURROUND)
    until(page, f"({PLAYED})().channels === 6")
    heard = page.evaluate(LISTEN, 2)
    assert heard["hertz"] == pytest.approx(HERTZ, abs=12)
    assert heard["level"] > -60
