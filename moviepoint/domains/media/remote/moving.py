"""A package's files on their way: into the bucket, off the disk once that has them, and back again.

Each of these can be ended at any moment and begun again. What is in the bucket is listed first and not sent twice; an
index is written only after the bucket has shown what it has; a local file goes only when a fresh listing shows its
copy. `beat` is called often from the thread that began, and may raise to stop the work.
"""
from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from moviepoint.domains.media.remote import index
from moviepoint.domains.media.remote.index import Copy, key_of
from moviepoint.kernel.bucket import Bucket, BucketError, Item
from moviepoint.kernel.files import LocalStorage

log = structlog.get_logger(__name__)
PARALLEL = 8  # requests at a time
BLOCK = 4 * 2**20
LOOKED_AT = ".looked-at-"  # what folders are called that hold a package for a while
FORGOTTEN = 24 * 3600  # seconds after which such a folder was left by somebody who was killed
WAIT = 2.0  # seconds at most between two beats
Beat = Callable[[], None]


class Unlike(BucketError):
    """The bucket has other bytes than were sent."""

    code = "unlike"


def store(bucket: Bucket, storage: LocalStorage, package: str, beat: Beat) -> None:
    """Bring all large files of a package into the bucket; returns when it has shown that it has them.

    Raises BucketError, and OSError for a disk that cannot be read.
    """
    for folder in _folders(storage, package):
        _store_folder(bucket, storage, package, folder, beat)


def release(bucket: Bucket, storage: LocalStorage, package: str, quiet: float, beat: Beat) -> tuple[int, int]:
    """Remove the local files whose copies the bucket shows now, if nobody has written them for `quiet` seconds.

    Returns how many are left, and how many the bucket should have and does not: those are taken out of the index, to be
    sent once more.
    """
    left = lost = 0
    for folder in _folders(storage, package):
        local, copies = media_files(storage, package, folder), index.read(storage, package, folder)
        if not local:
            continue
        shown = _shown(bucket, package, folder, beat)
        gone = [name for name in local if name in copies and not _matches(copies[name], shown.get(name))]
        if gone:
            lost += len(gone)
            index.write(storage, package, folder, {name: copy for name, copy in copies.items() if name not in gone})
        for name, path in local.items():
            beat()
            if name in gone or name not in copies or not _quiet(path, copies[name].size, quiet):
                left += 1
            else:
                path.unlink(missing_ok=True)
    return left, lost


def fetch(bucket: Bucket, storage: LocalStorage, package: str, beat: Beat) -> int:
    """Bring a package's files back to the disk, and play them from there; the bucket keeps what it has.

    Returns how many were fetched. Raises BucketError, OSError.
    """
    fetched = 0
    for folder in index.folders(storage, package):
        copies = index.read(storage, package, folder)
        fetched += _fetch_folder(bucket, storage.path(f"packages/{package}/{folder}"), folder, copies, beat)
        index.write(storage, package, folder, {})
        for home in {copy.home for copy in copies.values()}:
            index.give_back(storage, home, package, folder)
    return fetched


@contextlib.contextmanager
def whole(bucket: Bucket | None, storage: LocalStorage, package: str, beat: Beat) -> Iterator[Path]:
    """Give a folder with all files of a package, for as long as the block lasts: its own, or links and fetched copies.

    Raises BucketError, also where something lies in a bucket and there is none.
    """
    own = storage.path(f"packages/{package}")
    missing = {folder: {name: copy for name, copy in index.read(storage, package, folder).items()
                        if not (own / folder / name).is_file()} for folder in index.folders(storage, package)}
    if not any(missing.values()):
        yield own
        return
    if bucket is None:
        raise BucketError("Its segments lie in a bucket, and s3_bucket is not set.")
    with TemporaryDirectory(prefix=LOOKED_AT, dir=storage.path("packages")) as made:
        place = Path(made)
        for path in own.rglob("*"):
            inside = path.relative_to(own)
            if path.is_file() and not any(part.startswith(".") for part in inside.parts):
                (place / inside).parent.mkdir(parents=True, exist_ok=True)
                _same_file(path, place / inside)
        for folder, copies in missing.items():
            _fetch_folder(bucket, place / folder, folder, copies, beat)
        yield place


def remove_looked_at(storage: LocalStorage) -> None:
    """Remove folders that `whole` has left when it was killed."""
    for path in storage.path("packages").glob(f"{LOOKED_AT}*"):
        if time.time() - path.stat().st_mtime > FORGOTTEN:
            shutil.rmtree(path, ignore_errors=True)


def media_files(storage: LocalStorage, package: str, folder: str) -> dict[str, Path]:
    """Return the large files that a package's folder has on the disk, by name."""
    try:
        found = sorted(storage.path(f"packages/{package}/{folder}").iterdir())
    except OSError:
        return {}
    return {path.name: path for path in found if path.suffix in index.TYPES and not path.name.startswith(".")
            and path.is_file() and not path.is_symlink()}


