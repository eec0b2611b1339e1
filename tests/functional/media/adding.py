"""Files of tracks, and what tests do with a film that gets more of them."""
from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from moviepoint.domains.media import (
    editing,
    services,
)
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.models import Edition, SourceAsset
from moviepoint.domains.media.schemas import TrackInput, TracksInput
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.house import House
from tests.unit.media.films import make, tone

SRT = "1\n00:00:01,000 --> 00:00:02,500\nEins\n\n2\n00:00:11,000 --> 00:00:12,000\nZwei\n"


@pytest.fixture(scope="session")
def dub(tools: Tools, films: Path) -> Path:
    """Thirteen seconds of German sound: silence, with a tone from the fourth second to the fifth."""
    return make(tools, films / "film.de.m4a", *tone(700, 13), "-af", "volume=0:enable='not(between(t,4,5))'",
                "-c:a", "aac", "-b:a", "96k")


@pytest.fixture(scope="session")
def short_dub(tools: Tools, films: Path) -> Path:
    return make(tools, films / "short.mp3", *tone(700, 5), "-c:a", "libmp3lame")


@pytest.fixture
def sidecar(tmp_path: Path) -> Path:
    path = tmp_path / "film.de.srt"
    path.write_text(SRT, encoding="utf-8")
    return path


def add(house: House, edition_id: int, file: Path, intent: Intent) -> int:
    """Make a file a source of an edition and start its job; returns the job's id."""
    with unit_of_work() as session:
        edition = session.get_one(Edition, edition_id)
        number = len(session.scalars(select(SourceAsset.id)).all())
        source = SourceAsset(edition_id=edition.id, key=f"uploads/{edition.public_id}-{number}", filename=file.name,
                             size=file.stat().st_size, intent=msgspec.to_builtins(intent))
        session.add(source)
        session.flush()
        path = house.storage.path(source.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, path)
        return services.start_job(session, SYSTEM, source.id).id


def live(house: House, edition_id: int) -> tuple[Edition, Path]:
    db.session.rollback()
    db.session.expire_all()
    edition = db.session.get_one(Edition, edition_id)
    return edition, house.storage.path(edition.package)


def hashes(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*") if path.is_file()}


def inputs(edition: Edition, **changed: dict[str, object]) -> TracksInput:
    """Return an edition's tracks as they are saved; `changed` has values by path."""
    document = editing.tracks_document(edition)
    paths = {table: {row.id: row.path or "" for row in getattr(edition, table)} for table in ("audio", "subtitles")}
    tables = {table: [TrackInput(**(row | changed.get(paths[table][row["id"]], {})))  # type: ignore[arg-type]
                      for row in document[table]] for table in paths}
    return TracksInput(**tables)


def save(edition_id: int, data: TracksInput) -> None:
    with unit_of_work() as session:
        editing.save_tracks(session, SYSTEM, edition_id, data)


def onset(tools: Tools, package: Path, name: str, folder: Path) -> float:
    """Return the second of the film at which a rendition is first loud."""
    raw = make(tools, folder / f"{name}.raw", "-f", "mpegts", "-i",
               "concat:" + "|".join(str(p) for p in sorted((package / name).glob("*.ts"))), "-f", "s16le", "-ac", "1",
               "-ar", "48000").read_bytes()
    samples = memoryview(raw).cast("h")
    return next(n for n, value in enumerate(samples) if abs(value) > 1500) / 48000


def edition_with_package(house: House, film: Path) -> int:
    return house.job(house.publish(film)).edition_id
