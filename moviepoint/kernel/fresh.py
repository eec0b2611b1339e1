"""What each page needs of the database, asked for every few seconds in a process and not by each page."""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from moviepoint.kernel.db import db

T = TypeVar("T")


def fresh(name: str, seconds: float, load: Callable[[], T], otherwise: T) -> T:
    """Return what `load` returned last, at most `seconds` ago; `otherwise` while the database is away or not yet made.

    It is kept in the app's extension `name`, as (value, until when in monotonic seconds).
    """
    kept: tuple[T, float] | None = current_app.extensions.get(name)
    now = time.monotonic()
    if kept is not None and now < kept[1]:
        return kept[0]
    try:
        value = load()
    except SQLAlchemyError:  # an error page must render all the same
        db.session.rollback()
        value = otherwise
    current_app.extensions[name] = (value, now + seconds)
    return value


def forget(name: str) -> None:
    """Have the next page ask again: this process has just changed it."""
    current_app.extensions.pop(name, None)
