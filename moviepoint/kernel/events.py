"""Events: recorded while a unit of work runs, delivered after it has committed.

An event is the name of an `on_…` hook and ids. A service records it on the session; nothing leaves if the
transaction does not commit. A handler that fails is logged and never spreads.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy.orm import Session

log = structlog.get_logger(__name__)
Delivery = Callable[[], None]
Emitter = Callable[[str, dict[str, Any]], None]

_KEY = "moviepoint.events"
_emitter: list[Emitter] = []


def use_emitter(emitter: Emitter) -> None:
    """Set what carries a hook's name and ids to its implementations (the hook manager does)."""
    _emitter[:] = [emitter]


def record(session: Session, hook: str, **ids: Any) -> None:
    """Record that `hook` (an `on_…` name) is to be called with `ids` after the commit."""
    after_commit(session, lambda: _emitter[0](hook, ids) if _emitter else None)


def after_commit(session: Session, call: Delivery) -> None:
    """Have `call` made once, after the surrounding unit of work has committed."""
    session.info.setdefault(_KEY, []).append(call)


def discard(session: Session) -> None:
    """Forget what was recorded: its transaction did not commit."""
    session.info.pop(_KEY, None)


def recorded(session: Session) -> list[Delivery]:
    """Return a copy of what waits for the commit."""
    return list(session.info.get(_KEY, ()))


def restore(session: Session, kept: list[Delivery]) -> None:
    """Go back to what waited for the commit earlier."""
    session.info[_KEY] = list(kept)


def deliver(session: Session) -> None:
    """Make the recorded calls, in order; a failing one is logged."""
    for call in session.info.pop(_KEY, []):
        try:
            call()
        except Exception:
            log.exception("event handler failed")
