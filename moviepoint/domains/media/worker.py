"""The worker: takes steps by lease, does them, and writes down how they ended.

A message from the queue only says 'there is work'. Losing one loses nothing, since the sweep looks again;
getting one twice does no harm, since a step is had by lease only.
"""
from __future__ import annotations

import os
import shutil
import socket
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.domains.media import additions, endings, ledger, planning, profiles, publishing, room, rungs
from moviepoint.domains.media.bench import Bench, LeaseWatch
from moviepoint.domains.media.encoding import posters, probe, sidecars, steps, verify, workshop
from moviepoint.domains.media.encoding.child import find_sandbox
from moviepoint.domains.media.encoding.errors import Blocked, DiskFull, EncodingError, Refused, Stopped
from moviepoint.domains.media.encoding.plan import HEAVY, SEEK_TEST, SOUND, Plan, Step, make_plan
from moviepoint.domains.media.encoding.probe import Probe
from moviepoint.domains.media.ledger import Lease
from moviepoint.domains.media.models import EncodingJob, SubtitleTrack
from moviepoint.domains.media.outage import patiently, read
from moviepoint.domains.media.services import new_package
from moviepoint.domains.media.slots import slot
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.sentences import sentence, stored
from moviepoint.kernel.tasks import drain, enqueue

log = structlog.get_logger(__name__)
WORKER = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
STAGING = ".work"
SLOTTED = (HEAVY, SOUND)


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
    watch = LeaseWatch(bench, lease)
    try:
        patiently(lambda: _run(bench, lease, watch))
        logger.info("step done")
    except Stopped as error:
        logger.info("step called off", why=error.message)
        patiently(lambda: _clean_up(bench, lease))
    except Blocked as error:
        logger.warning("step blocked", code=error.code)
        return endings.waits(lease, error)
    except EncodingError as error:
        return endings.of_work(bench, lease, watch, error)
    except OSError as error:
        return endings.of_storage(bench, lease, watch, error)
    except Exception as error:
        logger.exception("step failed")
        message = sentence("An error in MoviePoint: %(name)s.", name=type(error).__name__)
        return lambda session: ledger.fail_for_now(session, lease, "internal", message)
    return None


