"""What a worker has at hand, and the watch that it keeps on a step while it works."""
from __future__ import annotations

import time
from pathlib import Path

import msgspec
import structlog
from sqlalchemy.orm import Session

from moviepoint.domains.media import early, ledger, room
from moviepoint.domains.media.encoding import workshop
from moviepoint.domains.media.encoding.binaries import Tools, find_tools
from moviepoint.domains.media.encoding.child import Progress
from moviepoint.domains.media.encoding.errors import DiskFull, Stopped
from moviepoint.domains.media.ledger import Lease
from moviepoint.domains.media.outage import DATABASE_AWAY, patiently, read
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.files import LocalStorage
from moviepoint.kernel.tasks import drain
from moviepoint.settings import Settings

log = structlog.get_logger(__name__)


class Bench(msgspec.Struct, frozen=True):
    """What a worker has at hand: settings, storage, and an encoder's threads (0: as many as it likes)."""

    settings: Settings
    storage: LocalStorage
    threads: int = 0

    def tools(self) -> Tools:
        return find_tools(self.settings.ffmpeg, self.settings.ffprobe)

    @property
    def full(self) -> bool:
        """Whether so little is free that what was written last may be cut off."""
        return room.free(self.storage) < self.settings.free_disk_reserve_bytes // 2


class LeaseWatch(workshop.StepWatch):
    """Renews a lease while work goes on, and ends the work when it is no longer wanted or the storage fails.

    `source` and `film` are what the step reads, once it is known: ffmpeg reads on from a file that was removed.
    `turn` is after how many segments the step gives way to others; 0 where it is done before others wait long.
    """

    look_seconds = 1.0  # between two looks whether the work is still wanted

    def __init__(self, bench: Bench, lease: Lease) -> None:
        self._bench, self._lease = bench, lease
        self._looked = self._beaten = time.monotonic()
        self._command = self._log = ""
        self.source: Path | None = None
        self.film: Path | None = None
        self.turn = self._made = 0
        self._began = self._first = time.monotonic()  # and when the first segment was made

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
        self._made += 1
        if self._made == 1:
            self._first = time.monotonic()
        if self.turn and self._made >= self.turn and self._worthwhile():
            self._give_way()

    def _worthwhile(self) -> bool:
        """Whether making segments has taken as long as coming to the first: one that goes on must come there again."""
        return time.monotonic() - self._first >= self._first - self._began

    def _give_way(self) -> None:
        try:
            with unit_of_work() as session:
                given = ledger.give_way(session, self._lease)
        except DATABASE_AWAY:
            db.session.remove()
            return
        if given:
            raise Stopped("Others had waited for their turn.")

    def __call__(self, share: float, speed: float | None) -> None:
        now = time.monotonic()
        if now - self._looked < self.look_seconds:
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
        if self._bench.full:
            raise DiskFull()
        if blocked := room.trouble(self._bench.storage, self.source, self.film, write=False):
            raise blocked

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


def _held(lease: Lease) -> bool:
    def ask(session: Session) -> bool:
        return ledger.holds(session, lease)
    return read(ask)
