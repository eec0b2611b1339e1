"""What a dub costs that is added to a published film: no byte of the picture, and the time of one audio encode."""
from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path

import encode_site
from encode_site import do_all, job_of, make_film, site, start

from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec

PROFILE = Profile(rungs=(RungSpec(180, 300, 30),), preset="ultrafast")


def run(tools: Tools, work: Path, options: argparse.Namespace) -> dict[str, float]:
    """Print what adding a dub took; returns the bytes of the picture that are not as they were."""
    seconds = options.dub_minutes * 60
    film = make_film(tools, work / "film.mkv", "320x180", 20, seconds)
    dub = work / "film.de.flac"
    encode_site.run(tools, "-f", "lavfi", "-i", f"anoisesrc=d={seconds}:a=0.1:r=48000", "-ac", "2", str(dub))
    begun = time.monotonic()
    encode_site.run(tools, "-i", str(dub), "-c:a", "aac", "-b:a", "160k", str(work / "bare.m4a"))
    bare = time.monotonic() - begun
    with site(work) as app:
        made = start(app, film, PROFILE)
        do_all()
        job = job_of(made)
        package = app.extensions["moviepoint.storage"].path(job.package)
        before = hashes(package)
        begun = time.monotonic()
        added = start(app, dub, edition_id=job.edition_id, intent=Intent("audio", "de", "dub"))
        do_all()
        took = time.monotonic() - begun
        if job_of(added).state != "done":
            raise RuntimeError("the dub was not added")
        after = hashes(package)
    changed = sum(size for name, (size, _digest) in before.items() if after.get(name) != before[name])
    changed += sum(size for name, (size, _digest) in after.items() if name not in before)
    whole = sum(size for size, _digest in before.values())
    print(f"a dub of {options.dub_minutes} min for a film of as much: {took:.2f} s; one bare audio encode "
          f"{bare:.2f} s; {changed} of {whole} bytes of the picture changed")
    return {"dub_video_bytes_changed": changed, "dub_seconds_beyond_audio_encode": round(took - bare, 2)}


def hashes(package: Path) -> dict[str, tuple[int, str]]:
    """Return the size and hash of each file of the picture, by name."""
    files = [path for path in package.rglob("*") if path.is_file()
             and path.relative_to(package).as_posix().startswith(("stream_", "iframes_", "storyboard"))]
    return {path.relative_to(package).as_posix(): (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
            for path in files}
