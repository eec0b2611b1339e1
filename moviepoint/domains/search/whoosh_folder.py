"""An index of Whoosh in its generations; one that is lost, damaged or of another version is made anew."""
from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from whoosh import index as whoosh
from whoosh.fields import Schema

from moviepoint.domains.search.generations import Generations
from moviepoint.domains.search.index import IndexMissing

log = structlog.get_logger(__name__)


class WhooshFolder:
    """The generations of one index; `version` is that of its schema."""

    def __init__(self, folder: Path, version: int) -> None:
        self._generations = Generations(folder, version)

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
    def replacing(self, schema: Schema) -> Iterator[whoosh.FileIndex]:
        """Give a new, empty index, which takes the place of the present one when the block ends well."""
        target = self._generations.fresh()
        try:
            yield whoosh.create_in(target, schema)
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