def _run(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    """Do a step by its kind, on a storage that can be used. Raises Blocked before anything is touched on another."""
    watch.film = read(lambda session: room.film_of(bench.storage, session.get_one(EncodingJob, lease.job_id)))
    if blocked := room.trouble(bench.storage, film=watch.film):
        raise blocked
    KINDS.get(lease.kind, _encode)(bench, lease, watch)


def _commit(write: Callable[[Session], object]) -> None:
    with unit_of_work() as session:
        write(session)


def _inspect(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    source = _source(bench, lease, watch)
    found = probe.inspect(bench.tools(), find_sandbox(), source, watch.progress)
    before = read(lambda session: session.get_one(EncodingJob, lease.job_id).source.probe)
    if before and not msgspec.convert(before, Probe).seekable:  # that was tried, which takes longer than this
        found = msgspec.structs.replace(found, seekable=False)
    probe.require_tools(found, bench.tools())
    made = make_plan(found, read(lambda session: profiles.of_job(session.get_one(EncodingJob, lease.job_id))))
    with unit_of_work() as session:
        if not ledger.complete(session, lease, {"notes": stored(made.notes)}):
            return
        job = session.get_one(EncodingJob, lease.job_id, populate_existing=True)
        job.source.probe = stored(found)
        planning.write(session, job, made)
        room.pause_if_short(session, bench.storage, bench.settings, job)


def _inspect_tracks(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    source = _source(bench, lease, watch)
    intent = read(lambda session: additions.intent_of(session.get_one(EncodingJob, lease.job_id).source))
    found = sidecars.inspect(bench.tools(), find_sandbox(), source, intent, watch.progress)
    with unit_of_work() as session:
        additions.plan_tracks(session, bench.storage, bench.settings, lease, found)


def _try_seeking(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    """See whether a film is found exactly where it is sought, while its front is encoded, which needs no seeking."""
    source = _source(bench, lease, watch)
    described = read(lambda session: session.get_one(EncodingJob, lease.job_id).source.probe)
    found = probe.try_seeking(bench.tools(), find_sandbox(), source, msgspec.convert(described, Probe), watch.progress)
    with unit_of_work() as session:
        if found.seekable:
            ledger.complete(session, lease, {})
        else:
            planning.keep_whole(session, lease, new_package())


def _checksum(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    """Read the whole source once: a step of its own, so that a long film need not wait for it to begin."""
    checksum = room.sha256(_source(bench, lease, watch), lambda share: watch(share, None))
    with unit_of_work() as session:
        if ledger.complete(session, lease, {}):
            session.get_one(EncodingJob, lease.job_id).source.sha256 = checksum


def _encode(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    _require_room(bench, lease)
    shop = _workshop(bench, lease, watch)
    step = msgspec.convert(lease.parameters, Step)
    package = _package(bench, lease)
    staging = package / STAGING / f"{lease.name}.{lease.fence}"
    for path in (package / STAGING).glob(f"{lease.name}.*"):  # of workers that are gone, and never of the next one
        if int(path.suffix[1:]) < lease.fence:
            shutil.rmtree(path, ignore_errors=True)
    if lease.kind == "video" and not shop.probe.seekable:  # others are cut into ranges; a sound would begin anew
        watch.turn = shop.plan.profile.range_segments
    result = steps.run_step(shop, step, staging, package, watch)
    kept = msgspec.structs.replace(result, log="", command="")
    with unit_of_work() as session:
        ledger.complete(session, lease, stored(kept), result.command, result.log)
    shutil.rmtree(staging, ignore_errors=True)


def _require_room(bench: Bench, lease: Lease) -> None:
    """Raise DiskFull where there is no room for a track that is made anew: a request has planned it, unlike others."""
    def short(session: Session) -> str:
        job = session.get_one(EncodingJob, lease.job_id)
        if job.kind != "retime" or job.plan is None or room.enough(session, bench.storage, bench.settings, job):
            return ""
        return room.message(job.plan["bytes_needed"])
    if words := read(short):
        raise DiskFull(words)


def _check(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    shop, package = _workshop(bench, lease, watch), _package(bench, lease)
    facts = verify.finish_package(package, shop.plan, shop.tools, shop.sandbox, lambda share: watch(share, None),
                                  watch.hold)
    poster = posters.take_poster(shop, package, watch.progress, watch.hold)
    with unit_of_work() as session:
        ledger.complete(session, lease, {"facts": msgspec.to_builtins(facts), "poster": poster})


def _publish(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    watch.hold()
    with unit_of_work() as session:
        discarded = publishing.publish(session, bench.storage, lease, keep_source=bench.settings.keep_sources)
    if discarded:
        bench.storage.delete(discarded)
    shutil.rmtree(_package(bench, lease) / STAGING, ignore_errors=True)


def _check_beside(finish: Callable[..., object], bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    """Check what was made beside a film that is live."""
    plan = msgspec.convert(read(lambda session: session.get_one(EncodingJob, lease.job_id).plan), Plan)
    facts = finish(_package(bench, lease), plan, bench.tools(), find_sandbox(), lambda share: watch(share, None),
                   watch.hold)
    with unit_of_work() as session:
        ledger.complete(session, lease, {"facts": msgspec.to_builtins(facts)})


def _publish_beside(publish: Callable[..., str | None], bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    watch.hold()
    with unit_of_work() as session:
        discarded = publish(session, bench.storage, lease, keep_source=bench.settings.keep_sources)
    if discarded:
        bench.storage.delete(discarded)
    if read(lambda session: session.get_one(EncodingJob, lease.job_id).state) == "done":
        shutil.rmtree(_package(bench, lease), ignore_errors=True)  # what it held is in the live package


def _plan_pictures(bench: Bench, lease: Lease, watch: LeaseWatch) -> None:
    _source(bench, lease, watch)
    described = read(lambda session: session.get_one(EncodingJob, lease.job_id).source.probe)
    probe.require_tools(msgspec.convert(described, Probe), bench.tools())
    with unit_of_work() as session:
        rungs.plan(session, bench.storage, bench.settings, lease)


KINDS: dict[str, Callable[[Bench, Lease, LeaseWatch], None]] = {
    "inspect": _inspect, SEEK_TEST: _try_seeking, "checksum": _checksum, "check": _check, "publish": _publish,
    "inspect-tracks": _inspect_tracks,
    "check-tracks": partial(_check_beside, verify.finish_tracks),
    "publish-tracks": partial(_publish_beside, additions.publish_tracks), "plan-pictures": _plan_pictures,
    "check-pictures": partial(_check_beside, verify.finish_pictures),
    "publish-pictures": partial(_publish_beside, rungs.publish)}


def _workshop(bench: Bench, lease: Lease, watch: LeaseWatch) -> workshop.Workshop:
    values = read(lambda session: session.execute(
        select(EncodingJob.plan, EncodingJob.source_id).where(EncodingJob.id == lease.job_id)).one())
    described = read(lambda session: session.get_one(EncodingJob, lease.job_id).source.probe)
    plan = msgspec.convert(values.plan, Plan)
    source = _stored_track(bench, lease, plan) if lease.kind == "retime" else _source(bench, lease, watch)
    return workshop.Workshop(bench.tools(), find_sandbox(), source, msgspec.convert(described, Probe), plan,
                             bench.threads)


def _stored_track(bench: Bench, lease: Lease, plan: Plan) -> Path:
    """The folder in the live package of the track that is made anew."""
    def place(session: Session) -> str:
        job, track = session.get_one(EncodingJob, lease.job_id), session.get(SubtitleTrack, plan.subtitles[0].track_id)
        if track is None or not track.path:
            raise Refused("track-gone", sentence("The track was removed."))
        return f"{job.edition.package}/{track.path}"
    return bench.storage.path(read(place))


def _source(bench: Bench, lease: Lease, watch: LeaseWatch) -> Path:
    """Return where the source lies, and have it watched. Raises Blocked when it is not there."""
    key = read(lambda session: session.get_one(EncodingJob, lease.job_id).source.key)
    path = bench.storage.path(key)
    if not path.is_file():
        raise room.gone(path)
    watch.source = path
    return path


def _package(bench: Bench, lease: Lease) -> Path:
    key: str = read(lambda session: session.get_one(EncodingJob, lease.job_id).package)
    path = bench.storage.path(key)
    path.mkdir(parents=True, exist_ok=True)
    return path


def _clean_up(bench: Bench, lease: Lease) -> None:
    """After a step was called off: its staged files stay for the next worker, unless the job is cancelled."""
    state, package = read(lambda session: session.execute(
        select(EncodingJob.state, EncodingJob.package).where(EncodingJob.id == lease.job_id)).one())
    with unit_of_work() as session:
        ledger.release(session, lease, "cancelled" if state == "cancelled" else "queued")
    if state == "cancelled":
        bench.storage.delete(package)
