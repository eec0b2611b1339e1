"""Rows that wait for the one writer of the index."""
from __future__ import annotations

import contextlib
import threading

from moviepoint.domains.search.tasks import Pending


def test_what_comes_while_somebody_writes_is_written_by_them_together() -> None:
    pending, written = Pending(), []
    begun, go_on = threading.Event(), threading.Event()

    def slow(source: str, ids: list[int]) -> None:
        written.append((source, ids))
        begun.set()
        go_on.wait(5)

    pending.add("title", [1])
    writer = threading.Thread(target=pending.write, args=(slow,))
    writer.start()
    assert begun.wait(5)
    for number in (3, 2, 3):
        pending.add("title", [number])
        pending.write(slow)  # returns at once
    pending.add("person", [7])
    pending.write(slow)
    go_on.set()
    writer.join(5)
    assert written == [("title", [1]), ("title", [2, 3]), ("person", [7])]


def test_a_failure_keeps_nobody_from_writing_again() -> None:
    pending, written = Pending(), []

    def fail(_source: str, _ids: list[int]) -> None:
        raise OSError("the disk is full")

    pending.add("title", [1])
    with contextlib.suppress(OSError):
        pending.write(fail)
    pending.add("title", [2])
    pending.write(lambda source, ids: written.append((source, ids)))
    assert written == [("title", [2])]


def test_many_at_once_lose_nothing() -> None:
    pending, written = Pending(), []
    threads = [threading.Thread(target=lambda number=number: (
        pending.add("title", [number]), pending.write(lambda _source, ids: written.extend(ids))))
        for number in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == list(range(200))
