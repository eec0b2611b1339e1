"""How many viewers one web process sends media to at once: never so many that no thread is left for pages."""
from __future__ import annotations

from threading import BoundedSemaphore

from flask import Flask

from moviepoint.settings import Settings

EXTENSION = "moviepoint.media_seats"
PAGES_SHARE = 4  # of the threads, one in so many is the pages' own
PAGES_LEAST = 2


def count(settings: Settings, threads: int) -> int:
    """Return the viewers that a process of so many threads serves at once; one at least."""
    return max(1, min(settings.media_streams, threads - max(PAGES_LEAST, threads // PAGES_SHARE)))


def limit(app: Flask, threads: int) -> None:
    """Give an app the seats that its server's threads allow."""
    app.extensions[EXTENSION] = BoundedSemaphore(count(app.extensions["moviepoint.settings"], threads))
