"""Films that the whole way has made, from a source to a published package, on the browser tests' site."""
from __future__ import annotations

import shutil
from pathlib import Path

from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import services, tasks, worker
from moviepoint.domains.media.encoding.plan import LANES
from moviepoint.domains.media.encoding.profiles import Profile
from moviepoint.domains.media.models import Edition, EncodingJob, SourceAsset
from moviepoint.domains.media.profiles import Offer
from moviepoint.kernel.db import db, unit_of_work, utcnow
from moviepoint.kernel.policies import SYSTEM

from .conftest import Site


def start_film(site: Site, source: Path, profile: Profile, name: str) -> tuple[int, str]:
    """Enter a film whose file is to be encoded, within an app context; returns its job and its edition's public id."""
    with unit_of_work() as session:
        title = Title(kind="film", slug=name, original_title=name, status="published", published_at=utcnow())
        session.add(title)
        session.flush()
        edition = Edition(title_id=title.id)
        session.add(edition)
        session.flush()
        asset = SourceAsset(edition_id=edition.id, key=f"uploads/{name}", filename=source.name,
                            size=source.stat().st_size)
        session.add(asset)
        session.flush()
        path = site.app.extensions["moviepoint.storage"].path(asset.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, path)
        job = services.start_job(session, SYSTEM, asset.id, offer=Offer("x", "x", profile, True, False))
        return job.id, edition.public_id


def encode_film(site: Site, source: Path, profile: Profile, name: str) -> str:
    """Publish a film, encoded by a profile; returns its edition's public id."""
    with site.app.app_context():
        job_id, public_id = start_film(site, source, profile, name)
        while sum(worker.work(tasks.bench(), lane) for lane in LANES):
            continue
        done = db.session.get_one(EncodingJob, job_id, populate_existing=True)
        assert (done.state, done.message) == ("done", "")
        db.session.remove()
    return public_id
