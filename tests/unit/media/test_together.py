"""Children side by side: in order, ended together, watched from the caller's thread."""
from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from moviepoint.domains.media.encoding.child import Limits, Progress, Sandbox, Watch, silent
from moviepoint.domains.media.encoding.errors import Refused, Stopped
from moviepoint.domains.media.encoding.together import together

SHELL = Path("/bin/sh")


def say(words: str, seconds: float, watch: Watch) -> str:
    outcome = Sandbox().run(SHELL, lambda _name: ["-c", f"sleep {seconds}; echo {words}"], source=SHELL,
                            limits=Limits(seconds=20), watch=watch)
    return outcome.output.decode().strip()


def test_answers_come_in_the_order_of_the_calls_and_at_once() -> None:
    begun = time.monotonic()
    assert together(silent, lambda w: say("slow", 0.6, w), lambda w: say("quick", 0.0, w),
                    lambda w: say("middle", 0.5, w)) == ["slow", "quick", "middle"]
    assert time.monotonic() - begun < 1.0, "one after the other they take 1.1 s"


def test_an_error_ends_the_others_and_is_the_one_that_is_raised() -> None:
    def refuse(_watch: Watch) -> str:
        raise Refused("damaged", "It is damaged.")

    begun = time.monotonic()
    with pytest.raises(Refused, match="damaged"):
        together(silent, lambda w: say("late", 15, w), refuse)
    assert time.monotonic() - begun < 5


def test_who_watches_ends_all_and_is_called_in_the_own_thread() -> None:
    threads = set()

    def called_off(_progress: Progress) -> None:
        threads.add(threading.get_ident())
        raise Stopped()

    begun = time.monotonic()
    with pytest.raises(Stopped):
        together(called_off, lambda w: say("late", 15, w), lambda w: say("later", 15, w))
    assert time.monotonic() - begun < 5
    assert threads == {threading.get_ident()}


def test_a_nice_child_is_nice_beyond_its_own_session() -> None:
    """Where Linux weighs sessions, the niceness of a process counts only within its own."""
    group = Path("/proc/self/autogroup")
    outcome = Sandbox().run(SHELL, lambda _name: ["-c", f"sleep 0.4; nice; cat {group}"], source=SHELL,
                            limits=Limits(seconds=20), nice=10)
    process, *session = outcome.output.decode().splitlines()
    assert process == "10"
    if group.exists():
        assert session[0].endswith("nice 10")
