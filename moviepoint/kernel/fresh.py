"""What each page needs of the database, asked for every few seconds in a process and not by each page."""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from moviepoint.kernel.db import db

T = TypeVar("T")
#: The app's extension: values by name, each with the moment, in monotonic seconds, until which it holds.
KEPT = "moviepoint.fresh"


def fresh(name: str, seconds: float, load: Callable[[], T], otherwise: T) -> T:
    """Return what `load` returned at most `seconds` ago; `otherwise` while the database is away or not yet made."""
    values = current_app.extensions.setdefault(KEPT, {})
    kept: tuple[T, float] | None = values.get(name)
    now = time.monotonic()
    if kept is not None and now < kept[1]:
        return kept[0]
    try:
        value = load()
    except SQLAlchemyError:  # an error page must render all the same
        db.session.rollback()
        value = otherwise
    values[name] = (value, now + seconds)
    return value


def forget(*names: str) -> None:
    """Have the next page ask again: this process has just changed it. Without names all is forgotten."""
    values = current_app.extensions.get(KEPT, {})
    for name in names or list(values):
        values.pop(name, None)