def _folders(storage: LocalStorage, package: str) -> list[str]:
    """Return a package's folders that have, or have had, large files."""
    place = storage.path(f"packages/{package}")
    names = {path.name for path in place.iterdir() if path.is_dir() and not path.is_symlink()} if place.is_dir() \
        else set()
    return sorted(name for name in names | set(index.folders(storage, package))
                  if not name.startswith(".") and name not in index.STAYS)


def _store_folder(bucket: Bucket, storage: LocalStorage, package: str, folder: str, beat: Beat) -> None:
    local, copies = media_files(storage, package, folder), index.read(storage, package, folder)
    wanted = {name: path for name, path in local.items()
              if name not in copies or copies[name].home != package or copies[name].size != path.stat().st_size}
    borrowed = {name: copy for name, copy in copies.items() if copy.home != package and name not in local}
    if not wanted and not borrowed:
        return
    there, sums = _shown(bucket, package, folder, beat), _Sums()
    unsent = {name: path for name, path in wanted.items() if not _holds(bucket, there.get(name), path, sums, beat)}
    tasks = [partial(bucket.put, key_of(package, folder, name), path, index.TYPES[path.suffix])
             for name, path in unsent.items()]
    tasks += [partial(bucket.copy, key_of(copy.home, folder, name), key_of(package, folder, name))
              for name, copy in borrowed.items()]
    _together(tasks, beat)
    shown = _shown(bucket, package, folder, beat)
    for name, path in wanted.items():
        if not _holds(bucket, shown.get(name), path, sums, beat):
            raise Unlike(f"{folder}/{name} is not in the bucket as it was sent.")
    for name, copy in borrowed.items():
        if name not in shown or shown[name].size != copy.size:
            raise Unlike(f"{folder}/{name} is not in the bucket as it was copied.")
    _note(storage, package, folder, copies, {name: shown[name] for name in (*wanted, *borrowed)})


def _note(storage: LocalStorage, package: str, folder: str, before: Mapping[str, Copy],
          shown: Mapping[str, Item]) -> None:
    """Write what the bucket has shown; a folder that was removed meanwhile gets no index."""
    if not storage.path(f"packages/{package}/{folder}").is_dir():
        return
    index.write(storage, package, folder,
                {**before, **{name: Copy(item.size, item.tag, package) for name, item in shown.items()}})
    for home in {copy.home for copy in before.values()} - {package}:
        index.give_back(storage, home, package, folder)


class _Sums:
    """The MD5 of local files, each read once."""

    def __init__(self) -> None:
        self._known: dict[Path, str] = {}

    def of(self, path: Path) -> str:
        if path not in self._known:
            with path.open("rb") as stream:
                self._known[path] = hashlib.file_digest(
                    stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()  # type: ignore[arg-type]
        return self._known[path]


def _holds(bucket: Bucket, item: Item | None, path: Path, sums: _Sums, beat: Beat) -> bool:
    """Say whether an object has a file's bytes: by its tag where that is their MD5, else by reading it back."""
    beat()
    if item is None or item.size != path.stat().st_size:
        return False
    if item.tag == sums.of(path):
        return True
    with path.open("rb") as stream:  # sent in parts, or encrypted by the server: its tag is no MD5 of the bytes
        for start in range(0, item.size, BLOCK):
            beat()
            if bucket.read(item.key, start, min(item.size, start + BLOCK)) != stream.read(BLOCK):
                return False
    return True


def _fetch_folder(bucket: Bucket, target: Path, folder: str, copies: Mapping[str, Copy], beat: Beat) -> int:
    """Fetch what a folder has not; returns how many files."""
    target.mkdir(parents=True, exist_ok=True)
    wanted = {name: copy for name, copy in copies.items()
              if not (target / name).is_file() or (target / name).stat().st_size != copy.size}

    def one(name: str, copy: Copy) -> None:
        part = target / f".{name}.part"
        try:
            bucket.fetch(key_of(copy.home, folder, name), part)
            if part.stat().st_size != copy.size:
                raise Unlike(f"{folder}/{name} is not as long in the bucket as it was.")
            part.replace(target / name)
        finally:
            part.unlink(missing_ok=True)

    _together([partial(one, name, copy) for name, copy in wanted.items()], beat)
    return len(wanted)


def _together(tasks: Sequence[Callable[[], None]], beat: Beat) -> None:
    """Do tasks side by side; the first that fails ends them, and so does a beat that raises."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        try:
            waiting = {pool.submit(task) for task in tasks}
            while waiting:
                done, waiting = wait(waiting, WAIT, FIRST_COMPLETED)
                for task in done:
                    task.result()
                beat()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _shown(bucket: Bucket, package: str, folder: str, beat: Beat) -> dict[str, Item]:
    """Return what the bucket has of a folder, by name."""
    found = {}
    for item in bucket.items(f"packages/{package}/{folder}"):
        beat()
        found[item.key.rpartition("/")[2]] = item
    return found


def _same_file(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a disk that knows no links
        shutil.copyfile(source, target)


def _matches(copy: Copy, item: Item | None) -> bool:
    return item is not None and (item.size, item.tag) == (copy.size, copy.tag)


def _quiet(path: Path, size: int, seconds: float) -> bool:
    facts = path.stat()
    return facts.st_size == size and time.time() - facts.st_mtime >= seconds
