"""What of a package lies in the bucket: one small file on the disk for each of its folders.

    packages/ab12/.stored/stream_0     {"data0000.ts": [size, tag, "ab12"], …}

It names what was found in the bucket after it had been sent, and nothing else: a local file may go only when it is in
there, and a viewer is led to the bucket only for a name in there. So neither a query nor a request to the bucket is
needed for a segment, and a package whose folder is restored from a backup tells by itself where its bytes are.

The last value says under which package the object lies. It is another one while a track that came in a file of its own
has been carried over from the package before: the old one then keeps a mark, `.lent/<new>.<folder>`, which holds its
objects until they have been copied.
"""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

import msgspec

from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.files import LocalStorage, Storage

STORED, LENT = ".stored", ".lent"
#: What is large goes; playlists and cues, which the app reads by itself, and pictures at a package's root stay.
TYPES = {".ts": "video/mp2t", ".m4s": "video/iso.segment", ".mp4": "video/mp4", ".jpg": "image/jpeg"}
STAYS = frozenset({"stills"})  # folders of pictures that are cut out when somebody looks


class Copy(msgspec.Struct, frozen=True, array_like=True):
    """A file's copy in the bucket: bytes, the bucket's tag, and the name of the package that it lies under."""

    size: int
    tag: str
    home: str


class Place(NamedTuple):
    """Where the bucket has a file."""

    key: str
    size: int
    tag: str


_DECODER = msgspec.json.Decoder(dict[str, Copy])


def key_of(package: str, folder: str, name: str) -> str:
    """Return the key in the bucket; `package` is the name of its folder."""
    return f"packages/{package}/{folder}/{name}"


def read(storage: Storage, package: str, folder: str) -> dict[str, Copy]:
    """Return the copies of a folder's files by name; nothing for a folder without an index, or with a broken one."""
    try:
        return _DECODER.decode(storage.path(f"packages/{package}/{STORED}/{folder}").read_bytes())
    except (OSError, ValueError, NotFound):
        return {}


def write(storage: Storage, package: str, folder: str, copies: Mapping[str, Copy]) -> None:
    """Say what the bucket has of a folder; an index without a file is none."""
    key = f"packages/{package}/{STORED}/{folder}"
    if copies:
        storage.put(key, msgspec.json.encode(copies))
    else:
        storage.delete(key)


def folders(storage: Storage, package: str) -> list[str]:
    """Return the names of a package's folders of which the bucket has anything."""
    place = storage.path(f"packages/{package}/{STORED}")
    return sorted(path.name for path in place.iterdir() if not path.name.startswith(".")) if place.is_dir() else []


def find(storage: Storage, package: str, name: str) -> Place | None:
    """Return where the bucket has a file of a package (`stream_0/data0000.ts`), or None."""
    parts = PurePosixPath(name).parts
    if len(parts) != 2 or parts[0].startswith("."):
        return None
    copy = read(storage, package, parts[0]).get(parts[1])
    return Place(key_of(copy.home, *parts), copy.size, copy.tag) if copy else None


def totals(storage: Storage, package: str) -> tuple[int, int]:
    """Return how many files of a package the bucket has, and their bytes."""
    copies = [copy for folder in folders(storage, package) for copy in read(storage, package, folder).values()]
    return len(copies), sum(copy.size for copy in copies)


def lend(storage: LocalStorage, old: str, new: str, folder: str) -> None:
    """Let a package play a folder's files that the bucket has under another one; nothing is asked of the bucket.

    The mark stands before the index, so that the old package is never removed while the new one needs it.
    """
    copies = read(storage, old, folder)
    if not copies or old == new:
        return
    for home in {copy.home for copy in copies.values()}:
        storage.put(f"packages/{home}/{LENT}/{new}.{folder}", b"")
    write(storage, new, folder, copies | read(storage, new, folder))


def give_back(storage: LocalStorage, home: str, package: str, folder: str) -> None:
    """Take the mark away once a package has copies of its own."""
    storage.delete(f"packages/{home}/{LENT}/{package}.{folder}")


def lent(storage: LocalStorage, package: str, folder: str = "") -> bool:
    """Say whether another package still plays what the bucket has under this one; of one folder, or any."""
    place = storage.path(f"packages/{package}/{LENT}")
    for mark in sorted(place.iterdir()) if place.is_dir() else ():
        borrower, _, name = mark.name.partition(".")
        if folder in ("", name) and any(copy.home == package for copy in read(storage, borrower, name).values()):
            return True
    return False
