"""Background tasks on Huey: SQLite by default, Redis when the settings name one.

A task is a plain function contributed by the `register_tasks` hook; it runs inside an app context. Huey
delivers at most once, so a message may only ever be a hint ("there is work"): what must not be lost lives in
the database, and a periodic task finds it there.
"""
from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Flask, current_app
from huey import Huey, PriorityRedisHuey, SqliteHuey
from huey.consumer import Consumer
from sqlalchemy.orm import Session

from moviepoint.kernel import events
from moviepoint.kernel.db import db
from moviepoint.settings import Settings

log = structlog.get_logger(__name__)
EXTENSION = "moviepoint.tasks"
MINUTE = timedelta(minutes=1)
POLL_SECONDS = 1.0  # at most, between two looks of an idle thread into the queue


@dataclass(frozen=True)
class Task:
    """A function that the worker runs: on a message, and, where `every` is set, by the clock.

    `every` is a whole number of minutes: Huey's clock has no finer hand. What is to run more often than once a
    minute must be quick: a thread of the worker runs it, at start and then by its own clock, and no message is
    sent. `priority` is higher for sooner. A message whose run raises is run again so many times, after a while each.
    """

    name: str
    run: Callable[..., Any]
    every: timedelta | None = None
    priority: int = 0
    retries: int = 0
    retry_after: timedelta = MINUTE


class TaskQueue:
    """The app's Huey and its tasks by name."""

    def __init__(self, app: Flask, huey: Huey, tasks: Sequence[Task]) -> None:
        self.huey = huey
        self.eager = False  # tests may run tasks in place
        self._calls: dict[str, Callable[..., Any]] = {}
        self._functions: dict[str, Callable[..., Any]] = {}
        self.frequent: list[tuple[float, Callable[..., Any]]] = []  # (seconds, task)
        for task in tasks:
            if task.name in self._calls:
                raise ValueError(f"two tasks are called {task.name!r}")
            self._add(app, task)

    def _add(self, app: Flask, task: Task) -> None:
        def run(**arguments: Any) -> None:
            with app.app_context():
                try:
                    task.run(**arguments)
                finally:
                    db.session.remove()

        self._functions[task.name] = run
        self._calls[task.name] = self.huey.task(
            name=task.name, priority=task.priority, retries=task.retries,
            retry_delay=int(task.retry_after.total_seconds()))(run)
        if task.every is not None and task.every < MINUTE:
            self.frequent.append((task.every.total_seconds(), run))
        elif task.every is not None:
            self.huey.periodic_task(_clock(task.every), name=f"{task.name}.periodic")(run)

    def enqueue(self, name: str, **arguments: Any) -> None:
        """Send a message; a queue that is away is logged, since the periodic tasks make up for it."""
        if self.eager:
            self._functions[name](**arguments)
            return
        try:
            self._calls[name](**arguments)
        except Exception:
            log.exception("message not sent", task=name)

    def names(self) -> list[str]:
        return sorted(self._calls)


class Drain:
    """A worker's way out: from the signal on it takes nothing new; after some patience it gives back what it has."""

    def __init__(self) -> None:
        self._end: float | None = None

    def begin(self, patience: float) -> None:
        """Begin to drain; work in hand has so many seconds still."""
        self._end = time.monotonic() + patience

    def reset(self) -> None:
        """Forget that it began: for tests, which outlive their workers."""
        self._end = None

    @property
    def begun(self) -> bool:
        """Whether nothing new is to be taken."""
        return self._end is not None

    @property
    def over(self) -> bool:
        """Whether work in hand is to be given back now."""
        return self._end is not None and time.monotonic() >= self._end


#: This process's.
drain = Drain()


def make_huey(settings: Settings) -> Huey:
    """Return the Huey that the settings choose; opens no connection to Redis."""
    if settings.queue_url:
        return PriorityRedisHuey("moviepoint", url=settings.queue_url, results=False)
    settings.instance.mkdir(parents=True, exist_ok=True)
    path = settings.instance / "queue.sqlite3"
    path.touch(mode=0o600)  # its rows are pickles: nobody else may write them
    return SqliteHuey("moviepoint", filename=str(path), results=False, timeout=15)


def enqueue(name: str, **arguments: Any) -> None:
    """Send a message to a task of the current app by its name."""
    current_app.extensions[EXTENSION].enqueue(name, **arguments)


def enqueue_after_commit(session: Session, name: str, **arguments: Any) -> None:
    """Send the message once the surrounding unit of work has committed."""
    events.after_commit(session, lambda: enqueue(name, **arguments))


def run_worker(queue: TaskQueue, threads: int, patience: float = 20.0) -> None:
    """Run the consumer until it is told to stop.

    SIGTERM takes nothing new, and lets work in hand end for `patience` seconds; then it is given back, for another
    worker to go on with. A second SIGTERM, or SIGINT, ends at once: what was in hand is found by its lease.
    """
    consumer = queue.huey.create_consumer(workers=threads, worker_type="thread", max_delay=POLL_SECONDS,
                                          initial_delay=0.1, check_worker_health=True, graceful_signal="TERM")
    stopping = threading.Event()
    threading.Thread(target=_drain_when_stopped, args=(consumer, patience), daemon=True).start()
    for seconds, run in queue.frequent:
        threading.Thread(target=_tick, args=(run, seconds, stopping), daemon=True).start()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            consumer.run()
    finally:
        stopping.set()


def _drain_when_stopped(consumer: Consumer, patience: float) -> None:
    consumer.stop_flag.wait()
    drain.begin(patience)


def _tick(run: Callable[..., Any], seconds: float, stopping: threading.Event) -> None:
    """Run a task now and every so many seconds; a failure is logged, and the next turn comes."""
    while not stopping.is_set():
        try:
            run()
        except Exception:
            log.exception("frequent task failed")
        stopping.wait(seconds)


def _clock(every: timedelta) -> Callable[[datetime], bool]:
    minutes = max(1, int(every.total_seconds() // 60))
    return lambda moment: int(moment.timestamp() // 60) % minutes == 0
