"""Where an index of Whoosh lies: a folder for each generation, and a pointer that names the one in use.

A rebuild fills a new folder and swaps the pointer at once, so that a reader sees the old index or the new one whole. A
generation of another version is not opened: it is made anew, like one that is lost or damaged.
"""
from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from whoosh import index as whoosh
from whoosh.fields import Schema

from moviepoint.domains.search.index import IndexMissing

log = structlog.get_logger(__name__)
KEEP_SECONDS = 120  # a reader may still hold a generation that was replaced


class WhooshFolder:
    """The generations of one index; `version` is that of its schema."""

    def __init__(self, folder: Path, version: int) -> None:
        self.folder = folder
        self._prefix = f"v{version}-"

    def current(self) -> str:
        """Return the name of the generation in use; empty without one."""
        try:
            return (self.folder / "current").read_text(errors="replace").strip()
        except OSError:
            return ""

    def open(self) -> whoosh.FileIndex:
        """Open the generation in use. Raises IndexMissing, also for what is damaged or of another version."""
        with readable():
            name = self.current()
            if not name.startswith(self._prefix):
                raise IndexMissing()
            return whoosh.open_dir(self.folder / name)

    @contextmanager
    def replacing(self, schema: Schema) -> Iterator[whoosh.FileIndex]:
        """Give a new, empty index, which takes the place of the present one when the block ends well."""
        name = f"{self._prefix}{uuid.uuid4().hex[:12]}"
        target = self.folder / name
        target.mkdir(parents=True)
        try:
            yield whoosh.create_in(target, schema)
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
        pointer = self.folder / "current.part"
        pointer.write_text(name)
        pointer.replace(self.folder / "current")
        self._remove_old(name)

    def _remove_old(self, current: str) -> None:
        for path in self.folder.glob("v*-*"):
            if path.name != current and time.time() - path.stat().st_mtime > KEEP_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def readable() -> Iterator[None]:
    """Turn any failure to read an index into IndexMissing.

    Whoosh has no common error for a damaged index: pickle, struct, the operating system's, its own.
    """
    try:
        yield
    except (IndexMissing, whoosh.LockError):  # a lock that is held says nothing of the index behind it
        raise
    except Exception as error:
        log.warning("search index cannot be read", error=repr(error))
        raise IndexMissing() from None
