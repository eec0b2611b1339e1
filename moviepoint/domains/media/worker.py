"""The worker: takes steps by lease, does them, and writes down how they ended.

A message from the queue only says 'there is work'. Losing one loses nothing, since the sweep looks again;
getting one twice does no harm, since a step is had by lease only.
"""
from __future__ import annotations

import os
import shutil
import socket
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.media import additions, early, ledger, matching, profiles, publishing, room
from moviepoint.domains.media.encoding import posters, probe, sidecars, steps, verify, workshop
from moviepoint.domains.media.encoding.binaries import Tools, ToolsMissing, find_tools
from moviepoint.domains.media.encoding.child import Progress, find_sandbox
from moviepoint.domains.media.encoding.errors import Blocked, DiskFull, EncodingError, Refused, Stopped
from moviepoint.domains.media.encoding.plan import HEAVY, SOUND, Plan, Step, make_plan
from moviepoint.domains.media.encoding.probe import Probe
from moviepoint.domains.media.encoding.verify import BadPackage
from moviepoint.domains.media.ledger import Lease
from moviepoint.domains.media.models import EncodingJob, EncodingStep, SubtitleTrack
from moviepoint.domains.media.outage import DATABASE_AWAY, patiently
from moviepoint.domains.media.services import STAGE_CHECK, STAGE_ENCODE, STAGE_PUBLISH, new_package
from moviepoint.domains.media.slots import slot
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.sentences import sentence, stored
from moviepoint.kernel.tasks import drain, enqueue
from moviepoint.settings import Settings

log = structlog.get_logger(__name__)
WORKER = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
STAGING = ".work"
LOOK_SECONDS = 1.0  # between two looks whether the work is still wanted
SLOTTED = (HEAVY, SOUND)
STAGES = {"check": STAGE_CHECK, "publish": STAGE_PUBLISH}


class Bench(msgspec.Struct, frozen=True):
    """What a worker has at hand: settings, storage, and an encoder's threads (0: as many as it likes)."""

    settings: Settings
    storage: LocalStorage
    threads: int = 0

    def tools(self) -> Tools:
        return find_tools(self.settings.ffmpeg, self.settings.ffprobe)


class LeaseWatch(workshop.StepWatch):
    """Renews a lease while work goes on, and ends the work when it is no longer wanted or the disk is full."""

    def __init__(self, bench: Bench, lease: Lease) -> None:
        self._bench, self._lease = bench, lease
        self._looked = self._beaten = time.monotonic()
        self._command = self._log = ""

    def began(self, command: str) -> None:
        self._command = command

    def said(self, log: str) -> None:
        self._log = log

    def hold(self) -> None:
        if not patiently(lambda: _held(self._lease)):
            raise Stopped()

    def delivered(self) -> None:
        if self._bench.settings.publish_early:
            early.publish(self._bench.storage, self._lease.job_id)

    def __call__(self, share: float, speed: float | None) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        if drain.over:
            raise Stopped("The worker was told to stop.")
        try:
            held = self._beat(now, share, speed)
        except DATABASE_AWAY:
            log.warning("the database does not answer; the work goes on", step=self._lease.name)
            db.session.remove()
            return
        if not held:
            raise Stopped()
        if room.free(self._bench.storage) < self._bench.settings.free_disk_reserve_bytes // 2:
            raise DiskFull()

    def _beat(self, now: float, share: float, speed: float | None) -> bool:
        """Renew the lease when it is time to, else only look whether it is still held."""
        if now - self._beaten < ledger.BEAT.total_seconds():
            return _held(self._lease)
        with unit_of_work() as session:
            held = ledger.renew(session, self._lease, share, speed, self._command, self._log)
        self._beaten = now
        return held

    def progress(self, progress: Progress) -> None:
        """Take a child's progress where no share is known."""
        self.said(progress.log)
        self(0.5, progress.speed)


def work(bench: Bench, lane: str) -> int:
    """Do steps of a lane until there are none; returns how many. Picture and sound only while a slot is free."""
    if lane in SLOTTED:
        with slot(bench.settings.instance / "slots", lane, bench.settings.encode_slots) as number:
            return 0 if number is None else _drain(bench, lane)
    return _drain(bench, lane)


def _drain(bench: Bench, lane: str) -> int:
    done = 0
    while True:
        if drain.begun:
            return done
        with unit_of_work() as session:
            lease = ledger.take(session, lane, WORKER)
        if lease is None:
            return done
        do_step(bench, lease)
        done += 1
        _wake_others(lane)


def _wake_others(lane: str) -> None:
    """A finished step may have made work ready in another lane."""
    lanes = ledger.lanes_with_work(db.session())
    db.session.rollback()
    for other in lanes - {lane}:
        enqueue("media.work", lane=other)


