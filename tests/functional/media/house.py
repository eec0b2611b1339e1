"""A house of its own for each test: real commits, real files, real worker processes."""
from __future__ import annotations

import atexit
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import NamedTuple

import msgspec
import pytest
from sqlalchemy import select

from moviepoint.app import MoviePoint, create_app
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import services, tasks, worker
from moviepoint.domains.media.encoding.plan import LANES
from moviepoint.domains.media.encoding.profiles import Profile
from moviepoint.domains.media.models import Edition, EncodingJob, EncodingStep, SourceAsset
from moviepoint.domains.media.profiles import Offer
from moviepoint.domains.system.cli import upgrade_all
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.settings import Settings

SCRIPT = Path(__file__).with_name("run_worker.py")
ROOT = Path(__file__).resolve().parents[3]


@cache
def _migrated() -> bytes:
    """Return the file of an embedded database that has just been migrated: that takes as long as many a test."""
    with TemporaryDirectory() as folder:
        app = create_app(Settings(instance=Path(folder), secret_key="s" * 48, plugins=(), rate_limits=False))
        with app.app_context():
            upgrade_all()
            db.session.remove()
            db.engine.dispose()
        return (Path(folder) / "moviepoint.sqlite3").read_bytes()


def migrate(settings: Settings) -> None:
    """Bring the database of the current app, which has no plugins, up to date."""
    if settings.database_url:
        upgrade_all()
        db.session.remove()
    else:
        settings.instance.mkdir(parents=True, exist_ok=True)
        (settings.instance / "moviepoint.sqlite3").write_bytes(_migrated())


class Published(NamedTuple):
    """An instance in which a film was published, and the id of its job."""

    folder: Path
    job_id: int


_PUBLISHED: dict[tuple[Path, Profile | None, bytes], Published] = {}


class House:
    """An app with its own instance, and the means to look into it."""

    def __init__(self, app: MoviePoint) -> None:
        self.app = app
        self.settings: Settings = app.extensions["moviepoint.settings"]
        self.storage = app.extensions["moviepoint.storage"]
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_source(self, file: Path) -> int:
        """Make a film with an edition and the file as its source; returns the source's id."""
        with unit_of_work() as session:
            number = len(session.scalars(select(Title.id)).all()) + 1
            title = Title(kind="film", original_title=f"Film {number}", slug=f"film-{number}")
            session.add(title)
            session.flush()
            edition = Edition(title_id=title.id)
            session.add(edition)
            session.flush()
            source = SourceAsset(edition_id=edition.id, key=f"uploads/{edition.public_id}", filename=file.name,
                                 size=file.stat().st_size)
            session.add(source)
            session.flush()
            path = self.storage.path(source.key)
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, path)
            return source.id

    def start(self, file: Path, priority: int = 0, profile: Profile | None = None) -> int:
        """Start a job for a file; returns its id."""
        source = self.add_source(file)
        offer = Offer("test", "Test", profile, True, False) if profile else None
        with unit_of_work() as session:
            return services.start_job(session, SYSTEM, source, priority, offer).id

    def publish(self, file: Path, profile: Profile | None = None) -> int:
        """Encode and publish a film; returns its job's id.

        In a new house, where this process has done so before with the same settings, what came of it then is put there
        again.
        """
        settings = msgspec.structs.replace(tasks.bench().settings, instance=Path())
        key = (file, profile, msgspec.json.encode(settings, enc_hook=str))
        new = db.session.scalar(select(Title.id).limit(1)) is None
        db.session.remove()
        db.engine.dispose()  # its file is whole now
        kept = _PUBLISHED.get(key) if new else None
        if kept is not None:
            shutil.copytree(kept.folder, self.settings.instance, dirs_exist_ok=True)
            return kept.job_id
        job_id = self.start(file, profile=profile)
        drain(self)
        if self.job(job_id).state != "done":
            pytest.fail(f"not published: {self.job(job_id).message}")
        if new:
            db.session.remove()
            db.engine.dispose()
            folder = Path(mkdtemp(prefix="moviepoint-published-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            shutil.copytree(self.settings.instance, folder, dirs_exist_ok=True)
            _PUBLISHED[key] = Published(folder, job_id)
        return job_id

    def job(self, job_id: int) -> EncodingJob:
        db.session.rollback()
        return db.session.get_one(EncodingJob, job_id, populate_existing=True)

    def steps(self, job_id: int) -> dict[str, EncodingStep]:
        db.session.rollback()
        rows = db.session.scalars(select(EncodingStep).where(EncodingStep.job_id == job_id)
                                  .execution_options(populate_existing=True))
        return {step.name: step for step in rows}

    def edition(self, job_id: int) -> Edition:
        return db.session.get_one(Edition, self.job(job_id).edition_id, populate_existing=True)

    def package(self, job_id: int) -> Path:
        path: Path = self.storage.path(self.job(job_id).package)
        return path

    def run_worker(self, lease: float = 4.0, patience: float = 20.0, *more: str) -> subprocess.Popen[bytes]:
        """Start a worker process; 0 is the real lease."""
        settings = msgspec.json.encode(self.settings, enc_hook=str).decode()
        worker = subprocess.Popen([sys.executable, str(SCRIPT), str(lease), str(patience), settings, *more], cwd=ROOT,
                                  env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin:/usr/local/bin"},
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.workers.append(worker)
        return worker

    def wait(self, what: Callable[[], object], seconds: float = 60) -> None:
        """Wait until something is so; fails with the jobs' states when it takes too long."""
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end:
                db.session.rollback()
                states = [(j.id, j.state, j.code, j.message) for j in db.session.scalars(select(EncodingJob))]
                pytest.fail(f"still not so after {seconds} s: {states}")
            time.sleep(0.1)

    def wait_for(self, job_id: int, *states: str, seconds: float = 60) -> EncodingJob:
        self.wait(lambda: self.job(job_id).state in states, seconds)
        return self.job(job_id)


def drain(house: House) -> None:
    """Do all work there is, as a worker's threads would."""
    while sum(worker.work(tasks.bench(), lane) for lane in LANES):
        continue
