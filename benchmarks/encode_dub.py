"""What a dub costs that is added to a published film: no byte of the picture, and the time of one audio encode."""
from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path
from statistics import fmean

import encode_site
from encode_site import job_of, make_film, site, start, workers

from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.models import EncodingJob

PROFILE = Profile(rungs=(RungSpec(180, 300, 30),), preset="ultrafast")
LOOK = 0.1  # seconds between two looks at a job


def run(tools: Tools, work: Path, options: argparse.Namespace) -> dict[str, float]:
    """Print what adding a dub took; returns the bytes of the picture that are not as they were."""
    seconds = options.dub_minutes * 60
    film = make_film(tools, work / "film.mkv", "320x180", 20, seconds, silent=True)
    dub = work / "film.de.flac"
    encode_site.run(tools, "-f", "lavfi", "-i", f"anoisesrc=d={seconds}:a=0.1:r=48000", "-ac", "2", str(dub))
    with site(work) as app, workers(app, work, [None]):
        job = ended(start(app, film, PROFILE))
        package = app.extensions["moviepoint.storage"].path(job.package)
        before, bares = hashes(package), [bare(tools, dub, work / "bare")]
        begun = time.monotonic()
        ended(start(app, dub, edition_id=job.edition_id, intent=Intent("audio", "de", "dub")))
        took, after = time.monotonic() - begun, hashes(package)
        bares.append(bare(tools, dub, work / "bare"))
    changed = sum(size for name, (size, _digest) in before.items() if after.get(name) != before[name])
    changed += sum(size for name, (size, _digest) in after.items() if name not in before)
    whole = sum(size for size, _digest in before.values())
    print(f"a dub of {options.dub_minutes} min for a film of as much: {took:.2f} s; one bare audio encode before and "
          f"after {bares[0]:.2f} s, {bares[1]:.2f} s; {changed} of {whole} bytes of the picture changed")
    return {"dub_video_bytes_changed": changed, "dub_seconds_beyond_audio_encode": round(took - fmean(bares), 2)}


def ended(job_id: int) -> EncodingJob:
    """Wait for a job to be done. Raises RuntimeError for one that fails."""
    while (job := job_of(job_id)).state != "done":
        time.sleep(LOOK)
    return job


def bare(tools: Tools, dub: Path, out: Path) -> float:
    """Return the seconds of one ffmpeg process that makes the same segments of a dub."""
    out.mkdir(exist_ok=True)
    begun = time.monotonic()
    encode_site.run(tools, "-i", str(dub), "-c:a", "aac", "-b:a", "160k", "-f", "hls", "-hls_time", "6",
                    "-hls_list_size", "0", "-hls_segment_filename", str(out / "%04d.ts"), str(out / "index.m3u8"))
    return time.monotonic() - begun


def hashes(package: Path) -> dict[str, tuple[int, str]]:
    """Return the size and hash of each file of the picture, by name."""
    files = [path for path in package.rglob("*") if path.is_file()
             and path.relative_to(package).as_posix().startswith(("stream_", "iframes_", "storyboard"))]
    return {path.relative_to(package).as_posix(): (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
            for path in files}