def do_step(bench: Bench, lease: Lease) -> None:
    """Do one leased step and write down how it ended; nothing escapes but what stops the process."""
    ending = _attempt(bench, lease)
    if ending is not None:
        patiently(lambda: _commit(ending))


def _attempt(bench: Bench, lease: Lease) -> Callable[[Session], object] | None:
    """Do a step; return what is to be written of how it failed, or None when all is written."""
    logger = log.bind(job=lease.job_id, step=lease.name, fence=lease.fence)
    try:
        patiently(lambda: KINDS.get(lease.kind, _encode)(bench, lease, LeaseWatch(bench, lease)))
        logger.info("step done")
    except Stopped:
        logger.info("step called off")
        patiently(lambda: _clean_up(bench, lease))
    except Blocked as error:
        code, message = error.code, error.message
        logger.warning("step blocked", code=code)
        return lambda session: ledger.pause(session, lease, code, message)
    except EncodingError as error:
        return _of_work(bench, lease, error)
    except OSError as error:
        return _of_storage(lease, error)
    except Exception as error:
        logger.exception("step failed")
        message = sentence("An error in MoviePoint: %(name)s.", name=type(error).__name__)
        return lambda session: ledger.fail_for_now(session, lease, "internal", message)
    return None


def _of_work(bench: Bench, lease: Lease, error: EncodingError) -> Callable[[Session], object]:
    """Sort a failure: for want of room, in the package, in the source, or one that may pass.

    ffmpeg may write half a segment on a full disk and call that a success, so no source is blamed without room.
    """
    code, message = error.code, error.message
    log.warning("step failed", job=lease.job_id, step=lease.name, code=code, message=message)
    if room.free(bench.storage) < bench.settings.free_disk_reserve_bytes // 2:
        full = DiskFull()
        return lambda session: ledger.pause(session, lease, full.code, full.message)
    if isinstance(error, BadPackage):
        return lambda session: ledger.remake(session, lease, new_package(), code, message)
    if isinstance(error, (Refused, ToolsMissing)):
        return lambda session: ledger.fail(session, lease, code, message)
    return lambda session: ledger.fail_for_now(session, lease, code, message)


def _of_storage(lease: Lease, error: OSError) -> Callable[[Session], object]:
    """Name what the storage said; a full or read-only one is waited for, all else is tried again."""
    blocked = room.blocked_by(error)
    log.warning("storage failed", step=lease.name, error=str(error))
    if blocked is not None:
        code, message = blocked.code, blocked.message
        return lambda session: ledger.pause(session, lease, code, message)
    said = sentence("The storage cannot be used: %(error)s.", error=error.strerror or str(error))
    return lambda session: ledger.fail_for_now(session, lease, "storage", said)


def _commit(write: Callable[[Session], object]) -> None:
    with unit_of_work() as session:
        write(session)


