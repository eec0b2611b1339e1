"""Picture, sound and subtitles together, measured in the browser on packages that the whole way has made.

The film flashes white, beeps and has a cue at the same moments. After each of many seeks the flash that is shown, the
beep that is heard and the cue that is displayed are compared.
"""
from __future__ import annotations

import random
import shutil
import statistics
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import services, tasks, worker
from moviepoint.domains.media.encoding.plan import LANES
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.models import Edition, EncodingJob, SourceAsset
from moviepoint.domains.media.profiles import Offer
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.policies import SYSTEM

from .conftest import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SECONDS, EVERY, SEEKS = 60, 1.5, 20
RUNGS = (RungSpec(360, 800, 26), RungSpec(180, 300, 28))
PROFILES = {"ts": Profile(rungs=RUNGS, preset="ultrafast", range_segments=3),
            "fmp4": Profile(rungs=RUNGS, preset="ultrafast", range_segments=3, segments="fmp4")}
#: Notes each flash by the clock of the screen, and each beep by the clock of the loudspeaker.
LISTEN = """() => {
    const video = document.querySelector("video");
    const seen = window.seen = { flashes: [], beeps: [], cues: [] };
    const context = window.sound = new AudioContext();
    const source = context.createMediaElementSource(video);
    const ear = context.createScriptProcessor(256, 2, 2);
    let silent = 0;
    ear.onaudioprocess = (event) => {
        const samples = event.inputBuffer.getChannelData(0);
        for (let n = 0; n < samples.length; n += 1) {
            if (Math.abs(samples[n]) < 0.02) { silent += 1; continue; }
            if (silent > 2400) {
                const when = event.playbackTime - 2 * 256 / context.sampleRate + n / context.sampleRate;
                const stamp = context.getOutputTimestamp();
                seen.beeps.push(stamp.performanceTime + (when - stamp.contextTime) * 1000);
            }
            silent = 0;
        }
    };
    source.connect(ear);
    ear.connect(context.destination);
    const canvas = new OffscreenCanvas(8, 8);
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    let bright = false;
    const look = (_now, frame) => {
        pen.drawImage(video, 0, 0, 8, 8);
        const light = pen.getImageData(4, 4, 1, 1).data[0] > 128;
        if (light && !bright) seen.flashes.push([frame.expectedDisplayTime, frame.mediaTime]);
        bright = light;
        video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    let shown = "";
    const read = () => {
        const text = [...document.querySelectorAll(".shaka-text-container")].map((box) => box.textContent).join("");
        if (text && text !== shown) seen.cues.push([text, video.currentTime]);
        shown = text;
        requestAnimationFrame(read);
    };
    requestAnimationFrame(read);
    return context.resume();
}"""
SEEK = """async (at) => {
    const video = document.querySelector("video");
    const { seen } = window;
    video.pause();
    const sought = new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
    video.currentTime = at;
    await sought;
    seen.flashes.length = seen.beeps.length = seen.cues.length = 0;
    await video.play();
    const end = performance.now() + 8000;
    while (performance.now() < end && (seen.flashes.length < 2 || seen.beeps.length < 2)) {
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    return structuredClone({ flashes: seen.flashes, beeps: seen.beeps, cues: seen.cues });
}"""


@pytest.fixture(scope="module")
def flashing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute at 25 frames a second: from one second on, each second and a half, a flash, a beep and a cue."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed (apt-get install ffmpeg)")
    folder = tmp_path_factory.mktemp("flashing")
    cues = [f"{n + 1}\n{stamp(1 + n * EVERY)} --> {stamp(1 + n * EVERY + 0.8)}\ncue {n}\n"
            for n in range(int((SECONDS - 2) / EVERY))]
    (folder / "cues.srt").write_text("\n".join(cues))
    on = f"gte(t,1)*lt(mod(t-1,{EVERY}),0.2)*lt(t,{SECONDS - 1})"
    film = folder / "film.mkv"
    subprocess.run([
        ffmpeg, "-v", "error", "-f", "lavfi", "-i", f"testsrc2=s=640x360:r=25:d={SECONDS}", "-f", "lavfi", "-i",
        f"sine=f=1000:r=48000:d={SECONDS}", "-i", str(folder / "cues.srt"), "-filter_complex",
        f"[0:v]eq=brightness=-0.5,drawbox=t=fill:color=white:enable='{on}'[v];"
        f"[1:a]volume='{on}':eval=frame,asetnsamples=48[a]", "-map", "[v]", "-map", "[a]", "-map", "2:s", "-c:v",
        "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "2", "-g", "90", "-c:a", "pcm_s16le", "-c:s",
        "srt", "-metadata:s:s:0", "language=eng", str(film)], check=True, timeout=120)
    return film


