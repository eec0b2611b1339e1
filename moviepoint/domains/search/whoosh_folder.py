"""An index of Whoosh in its generations; one that is lost, damaged or of another version is made anew."""
from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from whoosh import index as whoosh
from whoosh.fields import Schema
from whoosh.writing import IndexWriter

from moviepoint.domains.search.generations import Generations
from moviepoint.domains.search.index import IndexMissing

log = structlog.get_logger(__name__)
LOCK_SECONDS = 60.0
MEMORY_MB = 128  # for a rebuild


class WhooshFolder:
    """The generations of one index; `version` is that of its schema."""

    def __init__(self, folder: Path, version: int) -> None:
        self._generations = Generations(folder, version)
        self._write_lock = threading.Lock()

    def current(self) -> str:
        """Return the name of the generation in use; empty without one."""
        return self._generations.current()

    def open(self) -> whoosh.FileIndex:
        """Open the generation in use. Raises IndexMissing, also for what is damaged or of another version."""
        with readable():
            path = self._generations.path()
            if path is None:
                raise IndexMissing()
            return whoosh.open_dir(path)

    @contextmanager
    def writing(self) -> Iterator[IndexWriter]:
        """Give the writer of the generation in use, to one thread at a time; all of it holds if the block ends well.

        Raises IndexMissing as `open` does.
        """
        with self._write_lock:
            with readable():
                writer = self.open().writer(timeout=LOCK_SECONDS)
            try:
                yield writer
            except BaseException:
                writer.cancel()
                raise
            with readable():
                writer.commit()

    @contextmanager
    def replacing(self, schema: Schema) -> Iterator[IndexWriter]:
        """Give the writer of a new generation, which takes the place of the present one if the block ends well."""
        target = self._generations.fresh()
        with self._write_lock:
            try:
                writer = whoosh.create_in(target, schema).writer(limitmb=MEMORY_MB)
                try:
                    yield writer
                    writer.commit(optimize=True)
                except BaseException:
                    if not writer.is_closed:
                        writer.cancel()
                    raise
            except BaseException:
                shutil.rmtree(target, ignore_errors=True)
                raise
            self._generations.use(target)


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
