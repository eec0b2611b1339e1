"""How soon a long film can be seen: from the end of the upload to the first playable segment.

The reference is one bare ffmpeg process that makes the same rungs and sound, and its first
whole segment of each.
"""
from __future__ import annotations

import argparse
import statistics
import subprocess
import time
from pathlib import Path

from encode_site import job_of, make_film, site, start, workers

from moviepoint.app import MoviePoint
from moviepoint.domains.media import early, services, sweep, tasks
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.profiles import Profile
from moviepoint.kernel.db import unit_of_work
from moviepoint.kernel.policies import SYSTEM

SIZE, CLIP_SECONDS, SHORT_SECONDS = "1920x1080", 20, 180
PROFILE = Profile()
LOOK = 0.02  # seconds between two looks at what is there


def run(tools: Tools, work: Path, options: argparse.Namespace) -> dict[str, float]:
    """Print the seconds to the first segment of a long film and of a short one; returns their ratio to the bare."""
    long = make_film(tools, work / "long.mkv", SIZE, CLIP_SECONDS, options.hours * 3600)
    short = make_film(tools, work / "short.mkv", SIZE, CLIP_SECONDS, SHORT_SECONDS)
    rows: dict[str, list[float]] = {"bare": [], "long": [], "short": []}
    with site(work) as app, workers(app, work, [None]):
        for number in range(max(6, options.runs)):
            rows["bare"].append(bare(tools, long, work / f"bare-{number}"))
            rows["long"].append(first(app, long))
            rows["short"].append(first(app, short))
    medians = {name: statistics.median(values) for name, values in rows.items()}
    words = {"bare": "one bare process", "long": f"a film of {options.hours:g} h",
             "short": f"a film of {SHORT_SECONDS // 60} min"}
    print(f"{SIZE}, four rungs and a dub; seconds to the first segment, median of {len(rows['bare'])}")
    for name, word in words.items():
        print(f"{word:<20} {medians[name]:>8.2f} {medians[name] / medians['bare']:>8.2f}")
    return {"first_segment_vs_one_range": round(medians["long"] / medians["bare"], 3),
            "first_segment_long_vs_short": round(medians["long"] / medians["short"], 3)}


def first(app: MoviePoint, film: Path) -> float:
    """Start a film's job and return the seconds until something of it can be played; then call the job off."""
    begun = time.monotonic()
    job_id = start(app, film, PROFILE)
    storage = app.extensions["moviepoint.storage"]
    while (job := job_of(job_id)).plan is None:
        time.sleep(LOOK)
    while early.progress(storage, job) is None:  # asks the files alone: a job's hundred rows would take a core's share
        time.sleep(LOOK)
    took = time.monotonic() - begun
    with unit_of_work() as session:
        services.cancel_job(session, SYSTEM, job_id)
    while storage.path(job.package).exists():  # its ffmpeg has not ended yet
        sweep.remove_orphans(tasks.bench())
        time.sleep(0.05)
    return took


def bare(tools: Tools, film: Path, out: Path) -> float:
    """Return the seconds until one ffmpeg process has written the first segment of four rungs and of the sound."""
    out.mkdir()
    command = [str(tools.ffmpeg), "-hide_banner", "-nostdin", "-v", "error", "-y", "-i", str(film), "-filter_complex",
               "[0:v]split=4[a][b][c][d];[b]scale=1280:720[e];[c]scale=854:480[f];[d]scale=640:360[g]"]
    for rung, label in zip(PROFILE.rungs, ("[a]", "[e]", "[f]", "[g]"), strict=True):
        command += ["-map", label, "-c:v", "libx264", "-preset", PROFILE.preset, "-crf", str(rung.crf), "-maxrate",
                    f"{rung.max_kbps}k", "-bufsize", f"{2 * rung.max_kbps}k", "-pix_fmt", "yuv420p", "-g", "48",
                    "-keyint_min", "48", "-sc_threshold", "0", "-f", "hls", "-hls_time", "6", "-hls_list_size", "0",
                    "-hls_flags", "temp_file", "-hls_segment_filename", str(out / f"{rung.lines}-%04d.ts"),
                    str(out / f"{rung.lines}.m3u8")]
    command += ["-map", "0:a", "-c:a", "aac", "-b:a", "160k", "-f", "hls", "-hls_time", "6", "-hls_list_size", "0",
                "-hls_flags", "temp_file", "-hls_segment_filename", str(out / "audio-%04d.ts"), str(out / "audio.m3u8")]
    names = [*(str(rung.lines) for rung in PROFILE.rungs), "audio"]
    begun = time.monotonic()
    process = subprocess.Popen(command)
    while not all((out / f"{name}-0000.ts").exists() for name in names):
        if process.poll() is not None:
            raise RuntimeError(f"ffmpeg ended with {process.returncode}")
        time.sleep(LOOK)
    took = time.monotonic() - begun
    process.kill()
    process.wait()
    return took