def _inspect(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    source = _source(bench, lease)
    found = probe.inspect(bench.tools(), find_sandbox(), source, watch.progress)
    made = make_plan(found, _read(lambda session: profiles.of_job(session.get_one(EncodingJob, lease.job_id))))
    with unit_of_work() as session:
        if not ledger.complete(session, lease, {"notes": stored(made.notes)}):
            return
        job = session.get_one(EncodingJob, lease.job_id, populate_existing=True)
        plan = matching.with_offsets(made, job.edition)
        job.source.probe, job.plan = stored(found), stored(plan)
        for position, step in enumerate(plan.steps, start=1):
            session.add(EncodingStep(job_id=job.id, position=position, name=step.name, kind=step.kind, lane=step.lane,
                                     stage=STAGES.get(step.kind, STAGE_ENCODE), weight=step.weight,
                                     parameters=msgspec.to_builtins(step)))
        if not room.enough(session, bench.storage, bench.settings, job):
            ledger.pause_job(session, job.id, "disk-full", room.message(plan.bytes_needed))


def _inspect_tracks(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    source = _source(bench, lease)
    intent = _read(lambda session: additions.intent_of(session.get_one(EncodingJob, lease.job_id).source))
    found = sidecars.inspect(bench.tools(), find_sandbox(), source, intent, watch.progress)
    checksum = room.sha256(source, lambda share: watch(share, None))
    with unit_of_work() as session:
        additions.plan_tracks(session, lease, found, checksum)


def _checksum(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    """Read the whole source once: a step of its own, so that a long film need not wait for it to begin."""
    checksum = room.sha256(_source(bench, lease), lambda share: watch(share, None))
    with unit_of_work() as session:
        if ledger.complete(session, lease, {}):
            session.get_one(EncodingJob, lease.job_id).source.sha256 = checksum


def _encode(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    shop = _workshop(bench, lease)
    step = msgspec.convert(lease.parameters, Step)
    package = _package(bench, lease)
    staging = package / STAGING / f"{lease.name}.{lease.fence}"
    for path in (package / STAGING).glob(f"{lease.name}.*"):  # of workers that are gone
        shutil.rmtree(path, ignore_errors=True)
    result = steps.run_step(shop, step, staging, package, watch)
    kept = msgspec.structs.replace(result, log="", command="")
    with unit_of_work() as session:
        ledger.complete(session, lease, stored(kept), result.command, result.log)
    shutil.rmtree(staging, ignore_errors=True)


def _check(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    shop, package = _workshop(bench, lease), _package(bench, lease)
    facts = verify.finish_package(package, shop.plan, shop.tools, shop.sandbox, lambda share: watch(share, None))
    poster = posters.take_poster(shop, package, watch.progress)
    with unit_of_work() as session:
        ledger.complete(session, lease, {"facts": msgspec.to_builtins(facts), "poster": poster})


def _publish(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    watch(0.0, None)
    with unit_of_work() as session:
        discarded = publishing.publish(session, bench.storage, lease, keep_source=bench.settings.keep_sources)
    if discarded:
        bench.storage.delete(discarded)
    shutil.rmtree(_package(bench, lease) / STAGING, ignore_errors=True)


def _check_tracks(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    plan = msgspec.convert(_read(lambda session: session.get_one(EncodingJob, lease.job_id).plan), Plan)
    facts = verify.finish_tracks(_package(bench, lease), plan, bench.tools(), find_sandbox(),
                                 lambda share: watch(share, None))
    with unit_of_work() as session:
        ledger.complete(session, lease, {"facts": msgspec.to_builtins(facts)})


def _publish_tracks(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    watch(0.0, None)
    with unit_of_work() as session:
        discarded = additions.publish_tracks(session, bench.storage, lease, keep_source=bench.settings.keep_sources)
    if discarded:
        bench.storage.delete(discarded)
    if _read(lambda session: session.get_one(EncodingJob, lease.job_id).state) == "done":
        shutil.rmtree(_package(bench, lease), ignore_errors=True)  # what it held is in the live package


KINDS: dict[str, Callable[[Bench, Lease, LeaseWatch], None]] = {
    "inspect": _inspect, "checksum": _checksum, "check": _check, "publish": _publish, "inspect-tracks": _inspect_tracks,
    "check-tracks": _check_tracks, "publish-tracks": _publish_tracks}


def _workshop(bench: Bench, lease: Lease) -> workshop.Workshop:
    values = _read(lambda session: session.execute(
        select(EncodingJob.plan, EncodingJob.source_id).where(EncodingJob.id == lease.job_id)).one())
    described = _read(lambda session: session.get_one(EncodingJob, lease.job_id).source.probe)
    plan = msgspec.convert(values.plan, Plan)
    source = _stored_track(bench, lease, plan) if lease.kind == "retime" else _source(bench, lease)
    return workshop.Workshop(bench.tools(), find_sandbox(), source, msgspec.convert(described, Probe), plan,
                             bench.threads)


def _stored_track(bench: Bench, lease: Lease, plan: Plan) -> Path:
    """The folder in the live package of the track that is made anew."""
    def place(session: Session) -> str:
        job, track = session.get_one(EncodingJob, lease.job_id), session.get(SubtitleTrack, plan.subtitles[0].track_id)
        if track is None or not track.path:
            raise Refused("track-gone", sentence("The track was removed."))
        return f"{job.edition.package}/{track.path}"
    return bench.storage.path(_read(place))


def _source(bench: Bench, lease: Lease) -> Path:
    key = _read(lambda session: session.get_one(EncodingJob, lease.job_id).source.key)
    path = bench.storage.path(key)
    if not path.is_file():
        raise Blocked("source-gone", sentence(
            "The uploaded file is not on the storage. The job goes on when it is there again."))
    return path


def _package(bench: Bench, lease: Lease) -> Path:
    key: str = _read(lambda session: session.get_one(EncodingJob, lease.job_id).package)
    path = bench.storage.path(key)
    path.mkdir(parents=True, exist_ok=True)
    return path


def _held(lease: Lease) -> bool:
    return bool(_read(lambda session: ledger.holds(session, lease)))


def _read(query: Callable[[Session], Any]) -> Any:
    """Run a read of its own, so that no transaction stays open while ffmpeg runs."""
    session = db.session()
    try:
        return query(session)
    finally:
        db.session.rollback()


def _clean_up(bench: Bench, lease: Lease) -> None:
    """After a step was called off: its staged files stay for the next worker, unless the job is cancelled."""
    state = _read(lambda session: session.scalar(select(EncodingJob.state).where(EncodingJob.id == lease.job_id)))
    with unit_of_work() as session:
        ledger.release(session, lease, "cancelled" if state == "cancelled" else "queued")
    if state == "cancelled":
        bench.storage.delete(_read(lambda session: session.get_one(EncodingJob, lease.job_id).package))
