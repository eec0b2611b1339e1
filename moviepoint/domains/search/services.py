"""Keeping the index in step with the database: by message, by reconciliation, by rebuilding."""
from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session

from moviepoint.domains.search.documents import digest
from moviepoint.domains.search.index import IndexMissing, SearchIndex
from moviepoint.hooks.types import SearchDocument, SearchSource

BATCH = 200  # documents loaded at a time

Sources = Mapping[str, SearchSource]


class _Queue:
    """Rows that wait for one index, and whose turn it is to write there."""

    def __init__(self) -> None:
        self.waiting: dict[str, set[int]] = defaultdict(set)
        self.lock = threading.Lock()
        self.turn = threading.Lock()


_queues: WeakKeyDictionary[SearchIndex, _Queue] = WeakKeyDictionary()
_queues_lock = threading.Lock()


def index_rows(session: Session, index: SearchIndex, sources: Sources, source: str, ids: Iterable[int]) -> int:
    """Bring rows of one source, and what is related to them, up to date; returns how many this call has written.

    Calls that come while another writes are put together: one commit of the engine takes them all.
    Raises IndexMissing where there is no index yet; a rebuild will hold them.
    """
    with _queues_lock:
        queue = _queues.setdefault(index, _Queue())
    with queue.lock:
        queue.waiting[source].update(ids)
    with queue.turn:
        with queue.lock:
            taken = {name: set(rows) for name, rows in queue.waiting.items()}
            queue.waiting.clear()
        touched = _with_related(session, sources, taken)
        for name, rows in touched.items():
            for part in _batches(sorted(rows)):
                index.update(name, part, list(sources[name].load(session, part)))
    return sum(len(rows) for rows in touched.values())


def rebuild(session: Session, index: SearchIndex, sources: Sources) -> int:
    """Make the index anew from the database; the old one serves until the new one is whole."""
    return index.rebuild({name: _documents(session, source) for name, source in sources.items()})


def reconcile(session: Session, index: SearchIndex, sources: Sources) -> int:
    """Mend what lost messages have left behind; returns how many documents were out of date.

    Without a readable index it is rebuilt, and all its documents count.
    """
    try:
        known = index.digests()
    except IndexMissing:
        return rebuild(session, index, sources)
    stale = 0
    for name, source in sources.items():
        wanted = {document.id: digest(document) for document in _documents(session, source)}
        present = {row: value for (owner, row), value in known.items() if owner == name}
        wrong = sorted({*(row for row, value in wanted.items() if present.get(row) != value),
                        *(present.keys() - wanted.keys())})
        for part in _batches(wrong):
            index.update(name, part, list(source.load(session, part)))
        stale += len(wrong)
    return stale


def _with_related(session: Session, sources: Sources, taken: Mapping[str, set[int]]) -> dict[str, set[int]]:
    """Add what changes with the rows taken; one step far, so that a person does not draw in half the catalogue."""
    touched = {name: set(rows) for name, rows in taken.items()}
    for name, rows in taken.items():
        related = sources[name].related
        if related is None:
            continue
        for part in _batches(sorted(rows)):
            for other, ids in related(session, part).items():
                touched.setdefault(other, set()).update(ids)
    return touched


def _documents(session: Session, source: SearchSource) -> Iterator[SearchDocument]:
    for part in _batches(list(source.ids(session))):
        yield from source.load(session, part)
        session.expunge_all()  # a hundred thousand titles must not all stay in memory


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start:start + BATCH]