def stamp(seconds: float) -> str:
    return f"00:{int(seconds) // 60:02d}:{int(seconds) % 60:02d},{round(seconds % 1 * 1000):03d}"


@pytest.fixture(scope="module")
def encoded(site: Site, flashing: Path) -> Callable[[str], str]:
    """Return a function that encodes the film in a form of segments, and gives the edition's public id."""
    def encode(form: str) -> str:
        with site.app.app_context():
            with unit_of_work() as session:
                title = Title(kind="film", slug=f"flashing-{form}", original_title=f"Flashing {form}",
                              status="published", published_at=utcnow())
                session.add(title)
                session.flush()
                edition = Edition(title_id=title.id)
                session.add(edition)
                session.flush()
                source = SourceAsset(edition_id=edition.id, key=f"uploads/{form}", filename="film.mkv",
                                     size=flashing.stat().st_size)
                session.add(source)
                session.flush()
                path = site.app.extensions["moviepoint.storage"].path(source.key)
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(flashing, path)
                job = services.start_job(session, SYSTEM, source.id, offer=Offer("x", "x", PROFILES[form], True, False))
                job_id, public_id = job.id, edition.public_id
            while sum(worker.work(tasks.bench(), lane) for lane in LANES):
                continue
            done = db.session.get_one(EncodingJob, job_id, populate_existing=True)
            assert (done.state, done.message) == ("done", "")
            db.session.remove()
        return public_id

    return encode


@pytest.mark.parametrize("form", ["ts", "fmp4"])
def test_picture_sound_and_cues_come_together(form: str, encoded: Callable[[str], str], site: Site,
                                              open_page: Callable[..., Page], capsys: Any) -> None:
    """Picture and sound within 45 ms, cues within 100 ms: at the start, at the end, and after twenty random seeks."""
    page = open_page(f"{site.url}/en/watch/{encoded(form)}")
    page.wait_for_selector("[data-player][data-state=ready]")
    page.evaluate(LISTEN)
    page.evaluate("""() => {
        const { player } = document.querySelector("[data-player]");
        player.selectTextTrack(player.getTextTracks()[0]);
    }""")
    chance = random.Random(7)
    places = [0.0, SECONDS - 6.0, *(chance.uniform(0, SECONDS - 6) for _ in range(SEEKS))]
    apart, late, off = [], [], []
    for place in places:
        seen = page.evaluate(SEEK, place)
        assert seen["flashes"], f"no flash after {place:.2f} s"
        assert seen["beeps"], f"no beep after {place:.2f} s"
        for shown, media in seen["flashes"]:
            off.append((media - 1) % EVERY)
            nearest = min(seen["beeps"], key=lambda beep: abs(beep - shown))
            if abs(nearest - shown) < EVERY * 500:
                apart.append(nearest - shown)
        late += [at - (1 + int(text.rpartition(" ")[2]) * EVERY) for text, at in seen["cues"]]
    with capsys.disabled():
        print(f"\n{form}: {len(apart)} pairs, sound after picture {statistics.median(apart):+.0f} ms "  # noqa: T201
              f"({min(apart):+.0f} … {max(apart):+.0f}); cues {statistics.median(late) * 1000:+.0f} ms "
              f"({min(late) * 1000:+.0f} … {max(late) * 1000:+.0f})")
    assert len(apart) >= len(places)
    assert max(min(value, EVERY - value) for value in off) < 0.001  # a flash's frame has its very time
    assert abs(statistics.median(apart)) <= 45
