"""Wait for several children side by side; most of what a short one takes is its start."""
from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

from moviepoint.domains.media.encoding.child import BEAT, Progress, Watch
from moviepoint.domains.media.encoding.errors import Stopped

R = TypeVar("R")


def together(watch: Watch, *calls: Callable[[Watch], R]) -> list[R]:
    """Return what the calls return, in their order; each runs its children in a thread of its own.

    `watch` is called from the caller's thread alone, where a database session may be, and ends all calls by raising.
    Where calls fail, the others are ended, and the error of the first in order is raised.
    """
    ended = threading.Event()

    def tick(_progress: Progress) -> None:
        if ended.is_set():
            raise Stopped()

    with ThreadPoolExecutor(len(calls)) as pool:
        try:
            running = [pool.submit(call, tick) for call in calls]
            while not any(call.done() and call.exception() for call in running):
                if not wait(running, BEAT, FIRST_EXCEPTION).not_done:
                    break
                watch(Progress())
        finally:
            ended.set()
    failed = [error for error in (call.exception() for call in running) if error is not None]
    for error in sorted(failed, key=lambda error: isinstance(error, Stopped)):
        raise error
    return [call.result() for call in running]
