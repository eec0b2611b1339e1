"""A site of its own with a film on the way, and worker processes for it: what several benchmarks of encoding need.

    python benchmarks/encode_site.py SETTINGS CORE      works for a site until it is killed; for the benchmarks' own use
"""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import msgspec

from moviepoint.app import MoviePoint, create_app
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import services, worker
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.encoding.plan import LANES
from moviepoint.domains.media.encoding.profiles import Profile
from moviepoint.domains.media.models import Edition, EncodingJob, SourceAsset
from moviepoint.domains.media.profiles import Offer
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.settings import Settings

#: Seconds between two looks for work that nobody told of; a look costs the core that encodes.
PAUSE = 0.05


def no_message(_name: str, **_arguments: object) -> None:
    """Send nothing: these workers look for work by themselves."""


@contextmanager
def site(folder: Path) -> Iterator[MoviePoint]:
    """Make a site in a folder; inside the block its app context is pushed."""
    app = create_app(Settings(instance=folder / "instance", secret_key="b" * 48, plugins=(), rate_limits=False))
    app.extensions["moviepoint.tasks"].enqueue = no_message
    with app.app_context():
        upgrade_all()
        db.session.remove()
        yield app
        db.session.remove()
        db.engine.dispose()


def start(app: MoviePoint, file: Path, profile: Profile | None = None, edition_id: int | None = None,
          intent: Intent | None = None) -> int:
    """Make a file the source of a new film, or of an edition's track, and start its job; returns the job's id."""
    with unit_of_work() as session:
        if edition_id is None:
            title = Title(kind="film", original_title=file.name, slug=f"film-{time.monotonic_ns()}")
            session.add(title)
            session.flush()
            edition = Edition(title_id=title.id)
            session.add(edition)
            session.flush()
            edition_id = edition.id
        source = SourceAsset(edition_id=edition_id, key=f"uploads/{time.monotonic_ns()}", filename=file.name,
                             size=file.stat().st_size, intent=msgspec.to_builtins(intent) if intent else None)
        session.add(source)
        session.flush()
        path = app.extensions["moviepoint.storage"].path(source.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(file, path)
        offer = Offer("bench", "Benchmark", profile, True, False) if profile else None
        return services.start_job(session, SYSTEM, source.id, offer=offer).id


def job_of(job_id: int) -> EncodingJob:
    """Return a job as it is now. Raises RuntimeError for one that has failed."""
    db.session.rollback()
    job = db.session.get_one(EncodingJob, job_id, populate_existing=True)
    if job.state in ("failed", "paused"):
        raise RuntimeError(f"job {job.id}: {job.message}")
    return job


@contextmanager
def workers(app: MoviePoint, folder: Path, cores: list[int | None]) -> Iterator[None]:
    """Run a worker for each core named (None: all cores), each as if on a machine of its own."""
    settings: Settings = app.extensions["moviepoint.settings"]
    running = []
    for number, core in enumerate(cores):
        own = msgspec.structs.replace(settings, instance=folder / f"machine-{number}", media_root=settings.media_path,
                                      database_url=settings.sqlalchemy_url)
        running.append(subprocess.Popen(
            [sys.executable, __file__, msgspec.json.encode(own, enc_hook=str).decode(), str(core)],
            stderr=subprocess.DEVNULL, stdout=subprocess.PIPE))
    try:
        for process in running:
            if process.stdout:
                process.stdout.readline()  # it is ready
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        for number in range(len(cores)):
            shutil.rmtree(folder / f"machine-{number}", ignore_errors=True)


def work_for_ever(text: str, core: str) -> None:
    """Look for work in all lanes at once and do it, as a worker's threads do; one lane wakes another at once."""
    if core != "None":
        os.sched_setaffinity(0, {int(core)})
    app = create_app(msgspec.json.decode(text, type=Settings, dec_hook=lambda kind, value: kind(value)))
    woken = {lane: threading.Event() for lane in LANES}

    def wake(name: str, **arguments: str) -> None:
        if name == "media.work":
            woken[arguments["lane"]].set()

    app.extensions["moviepoint.tasks"].enqueue = wake
    bench = worker.Bench(app.extensions["moviepoint.settings"], app.extensions["moviepoint.storage"],
                         0 if core == "None" else 1)

    def look(lane: str) -> None:
        with app.app_context():
            while True:
                if not worker.work(bench, lane):
                    woken[lane].wait(PAUSE)
                    woken[lane].clear()

    lanes = [threading.Thread(target=look, args=(lane,), daemon=True) for lane in LANES]
    for thread in lanes:
        thread.start()
    print("ready", flush=True)
    for thread in lanes:
        thread.join()


def make_film(tools: Tools, path: Path, size: str, seconds: float, whole: float = 0, silent: bool = False) -> Path:
    """A moving picture with a tone, or without; `whole` makes it so many seconds long by repeating it as it is.

    Nothing of it is compliant, so that nothing is copied where the reference encodes: its keyframes are too far apart,
    and its sound is AC-3.
    """
    clip = path.with_name(f"clip-{path.name}") if whole else path
    tone = () if silent else ("-f", "lavfi", "-i", f"sine=f=440:r=48000:d={seconds}")
    run(tools, "-f", "lavfi", "-i", f"testsrc2=s={size}:r=24:d={seconds}", *tone,
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", "34", "-g", "60",
        "-pix_fmt", "yuv420p", "-c:a", "ac3", "-shortest", str(clip))
    if whole:
        run(tools, "-stream_loop", str(round(whole / seconds) - 1), "-i", str(clip), "-c", "copy", str(path))
        clip.unlink()
    return path


def run(tools: Tools, *arguments: str) -> None:
    subprocess.run([str(tools.ffmpeg), "-hide_banner", "-nostdin", "-v", "error", "-y", *arguments], check=True)


if __name__ == "__main__":
    work_for_ever(*sys.argv[1:3])
