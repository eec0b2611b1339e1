"""Rungs and storyboards that are added to a film later, replaced or removed: no other file of the package changes.

The film's grid is given by its live package; players that are in the middle of it go on with what they have, and
find the new rung the next time that they ask for the master.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from moviepoint.domains.media import documents, early, ledger, publishing, retiming, room, services, storing
from moviepoint.domains.media.encoding import extras, storyboard
from moviepoint.domains.media.encoding.errors import Refused, Temporary
from moviepoint.domains.media.encoding.extras import Wish
from moviepoint.domains.media.encoding.plan import LIGHT, Plan
from moviepoint.domains.media.encoding.probe import Probe
from moviepoint.domains.media.encoding.verify import PictureFacts, iframes_name
from moviepoint.domains.media.ledger import Lease
from moviepoint.domains.media.models import (
    Edition,
    EncodingJob,
    EncodingStep,
    SourceAsset,
    Storyboard,
    VideoRendition,
)
from moviepoint.domains.media.storing import locked_edition
from moviepoint.kernel.errors import Conflict, Invalid, NotFound
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.policies import Actor, require
from moviepoint.kernel.sentences import sentence, stored
from moviepoint.kernel.tasks import enqueue_after_commit
from moviepoint.settings import Settings

KIND = "pictures"


def start(session: Session, actor: Actor, edition_id: int, wish: Wish) -> EncodingJob:
    """Begin to make rungs or a storyboard for the film that is live. A rung of a size that is there takes its place.

    Raises NotFound, Forbidden, Invalid where nothing is wished, there is no film, or its file was not kept, and
    Conflict while the file is being encoded.
    """
    require(actor, "media.manage")
    edition = locked_edition(session, edition_id)
    if wish.empty:
        raise Invalid(_("Name a rung, or ask for a storyboard."))
    source = source_of(session, edition)
    if source is None:
        raise Invalid(_("There is no film that was encoded here. Upload one, then rungs can be added."))
    if not source.kept:
        raise Invalid(_("The film's file was discarded after it had been encoded. Upload it again."))
    services.require_idle(session, source.id)
    job = EncodingJob(edition_id=edition.id, source_id=source.id, created_by_id=actor.id, kind=KIND,
                      package=services.new_package())
    job.steps.append(EncodingStep(name="inspect", kind="plan-pictures", lane=LIGHT, stage=services.STAGE_INSPECT,
                                  position=0, weight=0.5, parameters=msgspec.to_builtins(wish)))
    session.add(job)
    session.flush()
    documents.record_job(session, actor, "job_started", job, {}, {"state": job.state})
    enqueue_after_commit(session, services.WORK, lane=LIGHT)
    return job


def source_of(session: Session, edition: Edition) -> SourceAsset | None:
    """Return the file that the live film was made of."""
    job = retiming.film_job(session, edition)
    return job.source if job is not None and job.state == "done" else None


def plan(session: Session, storage: LocalStorage, settings: Settings, lease: Lease) -> None:
    """Write the plan of a job that adds pictures. Raises Refused."""
    job = session.get_one(EncodingJob, lease.job_id, populate_existing=True)
    edition = locked_edition(session, job.edition_id)
    film = retiming.film_of(session, edition)
    if film is None or edition.package is None or source_of(session, edition) != job.source:
        raise _changed()
    wish = msgspec.convert(lease.parameters, Wish)
    made = extras.make_plan(msgspec.convert(job.source.probe, Probe), wish, film, edition.package, f"j{job.id}")
    if not ledger.complete(session, lease, {}):
        return
    job.plan = stored(made)
    retiming.add_steps(session, job, made)
    room.pause_if_short(session, storage, settings, job)


def publish(session: Session, storage: LocalStorage, lease: Lease, keep_source: bool) -> str | None:
    """Put a job's checked pictures into the live package and its rows; no other file is touched.

    Returns the key of the source file if it is to be discarded. Raises Refused when the film was encoded again
    meanwhile, Stopped when the work is not wanted any more, Blocked when it has to wait for an editor.
    """
    job = publishing.last_step(session, lease)
    edition = locked_edition(session, job.edition_id)
    made = msgspec.convert(job.plan, Plan)
    if edition.package is None or edition.package != made.package:
        raise _changed()
    before = documents.edition_document(edition)
    facts = msgspec.convert(publishing.check_result(session, job.id)["facts"], PictureFacts)
    _bring_in_rungs(session, storage, job, edition, facts)
    if facts.storyboard is not None:
        _bring_in_board(session, storage, job, edition, made.board.name, facts.storyboard)
    edition.package_bytes += facts.size
    return publishing.conclude(session, job, edition, before, keep_source)


def remove(session: Session, actor: Actor, storage: LocalStorage, edition_id: int, rung_id: int) -> Edition:
    """Take a rung out of an edition; its files go half a day later.

    Raises NotFound, Forbidden, Invalid for the last one, Conflict while the film is still being encoded.
    """
    require(actor, "media.manage")
    edition = locked_edition(session, edition_id)
    row = next((row for row in edition.video if row.id == rung_id), None)
    if row is None:
        raise NotFound()
    if len(edition.video) == 1:
        raise Invalid(_("This is the last rung. Add another one before you remove it."))
    if early.unfinished(session, edition):
        raise Conflict(_("The film is still being encoded."))
    before = {"picture": _words(edition.video)}
    _take_out(session, storage, edition, row)
    session.flush()
    session.expire(edition, ["video"])
    documents.record_part(session, actor, "rung_removed", edition, before, {"picture": _words(edition.video)})
    documents.tell(session, edition)
    return edition


def _bring_in_rungs(session: Session, storage: LocalStorage, job: EncodingJob, edition: Edition,
                    facts: PictureFacts) -> None:
    for video in facts.video:
        lists = (f"{video.name}.m3u8", f"{iframes_name(video.name)}.m3u8")
        _carry(storage, job, edition, video.name, *lists)
        for row in [row for row in edition.video if (row.width, row.height) == (video.width, video.height)]:
            _take_out(session, storage, edition, row)
        edition.video.append(publishing.rendition_of(video))
    session.flush()
    for position, row in enumerate(sorted(edition.video, key=lambda row: (-row.height, -row.width))):
        row.position = position


def _bring_in_board(session: Session, storage: LocalStorage, job: EncodingJob, edition: Edition, name: str,
                    layout: storyboard.Layout) -> None:
    _carry(storage, job, edition, name, storyboard.index_name(name))
    row = edition.storyboard
    if row is None:
        row = edition.storyboard = Storyboard()
    else:
        storing.retire(session, storage, edition.package, [row.name])
    publishing.describe(row, name, layout)


def _carry(storage: LocalStorage, job: EncodingJob, edition: Edition, name: str, *lists: str) -> None:
    if not storing.carry(storage, job.package, edition.package or "", name, *lists):
        raise Temporary("lost", sentence("%(name)s is not where it was made.", name=name))


def _take_out(session: Session, storage: LocalStorage, edition: Edition, row: VideoRendition) -> None:
    storing.retire(session, storage, edition.package, [row.path, iframes_name(row.path)])
    size = row.average_bandwidth * (edition.duration_ms or 0) // 8000
    edition.package_bytes = max(0, edition.package_bytes - size)
    edition.video.remove(row)


def _words(rows: Sequence[VideoRendition]) -> dict[str, Any]:
    return {f"{row.width}×{row.height}": f"{round(row.average_bandwidth / 1000)} kbit/s" for row in rows}


def _changed() -> Refused:
    return Refused("film-changed", sentence(
        "The film was encoded again meanwhile. Add the rung to the new one."))
