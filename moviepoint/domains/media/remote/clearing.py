"""What goes out of the bucket: tracks and packages that nobody plays any more, and what has lost its package.

The sweep removes local files and asks nobody; what the bucket has of them is marked first, by an empty file
`packages/.unstored/<package>.<folder>` (all of the package: nothing after the dot), and a task removes it when the
bucket answers.
"""
from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path

import structlog

from moviepoint.domains.media.remote import index
from moviepoint.kernel.bucket import Bucket, BucketRefused, Missing
from moviepoint.kernel.db import utcnow
from moviepoint.kernel.files import LocalStorage

log = structlog.get_logger(__name__)
UNSTORED = "packages/.unstored"
OWNER, OWN = "moviepoint-site", "packages/.bucket"  # in the bucket, and on the disk: the same words in both
FORGOTTEN = timedelta(days=1)  # so old is all of a package, before it counts as nobody's
AT_ONCE = 1000


def forget_track(storage: LocalStorage, package: str, folder: str) -> None:
    """Take a folder's copies out of a package, and have them removed from the bucket. Doing it twice does no harm."""
    if index.read(storage, package, folder):
        storage.put(f"{UNSTORED}/{package}.{folder}", b"")
        index.write(storage, package, folder, {})


def forget_package(storage: LocalStorage, package: str) -> None:
    """Have all that the bucket has of a package removed; to be called before its folder goes."""
    if storage.exists(f"packages/{package}/{index.STORED}"):
        storage.put(f"{UNSTORED}/{package}.", b"")


def waits(storage: LocalStorage) -> bool:
    """Say whether anything is marked."""
    return bool(_marks(storage))


def clear(bucket: Bucket, storage: LocalStorage, live: Collection[str], beat: Callable[[], None]) -> int:
    """Remove from the bucket what is marked; returns how many objects. `live` has the keys of packages that play.

    Raises BucketError; what is left is removed the next time.
    """
    removed = 0
    for mark in _marks(storage):
        package, _, name = mark.name.partition(".")
        key = f"packages/{package}"
        if not (name and index.read(storage, package, name)) and not (not name and key in live):
            removed += _remove(bucket, f"{key}/{name}" if name else key, beat)
            log.info("removed from the bucket", package=package, folder=name, objects=removed)
        mark.unlink(missing_ok=True)
    return removed


def mark_forgotten(bucket: Bucket, storage: LocalStorage, live: Collection[str]) -> list[str]:
    """Mark packages in the bucket that have no folder on the disk, are played by no edition, and are a day old."""
    marked = []
    for package in bucket.folders("packages"):
        key = f"packages/{package}"
        if key in live or storage.exists(key):
            continue
        if max(item.modified for item in bucket.items(key)) < utcnow() - FORGOTTEN:
            storage.put(f"{UNSTORED}/{package}.", b"")
            marked.append(package)
    return marked


def claim(bucket: Bucket, storage: LocalStorage) -> None:
    """Make sure that the bucket, below its prefix, is this site's: nothing of another one's is ever removed.

    Raises BucketRefused where it is another's, BucketError.
    """
    own = _own(storage)
    try:
        size = bucket.head(OWNER).size
        if bucket.read(OWNER, 0, min(size, len(own) + 1)) == own:
            return
    except Missing:
        bucket.put(OWNER, own, "text/plain")
        return
    raise BucketRefused("Another site keeps its films here (moviepoint-site names it). Set an s3_prefix of its own.")


def _marks(storage: LocalStorage) -> list[Path]:
    folder = storage.path(UNSTORED)
    return sorted(mark for mark in folder.iterdir() if not mark.name.startswith(".")) if folder.is_dir() else []


def _own(storage: LocalStorage) -> bytes:
    if not storage.exists(OWN):
        storage.put(OWN, secrets.token_hex(16).encode())
    with storage.open(OWN) as stream:
        return stream.read()


def _remove(bucket: Bucket, folder: str, beat: Callable[[], None]) -> int:
    keys = [item.key for item in bucket.items(folder)]
    for start in range(0, len(keys), AT_ONCE):
        beat()
        bucket.remove(keys[start:start + AT_ONCE])
    return len(keys)
